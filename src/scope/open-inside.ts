/**
 * Opens what the scope allows, and nothing else. The real path is computed and checked first; after the open the descriptor itself is asked where
 * it points, so that a link swapped in between is noticed. Absent by intent: opening devices, pipes and sockets.
 */
import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { PathRight, PathScope } from '../session/entries.ts';
import { denialText, mayRead, mayWrite } from './path-scope.ts';
import { errorCode, refusal, refusalFrom } from './refusal.ts';
import type { Refusal } from './refusal.ts';

export interface OpenedPath {
  readonly ok: true;
  /** Open for reading; the caller closes it. */
  readonly handle: FileHandle;
  readonly realPath: string;
  readonly stats: BigIntStats;
}

export interface CheckedPath {
  readonly ok: true;
  readonly realPath: string;
}

/**
 * Opens a regular file or a directory for reading. `right` is what the scope must grant on its real path. Every failure that the file system knows
 * is a refusal.
 */
export async function openInside(
  scope: PathScope,
  right: PathRight,
  path: string,
): Promise<OpenedPath | Refusal> {
  const checked = await checkInside(scope, right, path);
  if (!checked.ok) return checked;
  try {
    // Before the open: opening a device can already have effects.
    const before = await lstat(checked.realPath);
    if (!before.isFile() && !before.isDirectory()) return notRegular(path);
    return await openExact(checked.realPath, path);
  } catch (error) {
    return refusalFrom(error, right, path);
  }
}

/**
 * Where `path` really is, links followed, if the scope grants `right` there. What does not exist yet is its longest existing ancestor's real path
 * plus the rest; a link to nothing is refused, since writing through it would make its target.
 */
export async function checkInside(
  scope: PathScope,
  right: PathRight,
  path: string,
): Promise<CheckedPath | Refusal> {
  try {
    const realPath = await realOrFuturePath(resolve(path));
    if (realPath === undefined) {
      return refusal(
        'failed',
        `${path} is, or goes through, a symbolic link to nothing. Use the path that is meant.`,
      );
    }
    const granted = right === 'write' ? mayWrite : mayRead;
    if (granted(await realScope(scope), realPath)) return { ok: true, realPath };
    return refusal('denied', denialText(scope, right, path, realPath));
  } catch (error) {
    return refusalFrom(error, right, path);
  }
}

/**
 * Opens a real path for reading and makes sure that this very path was opened: no link at its end, none swapped in above it, nothing but a regular
 * file or a directory. `shownPath` is the name for messages. Throws the system's errors.
 */
export async function openExact(realPath: string, shownPath: string): Promise<OpenedPath | Refusal> {
  // O_NONBLOCK: should a pipe have taken the file's place, the open must not wait for its other end.
  const handle = await open(realPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  let kept = false;
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile() && !stats.isDirectory()) return notRegular(shownPath);
    if (!(await isStillAt(handle, stats, realPath))) return movedMeanwhile(shownPath);
    kept = true;
    return { ok: true, handle, realPath, stats };
  } finally {
    if (!kept) await handle.close();
  }
}

export function movedMeanwhile(path: string): Refusal {
  return refusal('changed', `${path} was moved or replaced while it was being opened. Try again.`);
}

/** Asks the descriptor where it points; where the system can not tell, compares what the path leads to now with what is open. */
async function isStillAt(handle: FileHandle, stats: BigIntStats, realPath: string): Promise<boolean> {
  if (process.platform === 'linux') {
    try {
      return (await readlink(`/proc/self/fd/${handle.fd}`)) === realPath;
    } catch (error) {
      // Without /proc there is the second way.
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  try {
    if ((await realpath(realPath)) !== realPath) return false;
    const now = await stat(realPath, { bigint: true });
    return now.dev === stats.dev && now.ino === stats.ino;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The scope with the real paths of its roots. A root that can not be resolved grants nothing. */
async function realScope(scope: PathScope): Promise<PathScope> {
  return { read: await realRoots(scope.read), write: await realRoots(scope.write) };
}

async function realRoots(roots: readonly string[]): Promise<string[]> {
  const real: string[] = [];
  for (const root of roots) {
    try {
      const path = await realOrFuturePath(resolve(root));
      if (path !== undefined) real.push(path);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
    }
  }
  return real;
}

/** Undefined when a link on the way leads to nothing. Throws the system's errors other than ENOENT. */
async function realOrFuturePath(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || path === '/') throw error;
  }
  if (await exists(path)) return undefined;
  const parent = await realOrFuturePath(dirname(path));
  return parent === undefined ? undefined : join(parent, basename(path));
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function notRegular(path: string): Refusal {
  return refusal(
    'failed',
    `${path} is a device, pipe or socket. Only regular files and directories are opened.`,
  );
}
