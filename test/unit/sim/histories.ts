/** The campaign of one of the test files that share a range of seeds, and what it has to have passed. */
import { writeSync } from 'node:fs';
import { expect } from 'vitest';
import { campaign, tellFailure } from '../../sim/campaign.ts';
import { runHistory } from '../../sim/history.ts';
import { hitsMin, sometimes } from '../../sim/sometimes.ts';

const from = Number(process.env['SIM_SEED'] ?? 1);
const asked = process.env['SIM_HISTORIES'];
const count = Number(asked ?? 20_000);
/** On a slow machine fewer are played where no number was asked for: behind this each half ends. */
const within = asked === undefined ? { seconds: 210, countMin: 2_500 } : undefined;

export async function playShare(share: number, of: number): Promise<void> {
  if (process.env['SIM_TRACE'] !== undefined && share === 0) {
    await runHistory({ seed: from, trace: (line) => console.log(line) });
  }
  // Each has a range of its own: what is drawn by the number of a seed is in all of them.
  const first = from + Math.floor((share * count) / of);
  const end = from + Math.floor(((share + 1) * count) / of);
  if (first === end) return;
  const total = await campaign({
    from: first,
    count: end - first,
    failuresMax: 3,
    ...(within === undefined ? {} : { within }),
    // Past the reporter, which keeps back what a test says until it has ended.
    onProgress: ({ nextSeed, perSecond }) => {
      writeSync(2, `next seed ${nextSeed}, ${perSecond} histories/s\n`);
    },
  });
  const { ran, entries, events, deaths, seconds, hits } = total;
  const table = sometimes.map((name) => `  ${String(hits.get(name) ?? 0).padStart(9)}  ${name}`);
  console.log(
    [
      `from seed ${first}: ${ran} histories in ${seconds.toFixed(1)} s, ${entries} entries, ${events} events received, ${deaths} deaths`,
      ...table,
    ].join('\n'),
  );
  const failures: string[] = [];
  for (const failure of total.failures) failures.push(await tellFailure(failure));
  expect(failures.join('\n')).toBe('');

  const rare = sometimes.filter((name) => (hits.get(name) ?? 0) < hitsMin(ran));
  expect(rare, `passed less than ${hitsMin(ran)} times`).toEqual([]);
  // The least that a short one must pass: by chance it may miss one place or another.
  const missed = sometimes.filter((name) => !hits.has(name));
  if (ran >= 4_000) expect(missed.length).toBeLessThanOrEqual(3);
}
