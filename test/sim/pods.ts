/** What a history is made of besides its processes: pods as they stand on disk, the bounds they work under, and what was found wrong. */
import { type Limits, defaultLimits } from '../../src/session/settings/settings.ts';
import type { SimDisk } from './disk.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';

/** A pod as it stands on disk; processes come and go. */
export interface SimPod {
  readonly name: string;
  readonly instance: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly token: string;
  /** The path that it may write in, inside its parent's; siblings may meet in one. */
  readonly area: string;
  readonly disk: SimDisk;
  /** The one that holds the lock. */
  process: SimProcess | null;
  readonly processes: Set<SimProcess>;
  removed: boolean;
  /** Places passed, and the one at which the next crash is due. */
  points: number;
  crashAt: number;
  /** The same for a loss of power, which takes the whole machine. */
  powerAt: number;
}

export interface Violation {
  rule: string;
  pod: string;
  text: string;
  atMs: number;
}

/** Short times, so that a history is short; now and then a bound that is met. */
export function limitsFor(random: Random): Limits {
  return {
    ...defaultLimits,
    steps: random.chance(0.1) ? 2 : 20,
    requestTries: 3,
    coalesceMs: random.pick([0, 100, 100, 400]),
    wakesPerMinute: random.chance(0.1) ? 2 : 30,
    hops: random.chance(0.1) ? 2 : 25,
    deathGraceMs: random.pick([50, 500]),
    sweepMs: 1_500,
    unreachableMs: 5_000,
    spawnMs: 3_000,
    stopGraceMs: 2_000,
    shutDownAckMs: 800,
    reconnectBaseMs: 20,
    reconnectMaxMs: 1_000,
  };
}
