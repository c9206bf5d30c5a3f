/** A digest of what a file holds, so that it is known again. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

const bytesMax = 64 * 1024 * 1024;

/** Null where it is no regular file that can be read, or a larger one. */
export function hashOf(path: string): string | null {
  let descriptor: number | null = null;
  try {
    // A pipe would hold up whoever opens it.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(descriptor);
    if (!found.isFile() || found.size > bytesMax) return null;
    return createHash('sha256').update(readFileSync(descriptor)).digest('hex');
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
