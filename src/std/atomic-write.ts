/**
 * Replaces a small file so that a reader, and the next boot after a crash, finds the old text or the new one,
 * never a part.
 */
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';

/**
 * Writes `text` to `path` with exactly these permission bits, through a temporary file of its own beside it;
 * durable when it returns. Throws the file system's error; then `path` is as it was and the temporary file is
 * gone.
 */
export function writeFileAtomic(path: string, text: string | Uint8Array, mode: number): void {
  // Two writers never share a temporary name: the loser of the race is overwritten whole.
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const fd = openSync(temporary, 'wx', mode);
    try {
      writeFileSync(fd, text);
      // The umask may have taken bits away.
      fchmodSync(fd, mode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw named(error, path);
  }
  syncFolder(dirname(path));
}

/** Of a write to an open file the system does not say which one it was. */
function named(error: unknown, path: string): unknown {
  if (error instanceof Error && !('path' in error)) {
    error.message += ` '${path}'`;
    Object.assign(error, { path });
  }
  return error;
}

/**
 * Makes the names in a folder durable: what was created, renamed or removed in it. Throws the file system's
 * error.
 */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
