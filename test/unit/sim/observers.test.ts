/** People who watch change nothing: with them and without, a history is the same to the byte. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { passOverTheDead, runHistory } from '../../sim/history.ts';
import { scheduleOf } from '../../sim/schedule.ts';

let listenAgain = (): void => undefined;
beforeAll(() => {
  listenAgain = passOverTheDead();
});
afterAll(() => listenAgain());

/** The logs of all pods, those of removed ones too, and how often observers came. */
async function logsOf(seed: number, observers: 'none' | 'silent'): Promise<{ logs: string[]; came: number }> {
  // What a thawed process catches up with comes in an order of chance, and an observer's turns are among it.
  const acts = scheduleOf(seed).filter(({ kind }) => kind !== 'freeze');
  const hits = new Map<string, number>();
  const { world, violations } = await runHistory({ seed, acts, observers, hits });
  expect(violations).toEqual([]);
  const files = [...world.pods.values()].flatMap((pod) => {
    const file = pod.removed ? world.logs.get(pod) : world.files.get(pod.folder.log);
    return file === undefined ? [] : [file];
  });
  return { logs: files.map((file) => file.whole().toString()), came: hits.get('observer.came') ?? 0 };
}

it('[sim.observers] an observer, one that does not read too, costs no pod an entry, an outcome or a moment', async () => {
  let came = 0;
  for (let seed = 1; seed <= 8; seed += 1) {
    const watched = await logsOf(seed, 'silent');
    const unwatched = await logsOf(seed, 'none');
    expect(watched.logs, `seed ${seed}`).toEqual(unwatched.logs);
    came += watched.came;
  }
  expect(came).toBeGreaterThan(8);
}, 120_000);
