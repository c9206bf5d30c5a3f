/** The git of podkin's own, in a real sandbox, over repositories that somebody has prepared. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloneOf } from '../../src/session/settings/worktree.ts';
import { handOver, makeClone, removeHolder, unsavedIn } from '../../src/tools/worktree/worktree.ts';
import { capable } from '../support/capable.ts';
import { CloneRig, work } from '../support/clone-rig.ts';
import { commitAll, git, makeHostile, makeRepository } from '../support/repository.ts';

let rig: CloneRig;
let folder: string;
let source: string;
beforeEach(() => {
  rig = new CloneRig();
  ({ folder, source } = rig);
});
afterEach(() => rig.close());

const place: CloneRig['place'] = (over) => rig.place(over);
const plan: CloneRig['plan'] = (given) => rig.plan(given);
const cloned: CloneRig['cloned'] = (given) => rig.cloned(given);
const returned: CloneRig['returned'] = (worktree, mayReturn) => rig.returned(worktree, mayReturn);

const can = capable('bubblewrap', () => existsSync('/usr/bin/bwrap'));

describe.skipIf(!can)('a clone', () => {
  it('[worktree.clone] is of the commits alone, on a branch of its own, and takes the objects from the source', async () => {
    const base = makeRepository(source);
    git(source, 'tag', 'v1');
    writeFileSync(join(source, 'a.txt'), 'not committed\n');
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    expect(worktree.base).toBe(base);
    expect(git(clone, 'status', '--porcelain', '--branch')).toBe(`## ${worktree.branch}`);
    expect(readFileSync(join(clone, 'a.txt'), 'utf8')).toBe('one\n');
    expect(git(clone, 'for-each-ref', '--format=%(refname)')).toBe(
      [
        `refs/heads/${worktree.branch}`,
        'refs/remotes/origin/HEAD',
        'refs/remotes/origin/main',
        'refs/tags/v1',
      ].join('\n'),
    );
    expect(git(clone, 'count-objects')).toBe('0 objects, 0 kilobytes');
    expect(git(clone, 'remote', 'get-url', 'origin')).toBe(source);
    expect(git(source, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main\nrefs/tags/v1');
    expect(await unsavedIn(worktree, place())).toEqual({ kind: 'nothing' });
  });

  it('[worktree.hostile] runs nothing that the source or the clone names, when it is made, looked at or brought back', async () => {
    makeRepository(source);
    writeFileSync(join(source, '.gitattributes'), '* filter=x diff=x\n');
    commitAll(source, 'attributes');
    const marks = join(folder, 'marks');
    makeHostile(join(source, '.git'), marks);
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    const tip = work(worktree);
    makeHostile(join(clone, '.git'), marks);
    appendFileSync(join(clone, 'a.txt'), 'more\n');
    const before = readdirSync(join(source, '.git')).sort();
    expect(await returned(worktree)).toMatchObject({ fetched: true, commits: 1, uncommitted: 1 });
    expect(await unsavedIn(worktree, place())).toMatchObject({ kind: 'some', uncommitted: 1 });
    expect(readFileSync(join(source, '.git', 'refs', 'heads', worktree.branch), 'utf8')).toBe(`${tip}\n`);
    expect(readdirSync(marks)).toEqual([]);
    expect(readdirSync(join(source, '.git')).sort()).toEqual(before);
    // They would.
    for (const one of [source, clone]) {
      expect(() => git(one, 'status')).toThrow('Command failed');
      expect(readdirSync(marks)).not.toEqual([]);
      rmSync(join(marks, 'fsmonitor'));
    }
  });

  it('[worktree.returns] comes back once, goes forward, and never over what is there', async () => {
    const base = makeRepository(source);
    const worktree = await cloned();
    expect(await returned(worktree)).toMatchObject({ fetched: false, commits: 0 });
    const one = work(worktree);
    const report = { branch: worktree.branch, fetched: true, base, others: 0, uncommitted: 0 };
    expect(await returned(worktree)).toMatchObject({ ...report, commits: 1, files: 1, added: 1, deleted: 0 });
    expect(await returned(worktree)).toMatchObject({ ...report, commits: 1 });
    const two = work(worktree);
    expect(await returned(worktree)).toMatchObject({ ...report, commits: 2 });
    const branch = `refs/heads/${worktree.branch}`;
    expect(git(source, 'rev-parse', branch)).toBe(two);
    // Its parent went on with it meanwhile.
    git(source, 'checkout', '-q', worktree.branch);
    commitAllowed(source);
    const theirs = git(source, 'rev-parse', 'HEAD');
    git(source, 'checkout', '-q', 'main');
    commitAllowed(source);
    const three = work(worktree);
    expect(await returned(worktree)).toMatchObject({ branch: `${worktree.branch}-2`, commits: 3 });
    expect(git(source, 'rev-parse', branch, `${branch}-2`).split('\n')).toEqual([theirs, three]);
    expect(git(source, 'fsck', '--full')).toBe('');
    expect(git(source, 'rev-list', '--count', `${one}..${branch}-2`)).toBe('2');
  });

  it('[worktree.returns] leaves a branch alone that somebody works on, in the source or in a worktree of it', async () => {
    makeRepository(source);
    const worktree = await cloned();
    const one = work(worktree);
    await returned(worktree);
    git(source, 'checkout', '-q', worktree.branch);
    work(worktree);
    expect(await returned(worktree)).toMatchObject({ branch: `${worktree.branch}-2`, fetched: true });
    expect(git(source, 'status', '--porcelain')).toBe('');
    expect(git(source, 'rev-parse', 'HEAD')).toBe(one);
    git(source, 'worktree', 'add', '-q', join(folder, 'wt'), `${worktree.branch}-2`);
    work(worktree);
    expect(await returned(worktree)).toMatchObject({ branch: `${worktree.branch}-3`, fetched: true });
  });

  it('[worktree.left] says what is in no commit, and which commits are of other branches', async () => {
    makeRepository(source);
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    work(worktree);
    git(clone, 'checkout', '-q', '-b', 'other');
    work(worktree);
    work(worktree);
    writeFileSync(join(clone, 'new.txt'), 'x');
    rmSync(join(clone, 'sub', 's.txt'));
    expect(await returned(worktree)).toMatchObject({ commits: 1, fetched: true, uncommitted: 2, others: 2 });
    expect(await unsavedIn(worktree, place())).toEqual({
      kind: 'some',
      commits: 2,
      tips: 1,
      ends: [git(clone, 'rev-parse', 'other')],
      uncommitted: 2,
      own: 0,
      ignored: 0,
      some: '',
    });
  });

  it.each([
    ['a branch that was deleted', (clone: string) => git(clone, 'branch', '-q', '-D', 'other')],
    ['what was amended', (clone: string) => git(clone, 'commit', '-q', '--amend', '-m', 'otherwise')],
    [
      'what nothing names any more',
      (clone: string) => {
        git(clone, 'branch', '-q', '-D', 'other');
        git(clone, 'reflog', 'expire', '--expire=now', '--all');
        git(clone, 'repack', '-q', '-a', '-d', '--local', '--keep-unreachable');
      },
    ],
    ['a stash', (clone: string) => (writeFileSync(join(clone, 'a.txt'), 's'), git(clone, 'stash', '-q'))],
    [
      'a change that the index is told not to see',
      (clone: string) => {
        git(clone, 'update-index', '--assume-unchanged', 'a.txt');
        writeFileSync(join(clone, 'a.txt'), 'hidden\n');
      },
    ],
    ['a repository in it', (clone: string) => makeRepository(join(clone, 'sub', 'inner'))],
  ])('[worktree.kept] holds something of its own: %s', async (_, act) => {
    makeRepository(source);
    const worktree = await cloned();
    const clone = cloneOf(worktree);
    work(worktree);
    await returned(worktree);
    git(clone, 'checkout', '-q', '-b', 'other');
    work(worktree);
    git(clone, 'checkout', '-q', worktree.branch);
    act(clone);
    expect(await unsavedIn(worktree, place())).toMatchObject({ kind: 'some' });
  });

  it('[worktree.cases] is gone, or is no repository any more: said as that', async () => {
    makeRepository(source);
    const worktree = await cloned();
    work(worktree);
    rmSync(join(cloneOf(worktree), '.git'), { recursive: true });
    expect(await returned(worktree)).toMatchObject({ fetched: false, why: 'missing' });
    expect(await unsavedIn(worktree, place())).toMatchObject({ kind: 'failed' });
    await removeHolder(worktree);
    expect(await returned(worktree)).toMatchObject({ fetched: false, why: 'missing' });
    expect(await unsavedIn(worktree, place())).toEqual({ kind: 'gone' });
  });

  it('[worktree.cases] of a source that is a worktree, has nothing but packs, is shallow, or hashes otherwise', async () => {
    makeRepository(source);
    git(source, 'gc', '-q');
    const side = join(folder, 'side');
    git(source, 'worktree', 'add', '-q', '-b', 'side', side);
    const of = await cloned({ from: side, store: join(source, '.git'), head: 'ref: refs/heads/side' });
    work(of);
    expect(await returned(of)).toMatchObject({ fetched: true, commits: 1 });
    const shallow = join(folder, 'shallow');
    work(await cloned({ name: 'two' }));
    commitAllowed(source);
    git(folder, 'clone', '-q', '--depth=1', `file://${source}`, shallow);
    const second = await cloned({ from: shallow, name: 'three' });
    work(second);
    expect(await returned(second)).toMatchObject({ fetched: true, commits: 1 });
    expect(git(shallow, 'fsck')).toBe('');
    const longer = join(folder, 'longer');
    makeRepository(longer, '--object-format=sha256');
    const third = await cloned({ from: longer, name: 'four' });
    work(third);
    expect(third.base).toHaveLength(64);
    expect(await returned(third)).toMatchObject({ fetched: true, commits: 1 });
  });

  it('[worktree.nested] of a clone: its objects are found, and its branch comes into that clone', async () => {
    makeRepository(source);
    const outer = await cloned();
    work(outer);
    const inner = await cloned({
      from: cloneOf(outer),
      name: 'inner',
      head: `ref: refs/heads/${outer.branch}`,
    });
    expect(inner.objects).toEqual([join(cloneOf(outer), '.git/objects'), join(source, '.git/objects')]);
    const tip = work(inner);
    expect(await returned(inner)).toMatchObject({ fetched: true, commits: 1 });
    expect(git(cloneOf(outer), 'rev-parse', inner.branch)).toBe(tip);
    git(cloneOf(outer), 'merge', '-q', inner.branch);
    expect(await returned(outer)).toMatchObject({ fetched: true, commits: 2 });
    expect(git(source, 'rev-parse', outer.branch)).toBe(tip);
  });

  it('[worktree.cases] leads nowhere: references and objects behind links are not followed out', async () => {
    makeRepository(source);
    const other = join(folder, 'other');
    makeRepository(other);
    const worktree = await cloned();
    work(worktree);
    const refs = join(source, '.git', 'refs');
    rmSync(refs, { recursive: true });
    symlinkSync(join(other, '.git', 'refs'), refs);
    expect(await returned(worktree)).toMatchObject({ fetched: false, why: 'failed' });
    expect(git(other, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  it('[worktree.bounded] takes no more than its time, and says so', async () => {
    makeRepository(source);
    const worktree = await cloned();
    work(worktree);
    const heads = join(cloneOf(worktree), '.git', 'refs', 'heads');
    rmSync(heads, { recursive: true });
    mkdirSync(heads);
    execFileSync('mkfifo', [join(heads, 'pipe')]);
    const report = await handOver(worktree, { mayReturn: true }, place({ shellTimeoutMs: 1_500 }));
    expect(report).toMatchObject({ fetched: false, why: 'timedOut' });
  });

  it('[worktree.cases] without room says so, changes nothing, and is done when there is room', async () => {
    makeRepository(source);
    const worktree = await cloned();
    writeFileSync(join(cloneOf(worktree), 'large'), randomBytes(400_000));
    const tip = work(worktree);
    const full = await handOver(worktree, { mayReturn: true }, place({ shellFileBytes: 64 * 1024 }));
    expect(full).toMatchObject({ fetched: false, why: 'failed', commits: 1 });
    expect(git(source, 'branch', '--list')).toBe('* main');
    expect(git(source, 'fsck')).toBe('');
    expect(await returned(worktree)).toMatchObject({ fetched: true, commits: 1 });
    expect(git(source, 'rev-parse', worktree.branch)).toBe(tip);
  });

  it('[worktree.cases] says what a repository lacks before anything is made', async () => {
    mkdirSync(source);
    git(source, 'init', '-q', '-b', 'main');
    await expect(plan()).rejects.toThrow('{"kind":"noCommit"}');
    rmSync(source, { recursive: true });
    makeRepository(source);
    git(source, 'branch', 'podkin');
    await expect(plan()).rejects.toThrow('{"kind":"nameTaken"}');
    writeFileSync(join(source, '.git', 'objects', 'info', 'alternates'), '/nowhere/objects\n');
    await expect(plan()).rejects.toThrow('its objects are not all there: /nowhere/objects');
  });

  it('[worktree.cases] that cannot be made leaves nothing, and a failure keeps what is there', async () => {
    makeRepository(source);
    const worktree = await plan();
    const wrong = { ...worktree, base: 'f'.repeat(40) };
    const failed = await makeClone(wrong, { author: 'kid', cwd: cloneOf(worktree) }, place());
    expect(failed).toMatchObject({ kind: 'failed' });
    expect(readdirSync(join(folder, 'h', 'worktrees'))).toEqual([]);
    const ended = new AbortController();
    ended.abort();
    const given = { author: 'kid', cwd: cloneOf(worktree) };
    expect(await makeClone(worktree, given, place({ signal: ended.signal }))).toMatchObject({
      kind: 'aborted',
    });
    expect(readdirSync(join(folder, 'h', 'worktrees'))).toEqual([]);
  });
});

function commitAllowed(repository: string): void {
  git(repository, 'commit', '-q', '--allow-empty', '-m', 'moved on');
}
