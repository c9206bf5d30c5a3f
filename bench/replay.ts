/**
 * Opening a long session: what a restore costs beside reading the file and parsing each of its lines once.
 * Each in a process of its own.
 */
import { appendFileSync } from 'node:fs';
import { encodeLines } from '../src/session/log/line.ts';
import type { EntryBody } from '../src/session/facts/entries.ts';
import { readSpec } from '../src/session/home/home.ts';
import { uuidv7 } from '../src/std/uuid.ts';
import type { TestPod } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import { type Figures, type Report, Samples } from './report.ts';
import { memoryOf, onStage } from './stage.ts';

/** With envelope, names and numbers some 640 bytes a line: 64 MB in 100,000. */
const textChars = 900;

export function measureReplay({ smoke, rounds }: BenchOptions): Promise<Report> {
  const wanted = smoke ? 1_000 : 100_000;
  return onStage(async (stage) => {
    const pod = stage.home.makeRoot({ name: 'old' });
    const bytes = fill(pod, wanted);
    const once = async (how: string): Promise<Figures> => {
      const said = (await stage.once('replayer', [how, pod.folder.log, pod.instance])) as {
        ms: number;
        maxRssMb: number;
      };
      return { ms: said.ms, 'peak RSS MB': said.maxRssMb };
    };
    const ways: Record<string, () => Promise<Figures>> = {
      'read and parse once': () => once('parse'),
      'open and replay': () => once('open'),
      'pod, to its socket': () => restore(pod),
    };
    const samples = new Samples();
    for (let round = 0; round < rounds; round += 1) {
      for (const label of turned(Object.keys(ways), round)) samples.add(label, await ways[label]!());
    }
    const to = () => 'read and parse once';
    return {
      name: 'replay',
      title: `opening ${wanted.toLocaleString('en-US')} entries, ${(bytes / 1024 ** 2).toFixed(0)} MB, ratios to reading and parsing, ${rounds} rounds`,
      rows: samples.rows([
        { column: 'ms', as: '× ms', to },
        { column: 'peak RSS MB', as: '× RSS', to },
      ]),
      notes: [
        'No compaction is in it: the pod holds all of it for its model; "read and parse" holds the parsed lines.',
      ],
    };
  });
}

async function restore(pod: TestPod): Promise<Figures> {
  const from = performance.now();
  await pod.start();
  const ms = performance.now() - from;
  const { peakMb } = memoryOf((await pod.process()).pid);
  await pod.stop();
  return { ms, ...(Number.isNaN(peakMb) ? {} : { 'peak RSS MB': peakMb }) };
}

/** Writes the log of a pod that has worked for long; answers its bytes. */
function fill(pod: TestPod, count: number): number {
  const spec = readSpec(pod.folder)!;
  let seq = 0;
  let bytes = 0;
  const write = (bodies: EntryBody[]) => {
    const time = new Date().toISOString();
    const lines = encodeLines(bodies.map((body) => ({ seq: (seq += 1), time, ...body }))).bytes;
    appendFileSync(pod.folder.log, lines, { mode: 0o600 });
    bytes += lines.length;
  };
  // A process that cannot be: it is not mistaken for one that runs.
  const nobody = { pid: 999_999_999, startTime: '0', bootId: 'none' };
  write([
    { type: 'session', ...spec },
    { type: 'started', incarnation: 1, ...nobody, podkin: 'bench' },
  ]);
  const turns = Math.ceil(count / turn().length);
  for (let n = 0; n < turns; n += 100) write(Array.from({ length: Math.min(100, turns - n) }, turn).flat());
  return bytes;
}

function turn(): EntryBody[] {
  const turn = uuidv7();
  const submission = uuidv7();
  const from = { kind: 'person' as const };
  const usage = { inputTokens: 10, outputTokens: 10, cost: 0 };
  const text = 'All work and no play. '.repeat(Math.ceil(textChars / 22));
  const step = { turn, step: 1, call: submission, tool: 'Read' };
  return [
    { type: 'inputReceived', submission, kind: 'run', wake: true, from, text, hops: 0 },
    { type: 'turnStarted', turn, kind: 'run', submissions: [submission], hops: 0, cause: 'person' },
    { type: 'userMessage', turn, submission, from, text },
    { type: 'assistantMessage', turn, step: 1, model: 'script/past', parts: [{ type: 'text', text }] },
    { type: 'toolCall', ...step, input: { path: 'a' } },
    { type: 'toolResult', ...step, text, isError: false },
    { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage, seenThrough: 0 },
    { type: 'turnEnded', turn, outcome: 'finished', settled: true, outstanding: [], usage, durationMs: 1 },
  ];
}
