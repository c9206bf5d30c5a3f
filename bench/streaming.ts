/**
 * Ten and fifty pods that each stream a hundred tokens a second, nobody looking and two observers each: the
 * processor's time for a token, and how late a token reaches an observer, from the moment it was due at the
 * provider. Beside it the same streams read by the model port alone, without a pod.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestPod } from '../test/support/rig.ts';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import { modelName } from './model-server.ts';
import { type Figures, type Report, Samples, quantile } from './report.ts';
import { type Sender, type Stage, onStage, processorMs } from './stage.ts';

const tokenMs = 10;
const portAlone = 'the model port alone';
/** A round takes a minute. */
const roundsMax = 3;

interface Size {
  pods: number;
  tokens: number;
}
interface Source {
  child: ChildProcess;
  environment: NodeJS.ProcessEnv;
}
/** What one streaming of all gave. */
interface Streamed {
  lagsMs: number[];
  /** Tokens seen by one observer of each pod; null where nobody looked. */
  seen: number | null;
}

export function measureStreaming({ smoke, rounds }: BenchOptions): Promise<Report> {
  const tokens = smoke ? 20 : 500;
  const counts = smoke ? [1, 2] : [10, 50];
  const most = { pods: Math.max(...counts), tokens };
  const repeats = Math.min(rounds, roundsMax);
  return onStage(async (stage) => {
    const source = await startSource(stage, most);
    const asked = await startPods(stage, { prefix: 'asks', size: most, model: modelName, source });
    const script = scriptOf(stage, most);
    const scripted = await startPods(stage, { prefix: 'plays', size: most, model: script, source });
    const readers = await startReaders(stage, most, source);
    const observers = [stage.sender(), stage.sender()];
    const cases: Record<string, (size: Size) => Promise<Figures>> = {
      [portAlone]: (size) => {
        const some = readers.slice(0, size.pods);
        return measured(pidsOf(some), size, source, () => readAll(some));
      },
      'pods, nobody looks': (size) => measuredPods(asked, size, source, []),
      'pods, 2 observers each': (size) => measuredPods(asked, size, source, observers),
      'pods, 2 observers each, scripted model': (size) => measuredPods(scripted, size, null, observers),
    };
    for (const label of Object.keys(cases)) await cases[label]!(most);
    const samples = new Samples();
    for (let round = 0; round < repeats; round += 1) {
      for (const pods of counts) {
        for (const label of turned(Object.keys(cases), round)) {
          samples.add(`${pods}: ${label}`, await cases[label]!({ pods, tokens }));
        }
      }
    }
    return report(samples, most, repeats);
  });
}

function report(samples: Samples, { pods, tokens }: Size, rounds: number): Report {
  const to = (label: string) => `${label.split(': ')[0]}: ${portAlone}`;
  return {
    name: 'streaming',
    title: `up to ${pods} streams of ${tokens} tokens at once, one every ${tokenMs} ms, ratios to "${portAlone}", ${rounds} rounds`,
    rows: samples.rows([
      { column: 'CPU µs/token', as: '× CPU', to },
      { column: 'lag p99 ms', as: '× lag p99', to },
    ]),
    notes: [
      'CPU: of all these processes together, their requests and entries included. lag: from when a token was due to when it was seen.',
      'provider late p99: how late the provider itself sent, which is part of every lag. The scripted model keeps no schedule: it has a pace and no lag.',
    ],
  };
}

async function startSource(stage: Stage, { tokens }: Size): Promise<Source> {
  const args = [String(tokens), String(tokenMs)];
  const { child, first } = await stage.fork('token-source', args);
  const { port } = first as { port: number };
  return { child, environment: { OPENAI_COMPATIBLE_BASE_URL: `http://127.0.0.1:${port}/v1` } };
}

