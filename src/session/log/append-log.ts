/**
 * Writing a session log: one writer, synchronous appends that are there whole or not at all, and durability
 * by group commit.
 *
 * Invariants: (1) `size` is the end of the last complete append; nothing that failed stays behind it while
 * the log is writable. (2) Lines are written in the order of their seq. (3) A failed fdatasync is never
 * repeated on the same file: the kernel may have dropped the pages and would then report success. (4) After a
 * failure that leaves the file in doubt every call fails; the next opening reads what is really there. What
 * is absent: no timer, no retry, no buffering of entries in memory.
 */
import { realClock } from '../../std/clock.ts';
import type { Clock } from '../../std/clock.ts';
import { deferred } from '../../std/deferred.ts';
import type { Deferred } from '../../std/deferred.ts';
import type { Entry, EntryBody } from '../facts/entries.ts';
import type { LogNow } from './checkpoint-start.ts';
import { encodeLines } from './line.ts';
import { type LogDisk, nodeDisk } from './log-disk.ts';
import type { LogMeasure } from './log-measure.ts';
import { findSeq, readPieces } from './read-log.ts';
import type { LogFile, Region } from './read-log.ts';
import { notedOf, type SeqIndex } from './seq-index.ts';
import { errnoOf, LogClosed, StorageFailed } from './storage-failed.ts';

/** What became of one append. */
export interface Appended {
  /** With the seq and time that they were given. */
  readonly entries: Entry[];
  /** All lines, as they stand in the file. Shared with every observer: not to be changed. */
  readonly bytes: Buffer;
  /** One view into `bytes` per entry, newline included. */
  readonly lines: Buffer[];
  /** Offset of the first line in the file. */
  readonly from: number;
  /** Offset behind the last line: what `whenDurable` is asked about. */
  readonly end: number;
}

export interface AppendLogOptions {
  readonly path: string;
  /** Open for reading and writing; the log closes it. */
  readonly fd: number;
  /** Bytes of complete appends in the file, all of them durable. */
  readonly size: number;
  readonly lastSeq: number;
  readonly index: SeqIndex;
  /** Regions that readers pass over. */
  readonly damaged: readonly Region[];
  /** What is in the file, for checkpoints; without it there are none. */
  readonly measure?: LogMeasure | undefined;
  readonly clock?: Clock | undefined;
  readonly disk?: LogDisk | undefined;
  /** Called once, when the log has failed for good. Must not throw. */
  readonly onFatal?: ((error: StorageFailed) => void) | undefined;
}

/** Everybody whom one fdatasync serves waits for one promise. `through` is known once that has begun. */
interface SyncGroup {
  readonly done: Deferred<void>;
  readonly through: number;
}
type State = { kind: 'open' } | { kind: 'failed'; error: StorageFailed } | { kind: 'closed' };

const noRoom = 'free some space; nothing was lost, it can be tried again';
const adviceOf: Readonly<Record<string, string>> = {
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  // It holds for the process: no room on any disk helps.
  EFBIG:
    "the limit of a file's size (ulimit -f) is reached; raise it for this process (prlimit --fsize), or stop the pod and restore it under a larger one; nothing was lost",
};

export class AppendLog {
  readonly path: string;
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #disk: LogDisk;
  readonly #index: SeqIndex;
  readonly #damaged: readonly Region[];
  readonly #measure: LogMeasure | undefined;
  readonly #onFatal: (error: StorageFailed) => void;
  readonly #observers = new Set<(appended: Appended) => void>();
  #state: State = { kind: 'open' };
  #size: number;
  #lastSeq: number;
  #durableSize: number;
  /** Served by the fdatasync in flight. */
  #syncing: SyncGroup | null = null;
  /** For those who came too late for it: the next one is theirs. */
  #next: Deferred<void> | null = null;
  /** Who wants to know that no fdatasync is in flight any more, however the last one ended. */
  #idle: Deferred<void> | null = null;
  #telling = false;
  #closing: Promise<void> | null = null;

