/**
 * One pod's folder on a disk that may lose what was not synced. An append is there whole or not at all, as the log's format makes it; a torn one is
 * a tail without meaning that the next opening cuts.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import type { Random } from './random.ts';

/** As the log's own error: the machines know it by its name. */
export class StorageFailed extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'StorageFailed';
  }
}

export class SimDisk {
  entries: Entry[] = [];
  /** Behind which entry each append ends. */
  #ends: number[] = [];
  /** Entries that survive a loss of power. */
  synced = 0;
  /** Bytes of an append that did not come to its end lie behind the last one. */
  torn = false;
  /** The log's name: not there, in the folder's cache, on the disk. */
  file: 'absent' | 'cached' | 'durable' = 'absent';
  /** No room: null, or whether a part of an append is written before the disk says so; `flickering`: now and then there is some. */
  full: null | 'before' | 'partly' | 'flickering' = null;
  /** Lines that a reader passes over. */
  readonly damaged = new Set<Entry>();
  lockHolder: object | null = null;

  create(): void {
    this.file = 'cached';
  }

  append(entries: readonly Entry[]): void {
    // Behind an uncut tail the first line is welded to it.
    if (this.torn && entries[0] !== undefined) this.damaged.add(entries[0]);
    this.torn = false;
    for (const entry of entries) this.entries.push(entry);
    this.#ends.push(this.entries.length);
  }

  readable(): Entry[] {
    return this.damaged.size === 0 ? this.entries : this.entries.filter((entry) => !this.damaged.has(entry));
  }

  syncAll(): void {
    this.synced = this.entries.length;
    if (this.file === 'cached') this.file = 'durable';
  }

  /** Keeps what was synced, a random part of the rest, and perhaps a piece of the append behind that. */
  losePower(random: Random): { lost: number; torn: boolean } {
    if (this.file === 'cached' && this.synced === 0 && random.chance(0.5)) {
      const lost = this.entries.length;
      this.entries = [];
      this.#ends = [];
      this.torn = false;
      this.file = 'absent';
      return { lost, torn: false };
    }
    if (this.file === 'cached') this.file = 'durable';
    const unsynced = this.#ends.filter((end) => end > this.synced);
    const kept = random.int(unsynced.length + 1);
    const length = kept === 0 ? this.synced : unsynced[kept - 1]!;
    const lost = this.entries.length - length;
    this.torn = (lost > 0 || this.torn) && random.chance(0.5);
    this.entries = this.entries.slice(0, length);
    this.#ends = this.#ends.filter((end) => end <= length);
    this.synced = length;
    return { lost, torn: this.torn };
  }
}
