/**
 * An observer attaches to a long history: how soon it has the first byte and the whole, how long the pod's
 * event loop stands still for it, what callbacks feel meanwhile, and what it adds to the pod's memory. Beside
 * it a plain server that pipes the same file, a process of its own beside the same pod, and the pod when
 * nobody attaches.
 */
import { statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchOptions } from './options.ts';
import { type Figures, type Report, Samples, median, quantile } from './report.ts';
import { type Sender, memoryOf, onStage } from './stage.ts';

const megabyte = 1024 * 1024;
const manyObservers = 10;
/**
 * One after the other: a single observer is through before enough callbacks have gone by for a p99 of them.
 */
const attachesOfOne = 8;

export function measureAttach({ smoke, rounds }: BenchOptions): Promise<Report> {
  const historyBytes = (smoke ? 0.25 : 64) * megabyte;
  return onStage(async (stage) => {
    const { pod, tickets } = await stage.pod({ name: 'parent', children: 1, historyBytes });
    const { pid } = await pod.process();
    const plain = await stage.floor('stream', pod.folder.log);
    const [asker, pinger, reader] = [stage.sender(), stage.sender(), stage.sender()];
    await asker.open('callbacks', [{ kind: 'child', path: pod.socket, child: tickets[0]! }]);
    await pinger.open('pings', [{ kind: 'stranger', path: pod.socket }]);
    const watch: Watch = { asker, pinger, pid };
    const samples = new Samples();
    for (let round = smoke ? 0 : -1; round < rounds; round += 1) {
      const kept = round >= 0;
      const quiet = await watched(watch, () => wait(smoke ? 50 : 500));
      if (kept) samples.add('nobody attaches', quiet.figures);
      // While the plain server sends, the pod has nothing but its callbacks to do: what they feel then is the
      // machine's.
      const bytes = statSync(pod.folder.log).size;
      for (const [server, path, size] of [
        ['podkin', pod.socket, null],
        ['plain pipe', plain, bytes],
      ] as const) {
        for (const observers of [1, manyObservers]) {
          const { figures, result } = await watched(watch, () => attach(reader, path, observers, size));
          const label = `${server}, ${observers} observer${observers === 1 ? '' : 's'}`;
          if (kept) samples.add(label, { ...timesOf(result), ...figures });
        }
      }
    }
    return {
      name: 'attach',
      title: `attaching to ${historyBytes / megabyte} MB, ratios to a plain pipe of the file and to the quiet pod, ${rounds} rounds`,
      rows: samples.rows([
        { column: 'whole ms', as: '× whole', to: (label) => label.replace('podkin', 'plain pipe') },
        { column: 'callback p99 ms', as: '× callback p99', to: () => 'nobody attaches' },
      ]),
      notes: [
        'stall: the slowest answer to a hello on another connection; that of "nobody attaches" is the noise.',
        'Targets: stall ≤ 5 ms, × callback p99 ≤ 1.50, MB added independent of history and observers.',
      ],
    };
  });
}

/** Pings come from a process of their own, so that only the pod's standing still delays them. */
interface Watch {
  asker: Sender;
  pinger: Sender;
  pid: number;
}

/** Does `work` while callbacks and pings go on, and says what they and the pod's memory felt. */
async function watched<T>(
  { asker, pinger, pid }: Watch,
  work: () => Promise<T>,
): Promise<{ figures: Figures; result: T }> {
  forgetPeak(pid);
  const before = memoryOf(pid).rssMb;
  await asker.begin('callbacks', 1);
  await pinger.begin('pings', 1);
  const result = await work();
  const [callbacks, pings] = [await asker.end('callbacks'), await pinger.end('pings')];
  const addedMb = memoryOf(pid).peakMb - before;
  return {
    result,
    figures: {
      'stall ms': Math.max(...pings.latenciesMs),
      'ping p99 ms': quantile(pings.latenciesMs, 0.99),
      'callback p99 ms': quantile(callbacks.latenciesMs, 0.99),
      ...(Number.isNaN(addedMb) ? {} : { 'MB added': addedMb }),
    },
  };
}

/** From here on the system's peak counts anew. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // Elsewhere than on Linux no memory is told.
  }
}

type Reads = Awaited<ReturnType<Sender['read']>>;

async function attach(
  reader: Sender,
  path: string,
  observers: number,
  bytes: number | null,
): Promise<Reads[]> {
  const what = bytes === null ? { last: null } : { bytes };
  const attaches: Reads[] = [];
  const times = observers === 1 ? attachesOfOne : 1;
  while (attaches.length < times) attaches.push(await reader.read(path, observers, what));
  return attaches;
}

/** Of observers that attach together the last one counts. */
function timesOf(attaches: readonly Reads[]): Figures {
  const slowest = (ms: (read: Reads[number]) => number) =>
    median(attaches.map((reads) => Math.max(...reads.map(ms))));
  return {
    'first byte ms': slowest((read) => read.firstMs),
    'whole ms': slowest((read) => read.wholeMs),
  };
}
