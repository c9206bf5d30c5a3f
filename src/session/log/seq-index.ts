/**
 * Where in a log an entry is, by its number and by its time, and where something is said of events: found
 * without reading what lies before.
 */
import { beginningOf } from './line.ts';
import type { Region } from './log-disk.ts';

const indexEveryEntries = 256;
/** What a look-up reads at most, beside one line. */
const indexEveryBytes = 256 * 1024;

/** What is kept of a line beside its place. */
export interface Noted {
  /** In ms; infinite where the line does not say its time in the usual form: it may be of any. */
  readonly latestMs: number;
  readonly isOfEvents: boolean;
}

/**
 * What makes, moves or ends a row of a ledger (`delivery/ledger.ts`), but for a step's end, which moves only
 * what an entry of these types has begun.
 */
const eventTypes: ReadonlySet<string> = new Set([
  'session',
  'podEventEmitted',
  'podEventAcked',
  'discarded',
  'podEventReceived',
  'systemItem',
]);
/** Of a result of StopPod. */
const stopped = Buffer.from('"stopped":{');

/** Of a line that has been checked, with its newline or without. */
export function notedOf(line: Buffer): Noted {
  const { time, type } = beginningOf(line);
  const timeMs = time === null ? Number.NaN : Date.parse(time);
  const isOfEvents =
    type === null || eventTypes.has(type) || (type === 'toolResult' && line.includes(stopped));
  return { latestMs: Number.isNaN(timeMs) ? Number.POSITIVE_INFINITY : timeMs, isOfEvents };
}

/** What a `SeqIndex` is made of, to be kept. */
export interface IndexMarks {
  readonly seqs: readonly number[];
  readonly offsets: readonly number[];
  /** The latest time of an entry between this mark and the next, in ms. */
  readonly latest: readonly number[];
  /** Whether an entry between this mark and the next says where an event is. */
  readonly ofEvents: readonly boolean[];
  readonly sinceMark: number;
}

/**
 * Seq to offset, one mark every 256 entries or 256 KiB, whichever comes first: a look-up reads at most that
 * much and one line more.
 */
export class SeqIndex {
  #seqs: number[];
  #offsets: number[];
  #latest: number[];
  #ofEvents: boolean[];
  #sinceMark: number;

  constructor(
    marks: IndexMarks = { seqs: [], offsets: [], latest: [], ofEvents: [], sinceMark: indexEveryEntries },
  ) {
    this.#seqs = [...marks.seqs];
    this.#offsets = [...marks.offsets];
    this.#latest = [...marks.latest];
    this.#ofEvents = [...marks.ofEvents];
    this.#sinceMark = marks.sinceMark;
  }

  marks(): IndexMarks {
    const [seqs, offsets, latest] = [[...this.#seqs], [...this.#offsets], [...this.#latest]];
    return { seqs, offsets, latest, ofEvents: [...this.#ofEvents], sinceMark: this.#sinceMark };
  }

  /** Told every committed entry in the order of the file. */
  note(seq: number, offset: number, { latestMs, isOfEvents }: Noted): void {
    this.#sinceMark += 1;
    const lastSeq = this.#seqs.at(-1) ?? 0;
    const lastOffset = this.#offsets.at(-1) ?? 0;
    // A repeated number (reported at opening) never becomes a mark: the marks only rise.
    if (seq > lastSeq && (this.#sinceMark >= indexEveryEntries || offset - lastOffset >= indexEveryBytes)) {
      this.#seqs.push(seq);
      this.#offsets.push(offset);
      this.#latest.push(latestMs);
      this.#ofEvents.push(isOfEvents);
      this.#sinceMark = 0;
      return;
    }
    const last = this.#latest.length - 1;
    this.#latest[last] = Math.max(this.#latest[last]!, latestMs);
    this.#ofEvents[last] ||= isOfEvents;
  }

  /** Of what is before `end`, from mark to mark. */
  *stretches(end: number): Generator<Region & { readonly isOfEvents: boolean }> {
    for (const [at, from] of this.#offsets.entries())
      yield { from, to: this.#offsets[at + 1] ?? end, isOfEvents: this.#ofEvents[at]! };
  }

  /**
   * Offset of the first mark behind which an entry of this time or a later one comes before the next mark;
   * `end` when there is none. A clock that was set back or forward is no matter: what comes before the answer
   * is earlier, what comes behind it may be anything.
   */
  since(fromMs: number, end: number): number {
    const found = this.#latest.findIndex((latestMs) => latestMs >= fromMs);
    return this.#offsets[found] ?? end;
  }

  /** Offset of the last mark at or below `seq`; 0 when there is none. */
  floor(seq: number): number {
    return this.#offsets[this.#firstAbove(seq) - 1] ?? 0;
  }

  /** Offset of the first mark above `seq`; `end` when there is none. */
  above(seq: number, end: number): number {
    return this.#offsets[this.#firstAbove(seq)] ?? end;
  }

  #firstAbove(seq: number): number {
    let low = 0;
    let high = this.#seqs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#seqs[middle]! <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
