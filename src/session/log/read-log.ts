/**
 * Reading a session log, live or dead: no lock, no write, memory bounded by a piece and the longest append.
 * What stands behind the last complete append is not there for a reader (it is being written, or torn); a
 * damaged line with a complete append behind it is passed over and told.
 */
import { type LogDisk, type LogFile, nodeDisk, type Region } from './log-disk.ts';
import type { Entry } from '../facts/entries.ts';
import { beginningOf, checkLine, decodeLine, logLineBytesMax } from './line.ts';
import type { DecodedLine, LineFault } from './line.ts';
import type { PieceSums } from './piece-sums.ts';

export type { LogFile, Region } from './log-disk.ts';

/** So much is read, and handed to an observer, between two yields to the event loop. */
export const pieceBytes = 256 * 1024;

const newline = 0x0a;

export type DamagedRegion = Region & { readonly why: LineFault };

export interface ReadEntry {
  readonly entry: Entry;
  /** Where its line begins. */
  readonly offset: number;
  /** Where its line ends: `from` for whoever reads on later. */
  readonly end: number;
}

export interface ReadOptions {
  /** Offset of a line's beginning; 0 unless told. */
  readonly from?: number;
  /** The file's size at the start of reading unless told. */
  readonly to?: number;
  /** Called once for each damaged line, before the entries behind it. Must not throw. */
  readonly onDamaged?: (region: DamagedRegion) => void;
  /** Entries of other types are checked, and neither parsed nor answered. */
  readonly types?: ReadonlySet<string> | undefined;
  /** All up to `to` is known to be committed: an append that goes on behind it is whole. */
  readonly isCommitted?: boolean;
  readonly disk?: LogDisk;
}

export interface RawLine extends Region {
  /**
   * Without the newline; a view that the next piece overwrites. Null for a line longer than
   * `logLineBytesMax`.
   */
  readonly bytes: Buffer | null;
}

/**
 * The whole lines of a region, a piece of the file at a time; what follows the last newline is left out. The
 * buffers are only good until the next piece is asked for. `sums` takes every byte of the region. Throws the
 * file system's error.
 */
export function* linesByPiece({ disk, fd }: LogFile, region: Region, sums?: PieceSums): Generator<RawLine[]> {
  const piece = Buffer.allocUnsafe(Math.max(1, Math.min(pieceBytes, region.to - region.from)));
  /** The beginning of a line whose end has not been read yet. Past the limit only its length is kept. */
  let carried: Buffer[] = [];
  let lineFrom = region.from;
  let at = region.from;
  while (at < region.to) {
    const count = disk.read(fd, piece, Math.min(piece.length, region.to - at), at);
    if (count === 0) return;
    sums?.take(piece.subarray(0, count));
    const lines: RawLine[] = [];
    let start = 0;
    for (let end = piece.indexOf(newline); end !== -1 && end < count; end = piece.indexOf(newline, start)) {
      const to = at + end + 1;
      const tooLong = to - lineFrom > logLineBytesMax;
      const rest = piece.subarray(start, end);
      lines.push({
        from: lineFrom,
        to,
        bytes: tooLong ? null : carried.length === 0 ? rest : Buffer.concat([...carried, rest]),
      });
      carried = [];
      lineFrom = to;
      start = end + 1;
    }
    at += count;
    if (at - lineFrom > logLineBytesMax) carried = [];
    else if (start < count) carried.push(Buffer.from(piece.subarray(start, count)));
    yield lines;
  }
}

/**
 * The committed entries of the log at `path`, in order. Yields to the event loop between pieces. Ends at the
 * size that the file had at the start: to follow a live log, ask again `from` the last `end`. Throws the file
 * system's error (ENOENT: there is no such log).
 */
export async function* readEntries(path: string, options: ReadOptions = {}): AsyncGenerator<ReadEntry> {
  const disk = options.disk ?? nodeDisk;
  const fd = disk.open(path);
  try {
    const to = options.to ?? disk.size(fd);
    let from = options.from ?? 0;
    // A writer on a full disk takes a half-written append back and writes another one there: what looks
    // damaged is read a second time.
    let suspect = -1;
    for (;;) {
      const again = yield* readOnce({ disk, fd }, { from, to }, { ...options, suspect });
      if (again === null) return;
      ({ from, suspect } = again);
    }
  } finally {
    disk.close(fd);
  }
}

interface ReadOnceOptions extends Pick<ReadOptions, 'onDamaged' | 'types' | 'isCommitted'> {
  /** Faults up to this offset have been seen twice and are real. */
  readonly suspect: number;
}

