/**
 * What opening a log finds and repairs: the committed part is measured, a torn tail is kept aside and cut,
 * damage in the middle is copied aside and left where it is. Nothing is ever deleted, and what is kept aside
 * is never overwritten. Only for the holder of the pod's lock.
 */
import { dirname } from 'node:path';
import type { LogDisk } from './log-disk.ts';
import { checkLine } from './line.ts';
import { PieceSums } from './piece-sums.ts';
import { linesByPiece, pieceBytes } from './read-log.ts';
import type { DamagedRegion, LogFile, RawLine, Region } from './read-log.ts';
import { type Noted, notedOf, SeqIndex } from './seq-index.ts';
import { errnoOf, StorageFailed } from './storage-failed.ts';

/** An entry whose number does not follow its predecessor's: a gap (`found` higher) or a repeat. */
export interface SeqBreak {
  readonly offset: number;
  readonly expected: number;
  readonly found: number;
}

export interface Survey {
  /** End of the last complete append; what follows, up to `size`, is torn. */
  readonly committed: number;
  readonly size: number;
  readonly entries: number;
  /** The highest, which in an undamaged log is the last. */
  readonly lastSeq: number;
  /** Offset of the first entry; null when there is none. */
  readonly firstEntry: Region | null;
  /** Adjacent damaged lines are one region. */
  readonly damaged: DamagedRegion[];
  readonly seqBreaks: SeqBreak[];
  readonly index: SeqIndex;
  /** Where the last entry's line begins. */
  readonly lastLineFrom: number;
  /** Of what is committed. */
  readonly sums: PieceSums;
}

/** What is known of a log's beginning, which is then not read again. */
export type Surveyed = Omit<Survey, 'size'>;

type Seen = Region & { readonly seq: number; readonly noted: Noted };

/** Of a log with nothing in it. */
export function surveyOfNothing(): Surveyed {
  return {
    committed: 0,
    entries: 0,
    lastSeq: 0,
    firstEntry: null,
    damaged: [],
    seqBreaks: [],
    index: new SeqIndex(),
    lastLineFrom: 0,
    sums: new PieceSums(),
  };
}

/**
 * Reads the log once, behind what is known of it; checksums only; yields to the event loop between pieces.
 * Throws the file system's error.
 */
export async function surveyLog(file: LogFile, known: Surveyed = surveyOfNothing()): Promise<Survey> {
  const size = file.disk.size(file.fd);
  const found = { ...known };
  /** What has been seen behind `committed`: it counts only if the last line of an append follows. */
  let held: Seen[] = [];
  let suspects: DamagedRegion[] = [];
  const commit = (): void => {
    for (const line of held) {
      const expected = found.lastSeq + 1;
      if (line.seq !== expected) found.seqBreaks.push({ offset: line.from, expected, found: line.seq });
      found.lastSeq = Math.max(found.lastSeq, line.seq);
      found.index.note(line.seq, line.from, line.noted);
      found.firstEntry ??= { from: line.from, to: line.to };
    }
    found.entries += held.length;
    found.damaged.push(...suspects);
    found.committed = held.at(-1)!.to;
    found.lastLineFrom = held.at(-1)!.from;
    held = [];
    suspects = [];
  };
  for (const lines of linesByPiece(file, { from: known.committed, to: size }, known.sums)) {
    for (const line of lines) {
      const checked = check(line);
      if (!checked.ok) {
        suspects = joined(suspects, { from: line.from, to: line.to, why: checked.why });
        continue;
      }
      held.push({ from: line.from, to: line.to, seq: checked.seq, noted: checked.noted });
      if (checked.last) commit();
    }
    await file.disk.nextTurn();
  }
  found.sums.cutTo(file, found.committed);
  return { ...found, size };
}

type Checked =
  | (Extract<ReturnType<typeof checkLine>, { ok: true }> & { readonly noted: Noted })
  | Extract<ReturnType<typeof checkLine>, { ok: false }>;

function check({ bytes }: RawLine): Checked {
  if (bytes === null) return { ok: false, why: 'shape' };
  const checked = checkLine(bytes);
  return checked.ok ? { ...checked, noted: notedOf(bytes) } : checked;
}

