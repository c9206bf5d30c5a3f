/**
 * The folders that git takes hooks from because a setting (`core.hooksPath`) says so: for a pod they are as
 * read-only as `.git/hooks`. Settings are read
 * as plain files, bounded; git is never run, and no link is followed. What a repository's settings include
 * from elsewhere is not read: there, whatever
 * has the name of a hook counts.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { userHome } from '../../session/home/places.ts';
import { systemCode } from '../../std/system-code.ts';
import { foldedName } from './folded-name.ts';
import { isBelow } from './path-scope.ts';
import { componentsOf, covers, rootOf } from './roots.ts';

/** As large as no settings file is. */
const settingsBytesMax = 256 * 1024;
const pointerBytesMax = 4 * 1024;
/** Folders directly in a write root that are asked for a repository. */
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
const whyUnknown = 'settings here lead git to files that are not read, and it runs what is called as a hook';

export interface HookPlaces {
  /**
   * Real paths and paths as they are named. `isTree`: the work tree lies in it, so that only hooks by their
   * names are meant.
   */
  readonly folders: readonly { readonly path: string; readonly isTree: boolean }[];
  /** Work trees whose settings cannot be told. */
  readonly unknown: readonly string[];
}

/** Of the repositories around the paths, at and directly in the roots, and of this user as a whole. */
export function hookPlaces(roots: readonly string[], paths: readonly string[] = []): HookPlaces {
  const trees = new Set([...roots, ...paths].flatMap(withAbove));
  for (const root of roots) for (const name of foldersIn(root)) trees.add(join(root, name));
  const folders = new Map<string, boolean>();
  const unknown: string[] = [];
  for (const tree of trees) {
    const found = repositoryHooks(tree);
    if (found === null) continue;
    if (!found.isKnown) unknown.push(tree);
    for (const path of found.folders) folders.set(path, isBelow(path, tree));
  }
  for (const path of userHooks())
    folders.set(
      path,
      roots.some((root) => root !== path && isBelow(path, root)),
    );
  const all = [...folders].flatMap(([path, isTree]) =>
    [...new Set([path, realOf(path)])].map((one) => ({ path: one, isTree })),
  );
  return { folders: all, unknown };
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
  const isUnknown =
    isHook && places.unknown.some((tree) => covers({ base: folded(tree), direct: false }, parts));
  return isUnknown && !isGrantedFile(scope, path) ? whyUnknown : undefined;
}

/** The same as paths below the write roots, for whoever confines a process by paths. */
export function hookPaths(scope: PathScope): string[] {
  const roots = scope.write.filter((root) => rootOf(root)?.direct === false);
  const places = hookPlaces(roots);
  const named = places.folders.flatMap(({ path, isTree }) =>
    isTree ? hookNames.map((name) => join(path, name)) : [path],
  );
  const likely = places.unknown.flatMap((tree) => customary.map((name) => join(tree, name))).filter(exists);
  return [...new Set([...named, ...likely])].filter(
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

/** Null where there is no repository. */
function repositoryHooks(tree: string): { folders: string[]; isKnown: boolean } | null {
  const git = gitFolder(tree);
  if (git === null) return null;
  if (git === undefined) return { folders: [], isKnown: false };
  const common = plainText(join(git, 'commondir'), pointerBytesMax);
  const shared = typeof common === 'string' ? [resolve(git, common.trim())] : [];
  const files = [git, ...shared].flatMap((folder) => [
    join(folder, 'config'),
    join(folder, 'config.worktree'),
  ]);
  const found = files.map((file) =>
    settingsIn(file, isBelow(join(tree, '.git'), git) ? [tree] : [tree, git]),
  );
  return { folders: found.flatMap(({ folders }) => folders), isKnown: found.every(({ isKnown }) => isKnown) };
}

/** Undefined where it is not told. */
function gitFolder(tree: string): string | undefined | null {
  const path = join(tree, '.git');
  const stats = statsOf(path);
  if (stats === undefined) return null;
  if (stats.isDirectory()) return path;
  if (stats.isSymbolicLink()) return realOf(path);
  const text = plainText(path, pointerBytesMax);
  const named = text === null ? undefined : /^gitdir:[ \t]*(.*\S)/.exec(text === undefined ? '' : text)?.[1];
  return named === undefined ? undefined : resolve(tree, named);
}

/** A person's own files may be links (dotfiles), and what they include is theirs alone. */
function userHooks(): string[] {
  const home = userHome(process.env);
  if (home === null) return [];
  const config = process.env['XDG_CONFIG_HOME'] ?? join(home, '.config');
  const files = [join(home, '.gitconfig'), join(config, 'git/config'), '/etc/gitconfig'];
  return files.flatMap((file) => settingsIn(realOf(file), []).folders);
}

/** `from`: what relative paths may be taken from. */
function settingsIn(file: string, from: readonly string[]): { folders: string[]; isKnown: boolean } {
  const text = plainText(file, settingsBytesMax);
  if (text === undefined) return { folders: [], isKnown: true };
  if (text === null) return { folders: [], isKnown: false };
  const { values, isKnown } = hooksPathsIn(text);
  const home = userHome(process.env);
  const folders = values.flatMap((value) => {
    if (!value.startsWith('~/'))
      return value.startsWith('/') ? [resolve(value)] : from.map((base) => resolve(base, value));
    return home === null ? [] : [join(home, value.slice(2))];
  });
  return { folders, isKnown };
}

/** Every value of the key, whatever section it stands in: one too many is no harm. Pure. */
export function hooksPathsIn(text: string): { values: string[]; isKnown: boolean } {
  const values: string[] = [];
  let isKnown = !/^[ \t\uFEFF]*\[include(?:if)?\b/im.test(text);
  for (const line of text.replaceAll(/\\\r?\n/g, '').split('\n')) {
    const value = /(?:^|[\]\s\uFEFF])hookspath[ \t]*=[ \t]*(.*)$/i.exec(line.trimEnd())?.[1];
    if (value === undefined) continue;
    const plain = valueOf(value);
    if (plain.startsWith('%') || /^~[^/]/.test(plain)) isKnown = false;
    else if (plain !== '') values.push(plain);
  }
  return { values, isKnown };
}

/** Without quotes, escapes and what is a comment. */
function valueOf(text: string): string {
  let value = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\') value += text[(at += 1)] ?? '';
    else if (!isQuoted && (char === '#' || char === ';')) break;
    else value += char;
  }
  return value.trim();
}

/** Undefined where there is none; null where it is no plain file, too large, or may not be read. */
function plainText(path: string, bytesMax: number): string | undefined | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : null;
  }
  try {
    if (!fstatSync(fd).isFile()) return null;
    const bytes = Buffer.alloc(bytesMax + 1);
    const read = readSync(fd, bytes, 0, bytes.length, 0);
    return read > bytesMax ? null : bytes.toString('utf8', 0, read);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function withAbove(path: string): string[] {
  const all: string[] = [];
  for (let at = basename(path) === '*' ? dirname(path) : path; ; at = dirname(at)) {
    all.push(at);
    if (at === dirname(at)) return all;
  }
}

function foldersIn(root: string): string[] {
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory())
      .slice(0, nestedMax)
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

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
