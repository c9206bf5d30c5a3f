/**
 * Moves what lies under a name to another place, whole: by a rename, or, across file systems, by a copy that
 * is on disk before anything is removed. Links stay links. Nothing is lost to somebody who goes on writing:
 * what changed since it was copied is copied again, and what was put under the name meanwhile is moved too,
 * beside what was there before. Names are bytes. Rights that their owner has taken from directories and files
 * are no hindrance: what would hinder moving it back comes out with the owner's rights added.
 */
import { randomBytes } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
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
import { below, nameOf, parentOf, shownName } from '../paths/byte-path.ts';
import { systemCode } from '../../std/system-code.ts';
import { closeToAll, takeOwnerRights, withOwnerRights } from '../paths/owner-rights.ts';

const roundsMax = 100;
/** Of a folder with more files the rest is not watched for late writers. */
const openMax = 200;
const clockStepMs = 1_000;
const pieceBytes = 256 * 1024;
const zeros = Buffer.alloc(pieceBytes);
/** Of a name that gets an ending: file systems allow 255, some fewer. */
const nameBytesMax = 120;

/** What is in the way of nobody: it is another's, or the file has gone meanwhile. */
const goneMeanwhile = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'EISDIR']);

/**
 * What was moved. Files that were copied and removed are still open: whoever had them open may have written
 * since.
 */
export interface Moved {
  /**
   * Pipes, sockets and devices, which hold nothing and cannot be copied: removed. Paths below what was moved.
   */
  readonly leftOut: readonly string[];
  /** To be called when nobody is expected to write any more: takes over what came late. */
  finish(): void;
}

/**
 * `from` may go through a descriptor (`/proc/self/fd/N/name`). Throws the file system's error; then what was
 * not moved is in its old place.
 */
export function moveAside(from: string | Buffer, to: string): Moved {
  const source = Buffer.from(from);
  return withOwnerRights([parentOf(source)], () => {
    // A directory that may not be written cannot be moved into another one.
    takeOwnerRights(source).keep();
    try {
      renameSync(source, to);
      return { leftOut: [], finish: () => undefined };
    } catch (error) {
      if (systemCode(error) !== 'EXDEV') throw error;
    }
    const copy: Copy = { open: [], leftOut: [] };
    const target = Buffer.from(to);
    moveByCopy(source, { to: target, shown: shownName(nameOf(source)), copy });
    syncParent(target);
    return { leftOut: copy.leftOut, finish: () => finish(copy) };
  });
}

/**
 * For what cannot be moved to another place: under a name beside its own that nothing obeys, and closed. The
 * answer is that name. Throws the file system's error.
 */
export function renameInPlace(from: string | Buffer): string {
  const source = Buffer.from(from);
  const name = `set-aside-${randomBytes(6).toString('hex')}`;
  const target = below(parentOf(source), name);
  withOwnerRights([parentOf(source)], () => {
    renameSync(source, target);
    try {
      closeToAll(target);
    } catch {
      // It has another name, which is what counts.
    }
  });
  return name;
}

function finish({ open }: Copy): void {
  for (const file of open.splice(0)) {
    try {
      if (file.isRecent || changed(file.stats, fstatSync(file.fd, { bigint: true })))
        copyBytes(file.fd, file.copy);
    } finally {
      closeSync(file.fd);
      closeSync(file.copy);
    }
  }
}

interface OpenFile {
  readonly fd: number;
  /** Of its copy, whatever that is called by now. */
  readonly copy: number;
  readonly stats: BigIntStats;
  /** Written so shortly before it was copied that its time would not tell of one more time. */
  readonly isRecent: boolean;
}

interface Copy {
  readonly open: OpenFile[];
  readonly leftOut: string[];
}

interface Destination {
  readonly to: Buffer;
  /** For messages. */
  readonly shown: string;
  readonly copy: Copy;
}

function moveByCopy(from: Buffer, destination: Destination): void {
  keepEarlier(destination.to);
  for (let round = 0; round < roundsMax; round += 1) {
    const stats = lstatSync(from, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return;
    try {
      if (moveOnce(from, stats, destination)) return;
    } catch (error) {
      // Somebody has removed it or put another thing there meanwhile; the next look tells.
      if (!goneMeanwhile.has(systemCode(error) ?? '')) throw error;
    }
  }
  throw new Error(`${destination.shown} changes all the while`);
}

/** True where nothing is left under the name. */
function moveOnce(from: Buffer, stats: BigIntStats, destination: Destination): boolean {
  if (stats.isDirectory()) return moveFolder(from, destination);
  const { to } = destination;
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory() === true) renameSync(to, earlierName(to));
  if (stats.isSymbolicLink()) return moveLink(from, stats, destination);
  if (stats.isFile()) return moveFile(from, destination);
  if (!removeUnchanged(from, stats, destination)) return false;
  destination.copy.leftOut.push(destination.shown);
  return true;
}

/**
 * Of a name that was moved before and has been made anew since: each is another file, and none takes the
 * other's place.
 */
