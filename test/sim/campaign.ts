/**
 * Many histories in a row, by their seeds: what went wrong, and how often each of the places was passed that
 * a campaign must pass.
 */
import { passOverTheDead, runHistory } from './history.ts';
import type { Violation } from './pods.ts';
import { type Act, scheduleOf } from './schedule.ts';

export interface CampaignOptions {
  from: number;
  count: number;
  /** Stops after so many failing seeds. */
  failuresMax: number;
  /** No history is begun behind these seconds, once `countMin` have been played. Absent: all are. */
  within?: { readonly seconds: number; readonly countMin: number };
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
  deaths: number;
  seconds: number;
  hits: Map<string, number>;
  failures: Failure[];
}

const progressEvery = 1_000;

function isLate({ ran, seconds }: Campaign, { within }: CampaignOptions): boolean {
  return within !== undefined && ran >= within.countMin && seconds >= within.seconds;
}

export async function campaign(options: CampaignOptions): Promise<Campaign> {
  const { from, count } = options;
  const total: Campaign = {
    ran: 0,
    entries: 0,
    events: 0,
    deaths: 0,
    seconds: 0,
    hits: new Map(),
    failures: [],
  };
  const startedMs = performance.now();
  const listenAgain = passOverTheDead();
  try {
    for (let seed = from; seed < from + count; seed += 1) {
      const violation = await judge(total, seed);
      total.ran += 1;
      total.seconds = (performance.now() - startedMs) / 1_000;
      if (violation !== null) total.failures.push({ seed, violation });
      if (total.failures.length >= options.failuresMax || isLate(total, options)) break;
      if (total.ran % progressEvery === 0) {
        options.onProgress?.({ nextSeed: seed + 1, perSecond: Math.round(total.ran / total.seconds) });
      }
    }
  } finally {
    listenAgain();
  }
  return total;
}

/** The first violation, or null. What throws is one: nothing may throw at what a history does to it. */
async function judge(total: Campaign, seed: number): Promise<Violation | null> {
  try {
    const { world, violations } = await runHistory({ seed, hits: total.hits });
    total.entries += world.watch.entryCount;
    total.events += world.watch.eventCount;
    total.deaths += world.crashes;
    return violations[0] ?? null;
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { rule: 'defect', pod: '', text, atMs: 0 };
  }
}

/**
 * The fewest acts that still make the history of this seed fail with the same rule: halves are left out, then
 * quarters, down to single ones.
 */
export async function shrink(seed: number): Promise<{ acts: Act[]; violation: Violation } | null> {
  const listenAgain = passOverTheDead();
  const failing = async (acts: readonly Act[]): Promise<Violation | null> =>
    (await runHistory({ seed, acts })).violations[0] ?? null;
  try {
    let acts = scheduleOf(seed);
    let violation = await failing(acts);
    if (violation === null) return null;
    for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < acts.length;) {
        const fewer = [...acts.slice(0, at), ...acts.slice(at + size)];
        const found = await failing(fewer);
        if (found?.rule === violation.rule) {
          acts = fewer;
          violation = found;
        } else at += size;
      }
    }
    return { acts, violation };
  } finally {
    listenAgain();
  }
}

/** For a person who looks into a seed: what failed, the least that makes it fail, and how to see it again. */
export async function tellFailure({ seed, violation }: Failure): Promise<string> {
  const least = await shrink(seed);
  return [
    `seed ${seed}: ${violation.rule} ${violation.pod} at ${violation.atMs} ms: ${violation.text}`,
    ...(least === null
      ? []
      : [`  least: ${least.violation.text}`, ...least.acts.map((act) => `  ${JSON.stringify(act)}`)]),
    `  again: SIM_SEED=${seed} SIM_HISTORIES=1 SIM_TRACE=1 npx vitest run --project sim -t sim.histories`,
  ].join('\n');
}