function joined(regions: DamagedRegion[], next: DamagedRegion): DamagedRegion[] {
  const before = regions.at(-1);
  if (before?.to !== next.from) regions.push(next);
  else regions[regions.length - 1] = { from: before.from, to: next.to, why: before.why };
  return regions;
}

/** Open for reading and writing. */
export interface OpenFile extends LogFile {
  readonly path: string;
}

/**
 * Keeps the region `from` … end of file in `<path>.torn-<n>`, durably, and cuts it off. Answers that file's
 * path. Throws `StorageFailed`; then nothing was cut.
 */
export function cutTornTail(log: OpenFile, torn: Region): string {
  const kept = keepAside(log, torn, (n) => `${log.path}.torn-${n}`);
  try {
    log.disk.ftruncateSync(log.fd, torn.from);
  } catch (cause) {
    throw new StorageFailed({
      path: log.path,
      doing: 'cutting the torn tail of',
      advice: `the tail is kept in ${kept}; repair the disk and restore the pod again`,
      fatal: true,
      cause,
    });
  }
  return kept;
}

/**
 * Copies a damaged region to `<path>.damaged-<offset>` (`.1`, `.2` … behind it if that holds other bytes),
 * once over all openings. Answers that file's path, or null when there was no room for it: the region itself
 * stays in the log, so the copy may wait for the next opening.
 */
export function copyDamaged(log: OpenFile, damaged: Region): string | null {
  const named = (n: number): string => `${log.path}.damaged-${damaged.from}${n === 1 ? '' : `.${n - 1}`}`;
  for (let n = 1; ; n += 1) {
    const present = log.disk.readWhole(named(n));
    if (present === null) break;
    if (holdsRegion(log, damaged, present)) return named(n);
  }
  try {
    return keepAside(log, damaged, named);
  } catch (error) {
    if (error instanceof StorageFailed) return null;
    throw error;
  }
}

function holdsRegion({ disk, fd }: LogFile, region: Region, bytes: Buffer): boolean {
  if (bytes.length !== region.to - region.from) return false;
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, bytes.length)));
  for (let at = 0; at < bytes.length;) {
    const count = disk.read(fd, piece, Math.min(piece.length, bytes.length - at), region.from + at);
    if (count === 0 || !piece.subarray(0, count).equals(bytes.subarray(at, at + count))) return false;
    at += count;
  }
  return true;
}

/**
 * Copies a region into the first file of `named(1)`, `named(2)` … that does not exist. Durable, name
 * included.
 */
function keepAside(log: OpenFile, region: Region, named: (n: number) => string): string {
  const { disk } = log;
  const { path: aside, fd } = createFirstFree(disk, named);
  try {
    try {
      copyRegion(log, region, fd);
      disk.fsync(fd);
    } finally {
      disk.close(fd);
    }
    disk.syncFolder(dirname(aside));
    return aside;
  } catch (cause) {
    disk.remove(aside);
    throw asideFailed(aside, cause);
  }
}

function createFirstFree(disk: LogDisk, named: (n: number) => string): { path: string; fd: number } {
  for (let n = 1; ; n += 1) {
    const path = named(n);
    try {
      return { path, fd: disk.openForWriting(path, 'wx+') };
    } catch (cause) {
      if (errnoOf(cause) !== 'EEXIST') throw asideFailed(path, cause);
    }
  }
}

function asideFailed(path: string, cause: unknown): StorageFailed {
  const advice = 'the log was left as it is; free some space or repair the disk, then restore the pod again';
  return new StorageFailed({
    path,
    doing: 'keeping damaged bytes of the log in',
    advice,
    fatal: true,
    cause,
  });
}

function copyRegion({ disk, fd: from }: LogFile, region: Region, to: number): void {
  const piece = Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, region.to - region.from)));
  for (let at = region.from; at < region.to;) {
    const count = disk.read(from, piece, Math.min(piece.length, region.to - at), at);
    if (count === 0) return;
    for (let done = 0; done < count;) {
      done += disk.writeSync(to, piece.subarray(done, count), at - region.from + done);
    }
    at += count;
  }
}
