/** What is left of a child's clone, when its pod goes: real git, a real sandbox. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { worktreesFolder } from '../../src/session/home/places.ts';
import { cloneOf } from '../../src/session/settings/worktree.ts';
import { unsavedIn } from '../../src/tools/worktree/worktree.ts';
import { capable } from '../support/capable.ts';
import { cloneIn, clonesIn, commit, family, heard, reportsOf, spawnedIn } from '../support/clone-family.ts';
import { CloneRig, work } from '../support/clone-rig.ts';
import { commitAll, git, makeRepository } from '../support/repository.ts';
import { TestHome } from '../support/rig.ts';

const can = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));

describe.skipIf(!can)('a clone', () => {
  let rig: CloneRig;
  let source: string;
  beforeEach(() => {
    rig = new CloneRig();
    ({ source } = rig);
  });
  afterEach(() => rig.close());
  const place: CloneRig['place'] = (over) => rig.place(over);
  const cloned: CloneRig['cloned'] = (given) => rig.cloned(given);
  const returned: CloneRig['returned'] = (worktree) => rig.returned(worktree);

  it('[worktree.source-gone] names the repository that is not there any more', async () => {
    makeRepository(source);
    const worktree = await cloned();
    renameSync(source, `${source}-moved`);
    const text = `its repository ${source} is not there any more: put it back, and it can be`;
    expect(await unsavedIn(worktree, place())).toEqual({ kind: 'failed', text });
    renameSync(`${source}-moved`, source);
    expect(await unsavedIn(worktree, place())).toEqual({ kind: 'nothing' });
  });

  it('[worktree.ignored] counts what a .gitignore covers, wherever that is, and nothing that tools make anew', async () => {
    makeRepository(source);
    writeFileSync(join(source, '.gitignore'), 'out/\nnode_modules\n*.log\n*.pyc\n.next\nenv\n');
    commitAll(source, 'ignore');
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    const put = (path: string, text = 'x') => {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      writeFileSync(join(clone, path), text);
    };
    put('sub/node_modules/a/dist/out/i.js');
    put('.next/trace.log');
    put('m.pyc');
    put('target/.gitignore', '*');
    put('target/CACHEDIR.TAG', 'Signature: 8a477f597d28d172789f06886806bc55');
    put('target/debug/app');
    put('env/pyvenv.cfg');
    put('env/lib/m.py');
    expect(await unsavedIn(worktree, place())).toEqual({ kind: 'nothing' });
    expect(await returned(worktree)).toMatchObject({ uncommitted: 0, ignored: 0 });
    put('out/node_modules.txt');
    put('run.log');
    put('notes/.gitignore', '*');
    put('notes/a line\nmore');
    symlinkSync('nowhere', join(clone, 'out', 'link'));
    const some = 'notes/a line?more, out/link, out/node_modules.txt, …';
    expect(await unsavedIn(worktree, place())).toMatchObject({
      commits: 0,
      uncommitted: 0,
      ignored: 4,
      some,
    });
    expect(await returned(worktree)).toMatchObject({ uncommitted: 0, ignored: 4 });
  });

  it('[worktree.taken] names each end of what is nowhere else: a branch, a tag, a detached HEAD, a stash, what was amended', async () => {
    makeRepository(source);
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    const base = git(clone, 'rev-parse', 'HEAD');
    const ends: string[] = [];
    const side = (...args: string[]) => {
      git(clone, 'checkout', '-q', ...args, base);
      work(worktree, `${ends.length}\n`);
      ends.push(work(worktree));
    };
    side('-b', 'other');
    side('--detach');
    git(clone, 'tag', 'v1');
    git(clone, 'commit', '-q', '--amend', '-m', 'otherwise');
    ends.push(git(clone, 'rev-parse', 'HEAD'));
    writeFileSync(join(clone, 'a.txt'), 'stashed');
    git(clone, 'stash', '-q');
    // The stash's own commits are above the amended one.
    ends[2] = git(clone, 'rev-parse', 'stash');
    side('--detach');
    git(clone, 'checkout', '-q', worktree.branch);
    const found = await unsavedIn(worktree, place());
    expect(found).toMatchObject({ kind: 'some', tips: 4 });
    expect('ends' in found && [...found.ends].sort()).toEqual(ends.sort());
    // Of these what a branch, a tag or the stash names.
    expect(await returned(worktree)).toMatchObject({ others: 7 });
    side('-b', 'more');
    expect(await unsavedIn(worktree, place())).toMatchObject({ tips: 5, ends: { length: 4 } });
  });
});

describe.skipIf(!can)('a clone whose pod is removed', () => {
  let home: TestHome;
  beforeEach(() => {
    home = new TestHome();
  });
  afterEach(() => home.close());
  const spawned = (scenario: string) => spawnedIn(home, scenario);
  const cloneOfPod = () => cloneIn(home);
  const clones = () => clonesIn(home);

  it('[worktree.kept] goes with it where all of it is in the repository', async () => {
    makeRepository(home.work);
    const root = await spawned(family(commit));
    await heard(root);
    expect(clones()).toHaveLength(1);
    await home.run(['stop', 'root']);
    const pruned = await home.run(['prune']);
    expect(pruned.stderr).toBe('');
    expect(pruned.stdout.split('\n').filter(Boolean).sort()).toEqual(['kid', 'root']);
    expect(clones()).toEqual([]);
    expect(git(home.work, 'branch', '--list', 'podkin/*')).toContain('podkin/root-kid-');
  });

  it('[worktree.kept] stays where it holds what is nowhere else, also when a person forces it', async () => {
    makeRepository(home.work);
    const root = await spawned(family(`${commit} && git checkout -q -b side && ${commit} && echo x > new`));
    await heard(root);
    const clone = await cloneOfPod();
    const [report] = await reportsOf(root);
    await home.run(['stop', 'root']);
    const tip = git(clone, 'rev-parse', 'side');
    const fetch = `git fetch ${clone} ${tip}:refs/heads/${report?.branch}-${tip.slice(0, 8)}`;
    const holds = `its clone ${clone} holds what is nowhere else: 1 commit(s), 1 uncommitted change(s) (in ${home.work}: ${fetch})`;
    expect((await home.run(['prune'])).stderr).toBe(`root stays: of "kid", ${holds}\n`);
    const refusal = await home.run(['rm', 'kid']);
    expect(refusal.code).toBe(1);
    expect(refusal.stderr).toContain(`"kid" stays: ${holds}; "podkin rm -f kid" gives it up`);
    const forced = await home.run(['rm', '-f', 'kid']);
    expect(forced.stderr).toContain(`Kept: of "kid", ${holds}`);
    expect(forced.stdout).toBe('kid\n');
    expect(readFileSync(join(clone, 'new'), 'utf8')).toBe('x\n');
    expect(git(clone, 'rev-list', '--count', 'origin/main..side')).toBe('2');
  });

  it('[worktree.left-clones] [worktree.taken] kept by rm -f it is named from then on, and goes once it is taken over', async () => {
    makeRepository(home.work);
    const root = await spawned(family(`git checkout -q -b side && ${commit} && echo x > new`));
    await heard(root);
    const clone = await cloneOfPod();
    const holder = dirname(clone);
    await home.run(['stop', 'root']);
    await home.run(['rm', '-f', 'root']);
    expect((await home.run(['doctor'])).stdout).toContain(`${holder}: the clone of "kid", which was removed`);
    const named = `the clone ${holder} of "kid", which was removed, stays: its clone ${clone} holds what is nowhere else: 1 commit(s), 1 uncommitted change(s) (in`;
    expect((await home.run(['prune', '--dry-run'])).stderr).toContain(named);
    const { stderr } = await home.run(['prune']);
    expect(stderr).toContain(`${named} ${home.work}: git fetch `);
    expect(stderr).toContain(`; when you have what you want of it: rm -r ${holder}\n`);
    // Word by word as a person copies it.
    const [, line = ''] = /: git (fetch [^)]*)\)/.exec(stderr) ?? [];
    git(home.work, ...line.split(' '));
    expect((await home.run(['prune'])).stderr).toContain(
      'holds what is nowhere else: 1 uncommitted change(s);',
    );
    rmSync(join(clone, 'new'));
    const gone = await home.run(['prune']);
    expect(gone).toMatchObject({ stdout: `${holder}\n`, stderr: '' });
    expect(clones()).toEqual([]);
    expect(git(home.work, 'log', '-1', '--format=%s', '--branches=podkin/*')).toBe('second');
    // Of a pod that nobody has noted: named once nobody can be making it any more. Cut removals go.
    for (const name of ['unknown', 'young', '.removed-x']) mkdirSync(join(worktreesFolder(home.home), name));
    utimesSync(join(worktreesFolder(home.home), 'unknown'), 1, 1);
    expect((await home.run(['prune'])).stderr).toBe(
      `the clone ${join(worktreesFolder(home.home), 'unknown')} of a pod that is gone, stays; when you have what you want of it: rm -r ${join(worktreesFolder(home.home), 'unknown')}\n`,
    );
    expect(clones()).toEqual(['unknown', 'young']);
  });

  it('[worktree.ignored] [cli.ps-tree-place] stays for files that a .gitignore covers, and goes with rm -f, which names them', async () => {
    makeRepository(home.work);
    const root = await spawned(family("mkdir out && echo '*' > out/.gitignore && echo x > out/report.md"));
    expect(await heard(root)).toContain(
      'Left in its clone, and nowhere else: 1 file that .gitignore covers (',
    );
    const clone = await cloneOfPod();
    await home.run(['stop', 'root']);
    const listed = await home.run(['ps', '-a']);
    expect(listed.stdout).toMatch(/^└─ kid /m);
    expect(listed.stderr).not.toContain('other directories');
    const holds = `its clone ${clone} holds what is nowhere else: 1 ignored file(s) (out/report.md)`;
    const gives = '"podkin rm -f kid" gives';
    expect((await home.run(['prune'])).stderr).toBe(`root stays: of "kid", ${holds}; ${gives} them up\n`);
    expect((await home.run(['rm', 'kid'])).stderr).toContain(`"kid" stays: ${holds}; ${gives} it up`);
    expect(readFileSync(join(clone, 'out', 'report.md'), 'utf8')).toBe('x\n');
    const forced = await home.run(['rm', '-f', 'kid']);
    expect(forced.stderr).toContain(`Discarded: of "kid", ${holds}\n`);
    expect(clones()).toEqual([]);
  });
});
