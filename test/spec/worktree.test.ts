/** A child in a clone of its own: real pods, real git, a real sandbox. */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import {
  clonesIn,
  cloneIn,
  commit,
  family,
  heard,
  reportsOf,
  shell,
  spawnedIn,
} from '../support/clone-family.ts';
import { commitAll, git, makeRepository } from '../support/repository.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const spawned = (scenario: string, given?: object) => spawnedIn(home, scenario, given);
const cloneOfPod = (name?: string) => cloneIn(home, name);
const clones = () => clonesIn(home);

const refused = async (root: TestPod) => (await root.untilEntry('toolResult')).text;

const can = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));

describe.skipIf(!can)('a child with worktree', () => {
  it('[worktree.returns] [worktree.left] hands up a branch, which its parent’s model is told how to take over', async () => {
    const base = makeRepository(home.work);
    const root = await spawned(family(`${commit} && echo x > new.txt && pwd`));
    const body = await heard(root);
    const [report] = await reportsOf(root);
    const branch = report?.branch ?? '';
    expect(branch).toMatch(/^podkin\/root-kid-[0-9a-f]{6}$/);
    const clone = await cloneOfPod();
    expect(report).toEqual({
      branch,
      fetched: true,
      base,
      folder: clone,
      commits: 1,
      files: 1,
      added: 1,
      deleted: 0,
      uncommitted: 1,
      ignored: 0,
      others: 0,
    });
    expect(body.split('\n')).toContain(
      `What it committed is in the repository, on the branch ${branch}: 1 commit, 1 file changed, +1 -0 lines. To take it over: git merge ${branch}; where .git is read-only for you, git diff HEAD...${branch} | git apply. Look at it first: git diff HEAD...${branch}`,
    );
    expect(body).toContain(
      `Left in its clone, and nowhere else: 1 change that it did not commit (${clone}).`,
    );
    const [ran] = await home.pod('kid').entriesOf('toolResult');
    expect(ran?.text).toBe(clone);
    const [prompt] = await home.pod('kid').entriesOf('systemPrompt');
    expect(prompt?.text).toContain(`Commit on the branch ${branch} what you hand over`);
    expect(git(home.work, 'status', '--porcelain')).toBe('');
    expect(git(home.work, 'log', '-1', '--format=%an %ae %s', branch)).toBe(
      'kid (podkin) kid@podkin.invalid second',
    );
    // In a folder whose .git its shell may only read.
    const apply = `git diff HEAD...${branch} | git apply && cat a.txt`;
    const other = await home.startRoot({
      name: 'other',
      scenario: `rules:\n  - { last: user, call: [${shell(apply)}] }\n  - { say: "done" }\n`,
      permissionMode: 'bypassPermissions',
      sandbox: 'real',
    });
    await other.run('go');
    await other.untilSettled();
    expect((await other.entriesOf('toolResult'))[0]?.text).toBe('one\ntwo');
  });

  it('[worktree.scope] writes its clone and nothing of the source, with what is denied there denied in it', async () => {
    makeRepository(home.work);
    mkdirSync(join(home.work, 'secret'));
    writeFileSync(join(home.work, 'secret', 'key'), 'the key\n');
    commitAll(home.work, 'secret');
    const attempts = [
      'echo x >> a.txt && echo clone written',
      `echo x >> ${home.work}/a.txt || echo source closed`,
      'cat secret/key || echo denied',
      'git checkout -q -b side && git checkout -q - && echo git works',
    ];
    const deny = [{ path: join(home.work, 'secret'), right: 'read' as const }];
    const root = await spawned(family(attempts.join('; '), 'worktree: true, write: ["."]'), {
      scope: { read: [home.work], write: [home.work], deny },
    });
    await heard(root);
    const [ran] = await home.pod('kid').entriesOf('toolResult');
    const said = (ran?.text ?? '').split('\n').filter((line) => !line.includes(':'));
    expect(said.slice(0, 4)).toEqual(['clone written', 'source closed', 'denied', 'git works']);
    expect(ran?.text).not.toContain('the key');
    expect(readFileSync(join(home.work, 'a.txt'), 'utf8')).toBe('one\n');
    const clone = await cloneOfPod();
    const [session] = await home.pod('kid').entriesOf('session');
    expect(session?.scope).toEqual({
      read: [home.work, join(home.work, '.git', 'objects')],
      write: [clone, join(clone, '.git')],
      deny: [...deny, { path: join(clone, 'secret'), right: 'read' }],
    });
  });

  it('[worktree.cases] begins where its parent works, in a repository with an odd name, two of them side by side', async () => {
    const top = join(home.work, 'it’s "odd" $(id) [x]');
    makeRepository(top);
    const scenario = `
rules:
  - pod: root
    last: user
    call: [{ SpawnPod: { name: one, task: "work", worktree: true } }, { SpawnPod: { name: two, task: "work", worktree: true } }]
  - { pod: root, last: notification, say: "heard" }
  - { pod: root, say: "waiting" }
  - { last: user, call: [${shell('basename "$PWD"; echo {{pod}} >> s.txt; git commit -qam mine')}] }
  - { say: "done" }
`;
    const root = home.makeRoot({
      scenario,
      permissionMode: 'bypassPermissions',
      sandbox: 'real',
      scope: { read: [top], write: [top] },
      cwd: join(top, 'sub'),
    });
    await root.start();
    await root.run('go');
    await heard(root, 2);
    await root.untilSettled();
    const reports = await reportsOf(root);
    expect(reports.map(({ fetched, commits }) => [fetched, commits])).toEqual([
      [true, 1],
      [true, 1],
    ]);
    expect(new Set(reports.map(({ branch }) => branch)).size).toBe(2);
    expect((await home.pod('one').entriesOf('toolResult'))[0]?.text).toBe('sub\n(no output)'.split('\n')[0]);
    expect(git(top, 'fsck')).toBe('');
  });

  it.each([
    ['no repository', () => undefined, 'is in no git repository of this user, so there is nothing to clone.'],
    [
      'a repository without commits',
      () => git(home.work, 'init', '-q'),
      'A clone begins at a commit, and the repository',
    ],
    [
      'a repository above what it may read',
      () => makeRepository(home.path),
      `which this pod may not read, so a child gets no clone of it. A person can start the pod with --read`,
    ],
  ])('[worktree.refused] is refused in %s', async (_, make, sentence) => {
    make();
    const root = await spawned(family('true'));
    expect(await refused(root)).toContain(sentence);
    await root.untilSettled();
    expect(await root.entriesOf('child')).toEqual([]);
    expect(clones()).toEqual([]);
  });

  it('[worktree.unfinished] sent more work after a stop it goes on in its clone, and hands up all of it', async () => {
    makeRepository(home.work);
    const root = await spawned(family(commit));
    await heard(root);
    await home.run(['stop', 'kid']);
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
    await root.run('again');
    await heard(root, 3);
    await root.untilSettled();
    // With its answer, at the stop, and with the next answer.
    expect(await reportsOf(root)).toMatchObject([
      { fetched: true, commits: 1 },
      { fetched: true, commits: 1 },
      { fetched: true, commits: 2 },
    ]);
  });

  it('[worktree.unfinished] what it had committed when a limit ended its turn is handed over', async () => {
    makeRepository(home.work);
    const root = await spawned(family(`${commit} && sleep 300`, 'worktree: true, timeoutMinutes: 0.05'));
    const body = await heard(root);
    expect(body.split('\n')[0]).toContain('stopped at a limit');
    expect(await reportsOf(root)).toMatchObject([{ fetched: true, commits: 1 }]);
  });

  it('[worktree.cases] that removes its own clone says so, and nothing fails', async () => {
    makeRepository(home.work);
    const root = await spawned(family('rm -rf .git a.txt sub'));
    const body = await heard(root);
    expect(body).toContain('Its clone is gone, and with it whatever it had committed since its last report');
    expect(await reportsOf(root)).toMatchObject([{ fetched: false, why: 'missing' }]);
  });

  it('[worktree.cases] where its parent may only read the repository, the commits stay, with the line that takes them', async () => {
    makeRepository(home.work);
    const root = await spawned(family(commit), { scope: { read: [home.work], write: [] } });
    const body = await heard(root);
    const clone = await cloneOfPod();
    const [report] = await reportsOf(root);
    expect(report).toMatchObject({ fetched: false, why: 'notInScope', commits: 1 });
    expect(body).toContain(`A person takes it from ${clone}: git fetch ${clone} ${report?.branch}`);
    expect(git(home.work, 'branch', '--list')).toBe('* main');
    git(home.work, 'fetch', '-q', clone, report?.branch ?? '');
    expect(git(home.work, 'rev-list', '--count', 'main..FETCH_HEAD')).toBe('1');
  });

  it('[worktree.nested] has a child in a clone of its clone', async () => {
    makeRepository(home.work);
    const scenario = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "work", worktree: true } }] }
  - { pod: root, last: notification, say: "heard" }
  - { pod: root, say: "waiting" }
  - { pod: kid, last: user, call: [{ SpawnPod: { name: leaf, task: "work", worktree: true } }] }
  - { pod: kid, last: notification, call: [${shell('git merge -q "$(git branch --format="%(refname:short)" --list "podkin/root-leaf-*")" && echo merged')}] }
  - { pod: kid, say: "done" }
  - { pod: leaf, last: user, call: [${shell(commit)}] }
  - { pod: leaf, say: "done" }
