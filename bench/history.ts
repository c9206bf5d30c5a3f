/**
 * What a parent's history costs a callback: nothing. The same serial callbacks to pods with pasts of
 * different length, each with ten observers that have asked for the history and never read; and to one
 * without a past and without observers. Beside them the order that podkin was made to avoid: the history is
 * written to each new connection before it is listened to, and the sender has to take it in first.
 */
import { type Socket, createConnection } from 'node:net';
import type { BenchOptions } from './options.ts';
import { turned } from './callback.ts';
import type { Load } from './load.ts';
import { type Report, Samples, latencyFigures } from './report.ts';
import { memoryOf, onStage } from './stage.ts';

const observersCount = 10;
const megabyte = 1024 * 1024;
const snapshotFirst = 'history first';
/** Beyond, a single question takes seconds. */
const snapshotMbMax = 64;

export function measureHistory({ smoke, big, rounds }: BenchOptions): Promise<Report> {
  const sizesMb = smoke ? [0, 0.25] : [0, 1, 10, 64, ...(big ? [256] : [])];
  const podLoad = { window: 1, count: smoke ? 20 : 1_500 };
  return onStage(async (stage) => {
    const sender = stage.sender();
    const deaf: Socket[] = [];
    const pids: Record<string, number> = {};
    const loads: Record<string, Load> = {};
    const begin = async (label: string, name: string, sizeMb: number) => {
      const { pod, tickets } = await stage.pod({ name, children: 1, historyBytes: sizeMb * megabyte });
      await sender.open(label, [{ kind: 'child', path: pod.socket, child: tickets[0]! }]);
      pids[label] = (await pod.process()).pid;
      loads[label] = podLoad;
      return pod;
    };
    await begin('0 MB, nobody watches', 'alone', 0);
    for (const [i, sizeMb] of sizesMb.entries()) {
      const pod = await begin(`${sizeMb} MB`, `past${i}`, sizeMb);
      for (let n = 0; n < observersCount; n += 1) deaf.push(await deafObserver(pod.socket));
      if (sizeMb > snapshotMbMax) continue;
      const label = `${snapshotFirst}, ${sizeMb} MB`;
      const path = await stage.floor('snapshotFirst', pod.folder.log);
      await sender.open(label, [{ kind: 'drained', path }]);
      loads[label] = { window: 1, count: snapshotCount(sizeMb) };
    }
    const samples = new Samples();
    try {
      for (let round = -1; round < rounds; round += 1) {
        for (const label of turned(Object.keys(loads), round)) {
          const { latenciesMs } = await sender.drive(label, loads[label]!);
          const pid = pids[label];
          const held = pid === undefined ? {} : { 'RSS MB': memoryOf(pid).rssMb };
          if (round >= 0) samples.add(label, { ...latencyFigures(latenciesMs), ...held });
        }
      }
    } finally {
      for (const socket of deaf) socket.destroy();
    }
    const to = (label: string) => (label.startsWith(snapshotFirst) ? `${snapshotFirst}, 0 MB` : '0 MB');
    return {
      name: 'history',
      title: `serial callbacks by the parent's history, ${observersCount} observers that do not read, ratios to 0 MB of the same, ${rounds} rounds`,
      rows: samples.rows([
        { column: 'p50 µs', as: '× p50', to },
        { column: 'p99 µs', as: '× p99', to },
      ]),
      notes: ['Targets: × p50 ≤ 1.20, × p99 ≤ 1.50 at every size.'],
    };
  });
}

/** Fewer where each takes longer. */
function snapshotCount(sizeMb: number): number {
  return Math.max(5, Math.min(200, Math.ceil(200 / Math.max(1, sizeMb))));
}

/** Asks for the history and never reads a byte of it. */
async function deafObserver(path: string): Promise<Socket> {
  const socket = createConnection(path);
  socket.on('error', () => socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.pause();
  await new Promise((resolve) => {
    socket.write('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}\n', resolve);
  });
  return socket;
}
