/**
 * What session logs ask of the file system. One door for all of it: the simulation puts a disk of its own
 * behind it, which loses what was not synced, and runs the same code over it.
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { syncFolder } from '../../std/atomic-write.ts';
import { openRegular } from '../../std/open-regular.ts';
import { systemCode } from '../../std/system-code.ts';

export type FileKind = 'file' | 'folder' | 'link' | 'pipe' | 'socket' | 'device';

/** All but `fdatasync` and `nextTurn` at once; each throws the file system's error. Offsets in bytes. */
export interface LogDisk {
  /** What lies at a path; a link is not followed, and nothing is opened. */
  kindOf(path: string): FileKind;
  /** For reading. Throws `NotAsWritten` for anything but a regular file. */
  open(path: string): number;
  /** `r+`: exists, for reading and writing. `wx+`: made anew (0600), EEXIST where there is one. */
  openForWriting(path: string, flags: 'r+' | 'wx+'): number;
  close(fd: number): void;
  isFile(fd: number): boolean;
  size(fd: number): number;
  /** At `position`, into the beginning of `bytes`; answers how many came, 0 at the end. */
  read(fd: number, bytes: Uint8Array, length: number, position: number): number;
  /** Writes at `position`; answers how many bytes were taken, which may be fewer than given. */
  writeSync(fd: number, bytes: Uint8Array, position: number): number;
  fdatasync(fd: number, done: (error: Error | null) => void): void;
  fsync(fd: number): void;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): void;
  ftruncateSync(fd: number, size: number): void;
  /** Null where there is none. */
  readWhole(path: string): Buffer | null;
  remove(path: string): void;
  /** In the place of what is there. */
  rename(from: string, to: string): void;
  /** What is in a folder; nothing where there is no such folder. */
  names(folder: string): string[];
  realPath(path: string): string;
  /** Whether the path leads to the open file. */
  whereabouts(fd: number, path: string): 'inPlace' | 'deleted' | 'moved';
  /** Lets others have a turn between two pieces of a long file. */
  nextTurn(): Promise<void>;
}

/** A log that is open, and the disk that it lies on. */
export interface LogFile {
  readonly fd: number;
  readonly disk: LogDisk;
}

/** A stretch of the file, in bytes, end exclusive. */
export interface Region {
  readonly from: number;
  readonly to: number;
}

export const nodeDisk: LogDisk = {
  kindOf,
  open: openRegular,
  openForWriting: (path, flags) => openSync(path, flags, 0o600),
  close: closeSync,
  isFile: (fd) => fstatSync(fd).isFile(),
  size: (fd) => fstatSync(fd).size,
  read: (fd, bytes, length, position) => readSync(fd, bytes, 0, length, position),
  writeSync: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  fdatasync: (fd, done) => fdatasync(fd, done),
  fsync: fsyncSync,
  syncFolder,
  ftruncateSync: (fd, size) => ftruncateSync(fd, size),
  readWhole(path) {
    try {
      return readFileSync(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  },
  realPath: (path) => realpathSync.native(path),
  remove: (path) => rmSync(path, { force: true }),
  rename: (from, to) => renameSync(from, to),
  names(folder) {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  },
  whereabouts(fd, path) {
    const own = fstatSync(fd, { bigint: true });
    if (own.nlink === 0n) return 'deleted';
    const named = statSync(path, { bigint: true, throwIfNoEntry: false });
    return named?.ino === own.ino && named.dev === own.dev ? 'inPlace' : 'moved';
  },
  nextTurn: () => nextTurn(),
};

function kindOf(path: string): FileKind {
  const found = lstatSync(path);
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  if (found.isSymbolicLink()) return 'link';
  if (found.isFIFO()) return 'pipe';
  return found.isSocket() ? 'socket' : 'device';
}
