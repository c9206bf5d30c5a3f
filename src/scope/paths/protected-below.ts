/**
 * The protected names below a writable root as concrete paths, for whoever confines a process by paths.
 * Cheap: the root's own level and git directories in known places, no walk. A root that is crowded has to be
 * held as a whole.
 *
 * What slips: protected names deeper than the root's own level, except git's in folders directly in it; git
 * directories that are made later, or lie deeper, or have another name. For file tools nothing of this slips:
 * they check each path by its names.
 */
import { lstatSync, readdirSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { isProtectedName, protectedNames } from './protected-paths.ts';

/** Folders directly in a root that are looked at. */
export const foldersMax = 20_000;
/**
 * Repositories directly in a root: each takes two mounts, and bubblewrap reads the whole table of mounts anew
 * for each (seconds for a thousand).
 */
export const repositoriesMax = 500;
/** Submodules of submodules. */
const moduleDepthMax = 4;

/**
 * Absolute paths to keep read-only below `root`, whether they exist or not, each with all below it. `.git`
 * itself must stay writable for git to work: of it the hooks and settings are listed. A root that cannot be
 * read gives the names alone.
 */
export function protectedBelow(root: string): string[] {
  const own = protectedNames.filter((name) => name !== '.git').map((name) => join(root, name));
  // Spelt otherwise, or told by its ending alone.
  const spelt = entriesOf(root)
    .filter(({ name }) => name !== '.git' && isProtectedName(name))
    .map(({ name }) => join(root, name));
  const nested = foldersIn(root)
    .filter((name) => kindOf(join(root, name, '.git')) !== 'missing')
    .flatMap((name) => gitPaths(join(root, name, '.git')));
  return [...new Set([...own, ...spelt]), ...gitPaths(join(root, '.git')), ...nested];
}

/** More lies directly in the root than can be looked at, or held: then all of it has to be. */
export function isCrowded(root: string): boolean {
  const folders = foldersIn(root);
  if (folders.length > foldersMax) return true;
  const repositories = folders.filter((name) => kindOf(join(root, name, '.git')) !== 'missing');
  return repositories.length > repositoriesMax;
}

/** Of a repository. As a file, `.git` says where the repository is: then it is that file. */
function gitPaths(git: string): string[] {
  if (kindOf(git) === 'file') return [git];
  const worktrees = foldersIn(join(git, 'worktrees'));
  return [
    ...settingsOf(git),
    ...worktrees.map((name) => join(git, 'worktrees', name, 'config.worktree')),
    ...modulePaths(join(git, 'modules'), 1),
  ];
}

function settingsOf(git: string): string[] {
  return ['hooks', 'config', 'config.worktree'].map((name) => join(git, name));
}

/** A submodule may be named `a/b`: what is no repository is looked into. */
function modulePaths(folder: string, depth: number): string[] {
  if (depth > moduleDepthMax) return [];
  return foldersIn(folder).flatMap((name) => {
    const path = join(folder, name);
    if (kindOf(join(path, 'HEAD')) === 'missing') return modulePaths(path, depth + 1);
    return [...settingsOf(path), ...modulePaths(join(path, 'modules'), depth + 1)];
  });
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

function kindOf(path: string): 'missing' | 'file' | 'folder' {
  try {
    return lstatSync(path).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return 'missing';
  }
}
