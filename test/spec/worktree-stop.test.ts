/** A child in a clone of its own that is stopped: real pods, real git, a real sandbox. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { demandsOf } from '../../src/session/settings/demands.ts';
import { cloneOf } from '../../src/session/settings/worktree.ts';
import { capable } from '../support/capable.ts';
import { git, makeRepository } from '../support/repository.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const shell = (command: string) => `{ Bash: { command: ${JSON.stringify(command)} } }`;
const commit = 'echo two >> a.txt && git commit -qam second';

async function spawned(scenario: string): Promise<TestPod> {
  const root = await home.startRoot({ scenario, permissionMode: 'bypassPermissions', sandbox: 'real' });
  await root.run('go');
  return root;
}

async function reportsOf(root: TestPod) {
  const reports = await root.entriesOf('podEventReceived');
  return reports.flatMap(({ event }) => ('worktree' in event && event.worktree ? [event.worktree] : []));
}

async function cloneOfPod(name: string): Promise<string> {
  const [session] = await home.pod(name).entriesOf('session');
  const { worktree } = demandsOf(session?.settings ?? {});
  return worktree === null ? '' : cloneOf(worktree);
}

const can = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));

describe.skipIf(!can)('a child with worktree that is stopped', () => {
  it('[worktree.stop] a child that is stopped amid its work brings back what it has committed; its parent’s model hears it from StopPod', async () => {
    makeRepository(home.work);
    const root = await spawned(`
rules:
  - { pod: root, last: user, matches: "go", call: [{ SpawnPod: { name: kid, task: "work", worktree: true } }] }
  - { pod: root, last: user, matches: "stop", call: [{ StopPod: { name: kid } }] }
  - { pod: root, say: "well" }
  - { pod: kid, last: user, call: [${shell(`${commit} && echo x > new.txt`)}] }
  - { pod: kid, call: [${shell('sleep 600')}] }
`);
    const kid = home.pod('kid');
    await kid.untilEntry('toolResult');
    expect(await reportsOf(root)).toEqual([]);
    await root.run('stop');
    await root.untilSettled();
    const [report] = await reportsOf(root);
    expect(report).toMatchObject({ fetched: true, commits: 1, uncommitted: 1 });
    expect(git(home.work, 'log', '-1', '--format=%s', report?.branch ?? '')).toBe('second');
    const told = (await root.entriesOf('toolResult')).at(-1)?.text ?? '';
    expect(told).toContain('Pod "kid" has shut down.');
    expect(told).toContain(`git merge ${report?.branch ?? 'none'}`);
    expect(told).toContain('1 change that it did not commit');
  });

  it('[worktree.stop] what a person had it commit, too; where nothing was made nothing is said', async () => {
    makeRepository(home.work);
    const root = await spawned(`
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "work", worktree: true } }] }
  - { pod: root, say: "well" }
  - { pod: kid, say: "I am done" }
`);
    await root.untilEntry('systemItem');
    await root.untilSettled();
    const kid = home.pod('kid');
    await kid.stop();
    const before = await root.entriesOf('podEventReceived');
    expect(before.at(-1)?.event).toMatchObject({ kind: 'shutDown' });
    expect(before.at(-1)?.event).not.toHaveProperty('worktree');
    await kid.start();
    writeFileSync(join(await cloneOfPod('kid'), 'a.txt'), 'by hand\n');
    git(await cloneOfPod('kid'), 'commit', '-qam', 'by hand');
    await kid.stop();
    const report = (await reportsOf(root)).at(-1);
    expect(report).toMatchObject({ fetched: true, commits: 1 });
    expect(git(home.work, 'log', '-1', '--format=%s', report?.branch ?? '')).toBe('by hand');
  });
});