`;
    const root = await spawned(scenario);
    await heard(root);
    const [leaf] = await reportsOf(home.pod('kid'));
    expect(leaf).toMatchObject({ fetched: true, commits: 1 });
    expect(await reportsOf(root)).toMatchObject([{ fetched: true, commits: 1 }]);
    expect(git(home.work, 'log', '-1', '--format=%an', (await reportsOf(root))[0]?.branch ?? '')).toBe(
      'leaf (podkin)',
    );
  });
});

describe.skipIf(!can)('a death', () => {
  it.each(['worktree.making', 'worktree.made', 'child.started'])(
    '[worktree.anew] of the parent at %s leaves no clone, and the name is free again',
    async (point) => {
      home.expectsNoSockets = false;
      makeRepository(home.work);
      const root = home.makeRoot({
        scenario: family(commit),
        permissionMode: 'bypassPermissions',
        sandbox: 'real',
      });
      await root.start({ PODKIN_CRASH_AT: `root:${point}` });
      void root.run('go').catch(() => undefined);
      await root.exit();
      await root.start();
      await root.until('an undone child', (all) =>
        all.some((entry) => entry.type === 'child' && entry.state === 'undone'),
      );
      expect(clones()).toEqual([]);
      await root.run('go');
      await heard(root);
      expect(await reportsOf(root)).toMatchObject([{ fetched: true, commits: 1 }]);
      expect(clones()).toHaveLength(1);
    },
  );

  it.each(['worktree.begun', 'worktree.ended', 'turn.beforeCommit'])(
    '[worktree.anew] [worktree.scope] of the child at %s is no loss: restored it hands over, and its clone is its own again',
    async (point) => {
      home.expectsNoSockets = false;
      makeRepository(home.work);
      const root = await spawned(family(commit), { environment: { PODKIN_CRASH_AT: `kid:${point}` } });
      await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
      await home.pod('kid').start();
      await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
      await root.untilSettled();
      expect(await reportsOf(root)).toMatchObject([{ fetched: true, commits: 1 }]);
      await root.run('again');
      await root.until(
        'a second report',
        (all) =>
          all.filter((entry) => entry.type === 'podEventReceived' && entry.event.kind === 'turnEnded')
            .length >= 2,
      );
      expect(await reportsOf(root)).toMatchObject([{ commits: 1 }, { fetched: true, commits: 2 }]);
    },
  );
});

describe('a child with worktree', () => {
  it('[worktree.refused] is refused where no sandbox works', async () => {
    makeRepository(home.work);
    const root = await spawned(family('true'), { sandbox: { program: '/nowhere/bwrap' } });
    expect(await refused(root)).toContain('A clone is made inside a sandbox alone, and none works here');
    await root.untilSettled();
    expect(clones()).toEqual([]);
  });

  it('[worktree.profile] is refused in permission mode plan, as a call or by a profile', async () => {
    makeRepository(home.work);
    const root = await spawned(family('true'), { permissionMode: 'plan' });
    expect(await refused(root)).toContain('in permission mode plan nothing is handed down to be written');
    await root.untilSettled();
    expect(realpathSync(home.work)).toBe(home.work);
    rmSync(join(home.work, 'sub'), { recursive: true });
  });
});
