/** Where the fold of a log begins that has a checkpoint, and what a checkpoint is made of. */
import { crc32 } from 'node:zlib';
import { type Facts, emptyFacts, sessionOf } from '../facts/facts.ts';
import { forgetSaid, putSaid, withoutSaid } from '../facts/transcript.ts';
import { encodeCheckpoint } from './checkpoint.ts';
import { type Checkpoint, type Judging, type LogAt, newestFitting, readSaid } from './checkpoint-files.ts';
import { type LogDisk, nodeDisk } from './log-disk.ts';
import type { Measured } from './log-measure.ts';
import { PieceSums } from './piece-sums.ts';
import { linesByPiece, type LogFile, type Region } from './read-log.ts';
import type { Surveyed } from './repair.ts';
import { type IndexMarks, SeqIndex } from './seq-index.ts';

/** So much of a log is folded sooner than a checkpoint of it is judged. */
export const worthBytes = 64 * 1024;

export interface CheckpointStart {
  readonly facts: Facts;
  readonly known: Surveyed;
}

/**
 * Null where no checkpoint fits: then the log is folded from its beginning. Throws the file system's error.
 */
export async function checkpointStart(log: LogAt, how: Judging): Promise<CheckpointStart | null> {
  const found = newestFitting(log, how);
  if (found === null) return null;
  const said = await readSaid(log, found);
  if (said === null) return null;
  const { facts } = found.state;
  putSaid(facts, said);
  return { facts, known: knownBy(found) };
}

export interface FactsSoFar {
  readonly facts: Facts;
  /** Of the log: what is behind it has not been folded. */
  readonly end: number;
  /** Before it, adjacent lines as one: they were passed over. */
  readonly damaged: readonly Region[];
  /** Where entries before it are; nothing of what is behind it. */
  readonly index: SeqIndex;
}

const nothingSoFar = (): FactsSoFar => ({
  facts: emptyFacts(),
  end: 0,
  damaged: [],
  index: new SeqIndex(),
});

export interface Looking {
  /** 0 ≤ x < 1: which piece of the log is sampled. */
  readonly random?: Judging['random'];
  /** Of a log with fewer bytes no checkpoint is judged. */
  readonly leastBytes?: number;
}

/**
 * For those who want to know how a pod is, and nothing of what was said in it. Writes nothing; somebody else
 * may be writing the log. A short log is read at once. Throws the file system's error.
 */
export function factsSoFar(
  path: string,
  disk: LogDisk = nodeDisk,
  { random = Math.random, leastBytes = worthBytes }: Looking = {},
): FactsSoFar {
  const fd = disk.open(path);
  try {
    if (disk.size(fd) < leastBytes) return nothingSoFar();
    const found = newestFitting({ path, fd, disk }, { random });
    if (found === null) return nothingSoFar();
    const { head, state } = found;
    forgetSaid(state.facts);
    const { facts, damaged, index } = state;
    return { facts, end: head.size, damaged, index: new SeqIndex(index) };
  } finally {
    disk.close(fd);
  }
}

/**
 * Where to begin for entries behind this one: at the first of them or before it. Throws the file system's
 * error.
 */
export function offsetBehind(path: string, seq: number, disk: LogDisk = nodeDisk): number {
  return seq === 0 ? 0 : factsSoFar(path, disk).index.floor(seq + 1);
}

/** Where to begin for entries of a time or later ones. */
export interface PlaceInTime {
  readonly from: number;
  /** Damaged lines before it. */
  readonly damagedLines: number;
}

/**
 * Whatever the clock has done meanwhile: no entry before the place is of that time or a later one. Throws the
 * file system's error.
 */
export function placeSince(path: string, fromMs: number, disk: LogDisk = nodeDisk): PlaceInTime {
  const { index, end, damaged } = factsSoFar(path, disk);
  const from = index.since(fromMs, end);
  const before = damaged.filter((region) => region.from < from);
  if (before.length === 0) return { from, damagedLines: 0 };
  const fd = disk.open(path);
  try {
    let damagedLines = 0;
    for (const region of before)
      for (const lines of linesByPiece({ disk, fd }, region)) damagedLines += lines.length;
    return { from, damagedLines };
  } finally {
    disk.close(fd);
  }
}

function knownBy({ head, state }: Checkpoint): Surveyed {
  return {
    committed: head.size,
    entries: state.entries,
    lastSeq: head.seq,
    firstEntry: state.firstEntry,
    damaged: [...state.damaged],
    seqBreaks: [...state.seqBreaks],
    index: new SeqIndex(state.index),
    lastLineFrom: head.lastLine.from,
    sums: new PieceSums({ sums: head.pieces, size: head.size }),
  };
}

/** A log as its writer knows it, between two appends. */
export interface LogNow extends Measured {
  readonly file: LogFile;
  readonly size: number;
  readonly seq: number;
  readonly index: IndexMarks;
}

/** The bytes of a checkpoint of these facts, which are those of this log. Throws the file system's error. */
export function checkpointOf(log: LogNow, facts: Facts): Buffer {
  const { file, size, seq, index, pieces, lastLineFrom: from, entries, firstEntry, damaged, seqBreaks } = log;
  const line = Buffer.allocUnsafe(size - from);
  file.disk.read(file.fd, line, line.length, from);
  const lastLine = { from, sum: crc32(line) };
  const { instance } = sessionOf(facts);
  return encodeCheckpoint(
    { instance, seq, size, lastLine, pieces },
    { ...withoutSaid(facts), entries, firstEntry, damaged, seqBreaks, index },
  );
}
