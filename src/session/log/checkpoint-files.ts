/**
 * Checkpoints beside a log: `<log>.checkpoint-<seq>`, at most two. Each can be deleted at any time, and none
 * is believed before it has been held against the log that is there now: a log is cut, replaced, put back
 * from a copy, or written on by a podkin that knows nothing of checkpoints. What does not fit is passed over
 * without a word; the log is folded from its beginning then.
 *
 * No clock decides: which one is newest, and whether it fits, the numbers and the bytes say.
 */
import { crc32 } from 'node:zlib';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import type { HistoryEntry } from '../facts/facts.ts';
import { isSaid } from '../facts/transcript.ts';
import {
  type CheckpointHead,
  type CheckpointState,
  type Unreadable,
  checkpointBytesMax,
  decodeState,
  readHead,
} from './checkpoint.ts';
import { checkLine, decodeLine, lineOfSeq, logLineBytesMax } from './line.ts';
import type { FileKind, LogDisk, Region } from './log-disk.ts';
import { pieceAt, sumOf, summedPieceBytes } from './piece-sums.ts';
import { type LogFile, pieceBytes } from './read-log.ts';
import { SeqIndex } from './seq-index.ts';

/**
 * Why one is passed over. `cut`: the log is shorter than what it was made of. `otherLog`: it says other
 * things. Or what lies there in the place of a file, which is not opened: a pipe has no end.
 */
export type Misfit = Unreadable | 'unreadable' | 'otherPod' | 'cut' | 'otherLog' | Exclude<FileKind, 'file'>;

export interface Checkpoint {
  readonly head: CheckpointHead;
  readonly state: CheckpointState;
}

export interface LogAt extends LogFile {
  readonly path: string;
}

export interface Judging {
  /** When given, the log must be this instance's. */
  readonly instance?: string | undefined;
  /** 0 ≤ x < 1: which piece is sampled. */
  readonly random: () => number;
  /** Every piece is read, not the first, the last and one of the others. */
  readonly isThorough?: boolean;
}

/** Two: a newest one that was torn is no reason to begin at the beginning. */
const kept = 2;

/** Paths, the newest first. Throws the file system's error. */
export function checkpointPaths(disk: LogDisk, log: string): string[] {
  const stem = `${basename(log)}.checkpoint-`;
  return disk
    .names(dirname(log))
    .filter((name) => name.startsWith(stem) && /^[1-9]\d{0,15}$/.test(name.slice(stem.length)))
    .map((name) => ({ name, seq: Number(name.slice(stem.length)) }))
    .sort((a, b) => b.seq - a.seq)
    .map(({ name }) => join(dirname(log), name));
}

/** Never throws: what cannot be read does not fit. */
export function newestFitting(log: LogAt, how: Judging): Checkpoint | null {
  for (const path of pathsOrNone(log)) {
    const found = judged(log, path, how);
    if (typeof found !== 'string') return found;
  }
  return null;
}

/** The checkpoint in this file, or why it is passed over. Never throws. */
export function judged(log: LogAt, path: string, how: Judging): Checkpoint | Misfit {
  try {
    const kind = log.disk.kindOf(path);
    if (kind !== 'file') return kind;
    const found = readHead(readBounded(log.disk, path));
    if (typeof found === 'string') return found;
    const { head } = found;
    const misfit = misfitOf(log, head, how);
    if (misfit !== null) return misfit;
    const state = decodeState(found.state);
    const { session, lastSeq } = state.facts;
    return session?.instance === head.instance && lastSeq === head.seq ? { head, state } : 'torn';
  } catch (error) {
    return systemCode(error) === undefined ? 'torn' : 'unreadable';
  }
}

function pathsOrNone({ disk, path }: LogAt): string[] {
  try {
    return checkpointPaths(disk, path);
  } catch {
    return [];
  }
}

function readBounded(disk: LogDisk, path: string): Buffer {
  const fd = disk.open(path);
  try {
    const size = disk.size(fd);
    if (size > checkpointBytesMax) throw new Error('no checkpoint is so long');
    const bytes = Buffer.allocUnsafeSlow(size);
    return bytes.subarray(0, disk.read(fd, bytes, size, 0));
  } finally {
    disk.close(fd);
  }
}