function keepEarlier(to: Buffer): void {
  if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory() !== false) return;
  renameSync(to, earlierName(to));
}

function earlierName(to: Buffer): Buffer {
  return withEnding(to, `.before-${process.hrtime.bigint()}`);
}

function withEnding(path: Buffer, ending: string): Buffer {
  return below(parentOf(path), Buffer.concat([nameOf(path).subarray(0, nameBytesMax), Buffer.from(ending)]));
}

/**
 * Both sides through descriptors: what is swapped in meanwhile is not entered, and no path grows too long.
 */
function moveFolder(from: Buffer, { to, shown, copy }: Destination): boolean {
  keepEarlier(to);
  mkdirSync(to, { recursive: true, mode: 0o700 });
  takeOwnerRights(from).keep();
  const isFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const fd = openSync(from, isFolder);
  try {
    const target = openSync(to, isFolder);
    try {
      const own = `/proc/self/fd/${fd}`;
      for (const name of readdirSync(own, 'buffer')) {
        const there = below(`/proc/self/fd/${target}`, name);
        moveByCopy(below(own, name), { to: there, shown: `${shown}/${shownName(name)}`, copy });
      }
      fchmodSync(target, (fstatSync(fd).mode & 0o777) | 0o700);
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(fd);
  }
  try {
    rmdirSync(from);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}

function moveLink(from: Buffer, stats: BigIntStats, destination: Destination): boolean {
  const { to } = destination;
  const target = readlinkSync(from, 'buffer');
  try {
    symlinkSync(target, to);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || lstatSync(to).isDirectory()) throw error;
    renameSync(to, earlierName(to));
    symlinkSync(target, to);
  }
  syncParent(to);
  return removeUnchanged(from, stats, destination);
}

function moveFile(from: Buffer, destination: Destination): boolean {
  const { open } = destination.copy;
  const fd = openToRead(from);
  let copy: number | null = null;
  let isKept = false;
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) return false;
    copy = openCopy(destination.to);
    copyBytes(fd, copy);
    if (changed(stats, fstatSync(fd, { bigint: true })) || !removeUnchanged(from, stats, destination))
      return false;
    isKept = open.length < openMax;
    if (isKept) open.push({ fd, copy, stats, isRecent: isRecent(stats) });
    return true;
  } finally {
    if (!isKept) closeSync(fd);
    if (!isKept && copy !== null) closeSync(copy);
  }
}

function openToRead(path: Buffer): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path, flags);
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
    return withOwnerRights([path], () => openSync(path, flags));
  }
}

/** Also over an earlier copy, which may have been made read-only like the file that it is of. */
function openCopy(to: Buffer): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  return withOwnerRights([to], () => openSync(to, flags, 0o600));
}

/** What is empty stays without room, so that a file of holes does not fill the disk that it comes to. */
function copyBytes(fd: number, copy: number): void {
  const stats = fstatSync(fd);
  const piece = Buffer.alloc(pieceBytes);
  let at = 0;
  for (
    let read = readSync(fd, piece, 0, pieceBytes, at);
    read > 0;
    read = readSync(fd, piece, 0, pieceBytes, at)
  ) {
    for (let written = isThere(copy, piece.subarray(0, read), at) ? read : 0; written < read;)
      written += writeSync(copy, piece, written, read - written, at + written);
    at += read;
  }
  ftruncateSync(copy, at);
  // No more rights than a file of ours may have: never those of a user or group that it is run as.
  fchmodSync(copy, (stats.mode & 0o777) | 0o400);
  futimesSync(copy, stats.atime, stats.mtime);
  fsyncSync(copy);
}

/** A hole reads as zeros, and so does what is behind the end once the file is made as long. */
function isThere(copy: number, piece: Buffer, at: number): boolean {
  if (!piece.equals(zeros.subarray(0, piece.length))) return false;
  const earlier = Buffer.alloc(piece.length);
  readSync(copy, earlier, 0, piece.length, at);
  return earlier.equals(piece);
}

/**
 * Taken by a rename and looked at again under a name that nobody knows: what somebody saves under the old
 * name between a look and the removal would be removed in its stead. What turns out to be another thing goes
 * back, or, where its place is taken again, is moved on its own.
 */
function removeUnchanged(path: Buffer, copied: BigIntStats, destination: Destination): boolean {
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (now === undefined || now.ino !== copied.ino || changed(copied, now)) return now === undefined;
  const taken = withEnding(path, `.${randomBytes(6).toString('hex')}`);
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
    moveByCopy(taken, { ...destination, to: earlierName(destination.to) });
  }
  return false;
}

function syncParent(path: Buffer): void {
  const fd = openSync(parentOf(path), constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The system's clock for files goes in steps of some milliseconds. */
function isRecent({ mtimeMs }: BigIntStats): boolean {
  return Date.now() - Number(mtimeMs) < clockStepMs;
}

function changed(before: BigIntStats, now: BigIntStats): boolean {
  return before.size !== now.size || before.mtimeNs !== now.mtimeNs;
}
