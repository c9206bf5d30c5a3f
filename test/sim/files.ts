/**
 * The disk of the simulated machine, as session logs ask for it: files by path, of which a loss of power
 * keeps what was synced, a random part of what was written since, and perhaps a piece of the write behind
 * that.
 */
import type { Random } from './random.ts';

/** No room: before anything is written, in the middle of a write, or now and then. */
export type Fullness = 'before' | 'partly' | 'flickering';

export class SimFile {
  path: string;
  #bytes = Buffer.alloc(1_024);
  size = 0;
  /** Bytes that survive a loss of power, whatever else does. */
  synced = 0;
  /** Its name is on disk. */
  named = false;
  removed = false;
  /** How often something was taken away or written over. */
  cuts = 0;
  /** Behind which byte each write ended that is not synced. */
  #ends: number[] = [];

  constructor(path: string) {
    this.path = path;
  }

  read(into: Uint8Array, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position));
    this.#bytes.copy(into, 0, position, position + count);
    return count;
  }

  whole(): Buffer {
    return this.#bytes.subarray(0, this.size);
  }

  write(bytes: Uint8Array, position: number): void {
    if (position < this.size) this.cuts += 1;
    const end = position + bytes.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.size);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, position);
    this.size = Math.max(this.size, end);
    this.#ends.push(end);
  }

  truncate(size: number): void {
    this.cuts += 1;
    this.size = size;
    this.synced = Math.min(this.synced, size);
    this.#ends = this.#ends.filter((end) => end <= size);
  }

  syncThrough(size: number): void {
    this.synced = Math.max(this.synced, Math.min(size, this.size));
    this.#ends = this.#ends.filter((end) => end > this.synced);
  }

  /** False where the file itself is gone. */
  losePower(random: Random): { stays: boolean; lost: number; torn: boolean } {
    if (!this.named && random.chance(0.5)) return { stays: false, lost: this.size, torn: false };
    this.named = true;
    const before = this.size;
    const kept = random.int(this.#ends.length + 1);
    const through = kept === 0 ? this.synced : (this.#ends[kept - 1] ?? this.synced);
    const next = this.#ends[kept] ?? before;
    const torn = next - through > 1 && random.chance(0.5);
    this.size = torn ? random.between(through + 1, next - 1) : through;
    this.synced = this.size;
    this.#ends = [];
    this.cuts += 1;
    return { stays: true, lost: before - this.size, torn };
  }
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
