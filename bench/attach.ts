/**
 * An observer attaches to a long history: how soon it has the first byte and the whole, how long the pod's event loop stands still for it, what callbacks
 * feel meanwhile, and what it adds to the pod's memory. Beside it a plain server that pipes the same file, and the pod when nobody attaches.
 */
import { statSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchOptions } from './options.ts';
import { type Figures, type Report, Samples, quantile } from './report.ts';
import { type Sender, memoryOf, onStage } from './stage.ts';

const megabyte = 1024 * 1024;
const manyObservers = 10;

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
    for (let round = -1; round < rounds; round += 1) {
      const kept = round >= 0;
      const quiet = await watched(watch, () => wait(smoke ? 50 : 500));
      if (kept) samples.add('nobody attaches', quiet.figures);
      for (const observers of [1, manyObservers]) {
        const label = `podkin, ${observers} observer${observers === 1 ? '' : 's'}`;
        const { figures, result } = await watched(watch, () => reader.read(pod.socket, observers, null));
        if (kept) samples.add(label, { ...timesOf(result), ...figures });
      }
      const bytes = statSync(pod.folder.log).size;
      for (const observers of [1, manyObservers]) {
        const reads = await reader.read(plain, observers, bytes);
        if (kept)
          samples.add(`plain pipe, ${observers} observer${observers === 1 ? '' : 's'}`, timesOf(reads));
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

function timesOf(reads: { firstMs: number; wholeMs: number }[]): Figures {
  return {
    'first byte ms': Math.max(...reads.map((read) => read.firstMs)),
    'whole ms': Math.max(...reads.map((read) => read.wholeMs)),
  };
}
