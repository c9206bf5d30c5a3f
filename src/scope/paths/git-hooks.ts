/**
 * The folders that git takes hooks from because a setting (`core.hooksPath`) says so: for a pod they are as
 * read-only as `.git/hooks`, and so are the settings files that git's own include. Settings are read as plain
 * files, bounded (`git-settings.ts`); git is never run. Where they cannot be told, whatever has the name of a
 * hook counts.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { foldedName } from './folded-name.ts';
import { hookSettings, plainText, realOf, userSettings, walked } from './git-settings.ts';
import { isBelow } from './path-scope.ts';
import { foldersMax } from './protected-below.ts';
import { realOrFutureNow } from './real-path.ts';
import { componentsOf, covers, rootOf } from './roots.ts';

const pointerBytesMax = 4 * 1024;
/** Folders directly in a write root that are asked for a repository at a call of a file tool. */
const nestedMax = 1_000;

/**
 * Without `update`, which many a program is called, and which git runs in the repository that is pushed to.
 */
const hookNames: readonly string[] = (
  'applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit post-commit ' +
  'prepare-commit-msg commit-msg pre-rebase post-checkout post-merge pre-push post-update ' +
  'pre-receive post-receive proc-receive push-to-checkout reference-transaction pre-auto-gc ' +
  'post-rewrite sendemail-validate fsmonitor-watchman post-index-change'
).split(' ');
const isHookName = new Set(hookNames.map(foldedName));
/** Where hooks lie by custom, in a repository whose settings are not known. */
const customary = ['hooks', 'githooks', 'git-hooks', 'git_hooks', '.hooks', 'scripts/hooks', 'tools/hooks'];

const why = 'git takes hooks from there (core.hooksPath), and runs them';
const whyIncluded = 'settings of git include it, and they run commands';
const whyUnknown = 'settings here lead git to files that are not read, and it runs what is called as a hook';

export interface HookPlaces {
  /**
   * Real paths and paths as they are named. `isTree`: the work tree lies in it, so that only hooks by their
   * names are meant.
   */
  readonly folders: readonly { readonly path: string; readonly isTree: boolean }[];
  /** Settings files that git's own include. */
  readonly included: readonly string[];
  /** Work trees whose settings cannot be told. */
  readonly unknown: readonly string[];
}

/** Of the repositories around the paths, at and directly in the roots, and of this user as a whole. */
export function hookPlaces(
  roots: readonly string[],
  paths: readonly string[] = [],
  foldersAtMost = nestedMax,
): HookPlaces {
  const trees = new Set([...roots, ...paths].flatMap(withAbove));
  for (const root of roots) for (const name of foldersIn(root, foldersAtMost)) trees.add(join(root, name));
  const user = userSettings();
  const folders = new Map<string, boolean>();
  const included = new Set(user.included);
  const unknown: string[] = [];
  for (const tree of trees) {
    const found = repositoryHooks(tree);
    // A relative path of the user's counts in every work tree, also in one that is made later.
    if (found === null && !roots.includes(tree)) continue;
    if (found?.isKnown === false || !user.isKnown) unknown.push(tree);
    for (const file of found?.included ?? []) included.add(file);
    for (const value of user.values.filter((one) => !one.startsWith('/'))) {
      const path = walked(tree, value);
      folders.set(path, isBelow(path, tree));
    }
    for (const path of found?.folders ?? []) folders.set(path, isBelow(path, tree));
  }
  for (const path of user.values.filter((one) => one.startsWith('/')).map((one) => walked('/', one)))
    folders.set(
      path,
      roots.some((root) => root !== path && isBelow(path, root)),
    );
  const all = [...folders].flatMap(([path, isTree]) => bothNames(path).map((one) => ({ path: one, isTree })));
  return { folders: all, included: [...included].flatMap(bothNames), unknown };
}

function bothNames(path: string): string[] {
  return [...new Set([path, realOrFutureNow(path) ?? path])];
}

/**
 * Why a path is read-only, the end of a sentence; undefined where it is not. A root of the scope that is such
 * a folder was granted as that.
 */
