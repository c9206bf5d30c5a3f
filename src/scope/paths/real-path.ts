/**
 * Where paths really lead: links resolved, as the disk spells them. A scope is resolved once, when it is
 * granted; a link that changes later moves nothing.
 */
import { type BigIntStats, lstatSync, realpathSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PathScope, ScopeDeny } from '../../session/facts/entries.ts';
import { errorCode } from './refusal.ts';

/**
 * What does not exist yet is its longest existing ancestor's real path plus the rest. Undefined when a link
 * on the way leads to nothing. Takes an absolute path; throws the system's errors other than ENOENT.
 */
export async function realOrFuturePath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || path === '/') throw error;
  }
  if ((await statOf(path)) !== undefined) return undefined;
  const parent = await realOrFuturePath(dirname(path));
  return parent === undefined ? undefined : join(parent, basename(path));
}

/** The same at once; undefined also where it may not be looked at. */
export function realOrFutureNow(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    if (path === '/' || isThere(path)) return undefined;
  }
  const above = realOrFutureNow(dirname(path));
  return above === undefined ? undefined : join(above, basename(path));
}

/** Something that leads nowhere, or may not be looked at, counts. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * A scope that is about to be granted, with its roots as real paths, so that a check of the scope is a check
 * of what is meant. A root that cannot be resolved stays as it is: it will grant nothing but itself. Denies
 * keep their own path beside the one that they lead to.
 */
export async function realScope(scope: PathScope): Promise<PathScope> {
  const [read, write, denies] = await Promise.all([
    Promise.all(scope.read.map(realRoot)),
    Promise.all(scope.write.map(realRoot)),
    Promise.all((scope.deny ?? []).map(realDenies)),
  ]);
  const deny = denies.flat();
  return deny.length === 0 ? { read, write } : { read, write, deny };
}

/**
 * A root, or the directory that a root with `/*` is about, resolved. One that leads to what is really called
 * `*` stays as it is, and grants nothing: as a root that would be the pattern.
 */
export async function realRoot(root: string): Promise<string> {
  const path = resolve(root);
  const real = await led(path);
  return real === undefined || isStar(path, real) ? path : real;
}

/** The same for what takes a right away: what is really called `*` goes with the whole folder around it. */
export async function realDeny(root: string): Promise<string> {
  const path = resolve(root);
  const real = await led(path);
  if (real === undefined) return path;
  return isStar(path, real) ? dirname(real) : real;
}

function isStar(path: string, real: string): boolean {
  return basename(real) === '*' && basename(path) !== '*';
}

/** Undefined where that cannot be told. */
async function led(path: string): Promise<string | undefined> {
  const isDirect = basename(path) === '*';
  try {
    const real = await realOrFuturePath(isDirect ? dirname(path) : path);
    return isDirect && real !== undefined ? join(real, '*') : real;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return undefined;
  }
}

async function realDenies(deny: ScopeDeny): Promise<ScopeDeny[]> {
  const real = await realDeny(deny.path);
  const named = await realName(resolve(deny.path));
  return real === named
    ? [{ ...deny, path: real }]
    : [
        { ...deny, path: named },
        { ...deny, path: real },
      ];
}

/** The name itself, in the real path of its directory: a link is not followed at the end. */
async function realName(path: string): Promise<string> {
  return path === '/' ? path : join(await realRoot(dirname(path)), basename(path));
}

/**
 * Whether two paths may be one file or directory, as the disk sees it. What does not exist yet may come to be
 * the same.
 */
export async function mayBeSame(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([statOf(path), statOf(other)]);
  if (one === undefined) return true;
  return two !== undefined && one.dev === two.dev && one.ino === two.ino;
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
