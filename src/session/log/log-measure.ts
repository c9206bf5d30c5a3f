/** What a checkpoint has to say of the log that it was made of, kept while the log grows. */
import type { PieceSums } from './piece-sums.ts';
import type { DamagedRegion, Region } from './read-log.ts';
import type { SeqBreak, Surveyed } from './repair.ts';

export interface Measured {
  readonly entries: number;
  readonly firstEntry: Region | null;
  readonly damaged: readonly DamagedRegion[];
  readonly seqBreaks: readonly SeqBreak[];
  readonly pieces: readonly number[];
  readonly lastLineFrom: number;
}

export class LogMeasure {
  readonly #sums: PieceSums;
  readonly #damaged: readonly DamagedRegion[];
  readonly #seqBreaks: readonly SeqBreak[];
  #entries: number;
  #firstEntry: Region | null;
  #lastLineFrom: number;

  constructor({ sums, damaged, seqBreaks, entries, firstEntry, lastLineFrom }: Surveyed) {
    this.#sums = sums;
    this.#damaged = damaged;
    this.#seqBreaks = seqBreaks;
    this.#entries = entries;
    this.#firstEntry = firstEntry;
    this.#lastLineFrom = lastLineFrom;
  }

  /** One append, once it is written. */
  take({ bytes, lines, from }: { bytes: Buffer; lines: readonly Buffer[]; from: number }): void {
    const [first] = lines;
    const last = lines.at(-1);
    if (first === undefined || last === undefined) return;
    this.#sums.take(bytes);
    this.#entries += lines.length;
    this.#firstEntry ??= { from, to: from + first.length };
    this.#lastLineFrom = from + bytes.length - last.length;
  }

  /** Null for a log in which a number stands twice: an entry is not known by it there. */
  now(): Measured | null {
    if (this.#seqBreaks.some(({ expected, found }) => found < expected)) return null;
    return {
      entries: this.#entries,
      firstEntry: this.#firstEntry,
      damaged: this.#damaged,
      seqBreaks: this.#seqBreaks,
      pieces: this.#sums.sums(),
      lastLineFrom: this.#lastLineFrom,
    };
  }
}