export function hookProtection(scope: PathScope, places: HookPlaces, path: string): string | undefined {
  const parts = folded(path);
  const granting = scope.write
    .map(rootOf)
    .filter((root) => root !== undefined && covers(root, componentsOf(path) ?? []));
  const isHook = isHookName.has(parts.at(-1) ?? '');
  for (const { path: folder, isTree } of places.folders) {
    const base = folded(folder);
    if (!covers({ base, direct: false }, parts)) continue;
    if (isTree) {
      if (isHook && parts.length === base.length + 1 && !isGrantedFile(scope, path)) return why;
      continue;
    }
    const isGranted = granting.some((root) =>
      covers({ base, direct: false }, (root?.base ?? []).map(foldedName)),
    );
    if (!isGranted) return why;
  }
  const isIncluded = places.included.some((file) => covers({ base: folded(file), direct: false }, parts));
  if (isIncluded && !isGrantedFile(scope, path)) return whyIncluded;
  const isUnknown =
    isHook && places.unknown.some((tree) => covers({ base: folded(tree), direct: false }, parts));
  return isUnknown && !isGrantedFile(scope, path) ? whyUnknown : undefined;
}

/** The same as paths below the write roots, for whoever confines a process by paths. */
export function hookPaths(scope: PathScope): string[] {
  const roots = scope.write.filter((root) => rootOf(root)?.direct === false);
  const places = hookPlaces(roots, [], foldersMax);
  const named = places.folders.flatMap(({ path, isTree }) =>
    isTree ? hookNames.map((name) => join(path, name)) : [path],
  );
  const likely = places.unknown.flatMap((tree) => customary.map((name) => join(tree, name))).filter(exists);
  return [...new Set([...named, ...places.included, ...likely])].filter(
    (path) =>
      roots.some((root) => root !== path && isBelow(root, path)) &&
      !roots.some((root) => isBelow(path, root)),
  );
}

function isGrantedFile(scope: PathScope, path: string): boolean {
  return scope.write.includes(path);
}

function folded(path: string): string[] {
  return (componentsOf(path) ?? []).map(foldedName);
}

interface RepositoryHooks {
  readonly folders: readonly string[];
  readonly included: readonly string[];
  readonly isKnown: boolean;
}

/** Null where there is no repository. */
function repositoryHooks(tree: string): RepositoryHooks | null {
  const git = gitFolder(tree);
  if (git === null) return null;
  if (git === undefined) return { folders: [], included: [], isKnown: false };
  const common = plainText(join(git, 'commondir'), pointerBytesMax);
  const shared = typeof common === 'string' ? [walked(git, common.replace(/[\r\n]+$/, ''))] : [];
  const files = [git, ...shared].flatMap((folder) => [
    join(folder, 'config'),
    join(folder, 'config.worktree'),
  ]);
  const { values, included, isKnown } = hookSettings(files, { mayBeLinks: false });
  const from = isBelow(join(tree, '.git'), git) ? [tree] : [tree, git];
  const folders = values.flatMap((value) => from.map((base) => walked(base, value)));
  return { folders: [...new Set(folders)], included, isKnown };
}

/** Undefined where it is not told. */
function gitFolder(tree: string): string | undefined | null {
  const path = join(tree, '.git');
  const stats = statsOf(path);
  if (stats === undefined) return null;
  if (stats.isDirectory()) return path;
  if (stats.isSymbolicLink()) return realOf(path);
  const text = plainText(path, pointerBytesMax);
  const named = /^gitdir: (.*?)[\r\n]*$/s.exec(text ?? '')?.[1];
  return named === undefined || named === '' ? undefined : walked(tree, named);
}

function withAbove(path: string): string[] {
  const all: string[] = [];
  for (let at = basename(path) === '*' ? dirname(path) : path; ; at = dirname(at)) {
    all.push(at);
    if (at === dirname(at)) return all;
  }
}

function foldersIn(root: string, atMost: number): string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .slice(0, atMost)
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function statsOf(path: string): ReturnType<typeof lstatSync> {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return statsOf(path) !== undefined;
}