async function startPods(
  stage: Stage,
  { prefix, size, model, source }: { prefix: string; size: Size; model: string; source: Source },
): Promise<TestPod[]> {
  const pods: TestPod[] = [];
  for (let n = 0; n < size.pods; n += 1) {
    const pod = stage.home.makeRoot({ name: `${prefix}${n}`, model });
    await pod.start(source.environment);
    pods.push(pod);
  }
  return pods;
}

function scriptOf(stage: Stage, { tokens }: Size): string {
  return stage.home.scenario(
    `rules:\n  - { say: ${JSON.stringify('word '.repeat(tokens))}, tokenDelayMs: ${tokenMs} }\n`,
  );
}

function startReaders(stage: Stage, size: Size, source: Source): Promise<ChildProcess[]> {
  return Promise.all(
    Array.from({ length: size.pods }, async () => {
      const { child } = await stage.fork('model-reader', [], source.environment);
      return child;
    }),
  );
}

async function readAll(readers: readonly ChildProcess[]): Promise<Streamed> {
  const read = await Promise.all(
    readers.map(
      (reader) =>
        new Promise<number[]>((resolve, reject) => {
          reader.once('message', ({ lagsMs, error }: { lagsMs?: number[]; error?: string }) =>
            lagsMs === undefined ? reject(new Error(error)) : resolve(lagsMs),
          );
          reader.send('read');
        }),
    ),
  );
  return { lagsMs: read.flat(), seen: read.flat().length };
}

async function measuredPods(
  all: readonly TestPod[],
  size: Size,
  source: Source | null,
  observers: readonly Sender[],
): Promise<Figures> {
  const pods = all.slice(0, size.pods);
  for (const observer of observers) await observer.watch(pods.map((pod) => pod.socket));
  const pids = await Promise.all(pods.map(async (pod) => (await pod.process()).pid));
  const figures = await measured(pids, size, source, async () => {
    await Promise.all(pods.map((pod) => pod.run('Go on.')));
    await wait(size.tokens * tokenMs);
    for (const pod of pods) await untilIdle(pod);
    const seen = await Promise.all(observers.map((observer) => observer.lags()));
    const perObserver = seen.reduce((sum, one) => sum + one.tokens, 0) / observers.length;
    return {
      lagsMs: seen.flatMap((one) => one.lagsMs),
      seen: observers.length === 0 ? null : perObserver,
    };
  });
  for (const observer of observers) await observer.unwatch();
  return figures;
}

/** Asked seldom: the question costs the pod what is measured here. */
async function untilIdle(pod: TestPod): Promise<void> {
  while ((await pod.call('status', {})).status !== 'idle') await wait(250);
}

async function measured(
  pids: readonly number[],
  size: Size,
  source: Source | null,
  work: () => Promise<Streamed>,
): Promise<Figures> {
  const [fromMs, from] = [performance.now(), processorMs(pids)];
  const { lagsMs, seen } = await work();
  const cpuMs = processorMs(pids) - from;
  const tookMs = performance.now() - fromMs;
  const wanted = size.pods * size.tokens;
  if (seen !== null && seen !== wanted) throw new Error(`of ${wanted} tokens ${seen} were seen`);
  const lags =
    lagsMs.length === 0 ? {} : { 'lag p50 ms': quantile(lagsMs, 0.5), 'lag p99 ms': quantile(lagsMs, 0.99) };
  return {
    ...(Number.isNaN(cpuMs)
      ? {}
      : { 'CPU µs/token': (cpuMs / wanted) * 1_000, 'CPU %/stream': (cpuMs / tookMs / size.pods) * 100 }),
    ...lags,
    ...(source === null ? {} : { 'provider late p99 ms': await latenessOf(source) }),
    'tokens/s': wanted / (tookMs / 1_000),
  };
}

function latenessOf({ child }: Source): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', ({ p99Ms }: { p99Ms: number }) => resolve(p99Ms));
    child.send('report');
  });
}

function pidsOf(children: readonly ChildProcess[]): number[] {
  return children.map((child) => child.pid ?? -1);
}
