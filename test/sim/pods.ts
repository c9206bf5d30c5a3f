/**
 * What a history is made of besides its processes: pods as they stand on disk, the bounds they work under,
 * and what was found wrong.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import type { Home, PodFolder, PodSpec } from '../../src/session/home/home.ts';
import { decodeLine } from '../../src/session/log/line.ts';
import { type Limits, defaultLimits } from '../../src/session/settings/settings.ts';
import type { Random } from './random.ts';
import type { Fullness, SimFile } from './files.ts';
import type { SimProcess } from './process.ts';

export const home: Home = { config: '/config', state: '/state', runtime: '/run' };

/** A pod as it stands on disk; processes come and go. */
export interface SimPod {
  readonly spec: PodSpec;
  readonly folder: PodFolder;
  readonly token: string;
  readonly processes: Set<SimProcess>;
  full: Fullness | null;
  removed: boolean;
  /** Places passed, and the one at which the next crash is due. */
  points: number;
  crashAt: number;
  /** The same for a loss of power, which takes the whole machine. */
  powerAt: number;
  /** Nobody restores it before. */
  awayUntilMs: number;
  /** An older copy of its log was put back: what it was acknowledged for is not all there. */
  isOldCopy: boolean;
}

export interface Violation {
  rule: string;
  pod: string;
  text: string;
  atMs: number;
}

export interface LogRead {
  entries: Entry[];
  damaged: number;
}

/** How far a file has been read; it goes on from there while nothing before has been changed. */
interface Decoded {
  cuts: number;
  from: number;
  held: Entry[];
  suspects: number;
  read: LogRead;
}

const decoded = new WeakMap<SimFile, Decoded>();

/** The committed entries, by this reader's own rules: an append counts with its last line. */
export function entriesOf(file: SimFile | undefined): LogRead {
  if (file === undefined) return { entries: [], damaged: 0 };
  let known = decoded.get(file);
  if (known?.cuts !== file.cuts) {
    known = { cuts: file.cuts, from: 0, held: [], suspects: 0, read: { entries: [], damaged: 0 } };
    decoded.set(file, known);
  }
  const { read } = known;
  const bytes = file.whole();
  for (let end = bytes.indexOf(0x0a, known.from); end !== -1; end = bytes.indexOf(0x0a, known.from)) {
    const line = decodeLine(bytes.subarray(known.from, end));
    known.from = end + 1;
    if (!line.ok) {
      known.suspects += 1;
      continue;
    }
    known.held.push(line.entry);
    if (!line.last) continue;
    read.entries.push(...known.held);
    read.damaged += known.suspects;
    known.held = [];
    known.suspects = 0;
  }
  return read;
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
    depth: 3,
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