  constructor(options: AppendLogOptions) {
    this.path = options.path;
    this.#fd = options.fd;
    this.#clock = options.clock ?? realClock;
    this.#disk = options.disk ?? nodeDisk;
    this.#index = options.index;
    this.#damaged = options.damaged;
    this.#measure = options.measure;
    this.#onFatal = options.onFatal ?? (() => {});
    this.#size = options.size;
    this.#durableSize = options.size;
    this.#lastSeq = options.lastSeq;
  }

  /** Committed bytes. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that survive a loss of power. */
  get durableSize(): number {
    return this.#durableSize;
  }

  /** Seq of the last entry, 0 in an empty log. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Commits the bodies, all or none, in this order, before it returns; process death does not undo it, a loss
   * of power may until `whenDurable`. Throws `StorageFailed` (nothing was committed; not `fatal`: try again
   * when the cause is repaired), `EntryTooLong`, `LogClosed`.
   */
  append(bodies: readonly EntryBody[]): Appended {
    this.#mustBeOpen();
    // An observer that appended would have the others hear of the second append before the first.
    if (this.#telling)
      throw new Error('append was called from an observer of the log: leave it to the next turn');
    const time = this.#clock.wallTime();
    const entries = bodies.map((body, i): Entry => ({ seq: this.#lastSeq + 1 + i, time, ...body }));
    const { bytes, lines } = encodeLines(entries);
    const from = this.#size;
    this.#write(bytes);
    this.#size += bytes.length;
    let offset = from;
    for (let i = 0; i < lines.length; i += 1) {
      this.#index.note(this.#lastSeq + 1 + i, offset, notedOf(lines[i]!));
      offset += lines[i]!.length;
    }
    this.#lastSeq += entries.length;
    const appended = { entries, bytes, lines, from, end: this.#size };
    this.#measure?.take(appended);
    this.#notify(appended);
    return appended;
  }

  /**
   * Resolves when every byte before `through` (all that is committed unless told) is on disk. Only this asks
   * for a sync, and one sync serves everything that was committed when it began. Rejects with `StorageFailed`
   * (always fatal) or `LogClosed`.
   */
  whenDurable(through: number = this.#size): Promise<void> {
    if (this.#state.kind === 'failed') return Promise.reject(this.#state.error);
    if (through <= this.#durableSize) return Promise.resolve();
    if (this.#state.kind === 'closed') return Promise.reject(new LogClosed(this.path));
    if (through > this.#size) {
      return Promise.reject(new RangeError(`offset ${through} is behind the log's end, ${this.#size}`));
    }
    if (this.#syncing !== null && through <= this.#syncing.through) return this.#syncing.done.promise;
    this.#next ??= deferred<void>();
    const { promise } = this.#next;
    if (this.#syncing === null) this.#sync();
    return promise;
  }

  /**
   * Hands every later append to `observer`, at once and in order; it must neither throw nor append. The
   * answer ends it.
   */
  onAppend(observer: (appended: Appended) => void): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /**
   * Offset of the first entry with this seq or a higher one; `size` when there is none yet. Reads at most 256
   * KiB and a line, or 256 entries.
   */
  offsetOfSeq(seq: number): number {
    if (seq > this.#lastSeq) return this.#size;
    return findSeq(this.#file(), { from: this.#index.floor(seq), to: this.#size }, seq);
  }

  /**
   * The lines of a region (begin and end of lines) in pieces for an observer, damage left out; see
   * `readPieces`. Must be used up before `close`.
   */
  pieces(region: Region): Generator<{ bytes: Buffer; end: number }> {
    return readPieces(this.#file(), { ...region, skip: this.#damaged });
  }

  /**
   * The log as it is now, for a checkpoint of what it comes to. Null where there can be none, or the log has
   * failed.
   */
  now(): LogNow | null {
    const measured = this.#measure?.now() ?? null;
    if (measured === null || this.#state.kind !== 'open' || this.#lastSeq === 0) return null;
    const { size, lastSeq: seq } = this;
    return { ...measured, file: this.#file(), size, seq, index: this.#index.marks() };
  }

  /**
   * Whether the path still leads to this file. Nothing tells of a file that is deleted or moved under its
   * writer, so the owner has to ask.
   */
  whereabouts(): 'inPlace' | 'deleted' | 'moved' {
    if (this.#state.kind !== 'open' || this.#closing !== null) return 'inPlace';
    return this.#disk.whereabouts(this.#fd, this.path);
  }

  /**
   * The file is lost to whoever will read it: from here on every call fails, and the owner hears of it as of
   * a failing disk.
   */
  giveUp(why: { doing: string; advice: string; cause: string }): void {
    if (this.#state.kind === 'open') this.#fail(why);
  }

  /**
   * Makes durable what is not, settles every `whenDurable`, closes the file. Rejects with `StorageFailed`
   * when the last sync failed. Harmless twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      if (this.#state.kind === 'open') await this.whenDurable();
      // A failed log may still have a sync in flight; its file number must not be reused under it.
      if (this.#syncing !== null) await (this.#idle ??= deferred<void>()).promise;
    } finally {
      this.#observers.clear();
      if (this.#state.kind === 'open') this.#state = { kind: 'closed' };
      this.#disk.close(this.#fd);
    }
  }

  #file(): LogFile {
    return { fd: this.#fd, disk: this.#disk };
  }

  #mustBeOpen(): void {
    if (this.#state.kind === 'failed') throw this.#state.error;
    if (this.#state.kind === 'closed' || this.#closing !== null) throw new LogClosed(this.path);
  }

  #write(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        const count = this.#disk.writeSync(this.#fd, bytes.subarray(written), this.#size + written);
        if (count <= 0) throw new Error('the disk took no bytes and gave no reason');
        written += count;
      }
    } catch (cause) {
      throw this.#undo(cause);
    }
  }

  /** Takes a half-written append back. */
  #undo(cause: unknown): StorageFailed {
    const doing = 'writing to';
    if (errnoOf(cause) === 'EIO') {
      return this.#fail({ doing, advice: 'the disk is failing; save what is in this folder', cause });
    }
    try {
      this.#disk.ftruncateSync(this.#fd, this.#size);
    } catch {
      return this.#fail({
        doing,
        advice: 'and the half-written lines could not be removed; repair the disk, then restore the pod',
        cause,
      });
    }
    const advice = adviceOf[errnoOf(cause) ?? ''] ?? 'nothing was written, it can be tried again';
    return new StorageFailed({ path: this.path, doing, advice, fatal: false, cause });
  }

  /** The end of this log: everybody who waits hears of it, and so does the owner, once. */
  #fail(failure: { doing: string; advice: string; cause: unknown }): StorageFailed {
    const error = new StorageFailed({ path: this.path, fatal: true, ...failure });
    this.#state = { kind: 'failed', error };
    this.#syncing?.done.reject(error);
    this.#next?.reject(error);
    this.#next = null;
    this.#onFatal(error);
    return error;
  }

  /** Syncs until nobody waits any more. One fdatasync at a time; who comes meanwhile joins the next. */
  #sync(): void {
    const done = this.#next;
    if (done === null) {
      this.#idle?.resolve();
      return;
    }
    this.#next = null;
    const group = { done, through: this.#size };
    this.#syncing = group;
    this.#disk.fdatasync(this.#fd, (cause) => this.#synced(group, cause));
  }

  #synced({ done, through }: SyncGroup, cause: Error | null): void {
    if (cause !== null && this.#state.kind !== 'failed') {
      this.#fail({
        doing: 'making durable',
        advice: 'what was not durable yet is in doubt; check the disk, then restore the pod',
        cause,
      });
    }
    this.#syncing = null;
    if (this.#state.kind !== 'failed') {
      this.#durableSize = through;
      done.resolve();
    }
    this.#sync();
  }

  #notify(appended: Appended): void {
    if (appended.entries.length === 0) return;
    this.#telling = true;
    try {
      for (const observer of this.#observers) observer(appended);
    } finally {
      this.#telling = false;
    }
  }
}