function misfitOf(log: LogFile, head: CheckpointHead, how: Judging): Misfit | null {
  const { size, pieces } = head;
  if (how.instance !== undefined && head.instance !== how.instance) return 'otherPod';
  if (log.disk.size(log.fd) < size) return 'cut';
  if (pieces.length !== Math.ceil(size / summedPieceBytes)) return 'torn';
  if (!isLastLine(log, head)) return 'otherLog';
  const between = Math.max(0, pieces.length - 2);
  const sample =
    how.isThorough === true
      ? pieces.keys()
      : new Set([0, pieces.length - 1, Math.min(1 + Math.floor(how.random() * between), pieces.length - 1)]);
  for (const index of sample) if (sumOf(log, pieceAt(index, size)) !== pieces[index]) return 'otherLog';
  return null;
}

function isLastLine({ disk, fd }: LogFile, { seq, size, lastLine }: CheckpointHead): boolean {
  const { from, sum } = lastLine;
  const length = size - from;
  if (length < 2 || length > logLineBytesMax) return false;
  const bytes = Buffer.allocUnsafe(length);
  if (disk.read(fd, bytes, length, from) !== length || crc32(bytes) !== sum) return false;
  const checked = checkLine(bytes.subarray(0, -1));
  return bytes.at(-1) === 0x0a && checked.ok && checked.last && checked.seq === seq;
}

/**
 * What memory holds of what was said, from the log. Null where it is not all there: then the checkpoint does
 * not fit. Reads where it is, and not what lies between; checks no line but those. Throws the file system's
 * error.
 */
export async function readSaid(log: LogFile, { head, state }: Checkpoint): Promise<HistoryEntry[] | null> {
  const found: HistoryEntry[] = [];
  const index = new SeqIndex(state.index);
  let region: Region = { from: 0, to: 0 };
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  for (const seq of state.said) {
    const from = index.floor(seq);
    if (from !== region.from || region.to === 0) {
      if (region.to > 0) await log.disk.nextTurn();
      region = { from, to: index.above(seq, head.size) };
      if (region.to - from > pieceBytes + logLineBytesMax) return null;
      bytes = bytesOf(log, region);
      at = 0;
    }
    const start = lineOfSeq(bytes, seq, at);
    const end = bytes.indexOf(newline, start);
    if (start === -1 || end === -1) return null;
    const decoded = decodeLine(bytes.subarray(start, end));
    if (!decoded.ok || !isSaid(decoded.entry)) return null;
    found.push(decoded.entry);
    at = end + 1;
  }
  return found;
}

const newline = 0x0a;

/** Between two marks: a piece and one line at most. Throws the file system's error. */
function bytesOf({ disk, fd }: LogFile, { from, to }: Region): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, to - from));
  let filled = 0;
  while (filled < bytes.length) {
    const count = disk.read(fd, bytes.subarray(filled), bytes.length - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/**
 * Whole under its name or not at all, and on disk. For the holder of the pod's lock alone. Rejects with the
 * file system's error; a draft is removed by the next one then.
 */
export async function writeCheckpoint(
  at: { disk: LogDisk; log: string },
  seq: number,
  bytes: Buffer,
): Promise<void> {
  const { disk, log } = at;
  const draft = draftOf(log);
  disk.remove(draft);
  const fd = disk.openForWriting(draft, 'wx+');
  try {
    for (let done = 0; done < bytes.length;) {
      const count = disk.writeSync(fd, bytes.subarray(done), done);
      if (count <= 0) throw new Error('the disk took no bytes and gave no reason');
      done += count;
    }
    await new Promise<void>((resolve, reject) => {
      disk.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    disk.close(fd);
  }
  const path = `${log}.checkpoint-${seq}`;
  disk.rename(draft, path);
  const paths = checkpointPaths(disk, log);
  const own = paths.indexOf(path);
  // One with a higher number is of a log that is not here any more: it would be kept in this one's place.
  removeFiles(
    disk,
    paths.filter((_, i) => i < own || i >= own + kept),
  );
}

/** All of them, before anything in the log is set aside. Throws the file system's error. */
export function removeCheckpoints(disk: LogDisk, log: string): void {
  removeFiles(disk, [...checkpointPaths(disk, log), draftOf(log)]);
}

/** A folder under such a name is no checkpoint, and stays. */
function removeFiles(disk: LogDisk, paths: readonly string[]): void {
  for (const path of paths) {
    try {
      disk.remove(path);
    } catch (error) {
      if (systemCode(error) !== 'ERR_FS_EISDIR') throw error;
    }
  }
}

function draftOf(log: string): string {
  return `${log}.checkpoint-new`;
}
