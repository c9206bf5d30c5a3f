/** Many histories in a row, by their seeds: what went wrong, and how often each of the places was passed that a campaign must pass. */
import { runHistory } from './history.ts';
import type { MutantName } from './mutants.ts';
import { type Act, scheduleOf } from './schedule.ts';
import type { Violation } from './pods.ts';

export interface CampaignOptions {
  from: number;
  count: number;
  mutant?: MutantName;
  /** Stops after so many failing seeds. */
  failuresMax: number;
  onProgress?: (done: { nextSeed: number; perSecond: number }) => void;
}

export interface Failure {
  seed: number;
  violation: Violation;
}

export interface Campaign {
  ran: number;
  entries: number;
  events: number;
  crashes: number;
  seconds: number;
  hits: Map<string, number>;
  failures: Failure[];
}

/** Every tenth history is judged by the shipped oracle too: it reads logs of people's machines and is built for care, not for speed. */
const verifyEvery = 10;
const progressEvery = 10_000;

export function campaign(options: CampaignOptions): Campaign {
  const { from, count, mutant = null } = options;
  const total: Campaign = {
    ran: 0,
    entries: 0,
    events: 0,
    crashes: 0,
    seconds: 0,
    hits: new Map(),
    failures: [],
  };
  const startedMs = performance.now();
  for (let seed = from; seed < from + count; seed += 1) {
    const verify = count === 1 || seed % verifyEvery === 0;
    const violation = judge(total, { seed, mutant, verify });
    total.ran += 1;
    total.seconds = (performance.now() - startedMs) / 1_000;
    if (violation !== null) total.failures.push({ seed, violation });
    if (total.failures.length >= options.failuresMax) break;
    if (total.ran % progressEvery === 0) {
      options.onProgress?.({ nextSeed: seed + 1, perSecond: Math.round(total.ran / total.seconds) });
    }
  }
  return total;
}

interface Judged {
  seed: number;
  mutant: MutantName | null;
  verify: boolean;
}

/** The first violation, or null. What throws is one: no machine may throw at what a history does to it. */
function judge(total: Campaign, judged: Judged): Violation | null {
  try {
    const { world, violations } = runHistory({ ...judged, hits: total.hits });
    total.entries += world.entryCount;
    total.events += world.eventCount;
    total.crashes += world.crashes;
    return violations[0] ?? null;
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { rule: 'defect', pod: '', text, atMs: 0 };
  }
}

/** The fewest acts that still make the history of this seed fail with the same rule: halves are left out, then quarters, down to single ones. */
export function shrink(
  seed: number,
  mutant: MutantName | null = null,
): { acts: Act[]; violation: Violation } | null {
  const ruleOf = (acts: readonly Act[]): Violation | null => {
    try {
      return runHistory({ seed, mutant, acts, verify: true }).violations[0] ?? null;
    } catch (error) {
      return { rule: 'defect', pod: '', text: String(error), atMs: 0 };
    }
  };
  let acts = scheduleOf(seed);
  let violation = ruleOf(acts);
  if (violation === null) return null;
  for (let size = Math.ceil(acts.length / 2); size >= 1;) {
    const before = acts.length;
    for (let at = 0; at < acts.length;) {
      const fewer = [...acts.slice(0, at), ...acts.slice(at + size)];
      const found = ruleOf(fewer);
      if (found?.rule === violation.rule) {
        acts = fewer;
        violation = found;
      } else at += size;
    }
    // Without one act another may have become needless.
    if (size > 1) size = Math.ceil(size / 2);
    else if (acts.length === before) break;
  }
  return { acts, violation };
}

/** For a person who looks into a seed: what failed, the least that makes it fail, and how to see it again. */
export function tellFailure({ seed, violation }: Failure): string {
  const least = shrink(seed);
  return [
    `seed ${seed}: ${violation.rule} ${violation.pod} at ${violation.atMs} ms: ${violation.text}`,
    ...(least === null
      ? []
      : [`  least: ${least.violation.text}`, ...least.acts.map((act) => `  ${JSON.stringify(act)}`)]),
    `  again: SIM_SEED=${seed} SIM_HISTORIES=1 SIM_TRACE=1 npx vitest run --project sim -t sim.histories`,
  ].join('\n');
}
