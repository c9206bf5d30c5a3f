/** Paths that a person named, as a scope has them: without links. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ScopeDeny } from '../session/facts/entries.ts';
import { BadSetting } from './bad-setting.ts';

/**
 * The path without symbolic links, as the disk spells it; what does not exist yet keeps its name below what
 * does. Takes an absolute path.
 */
export function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** A place that a pod was started in, and one as it really is: moved, and linked back, it is the same. */
function isSamePlace(started: string, real: string): boolean {
  return started === real || realPath(started) === real;
}

/** `isSamePlace` with one place, for many pods: each directory is resolved once. Null: none is the same. */
export function samePlaceAs(real: string | null): (started: string) => boolean {
  const known = new Map<string, boolean>();
  return (started) => {
    const isSame = known.get(started) ?? (real !== null && isSamePlace(started, real));
    known.set(started, isSame);
    return isSame;
  };
}

/** False also where nobody may look. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** `path/*` is about the directory: that is resolved. */
export function realRoot(cwd: string, path: string): string {
  const absolute = resolve(cwd, path);
  if (basename(absolute) === '*') return join(realPath(dirname(absolute)), '*');
  return named(absolute, realPath(absolute));
}

/** A scope could not tell it from the pattern. */
export function named(path: string, real: string): string {
  if (basename(real) !== '*') return real;
  const leads = real === path ? '' : ` leads to ${real}, which`;
  throw new BadSetting(
    `${path}${leads} is really called "*", which in a scope stands for everything directly in a folder. Rename it, or name the folder around it or what lies in it.`,
  );
}

/**
 * A deny that is a link stands for the link and for where it leads. Throws `BadSetting` as `named` does.
 */
export function deniesOf(cwd: string, paths: readonly string[], right: ScopeDeny['right']): ScopeDeny[] {
  const named = paths.flatMap((path) => {
    const absolute = resolve(cwd, path);
    return [join(realPath(dirname(absolute)), basename(absolute)), realRoot(cwd, path)];
  });
  return [...new Set(named)].map((path) => ({ path, right }));
}

/** What a configuration denies, from a working directory. */
export function scopeDenies(
  cwd: string,
  scope: { readonly deny: readonly string[]; readonly denyWrite: readonly string[] },
): ScopeDeny[] {
  return [...deniesOf(cwd, scope.deny, 'read'), ...deniesOf(cwd, scope.denyWrite, 'write')];
}
