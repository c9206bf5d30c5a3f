/** One writer, whatever the path is called: locks that follow the folder, lives that are found wherever they were started from, logs that vanish. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { takeLock } from '../../src/session/lock.ts';
import { TestHome } from '../support/rig.ts';
import { pause } from '../support/waiting.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^go', call: [ { SpawnPod: { name: kid, task: 'work' } } ] }
  - { pod: root, last: user, matches: '^send', call: [ { SendToPod: { name: kid, message: 'more' } } ] }
  - { pod: kid, last: user, matches: '^work', say: 'Kid is done.' }
  - { say: 'Well.' }
`;

it('[restore.lent-lock] a lock that a parent holds to read what its dead child left keeps no pod from being restored', async () => {
  const root = await home.startRoot({ scenario });
  await root.kill();
  const loan = await takeLock({ instance: root.instance, folder: root.folder.path, purpose: 'loan' });
  const restored = home.run(['restore', 'root', '--tree']);
  // Longer than a start waits for a lock that a living pod holds.
  await pause(2_500);
  if (loan.taken) await loan.release();
  expect(await restored).toMatchObject({ code: 0, stdout: 'root\n' });
  expect((await root.call('status', {})).incarnation).toBe(2);
});
