/**
 * Where protected names lead that are links: what obeys the name obeys the target, so the target is as
 * read-only as the name. Looked at: the protected names at a root's own level, `.git` of folders directly in
 * it, and what lies directly in such a folder (of `.git` also its hooks). Links whose end is missing count
 * with the place where it would be.
 */
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { foldedName } from './folded-name.ts';
import { isBelow } from './path-scope.ts';
import { isProtectedName, protectedNames, protection } from './protected-paths.ts';
import { componentsOf, covers, rootOf } from './roots.ts';

/** As the system itself follows at most. */
const linksMax = 40;
/** Of one root, in what is protected there. With more, what they lead to cannot be told. */
export const protectedLinksMax = 20_000;

/** Names of more than one part, by their first. */
const deeper = new Map<string, string[]>();
for (const name of protectedNames) {
  const [first = '', ...rest] = name.split('/');
  if (rest.length > 0)
    deeper.set(foldedName(first), [...(deeper.get(foldedName(first)) ?? []), rest.join('/')]);
}

export interface LinkTarget {
  readonly path: string;
  /** The end of a sentence. */
  readonly why: string;
}

/**
 * Inside the scope, and none of its roots: a root that is or lies in the target was granted as that. Where a
 * root holds too many links, all roots.
 */
export function linkTargets(scope: PathScope): LinkTarget[] {
  const roots = scope.write.map(rootOf).filter((root) => root !== undefined);
  const found = new Map<string, string>();
  for (const root of roots) {
    const folder = `/${root.base.join('/')}`;
    const names = protectedIn(folder);
    if (names.length > protectedLinksMax) {
      const why = `what is protected in ${folder} holds more links than are followed (${protectedLinksMax}), and one may lead there`;
      return roots.map(({ base }) => ({ path: `/${base.join('/')}`, why }));
    }
    for (const name of names) {
      const { end, links } = wayOf(name);
      if (end === name || end === null) continue;
      for (const target of [end, ...links]) {
        if (target === name || found.has(target)) continue;
        const parts = componentsOf(target) ?? [];
        const isGranted = scope.write.some((one) => isBelow(target, one.replace(/\/\*$/, '')));
        if (isGranted || !roots.some((one) => covers(one, parts))) continue;
        const why = protection(componentsOf(name) ?? [], root.base.length) ?? 'something obeys it unasked';
        found.set(target, `${name} leads to it; ${why}`);
      }
    }
  }
  return [...found].map(([path, why]) => ({ path, why }));
}

/** Why a real path is read-only, undefined where it is not. */
export function linkProtection(scope: PathScope, realPath: string): string | undefined {
  const parts = (componentsOf(realPath) ?? []).map(foldedName);
  return linkTargets(scope).find(({ path }) =>
    covers({ base: (componentsOf(path) ?? []).map(foldedName), direct: false }, parts),
  )?.why;
}

/** Paths that may be, or lead through, links. */
function protectedIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    const below = (deeper.get(foldedName(entry.name)) ?? []).map((rest) => join(path, rest));
    const named = isProtectedName(entry.name) ? [path, ...below] : below;
    const inside = named.flatMap(linksIn);
    const git = entry.isDirectory() && entry.name !== '.git' ? join(path, '.git') : null;
    return [...named, ...inside, ...(git !== null && isThere(git) ? [git, ...linksIn(git)] : [])];
  });
}

/** A link is one of itself; what it leads to is read-only whole. */
function linksIn(path: string): string[] {
  if (lstat(path)?.isDirectory() !== true) return [];
  const links = (folder: string) =>
    entriesOf(folder)
      .filter((entry) => entry.isSymbolicLink())
      .map(({ name }) => join(folder, name));
  return [...links(path), ...(basename(path) === '.git' ? links(join(path, 'hooks')) : [])];
}

/**
 * Every link on the way followed, also the last whose end is missing. `end` is null where they lead in a
 * circle or cannot be told; `links` are those on the way, as they are named in their folder's real path.
 */
export function wayOf(path: string): { readonly end: string | null; readonly links: readonly string[] } {
  const links: string[] = [];
  let left = path.split('/');
  let at = '/';
  while (left.length > 0) {
    const [name = '', ...rest] = left;
    left = rest;
    const here = name === '..' ? dirname(at) : join(at, name);
    const target = here === at || name === '..' ? undefined : linkAt(here);
    if (target === null || links.length > linksMax) return { end: null, links };
    if (target === undefined) {
      at = here;
      continue;
    }
    links.push(here);
    left = [...target.split('/'), ...rest];
    if (target.startsWith('/')) at = '/';
  }
  return { end: at, links };
}

/** Undefined for what is no link, null for one that cannot be read. */
function linkAt(path: string): string | undefined | null {
  if (lstat(path)?.isSymbolicLink() !== true) return undefined;
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isThere(path: string): boolean {
  return lstat(path) !== undefined;
}

function lstat(path: string): ReturnType<typeof lstatSync> {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
