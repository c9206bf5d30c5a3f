/**
 * Moves what lies under a name to another place, whole: by a rename, or, across file systems, by a copy that
 * is on disk before anything is removed. Links stay links. Nothing is lost to somebody who goes on writing:
 * what changed since it was copied is copied again, and what was put under the name meanwhile is moved too,
 * beside what was there before.
 */
import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolder } from '../std/atomic-write.ts';
import { systemCode } from '../std/system-code.ts';

const roundsMax = 100;
/** Of a folder with more files the rest is not watched for late writers. */
const openMax = 200;
const clockStepMs = 1_000;
const pieceBytes = 256 * 1024;

/** A file that was copied and removed, still open: whoever had it open may have written since. */
export interface Moved {
  /** To be called when nobody is expected to write any more: takes over what came late. */
  finish(): void;
}

/**
 * `from` may go through a descriptor (`/proc/self/fd/N/name`). Throws the file system's error; then what was
 * not moved is in its old place.
 */
export function moveAside(from: string, to: string): Moved {
  try {
    renameSync(from, to);
    return { finish: () => undefined };
  } catch (error) {
    if (systemCode(error) !== 'EXDEV') throw error;
  }
  const open: OpenFile[] = [];
  moveByCopy(from, to, open);
  syncFolder(dirname(to));
  return {
    finish() {
      for (const file of open.splice(0)) {
        try {
          if (file.isRecent || changed(file.stats, fstatSync(file.fd, { bigint: true })))
            copyOpen(file.fd, file.to);
        } finally {
          closeSync(file.fd);
        }
      }
    },
  };
}

interface OpenFile {
  readonly fd: number;
  readonly stats: BigIntStats;
  /** Another name when something newer has come to its place. */
  to: string;
  /** Written so shortly before it was copied that its time would not tell of one more time. */
  readonly isRecent: boolean;
}

interface Destination {
  readonly to: string;
  readonly open: OpenFile[];
}

function moveByCopy(from: string, to: string, open: OpenFile[]): void {
  keepEarlier(to, open);
  for (let round = 0; round < roundsMax; round += 1) {
    const stats = lstatSync(from, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return;
    try {
      const isGone = stats.isDirectory()
        ? moveFolder(from, to, open)
        : stats.isSymbolicLink()
          ? moveLink(from, stats, { to, open })
          : moveFile(from, to, open);
      if (isGone) return;
    } catch (error) {
      // Somebody has removed it meanwhile; the next look tells.
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  throw new Error(`${from} changes all the while`);
}

/**
 * Of a name that was moved before and has been made anew since: each is another file, and none takes the
 * other's place.
 */
function keepEarlier(to: string, open: readonly OpenFile[]): void {
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  const earlier = `${to}.before-${process.hrtime.bigint()}`;
  renameSync(to, earlier);
  for (const file of open.filter((one) => one.to === to)) file.to = earlier;
}

function moveFolder(from: string, to: string, open: OpenFile[]): boolean {
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory() === false) keepEarlier(to, open);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  // Through its descriptor: what is swapped in under the name meanwhile is not entered.
  const fd = openSync(from, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const own = `/proc/self/fd/${fd}`;
    for (const name of readdirSync(own)) moveByCopy(join(own, name), join(to, name), open);
  } finally {
    closeSync(fd);
  }
  syncFolder(to);
  try {
    rmdirSync(from);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}

function moveLink(from: string, stats: BigIntStats, destination: Destination): boolean {
  const { to } = destination;
  const target = readlinkSync(from);
  try {
    symlinkSync(target, to);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || lstatSync(to).isDirectory()) throw error;
    renameSync(to, `${to}.before-${process.hrtime.bigint()}`);
    symlinkSync(target, to);
  }
  syncFolder(dirname(to));
  return removeUnchanged(from, stats, destination);
}

function moveFile(from: string, to: string, open: OpenFile[]): boolean {
  const fd = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  let isKept = false;
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw new Error('it is a pipe, a socket or a device, which cannot be copied');
    copyOpen(fd, to);
    if (changed(stats, fstatSync(fd, { bigint: true })) || !removeUnchanged(from, stats, { to, open }))
      return false;
    isKept = open.length < openMax;
    if (isKept) open.push({ fd, stats, to, isRecent: isRecent(stats) });
    return true;
  } finally {
    if (!isKept) closeSync(fd);
  }
}

function copyOpen(fd: number, to: string): void {
  const stats = fstatSync(fd);
  const copy = openSync(
    to,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    const piece = Buffer.alloc(pieceBytes);
    let at = 0;
    for (
      let read = readSync(fd, piece, 0, pieceBytes, at);
      read > 0;
      read = readSync(fd, piece, 0, pieceBytes, at)
    ) {
      for (let written = 0; written < read;)
        written += writeSync(copy, piece, written, read - written, at + written);
      at += read;
    }
    // No more rights than a file of ours may have: never those of a user or group that it is run as.
    fchmodSync(copy, stats.mode & 0o777);
    futimesSync(copy, stats.atime, stats.mtime);
    fsyncSync(copy);
  } finally {
    closeSync(copy);
  }
}

/**
 * Taken by a rename and looked at again under a name that nobody knows: what somebody saves under the old
 * name between a look and the removal would be removed in its stead. What turns out to be another thing goes
 * back, or, where its place is taken again, is moved on its own.
 */
function removeUnchanged(path: string, copied: BigIntStats, { to, open }: Destination): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== copied.ino || changed(copied, now)) return now === undefined;
  const taken = `${path}.${randomBytes(6).toString('hex')}`;
  renameSync(path, taken);
  const after = lstatSync(taken, { bigint: true });
  if (after.ino === copied.ino && !changed(copied, after)) {
    unlinkSync(taken);
    return true;
  }
  try {
    linkSync(taken, path);
    unlinkSync(taken);
  } catch {
    moveByCopy(taken, `${to}.before-${process.hrtime.bigint()}`, open);
  }
  return false;
}

/** The system's clock for files goes in steps of some milliseconds. */
function isRecent({ mtimeMs }: BigIntStats): boolean {
  return Date.now() - Number(mtimeMs) < clockStepMs;
}

function changed(before: BigIntStats, now: BigIntStats): boolean {
  return before.size !== now.size || before.mtimeNs !== now.mtimeNs;
}
