/**
 * How the bytes of a log are taken: over a disk that gives few bytes at a time, at every edge of a piece, a
 * region and a line.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { encodeLine, logLineBytesMax } from '../../../src/session/log/line.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import {
  type DamagedRegion,
  type Region,
  findSeq,
  linesByPiece,
  pieceBytes,
  readEntries,
  readPieces,
  tailEntries,
} from '../../../src/session/log/read-log.ts';
import { SeqIndex } from '../../../src/session/log/seq-index.ts';
import { PieceSums } from '../../../src/session/log/piece-sums.ts';
import { tempFolder } from './log-rig.ts';
import { memoryDisk } from './memory-disk.ts';

afterEach(() => vi.restoreAllMocks());

const entry = (seq: number, text = ''): Entry => ({
  seq,
  time: 't',
  type: 'alert',
  level: 'error',
  code: 'x',
  text,
});
const lineOf = (seq: number, text = '') => encodeLine(entry(seq, text)).line;
/** A line of exactly so many bytes, newline included. */
const sized = (seq: number, bytes: number) => lineOf(seq, 'x'.repeat(bytes - lineOf(seq).length));
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('lines by the piece', () => {
  const lines = (text: string, region: Region, takes: number[]) => {
    const { file, asked } = memoryDisk(Buffer.from(text), takes);
    const found: unknown[] = [];
    // The buffers are only good until the next piece is asked for.
    for (const piece of linesByPiece(file, region))
      found.push(piece.map(({ from, to, bytes }) => [from, to, bytes?.toString()]));
    return { found, asked };
  };
  const text = 'ab\ncd\nefg\nh\nrest';

  it.each<[string, Region, number[], unknown[]]>([
    [
      'all at once',
      { from: 0, to: text.length },
      [99],
      [
        [
          [0, 3, 'ab'],
          [3, 6, 'cd'],
          [6, 10, 'efg'],
          [10, 12, 'h'],
        ],
      ],
    ],
    [
      'with ends of lines left in the buffer by the piece before',
      { from: 0, to: text.length },
      [6, 2, 2, 99],
      [
        [
          [0, 3, 'ab'],
          [3, 6, 'cd'],
        ],
        [],
        [[6, 10, 'efg']],
        [[10, 12, 'h']],
      ],
    ],
    [
      'of a region, and nothing behind it',
      { from: 3, to: 10 },
      [1, 99],
      [
        [],
        [
          [3, 6, 'cd'],
          [6, 10, 'efg'],
        ],
      ],
    ],
    ['of nothing', { from: 3, to: 3 }, [99], []],
    ['of a file that ends before', { from: 10, to: 99 }, [99], [[[10, 12, 'h']]]],
  ])('[log.pieces] %s', (_, region, takes, wanted) => {
    const { found, asked } = lines(text, region, takes);
    expect(found).toEqual(wanted);
    for (const { length, position } of asked) expect(position + length).toBeLessThanOrEqual(region.to);
  });

  it.each([
    ['as long as a line may be', logLineBytesMax, logLineBytesMax - 1],
    ['longer than that', logLineBytesMax + 1, null],
    ['much longer', 3 * logLineBytesMax, null],
  ])('[log.pieces] a line %s, and one behind it', (_, length, kept) => {
    const bytes = Buffer.alloc(length + 2, 'x');
    bytes[length - 1] = bytes[length + 1] = 0x0a;
    const { file } = memoryDisk(bytes);
    const found = [...linesByPiece(file, { from: 0, to: bytes.length })].flat();
    expect(found.map(({ from, to, bytes: own }) => [from, to, own?.length ?? null])).toEqual([
      [0, length, kept],
      [length, length + 2, 1],
    ]);
  });

  it('[log.read-memory] of a line without an end no more is kept than a line may have', () => {
    const { file } = memoryDisk({ length: 12 * logLineBytesMax });
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for (const _ of linesByPiece(file, { from: 0, to: 12 * logLineBytesMax }))
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    expect(most).toBeLessThan(3 * logLineBytesMax);
  });
});

it('[checkpoint.fits] each byte of a region is summed once, also that of no whole line', () => {
  const bytes = Buffer.from('ab\ncd\nefg');
  const sums = new PieceSums();
  const { file } = memoryDisk(bytes, [4, 2, 99]);
  expect([...linesByPiece(file, { from: 0, to: 9 }, sums)].flat().length).toBe(2);
  expect([sums.size, sums.sums()]).toEqual([9, [crc32(bytes)]]);
});

