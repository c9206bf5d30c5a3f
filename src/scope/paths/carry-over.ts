/**
 * What a file has beside its text and is not to lose when another takes its place: owner, mode, access list
 * (of which the group's bits of the mode are then only the mask), extended attributes. Node knows the first
 * two; the others are carried over by the system's own `cp`, given nothing but two descriptors. Linux alone.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { nothingAdded } from '../../std/nothing-added.ts';

/** Never what a `PATH` names. */
export const cpPlaces = ['/usr/bin/cp', '/bin/cp', '/run/current-system/sw/bin/cp'] as const;

const cpMs = 10_000;
/** Named a second time, what cannot be carried over is a failure. Other kinds of `cp` know neither. */
const attributesAlone = ['--attributes-only', '--preserve=all', '--preserve=xattr', '--'];
/** Permissions. Set-id bits are of no file that is written. */
const modeBits = 0o1777n;

/** False where `made` does not have all that `old` has. */
export async function carryOver(old: FileHandle, made: FileHandle): Promise<boolean> {
  const cp = cpPlaces.find((place) => existsSync(place));
  if (cp === undefined || !(await copied(cp, old, made))) return false;
  const [then, now] = await Promise.all([old.stat({ bigint: true }), made.stat({ bigint: true })]);
  return isAlike(then, now);
}

function isAlike(a: BigIntStats, b: BigIntStats): boolean {
  return a.uid === b.uid && a.gid === b.gid && (a.mode & modeBits) === (b.mode & modeBits);
}

function copied(cp: string, old: FileHandle, made: FileHandle): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(cp, [...attributesAlone, '/proc/self/fd/3', '/proc/self/fd/4'], {
      cwd: '/',
      env: nothingAdded,
      stdio: ['ignore', 'ignore', 'ignore', old.fd, made.fd],
      timeout: cpMs,
      killSignal: 'SIGKILL',
    });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
