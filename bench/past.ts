/**
 * The log of a pod that has worked for long, made by hand: turns of ten steps each, and a compaction for each
 * window that is full, as its model would have had one. Without compactions a pod holds all that was said,
 * because its model is shown it; no pod that is asked for anything comes to that.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { settledView } from '../src/delivery/settled.ts';
import type { EntryBody } from '../src/session/facts/entries.ts';
import { emptyFacts } from '../src/session/facts/facts.ts';
import { readSpec } from '../src/session/home/home.ts';
import { foldLog } from '../src/session/log/fold-log.ts';
import { encodeLines } from '../src/session/log/line.ts';
import { uuidv7 } from '../src/std/uuid.ts';
import type { TestPod } from '../test/support/rig.ts';

export interface Past {
  readonly entries: number;
  readonly bytes: number;
}

/** With envelope, names and numbers some 640 bytes a line: 64 MB in 100,000. */
const textChars = 900;
const stepsPerTurn = 10;
/** What 85 % of a window of 128,000 tokens holds. */
const windowBytes = 400 * 1024;
/** Words of people that a compaction leaves as they are. */
const keptWords = 20;

const usage = { inputTokens: 10, outputTokens: 10, cost: 0 };
const text = 'All work and no play. '.repeat(Math.ceil(textChars / 22));
const model = 'script/past';

/** Gives a pod that does not run a log of at least `bytes`, or so many more behind what is there. */
export async function writePast(pod: TestPod, bytes: number): Promise<Past> {
  const spec = readSpec(pod.folder);
  if (spec === null) throw new Error(`there is no pod ${pod.name}`);
  const facts = existsSync(pod.folder.log) ? await foldLog(pod.folder.log) : emptyFacts();
  const { outstanding } = settledView(facts);
  let seq = facts.lastSeq;
  const write = (bodies: EntryBody[]): number => {
    const time = new Date().toISOString();
    const lines = encodeLines(bodies.map((body) => ({ seq: (seq += 1), time, ...body }))).bytes;
    appendFileSync(pod.folder.log, lines, { mode: 0o600 });
    return lines.length;
  };
  // A process that cannot be: it is not mistaken for one that runs.
  const nobody = { pid: 999_999_999, startTime: '0', bootId: 'none' };
  const started = { type: 'started' as const, incarnation: facts.incarnation + 1, ...nobody };
  const first = [
    ...(seq === 0 ? [{ type: 'session' as const, ...spec }] : []),
    { ...started, podkin: 'bench' },
  ];
  let written = write(first);
  let shownFrom = 0;
  const said: number[] = [];
  for (; written < bytes;) {
    const isFull = written - shownFrom >= windowBytes;
    if (isFull) shownFrom = written;
    const { bodies, word } = turn({ outstanding, compaction: isFull ? { through: seq, said } : null });
    said.push(seq + word);
    written += write(bodies);
  }
  return { entries: seq, bytes: written };
}

interface TurnOptions {
  readonly outstanding: string[];
  readonly compaction: { readonly through: number; readonly said: readonly number[] } | null;
}

/** `word`: which of them is the person's. */
function turn({ outstanding, compaction }: TurnOptions): { bodies: EntryBody[]; word: number } {
  const turn = uuidv7();
  const submission = uuidv7();
  const from = { kind: 'person' as const };
  const before: EntryBody[] = [
    { type: 'inputReceived', submission, kind: 'run', wake: true, from, text: 'Go on.', hops: 0 },
    { type: 'turnStarted', turn, kind: 'run', submissions: [submission], hops: 0, cause: 'person' },
    ...(compaction === null ? [] : [compactionEntry(turn, compaction.through, compaction.said)]),
    { type: 'userMessage', turn, submission, from, text: 'Go on.' },
  ];
  const steps = Array.from({ length: stepsPerTurn }, (_, index) => oneStep(turn, index + 1)).flat();
  const settled = outstanding.length === 0;
  const ended: EntryBody = {
    type: 'turnEnded',
    turn,
    outcome: 'finished',
    settled,
    outstanding,
    usage,
    durationMs: 1,
  };
  return { bodies: [...before, ...steps, ended], word: before.length };
}

function oneStep(turn: string, step: number): EntryBody[] {
  const call = { turn, step, call: uuidv7(), tool: 'Read' };
  return [
    { type: 'assistantMessage', turn, step, model, parts: [{ type: 'text', text }] },
    { type: 'toolCall', ...call, input: { path: 'a' } },
    { type: 'toolResult', ...call, text, isError: false },
    { type: 'stepCompleted', turn, step, finishReason: 'stop', usage, seenThrough: 0 },
  ];
}

function compactionEntry(turn: string, through: number, said: readonly number[]): EntryBody {
  const [task, ...later] = said;
  const kept = [...(task === undefined ? [] : [task]), ...later.slice(-keptWords)];
  const sizes = { before: 110_000, after: 12_000 };
  return {
    type: 'compaction',
    turn,
    why: 'size',
    through,
    model,
    kept,
    summary: text,
    table: '',
    usage,
    ...sizes,
  };
}
