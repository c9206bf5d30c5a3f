/**
 * A tree that was killed whole comes back whole, every time, also where each sync takes long.
 */
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ofType, receiptsOf, verified } from '../support/audit.ts';
import { TestHome } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';

const restores = sizeOf('RESTORES', { short: 2, full: 200 });

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: mid, task: 'work' } }, { SpawnPod: { name: kid, task: 'work' } } ] }
  - { pod: mid, last: user, matches: '^work', call: [ { SpawnPod: { name: leaf, task: 'work' } } ] }
  - { last: user, matches: '^work', say: '{{pod}} is done.' }
  - { say: 'Well.' }
`;

it(
  '[restore.slow-disk] restore and restore --tree start every dead pod of a tree again, whatever its parent still reads',
  { timeout: 60_000 + restores * 15_000 },
  async () => {
    const slow = `--require "${fileURLToPath(new URL('../support/slow-disk.cjs', import.meta.url))}"`;
    const environment = { NODE_OPTIONS: slow, PODKIN_SLOW_DISK_MS: '150', PODKIN_LIMITS_SWEEP_MS: '200' };
    const root = await home.startRoot({ scenario, environment });
    await root.run('go');
    const names = ['mid', 'kid', 'leaf'];
    const pods = [root, ...(await Promise.all(names.map((name) => home.spawned(name))))];
    for (const pod of pods) await pod.until('its first turn', (all) => ofType(all, 'turnEnded').length > 0);
    for (let round = 1; round <= restores; round += 1) {
      await Promise.all(pods.map((pod) => pod.kill()));
      // The parent first and alone: it takes in what its children left while they are started.
      const alone = await home.run(['restore', 'root'], { environment });
      expect(alone, `round ${round}`).toMatchObject({ code: 0, stdout: 'root\n' });
      const tree = await home.run(['restore', '--tree', 'root'], { environment });
      expect(tree, `round ${round}`).toMatchObject({ code: 0 });
      expect(tree.stdout.split('\n').filter(Boolean).toSorted(), tree.stderr).toEqual(['kid', 'leaf', 'mid']);
      for (const pod of pods) expect((await pod.call('status', {})).incarnation, pod.name).toBe(round + 1);
    }
    for (const pod of pods) await pod.untilSettled();
    // Of the root: each incarnation of both was told once.
    const told = receiptsOf(await root.entries(), pods[2]!.instance).map(({ event }) => event.kind);
    expect(told.filter((kind) => kind === 'died')).toHaveLength(restores);
    expect(await verified(home)).toEqual([]);
  },
);
