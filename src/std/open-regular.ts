/**
 * Files that somebody else may have put something else in the place of: a pipe would be waited for without an
 * end, and a device has none.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { PodkinError } from './podkin-error.ts';
import { systemCode } from './system-code.ts';

/** What should be a regular file is none, or is far larger than what podkin writes there. */
class NotAsWritten extends PodkinError {
  readonly code = 'NOT_AS_WRITTEN';
  readonly found: string;

  constructor(path: string, found: string) {
    super(`${path} ${found}`);
    this.name = 'NotAsWritten';
    this.found = found;
  }
}

/** For reading; a link is followed. Throws `NotAsWritten` or the file system's error. */
export function openRegular(path: string): number {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new NotAsWritten(path, 'is no regular file');
}

export function readRegular(path: string, bytesMax: number): string {
  const fd = openRegular(path);
  try {
    if (fstatSync(fd).size > bytesMax) throw new NotAsWritten(path, `is larger than ${bytesMax} bytes`);
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/**
 * Whether an error says that something else stands at a path, or that its rights were taken away; not that
 * the disk fails.
 */
export function isOutOfPlace(error: unknown): boolean {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return ['NOT_AS_WRITTEN', 'EISDIR', 'ELOOP', 'ENXIO', 'EACCES', 'EPERM'].includes(String(code));
}

/** Why a file cannot be read, for people, behind its path. Null where no system or file of it is at fault. */
export function unreadableText(error: unknown): string | null {
  if (error instanceof NotAsWritten) return error.found;
  const code = systemCode(error);
  return code === undefined ? null : `cannot be read (${code})`;
}
