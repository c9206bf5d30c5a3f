/**
 * Long pasts made by hand: a pod that has not been started gets a log of as many bytes as a test wants, all
 * of it ordinary turns; and a reader that looks only at what a log has gained since, so that waiting on a
 * long log costs no more than on a short one.
 */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import { settledView } from '../../src/delivery/settled.ts';
import { type Facts, emptyFacts } from '../../src/session/facts/facts.ts';
import { foldLog } from '../../src/session/log/fold-log.ts';
import { ownIdentity } from '../../src/std/process-identity.ts';
import { uuidv7 } from '../../src/std/uuid.ts';
import type { Entry, EntryBody } from '../../src/session/facts/entries.ts';
import { readSpec } from '../../src/session/home/home.ts';
import { encodeLines } from '../../src/session/log/line.ts';
import { readEntries } from '../../src/session/log/read-log.ts';
import { type TestPod, eventually } from './rig.ts';

export const kilobyte = 1024;
export const megabyte = 1024 * 1024;

const answerChars = 16 * 1024;
const usage = { inputTokens: 10, outputTokens: 10, cost: 0 };

/**
 * Gives a pod that does not run turns of at least `bytes` more in its log (nothing for 0). A pod without a
 * log gets its session entry first; one whose log was begun otherwise (`fakeChildren`) goes on behind it.
 * Answers how many entries the log holds.
 */
export async function writeHistory(pod: TestPod, bytes: number): Promise<number> {
  let seq = 0;
  const write = (bodies: EntryBody[]): number => {
    const time = new Date().toISOString();
    const lines = encodeLines(bodies.map((body) => ({ seq: (seq += 1), time, ...body }))).bytes;
    appendFileSync(pod.folder.log, lines, { mode: 0o600 });
    return lines.length;
  };
  const facts = existsSync(pod.folder.log) ? await foldLog(pod.folder.log) : emptyFacts();
  seq = facts.lastSeq;
  const spec = readSpec(pod.folder);
  if (spec === null) throw new Error(`there is no pod ${pod.name}`);
  if (bytes > 0 || seq === 0)
    write([...(seq === 0 ? [{ type: 'session' as const, ...spec }] : []), startOf(facts)]);
  const { outstanding } = settledView(facts);
  const answer = 'All work and no play. '.repeat(answerChars / 22);
  for (let written = 0; written < bytes;) {
    written += write(oneTurn(answer.slice(0, Math.min(answer.length, bytes)), outstanding, seq));
  }
  return seq;
}

/** A pod that has never run gets as many turns, each with that answer. */
export function writeTurns(pod: TestPod, answers: readonly string[]): void {
  const spec = readSpec(pod.folder);
  if (spec === null) throw new Error(`there is no pod ${pod.name}`);
  const bodies: EntryBody[] = [{ type: 'session', ...spec }, startOf(emptyFacts())];
  for (const text of answers) bodies.push(...oneTurn(text, [], bodies.length));
  const time = new Date().toISOString();
  const { bytes } = encodeLines(bodies.map((body, at) => ({ seq: at + 1, time, ...body })));
  appendFileSync(pod.folder.log, bytes, { mode: 0o600 });
}

/** The incarnation whose past this is; it has died. */
function startOf(facts: Facts): EntryBody {
  const nobody = { ...ownIdentity(), startTime: 'never' };
  return { type: 'started', incarnation: facts.incarnation + 1, ...nobody, podkin: 'test' };
}

/** `outstanding`: names of children that have work of this pod. `before`: the last entry so far. */
function oneTurn(text: string, outstanding: string[], before: number): EntryBody[] {
  const turn = uuidv7();
  const submission = uuidv7();
  const from = { kind: 'person' as const };
  return [
    { type: 'inputReceived', submission, kind: 'run', wake: true, from, text: 'Go on.', hops: 0 },
    { type: 'turnStarted', turn, kind: 'run', submissions: [submission], hops: 0, cause: 'person' },
    { type: 'userMessage', turn, submission, from, text: 'Go on.' },
    { type: 'assistantMessage', turn, step: 1, model: 'script/past', parts: [{ type: 'text', text }] },
    { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage, seenThrough: before + 3 },
    {
      type: 'turnEnded',
      turn,
      outcome: 'finished',
      settled: outstanding.length === 0,
      outstanding,
      usage,
      durationMs: 1,
    },
  ];
}

/** What a log has gained since this was made. */
export class LogTail {
  readonly #pod: TestPod;
  readonly #from: number;

  constructor(pod: TestPod) {
    this.#pod = pod;
    // At the end of an append: whoever makes a tail does so while the pod is quiet.
    this.#from = existsSync(pod.folder.log) ? statSync(pod.folder.log).size : 0;
  }

  async entries(): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const { entry } of readEntries(this.#pod.folder.log, { from: this.#from })) found.push(entry);
    return found;
  }

  async until(what: string, holds: (entries: Entry[]) => boolean): Promise<Entry[]> {
    let entries: Entry[] = [];
    await eventually(
      this.#pod.folder.path,
      async () => {
        entries = await this.entries();
        return holds(entries);
      },
      `${this.#pod.name}: ${what}`,
      () =>
        entries
          .slice(-20)
          .map((entry) => JSON.stringify(entry).slice(0, 200))
          .join('\n'),
    );
    return entries;
  }

  /** Submissions of the notices that arrived, in order. */
  async notices(): Promise<string[]> {
    return noticesIn(await this.entries());
  }
}

export function noticesIn(entries: readonly Entry[]): string[] {
  return entries.flatMap((entry) =>
    entry.type === 'inputReceived' && entry.kind === 'notice' ? [entry.submission] : [],
  );
}

/** Numbers of the events that arrived from one instance, in order. */
export function receiptsIn(entries: readonly Entry[], instance: string): (number | null)[] {
  return entries.flatMap((entry) =>
    entry.type === 'podEventReceived' && entry.from.instance === instance ? [entry.eventSeq] : [],
  );
}
