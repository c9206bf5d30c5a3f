/**
 * Random histories of whole trees under faults. `SIM_HISTORIES` and `SIM_SEED` choose how many and from where (a full run: 500,000); `SIM_TRACE=1`
 * shows everything that happens in a single one.
 */
import { writeSync } from 'node:fs';
import { expect, it } from 'vitest';
import { campaign, shrink, tellFailure } from '../../sim/campaign.ts';
import { runHistory } from '../../sim/history.ts';
import { hitsMin, sometimes } from '../../sim/sometimes.ts';

const from = Number(process.env['SIM_SEED'] ?? 1);
const count = Number(process.env['SIM_HISTORIES'] ?? 20_000);

it('[sim.histories] no history of kills, losses of power, full disks and cut links breaks an invariant', () => {
  if (process.env['SIM_TRACE'] !== undefined) {
    runHistory({ seed: from, verify: true, trace: (line) => console.log(line) });
  }
  const total = campaign({
    from,
    count,
    failuresMax: 3,
    // Past the reporter, which keeps back what a test says until it has ended.
    onProgress: ({ nextSeed, perSecond }) => {
      writeSync(2, `next seed ${nextSeed}, ${perSecond} histories/s\n`);
    },
  });
  const { ran, entries, events, crashes, seconds, hits } = total;
  const table = sometimes.map((name) => `  ${String(hits.get(name) ?? 0).padStart(9)}  ${name}`);
  console.log(
    [
      `seeds ${from} … ${from + ran - 1}: ${ran} histories in ${seconds.toFixed(1)} s, ${entries} entries, ${events} events received, ${crashes} deaths`,
      ...table,
    ].join('\n'),
  );
  expect(total.failures.map(tellFailure).join('\n')).toBe('');
  expect(ran).toBe(count);

  const rare = sometimes.filter((name) => (hits.get(name) ?? 0) < hitsMin(count));
  expect(rare, `passed less than ${hitsMin(count)} times`).toEqual([]);
  // The least that a short one must pass: by chance it may miss one place or another.
  const missed = sometimes.filter((name) => !hits.has(name));
  if (count >= 1_000) expect(missed.length).toBeLessThanOrEqual(3);
  expect(hits.get('watchdog.rescued') ?? 0).toBe(0);
}, 0);

/**
 * Found something once, by a chance too small for the size in CI: work given to a child behind its shutDown was waited for without an end; a run that came
 * into doubt while a link was being taken in was judged by that link's older word.
 */
const rareSeeds = [167_811, 679_598, 697_427];

it('[sim.histories] nor do the histories that once did', () => {
  for (const seed of rareSeeds) expect(runHistory({ seed, verify: true }).violations).toEqual([]);
});

it('[sim.same-seed] one seed is one history', () => {
  const tell = (): string[] => {
    const lines: string[] = [];
    runHistory({ seed: 8, trace: (line) => lines.push(line) });
    return lines;
  };
  const first = tell();
  expect(first.length).toBeGreaterThan(50);
  expect(tell()).toEqual(first);
});

it('[sim.shrink] a failing history is cut down to the acts that make it fail', () => {
  const found = campaign({ from: 1, count: 2_000, mutant: 'noTornTailCut', failuresMax: 1 }).failures[0];
  expect(found).toBeDefined();
  const least = shrink(found!.seed, 'noTornTailCut');
  expect(least?.violation.rule).toBe(found!.violation.rule);
  // Only a tail that a fault tore can be left uncut.
  expect(least!.acts.length).toBeGreaterThan(0);
  for (const left of least!.acts) {
    const acts = least!.acts.filter((act) => act !== left);
    const still = runHistory({ seed: found!.seed, mutant: 'noTornTailCut', acts, verify: true })
      .violations[0];
    expect(still?.rule).not.toBe(found!.violation.rule);
  }
}, 60_000);