/** Reads a region to its end (null), or up to a fault that must be looked at again. */
async function* readOnce(
  file: LogFile,
  region: Region,
  options: ReadOnceOptions,
): AsyncGenerator<ReadEntry, { from: number; suspect: number } | null> {
  let yielded = region.from;
  /** Entries of an append whose last line has not come yet. */
  let held: ReadEntry[] = [];
  let damaged: DamagedRegion[] = [];
  for (const lines of linesByPiece(file, region)) {
    for (const line of lines) {
      const decoded = decodedAs(line, options.types);
      if (!decoded.ok) {
        if (line.from > options.suspect) return { from: yielded, suspect: line.from };
        damaged.push({ from: line.from, to: line.to, why: decoded.why });
        continue;
      }
      if (decoded.entry !== null) held.push({ entry: decoded.entry, offset: line.from, end: line.to });
      if (!decoded.last) continue;
      for (const region of damaged) options.onDamaged?.(region);
      yield* held;
      held = [];
      damaged = [];
      yielded = line.to;
    }
    await file.disk.nextTurn();
  }
  if (options.isCommitted === true) {
    for (const region of damaged) options.onDamaged?.(region);
    yield* held;
  }
  return null;
}

/** `entry` null: of a type that nobody asks for. */
type ReadLine = DecodedLine | { readonly ok: true; readonly entry: null; readonly last: boolean };

function decodedAs({ bytes }: RawLine, types: ReadonlySet<string> | undefined): ReadLine {
  if (bytes === null) return { ok: false, why: 'shape' };
  const { type } = types === undefined ? { type: null } : beginningOf(bytes);
  if (type === null || types?.has(type) !== false) {
    const decoded = decodeLine(bytes);
    const isWanted = !decoded.ok || types?.has(decoded.entry.type) !== false;
    return isWanted ? decoded : { ok: true, entry: null, last: decoded.last };
  }
  const checked = checkLine(bytes);
  return checked.ok ? { ok: true, entry: null, last: checked.last } : checked;
}

/**
 * The last `count` entries of the log at `path`, oldest first; reads from the end, so its cost does not grow
 * with the log. Throws like `readEntries`.
 */
export async function tailEntries(path: string, count: number): Promise<ReadEntry[]> {
  if (count <= 0) return [];
  const disk = nodeDisk;
  const fd = disk.open(path);
  try {
    const to = disk.size(fd);
    for (let windowBytes = pieceBytes; ; windowBytes *= 4) {
      const from = lineStart({ disk, fd }, { from: Math.max(0, to - windowBytes), to });
      const found: ReadEntry[] = [];
      for await (const read of readEntries(path, { from, to })) found.push(read);
      if (found.length >= count || from === 0) return found.slice(-count);
    }
  } finally {
    disk.close(fd);
  }
}

/** The first beginning of a line at or behind `region.from`; 0 when there is none in the region. */
function lineStart(file: LogFile, region: Region): number {
  if (region.from === 0) return 0;
  // One byte earlier: if that is a newline, `from` itself begins a line.
  for (const lines of linesByPiece(file, { from: region.from - 1, to: region.to })) {
    const first = lines[0];
    if (first !== undefined) return first.to;
  }
  return 0;
}

/**
 * A region's lines as they stand in the file, newlines included, in pieces of at most `pieceBytes` (a longer
 * line alone), for observers: not parsed, not checked. `skip`: damaged regions, in order. The caller waits
 * for its socket and yields to the event loop between two pieces. Each piece is a buffer of its own. `to`
 * must be the end of a line. Throws the file system's error.
 */
export function* readPieces(
  file: LogFile,
  region: Region & { readonly skip?: readonly Region[]; readonly pieceBytes?: number },
): Generator<{ bytes: Buffer; end: number }> {
  const limit = region.pieceBytes ?? pieceBytes;
  let from = region.from;
  for (const hole of [...(region.skip ?? []), { from: region.to, to: region.to }]) {
    const to = Math.min(hole.from, region.to);
    while (from < to) {
      const bytes = readPiece(file, { from, to }, limit);
      if (bytes.length === 0) return;
      from += bytes.length;
      yield { bytes, end: from };
    }
    from = Math.max(from, hole.to);
  }
}

/**
 * Whole lines from the region's beginning: as many as the limit holds, at least one. Empty when the file
 * holds no more of them.
 */
function readPiece({ disk, fd }: LogFile, region: Region, limit: number): Buffer {
  for (let wanted = limit; ; wanted *= 2) {
    const bytes = Buffer.allocUnsafeSlow(Math.min(wanted, region.to - region.from));
    const count = disk.read(fd, bytes, bytes.length, region.from);
    const end = (wanted === limit ? bytes.lastIndexOf(newline, count - 1) : bytes.indexOf(newline)) + 1;
    if (end > 0 && end <= count) return bytes.subarray(0, end);
    if (count < bytes.length || region.from + count >= region.to) return bytes.subarray(0, 0);
  }
}

/**
 * Offset of the first line in the region whose seq is `seq` or higher; the region's end when there is none.
 * Throws the file system's error.
 */
export function findSeq(file: LogFile, region: Region, seq: number): number {
  for (const lines of linesByPiece(file, region)) {
    for (const line of lines) {
      if (line.bytes === null) continue;
      const checked = checkLine(line.bytes);
      if (checked.ok && checked.seq >= seq) return line.from;
    }
  }
  return region.to;
}
