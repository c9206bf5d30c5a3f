/** Looks at one entry of the disk that throw nothing. */
import { type BigIntStats, lstatSync, readlinkSync } from 'node:fs';

export function isThere(path: string | Buffer): boolean {
  return statsOf(path) !== undefined;
}

/** Of the entry itself. What cannot be looked at is not there. */
export function statsOf(path: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What a link holds, a character a byte; undefined for what is none. */
export function linkAt(path: string | Buffer): string | undefined {
  if (statsOf(path)?.isSymbolicLink() !== true) return undefined;
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