it('[log.damaged-aside] a damaged stretch is told with its place and what is wrong, before what follows', async () => {
  const bad = Buffer.from('no line\n');
  const { disk } = memoryDisk(Buffer.concat([lineOf(1), bad, lineOf(2)]));
  const told: (DamagedRegion | number)[] = [];
  for await (const read of readEntries('', { disk, onDamaged: (region) => void told.push(region) }))
    told.push(read.entry.seq);
  const from = lineOf(1).length;
  expect(told).toEqual([1, { from, to: from + bad.length, why: 'notJson' }, 2]);
});

it('[log.damaged-aside] and passed over where nobody asks; a line that is too long has no shape', async () => {
  const long = Buffer.alloc(logLineBytesMax + 1, 'x');
  long[long.length - 1] = 0x0a;
  const { disk } = memoryDisk(Buffer.concat([long, lineOf(1)]));
  const seqs: number[] = [];
  for await (const read of readEntries('', { disk })) seqs.push(read.entry.seq);
  const told: DamagedRegion[] = [];
  const onDamaged = (region: DamagedRegion) => void told.push(region);
  for await (const read of readEntries('', { disk, onDamaged })) seqs.push(read.entry.seq);
  expect([seqs, told]).toEqual([[1, 1], [{ from: 0, to: long.length, why: 'shape' }]]);
});

describe('the tail of a log', () => {
  function logOf(lines: Buffer[]) {
    const path = join(tempFolder(), 'log');
    writeFileSync(path, Buffer.concat(lines));
    const cost = { bytes: 0, open: 0 };
    const { read, open, close } = nodeDisk;
    vi.spyOn(nodeDisk, 'read').mockImplementation((fd, bytes, length, position) => {
      const count = read(fd, bytes, length, position);
      cost.bytes += count;
      return count;
    });
    vi.spyOn(nodeDisk, 'open').mockImplementation((file) => {
      cost.open += 1;
      return open(file);
    });
    vi.spyOn(nodeDisk, 'close').mockImplementation((fd) => {
      cost.open -= 1;
      close(fd);
    });
    return {
      tail: async (count: number) => (await tailEntries(path, count)).map(({ entry: { seq } }) => seq),
      cost,
    };
  }
  const kib = 1_024;
  /** One look at the window's beginning, and the window. */
  const window = 2 * pieceBytes + 1;

  it.each<[string, number[], number, number]>([
    ['one of many', Array.from({ length: 2_000 }, () => kib), 1, window],
    ['as many as a window that begins with a line', Array.from({ length: 2_000 }, () => kib), 256, window],
    ['as many as a window has whole', Array.from({ length: 12 }, () => 100 * kib), 2, window],
    ['one more than that', Array.from({ length: 60 }, () => 100 * kib), 3, window + 5 * pieceBytes],
    ['all of a short log', [200, 300, 400], 3, 900],
    ['more than there are', [200, 300, 400], 4, 900],
    ['one that is longer than the window', [200, 300 * kib], 1, 301 * kib + window],
  ])('[log.tail] %s, at the cost of its end', async (_, sizes, count, bytesMax) => {
    const { tail, cost } = logOf(sizes.map((bytes, index) => sized(index + 1, bytes)));
    expect(await tail(count)).toEqual(upTo(sizes.length).slice(-count));
    expect(cost.bytes).toBeLessThanOrEqual(bytesMax);
    expect(cost.open).toBe(0);
  });

  it('[log.tail] of nothing costs nothing', async () => {
    const { tail, cost } = logOf([lineOf(1)]);
    expect([await tail(0), await tail(-1), cost.bytes]).toEqual([[], [], 0]);
  });
});

