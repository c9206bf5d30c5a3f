/** Which git commands write a repository, and which .git is read-only for its name alone. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { heldGit } from '../../../src/scope/permissions/held-git.ts';
import { gitWrites } from '../../../src/scope/permissions/git-writes.ts';

it.each([
  ['git commit -m x', ['/w']],
  ['git add . && git commit -m "a; b"', ['/w']],
  ['cd sub && git add .', ['/w/sub']],
  ['cd sub; cd ../other; git stash', ['/w/other']],
  ['git -C ../x -c a.b=c switch main', ['/x']],
  ['A=1 git tag v1', ['/w']],
  ['/usr/bin/git merge x', ['/w']],
  ['env A=1 git rebase main', ['/w']],
  ["sh -c 'cd sub && git commit -m x'", ['/w/sub']],
  ['git branch new', ['/w']],
  ['git branch -d old', ['/w']],
  ['git remote add o u', ['/w']],
  ['git config user.name x', ['/w']],
  ['git config --unset user.name', ['/w']],
  ['git worktree add ../x', ['/w']],
  ['git notes add -m x', ['/w']],
  ['(git reset --hard)', ['/w']],
])('[approval.git-found] %s writes in %j', (command, folders) => {
  expect(gitWrites(command, '/w')).toEqual(folders);
});

it.each(
  [
    [
      'git status',
      'git diff',
      'git log --oneline',
      'git show',
      'git branch',
      'git branch -vv',
      'git tag -l v*',
    ],
    [
      'git branch --contains x',
      'git stash list',
      'git worktree list',
      'git remote -v',
      'git config user.name',
    ],
    [
      'git config --get a.b c',
      'git config --global user.name x',
      'git notes',
      'git submodule status',
      'git grep x',
    ],
    ['echo git commit', 'cat git', 'git --git-dir=/x/.git commit', 'git', 'git --version', 'npm test', ''],
    ['grep "git commit" README', 'git ls-files', 'git blame a', 'git reflog', 'git init', 'git clone a b'],
  ].flat(),
)('[approval.git-found] %s writes nowhere', (command) => {
  expect(gitWrites(command, '/w')).toEqual([]);
});

const base = realpathSync(mkdtempSync(join(tmpdir(), 'pk-held-')));
afterAll(() => rmSync(base, { recursive: true }));
const at = (...names: string[]) => join(base, ...names);
for (const name of ['repo/.git', 'repo/deep', 'plain', 'linked', 'file', 'outside/.git'])
  mkdirSync(at(name), { recursive: true });
symlinkSync(at('repo', '.git'), at('linked', '.git'));
writeFileSync(at('file', '.git'), 'gitdir: /elsewhere\n');
const git = at('repo', '.git');
const scopeOf = (write: string[], deny: { path: string; right: 'read' | 'write' }[] = []) => ({
  read: [],
  write,
  deny,
});

it.each([
  ['at the root', at('repo'), scopeOf([at('repo')]), git],
  ['from a folder below it', at('repo', 'deep'), scopeOf([at('repo')]), git],
  ['below a wider root', at('repo'), scopeOf([base]), git],
  ['not one that is open already', at('repo'), scopeOf([base, git]), null],
  ['not one outside of the scope', at('repo', 'deep'), scopeOf([at('repo', 'deep')]), null],
  ['not one that is denied for writing', at('repo'), scopeOf([base], [{ path: git, right: 'write' }]), null],
  [
    'not one that is denied for reading',
    at('repo'),
    scopeOf([base], [{ path: at('repo'), right: 'read' }]),
    null,
  ],
  ['not one that is a link', at('linked'), scopeOf([base]), null],
  ['not one that is a file', at('file'), scopeOf([base]), null],
  ['not where there is none', at('plain'), scopeOf([base]), null],
])('[approval.git-offer] %s', async (_, cwd, scope, expected) => {
  expect(await heldGit('git commit -m x', cwd, { scope, isOpen: () => false })).toBe(expected);
  expect(await heldGit('git commit -m x', cwd, { scope, isOpen: () => true })).toBeNull();
  expect(await heldGit('git status', cwd, { scope, isOpen: () => false })).toBeNull();
});
