/** What a checkpoint says of a log's bytes: a checksum for each piece of 4 MiB, whatever the appends were. */
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { PieceSums, pieceAt, sumOf, summedPieceBytes as piece } from '../../../src/session/log/piece-sums.ts';

const whole = Buffer.alloc(2 * piece + 1_000, 'What was said and done, in the order of its doing. ');
for (let at = 0; at < whole.length; at += 4_099) whole[at] = at % 251;

const sumsOf = (bytes: Buffer): number[] =>
  Array.from({ length: Math.ceil(bytes.length / piece) }, (_, n) =>
    crc32(bytes.subarray(n * piece, (n + 1) * piece)),
  );

/** A file that is these bytes, and says how many were read of it. */
function fileOf(bytes: Buffer, longest = Number.MAX_SAFE_INTEGER) {
  const read: number[] = [];
  const disk: typeof nodeDisk = {
    ...nodeDisk,
    read(_, into, length, position) {
      const count = bytes.copy(into, 0, position, position + Math.min(length, longest));
      read.push(count);
      return count;
    },
  };
  return { file: { fd: 0, disk }, readBytes: () => read.reduce((sum, count) => sum + count, 0) };
}

function taken(bytes: Buffer, chunk: number): PieceSums {
  const sums = new PieceSums();
  for (let at = 0; at < bytes.length; at += chunk) sums.take(bytes.subarray(at, at + chunk));
  return sums;
}

it.each([1_000_003, piece - 1, piece, piece + 1, whole.length])(
  '[checkpoint.pieces] in appends of %i bytes they come to the pieces of the file',
  (chunk) => {
    const sums = taken(whole, chunk);
    expect(sums.sums()).toEqual(sumsOf(whole));
    expect(sums.size).toBe(whole.length);
  },
);

it('[checkpoint.pieces] go on behind what a checkpoint has said', () => {
  for (const at of [1, piece - 1, piece, piece + 1, 2 * piece]) {
    const sums = new PieceSums({ sums: sumsOf(whole.subarray(0, at)), size: at });
    sums.take(whole.subarray(at));
    expect(sums.sums(), `behind ${at}`).toEqual(sumsOf(whole));
  }
});

it('[checkpoint.pieces] are those of the shorter file where an append was taken back, for one piece read', () => {
  for (const size of [0, 1, piece - 1, piece, piece + 1, 2 * piece, whole.length - 1]) {
    const sums = taken(whole, whole.length);
    const { file, readBytes } = fileOf(whole);
    sums.cutTo(file, size);
    expect([sums.sums(), sums.size], `cut to ${size}`).toEqual([sumsOf(whole.subarray(0, size)), size]);
    expect(readBytes(), `cut to ${size}`).toBe(size % piece);
    sums.take(whole.subarray(size));
    expect(sums.sums(), `behind ${size}`).toEqual(sumsOf(whole));
  }
});

it('[checkpoint.pieces] stay where the file is no shorter, and are not the list that was given', () => {
  const given = sumsOf(whole);
  const sums = new PieceSums({ sums: given, size: whole.length });
  const { file, readBytes } = fileOf(whole);
  sums.cutTo(file, whole.length);
  sums.cutTo(file, whole.length + 1);
  expect([sums.sums(), sums.size, readBytes()]).toEqual([sumsOf(whole), whole.length, 0]);
  sums.sums().push(7);
  sums.take(Buffer.from('more'));
  expect(given).toEqual(sumsOf(whole));
  expect(sums.sums()).toEqual(sumsOf(Buffer.concat([whole, Buffer.from('more')])));
});

it('[checkpoint.pieces] of a file that gives a few bytes at a time, and of one that has ended', () => {
  const small = whole.subarray(0, 700_000);
  const { file } = fileOf(small, 4_000);
  expect(sumOf(file, { from: 100, to: 600_000 })).toBe(crc32(small.subarray(100, 600_000)));
  expect(sumOf(file, { from: 100, to: 900_000 })).toBe(crc32(small.subarray(100)));
  expect(sumOf(file, { from: 100, to: 100 })).toBe(0);
  expect([pieceAt(0, 10), pieceAt(0, piece), pieceAt(1, piece + 5), pieceAt(2, 9 * piece)]).toEqual([
    { from: 0, to: 10 },
    { from: 0, to: piece },
    { from: piece, to: piece + 5 },
    { from: 2 * piece, to: 3 * piece },
  ]);
});
