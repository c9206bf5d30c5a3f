/**
 * An acknowledged durable callback: child process → the log of a real parent pod → answer. Beside it
 * `node:net` echoing the same lines, and `node:net` with append and fdatasync by group commit, which is the
 * floor of anything durable.
 */
import type { BenchOptions } from './options.ts';
import type { Target } from './commands.ts';
import type { Load, Seen } from './load.ts';
import { type Figures, type Report, Samples, latencyFigures } from './report.ts';
import { type Sender, type Stage, onStage } from './stage.ts';

const sendersCount = 50;

export const floor = 'node:net + fdatasync';

export function measureCallback({ smoke, rounds }: BenchOptions): Promise<Report> {
  return onStage(async (stage) => {
    const targets = await ownTargets(stage);
    targets['node:net echo'] = sameForEach({ kind: 'raw', path: await stage.floor('echo') });
    const samples = await measureTargets(stage, targets, { smoke, rounds, shareOf: () => 1 });
    const to = (label: string) => `${label.split(': ')[0]}: ${floor}`;
    return {
      name: 'callback',
      title: `an acknowledged durable callback, ratios to "${floor}", ${rounds} rounds`,
      rows: samples.rows([
        { column: '/s', as: '× rate', to },
        { column: 'p50 µs', as: '× p50', to },
        { column: 'p99 µs', as: '× p99', to },
      ]),
      notes: ['Targets: podkin with 50 senders × rate ≥ 0.80, serial × p50 ≤ 1.30.'],
    };
  });
}

/** Targets by the name of their row: one for the sender that is alone, then one for each of the fifty. */
export type Targets = Record<string, Target[]>;

/** What is always there: the floor, and podkin itself. */
export async function ownTargets(stage: Stage): Promise<Targets> {
  const { pod, tickets } = await stage.pod({ name: 'parent', children: sendersCount + 1 });
  return {
    [floor]: sameForEach({ kind: 'raw', path: await stage.floor('durable') }),
    podkin: tickets.map((child) => ({ kind: 'child', path: pod.socket, child })),
  };
}

export function sameForEach(target: Target): Target[] {
  return Array.from({ length: sendersCount + 1 }, () => target);
}

/**
 * Puts the three loads on each target in turn; `shareOf` a target's row: how much of the load's count it
 * gets.
 */
export async function measureTargets(
  stage: Stage,
  targets: Targets,
  { smoke, rounds, shareOf }: { smoke: boolean; rounds: number; shareOf: (target: string) => number },
): Promise<Samples> {
  const loads: Record<string, Load> = {
    serial: { window: 1, count: smoke ? 20 : 1_500 },
    'pipelined 256': { window: 256, count: smoke ? 300 : 20_000 },
    '50 senders': { window: 1, count: smoke ? 100 : 10_000 },
  };
  const alone = stage.sender();
  const [left, right] = [stage.sender(), stage.sender()];
  for (const [target, [first, ...others]] of Object.entries(targets)) {
    await alone.open(target, [first!]);
    await left.open(target, others.slice(0, sendersCount / 2));
    await right.open(target, others.slice(sendersCount / 2));
  }
  const samples = new Samples();
  // The round before the first warms up.
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, load] of Object.entries(loads)) {
      for (const target of turned(Object.keys(targets), round)) {
        const shared = { ...load, count: Math.ceil(load.count * shareOf(target)) };
        const seen = await driveAll(target, shared, name === '50 senders' ? [left, right] : [alone]);
        if (round >= 0) samples.add(`${name}: ${target}`, figuresOf(seen));
      }
    }
  }
  return samples;
}

function driveAll(target: string, load: Load, senders: Sender[]): Promise<Seen[]> {
  const count = Math.ceil(load.count / senders.length);
  return Promise.all(senders.map((sender) => sender.drive(target, { ...load, count })));
}

function figuresOf(seen: Seen[]): Figures {
  const latenciesMs = seen.flatMap((one) => one.latenciesMs);
  const elapsedMs = Math.max(...seen.map((one) => one.elapsedMs));
  return { '/s': latenciesMs.length / (elapsedMs / 1_000), ...latencyFigures(latenciesMs) };
}

/** Another one goes first in each round. */
export function turned<T>(list: readonly T[], by: number): T[] {
  const at = Math.max(0, by) % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}
