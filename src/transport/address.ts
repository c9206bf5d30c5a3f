/**
 * Where a pod's socket lives: its path follows from the instance alone, in a directory that only its user may
 * enter.
 */
import { type Stats, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { thrownText } from '../std/thrown-text.ts';
import { wireLimits } from '../protocol/limits.ts';
import { socketName } from '../protocol/socket-name.ts';
import { makeFolders } from '../std/make-folders.ts';
import { RuntimeDirUnsafe, SocketPathTooLong } from './failures.ts';

/**
 * The socket of an instance (a UUID) that is to listen below `runtimeDir`; where one listens that does
 * already, its folder tells (`pod-address.ts`). Throws `SocketPathTooLong`, and on something that is not a
 * UUID.
 */
export function socketPath(runtimeDir: string, instance: string): string {
  const path = join(runtimeDir, socketName(instance));
  checkSocketPath(path);
  return path;
}

/**
 * Throws `SocketPathTooLong` where the path has more bytes (not characters) than every supported system
 * takes.
 */
export function checkSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path);
  if (bytes > wireLimits.socketPathBytesMax)
    throw new SocketPathTooLong(path, bytes, wireLimits.socketPathBytesMax);
}

/**
 * Makes the directory (mode 0700) where it is missing, and checks it: a real directory, our own, closed to
 * others, where nobody else can put another one. Throws `RuntimeDirUnsafe`. An existing one is never changed:
 * opening it up may have been somebody's purpose.
 */
export function ensureRuntimeDir(path: string): void {
  checkAbove(path);
  let problem: unknown;
  try {
    makeFolders(path, 0o700);
  } catch (error) {
    // What stands in its place is told apart below.
    problem = error;
  }
  const stats = statsOf(path, problem);
  if (stats.isSymbolicLink())
    throw new RuntimeDirUnsafe(path, 'it is a symbolic link; name the directory itself');
  if (!stats.isDirectory()) throw new RuntimeDirUnsafe(path, 'it is not a directory; move the file away');
  const uid = process.getuid?.();
  if (uid !== undefined && stats.uid !== uid) {
    throw new RuntimeDirUnsafe(
      path,
      `it belongs to user ${stats.uid}, not to us (${uid}); choose another one`,
    );
  }
  if ((stats.mode & 0o077) !== 0) {
    const mode = (stats.mode & 0o777).toString(8);
    throw new RuntimeDirUnsafe(path, `others may enter it (mode ${mode}); run: chmod 700 ${path}`);
  }
}

/**
 * Whoever owns the folder above, or may rename in it, could put a directory of theirs in our place. A sticky
 * one is a folder of temporary files, where that is our risk as everybody's.
 */
export function checkAbove(path: string): void {
  const above = dirname(path);
  const stats = seen(above);
  const uid = process.getuid?.();
  if (stats === undefined || uid === undefined || (stats.mode & 0o1000) !== 0) return;
  if (stats.uid !== uid && stats.uid !== 0) {
    throw new RuntimeDirUnsafe(
      path,
      `${above} belongs to user ${stats.uid}, not to us (${uid}); choose another one`,
    );
  }
  if ((stats.mode & 0o002) !== 0)
    throw new RuntimeDirUnsafe(path, `everybody may write in ${above}; run: chmod o-w ${above}`);
}

/** Undefined where it cannot be looked at: what comes of that is told when the directory is made. */
function seen(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function statsOf(path: string, problem: unknown): Stats {
  try {
    return lstatSync(path);
  } catch (cause) {
    const first = problem ?? cause;
    const why = thrownText(first);
    throw new RuntimeDirUnsafe(path, `it cannot be made (${why}); choose another one`, cause);
  }
}
