/** Which repositories of its own making a pod's commands may write. */
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makesRepository } from '../../../src/scope/permissions/git-writes.ts';
import { folderPlace, type MadeRepositories, ownGit } from '../../../src/scope/set-aside/own-git.ts';

let base: string;
let git: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'pk-own-')));
  git = join(base, '.git');
  mkdirSync(join(git, 'objects'), { recursive: true });
  writeFileSync(join(git, 'HEAD'), 'ref: refs/heads/main\n');
});
afterEach(() => rmSync(base, { recursive: true }));

const made = (path = git): MadeRepositories => {
  const place = folderPlace(path);
  return new Map(place === undefined ? [] : [[path, place]]);
};
const scope = () => ({ read: [], write: [base] });

it('[shell.own-repository] the very folder that was made, in the scope and read-only for its name', () => {
  expect(ownGit(made(), scope())).toEqual([git]);
  expect(ownGit(new Map(), scope())).toEqual([]);
  expect(ownGit(made(), { read: [base], write: [] })).toEqual([]);
  expect(ownGit(made(), { ...scope(), deny: [{ path: git, right: 'write', holder: 'kid' }] })).toEqual([]);
  // Granted: nothing of it is judged.
  expect(ownGit(made(), { read: [], write: [base, git] })).toEqual([]);
});

it('[shell.own-repository] not another one at its path, a link, a file, or what is behind a link', () => {
  const before = made();
  renameSync(git, join(base, 'moved'));
  expect(ownGit(before, scope())).toEqual([]);
  symlinkSync(join(base, 'moved'), git);
  expect(ownGit(before, scope())).toEqual([]);
  rmSync(git);
  mkdirSync(git);
  expect(ownGit(before, scope())).toEqual([]);
  rmSync(git, { recursive: true });
  writeFileSync(git, 'gitdir: moved\n');
  expect(ownGit(before, scope())).toEqual([]);
  expect(folderPlace(git)).toBeUndefined();
  symlinkSync(base, join(base, 'link'));
  rmSync(git);
  renameSync(join(base, 'moved'), git);
  expect(ownGit(before, scope())).toEqual([git]);
  expect(ownGit(new Map([[join(base, 'link', '.git'), folderPlace(git)!]]), scope())).toEqual([]);
});

it.each([
  ['a hook', () => (mkdirSync(join(git, 'hooks')), writeFileSync(join(git, 'hooks', 'pre-commit'), ''))],
  ['a setting that is not known', () => writeFileSync(join(git, 'config'), '[core]\n\thooksPath = x\n')],
])('[shell.own-repository-judged] not while it holds %s, whoever put it there', (_, change) => {
  change();
  expect(ownGit(made(), scope())).toEqual([]);
});

it.each([
  ['git init', true],
  ['mkdir a && cd a && git init -q .', true],
  ['git clone ../x y', true],
  ["bash -c 'git -C sub init'", true],
  ['npm init', false],
  ['git commit -m init', false],
  ['echo git init', false],
  ['cargo new a', false],
])('[shell.own-repository] %j makes one: %s', (command, expected) => {
  expect(makesRepository(command)).toBe(expected);
});