describe('pieces for an observer', () => {
  const shown = (
    text: string,
    region: Region & { skip?: Region[]; pieceBytes?: number },
    takes: number[] = [99],
  ) => {
    const { file } = memoryDisk(Buffer.from(text), takes);
    return [...readPieces(file, region)].map(({ bytes, end }) => [bytes.toString(), end]);
  };
  const text = 'ab\ncd\nefghijk\nl\n';

  it.each<[string, Parameters<typeof shown>, unknown[]]>([
    ['all', [text, { from: 0, to: 16 }], [[text, 16]]],
    ['no more than the region', [text, { from: 3, to: 6 }], [['cd\n', 6]]],
    ['nothing of nothing', [text, { from: 3, to: 3 }], []],
    [
      'as many whole lines as a piece holds, a longer one alone',
      [text, { from: 0, to: 16, pieceBytes: 7 }],
      [
        ['ab\ncd\n', 6],
        ['efghijk\n', 14],
        ['l\n', 16],
      ],
    ],
    [
      'a line that is longer than two pieces',
      [text, { from: 6, to: 16, pieceBytes: 2 }],
      [
        ['efghijk\n', 14],
        ['l\n', 16],
      ],
    ],
    [
      'what is around holes, at either end as well',
      [
        text,
        {
          from: 0,
          to: 16,
          skip: [
            { from: 0, to: 3 },
            { from: 6, to: 14 },
          ],
        },
      ],
      [
        ['cd\n', 6],
        ['l\n', 16],
      ],
    ],
    [
      'what is left of a region between holes before, across and behind it',
      [
        text,
        {
          from: 3,
          to: 14,
          skip: [
            { from: 0, to: 3 },
            { from: 6, to: 14 },
            { from: 14, to: 16 },
          ],
        },
      ],
      [['cd\n', 6]],
    ],
    ['nothing that has no end yet', ['ab\ncd', { from: 3, to: 5 }], []],
    ['nothing that has none in this region', [text, { from: 6, to: 10, pieceBytes: 2 }], []],
    ['nothing behind the end of the file', ['ab\n', { from: 0, to: 16 }], [['ab\n', 3]]],
    ['nor half a line there', ['ab\ncd', { from: 3, to: 16, pieceBytes: 2 }], []],
    [
      'what came, where the disk gives less than was asked',
      [text, { from: 0, to: 16 }, [4, 99]],
      [
        ['ab\n', 3],
        ['cd\nefghijk\nl\n', 16],
      ],
    ],
    ['no bytes that the disk did not give', [text, { from: 6, to: 16, pieceBytes: 4 }, [4, 3, 99]], []],
  ])('[log.pieces] %s', (_, asked, wanted) => {
    expect(shown(...asked)).toEqual(wanted);
  });
});

const at = (latestMs: number) => ({ latestMs, isOfEvents: false });
const anyTime = at(Number.POSITIVE_INFINITY);

describe('where a number stands', () => {
  it('[log.offset-of-seq] a mark stands at the first entry, and at every 256th behind it', () => {
    const index = new SeqIndex();
    expect(index.floor(1)).toBe(0);
    for (const seq of upTo(1_000)) index.note(seq, seq * 10, anyTime);
    const floors = [0, 1, 256, 257, 512, 513, 768, 769, 5_000].map((seq) => index.floor(seq));
    expect(floors).toEqual([0, 10, 10, 2_570, 2_570, 5_130, 5_130, 7_690, 7_690]);
  });

  it('[log.offset-of-seq] or 256 KiB behind the last one', () => {
    const index = new SeqIndex();
    const offsets = [0, pieceBytes - 1, pieceBytes, 2 * pieceBytes - 1, 2 * pieceBytes, 3 * pieceBytes - 1];
    offsets.push(9 * pieceBytes);
    for (const [at, offset] of offsets.entries()) index.note(at + 1, offset, anyTime);
    expect(upTo(8).map((seq) => index.floor(seq) / pieceBytes)).toEqual([0, 0, 1, 1, 2, 2, 9, 9]);
  });

  it('[log.offset-of-seq] an index that is made of another’s marks goes on as that one', () => {
    const index = new SeqIndex();
    for (const seq of upTo(300)) index.note(seq, seq * 10, at(seq));
    const marks = index.marks();
    const again = new SeqIndex(marks);
    for (const seq of upTo(600).slice(300))
      for (const one of [index, again]) one.note(seq, seq * 10, at(seq));
    expect(marks).toEqual({
      seqs: [1, 257],
      offsets: [10, 2_570],
      latest: [256, 300],
      ofEvents: [false, false],
      sinceMark: 43,
    });
    expect(again.marks()).toEqual(index.marks());
    expect(again.marks().seqs).toEqual([1, 257, 513]);
  });

  it('[log.offset-of-seq] never at a number that is repeated', () => {
    const index = new SeqIndex();
    for (const seq of [1, 2, 3]) index.note(seq, seq * pieceBytes, anyTime);
    for (const seq of [3, 2, 1]) index.note(seq, (10 - seq) * pieceBytes, anyTime);
    index.note(4, 20 * pieceBytes, anyTime);
    expect(upTo(4).map((seq) => index.floor(seq) / pieceBytes)).toEqual([1, 2, 3, 20]);
  });

  it('[log.offset-of-seq] is its line, or that of the next higher one; damage is passed over', () => {
    const long = Buffer.alloc(logLineBytesMax + 1, 'x');
    long[long.length - 1] = 0x0a;
    const parts = [lineOf(3), Buffer.from('no line\n'), long, lineOf(4), lineOf(7)];
    const { file } = memoryDisk(Buffer.concat(parts));
    const at = parts.map((_, index) => Buffer.concat(parts.slice(0, index)).length);
    const to = Buffer.concat(parts).length;
    const found = [1, 3, 4, 5, 7, 8].map((seq) => findSeq(file, { from: 0, to }, seq));
    expect(found).toEqual([0, 0, at[3], at[4], at[4], to]);
  });
});
