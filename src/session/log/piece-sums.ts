/**
 * Checksums of a log's pieces of 4 MiB, kept as the file grows: what a checkpoint says of the bytes that it
 * was made from, so that an opening can sample them.
 */
import { crc32 } from 'node:zlib';
import type { LogFile, Region } from './log-disk.ts';

export const summedPieceBytes = 4 * 1024 * 1024;
const readBytes = 256 * 1024;

/** Takes the bytes of a file in order, from its beginning. */
export class PieceSums {
  /** Of each piece, the last of them as far as it goes. */
  #sums: number[];
  #size: number;

  constructor(known: { readonly sums: readonly number[]; readonly size: number } = { sums: [], size: 0 }) {
    this.#sums = [...known.sums];
    this.#size = known.size;
  }

  get size(): number {
    return this.#size;
  }

  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const index = Math.floor(this.#size / summedPieceBytes);
      const count = Math.min(bytes.length - at, (index + 1) * summedPieceBytes - this.#size);
      this.#sums[index] = crc32(bytes.subarray(at, at + count), this.#sums[index] ?? 0);
      this.#size += count;
      at += count;
    }
  }

  sums(): number[] {
    return [...this.#sums];
  }

  /** The file is shorter now. Reads at most one piece of it. */
  cutTo(file: LogFile, size: number): void {
    if (size >= this.#size) return;
    const index = Math.floor(size / summedPieceBytes);
    this.#sums = this.#sums.slice(0, index);
    this.#size = index * summedPieceBytes;
    const region = { from: this.#size, to: size };
    if (region.from < region.to) this.#sums.push(sumOf(file, region));
    this.#size = size;
  }
}

/** Of a region as it is in the file now. Throws the file system's error. */
export function sumOf({ disk, fd }: LogFile, region: Region): number {
  const bytes = Buffer.allocUnsafe(Math.max(1, Math.min(readBytes, region.to - region.from)));
  let sum = 0;
  for (let at = region.from; at < region.to;) {
    const count = disk.read(fd, bytes, Math.min(bytes.length, region.to - at), at);
    if (count === 0) return sum;
    sum = crc32(bytes.subarray(0, count), sum);
    at += count;
  }
  return sum;
}

/** The piece with this number of a file that is so long. */
export function pieceAt(index: number, size: number): Region {
  return { from: index * summedPieceBytes, to: Math.min(size, (index + 1) * summedPieceBytes) };
}
