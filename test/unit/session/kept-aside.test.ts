/** What is copied beside a log, byte for byte, over a disk that gives and takes what it likes. */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeLine, encodeLines, logLineBytesMax } from '../../../src/session/log/line.ts';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { copyDamaged, cutTornTail, surveyLog } from '../../../src/session/log/repair.ts';
import { errno, session, tempFolder } from './log-rig.ts';
import { memoryDisk } from './memory-disk.ts';

function logWith(text: string, calls: Partial<LogDisk> = {}) {
  const path = join(tempFolder(), 'log');
  writeFileSync(path, text);
  const fd = openSync(path, 'r+');
  onTestFinished(() => closeSync(fd));
  const log = { path, fd, disk: { ...nodeDisk, ...calls } };
  const beside = (ending: string) => readFileSync(`${path}.${ending}`, 'utf8');
  return { log, beside };
}
/** A disk that gives so many bytes at first, and then all. */
const givesFirst = (first: number): Partial<LogDisk> => {
  let most = first;
  return {
    read(fd, bytes, length, position) {
      const count = nodeDisk.read(fd, bytes, Math.min(length, most), position);
      most = Number.MAX_SAFE_INTEGER;
      return count;
    },
  };
};
const text = 'before|damaged|behind';
const damaged = { from: 6, to: 15 };

describe('a damaged stretch', () => {
  it.each([1, 3, 8, 9, 99])(
    '[log.damaged-aside] is copied whole and no further, where the disk first gives %i bytes',
    (first) => {
      const { log, beside } = logWith(text, givesFirst(first));
      expect(copyDamaged(log, damaged)).toBe(`${log.path}.damaged-6`);
      expect(beside('damaged-6')).toBe('|damaged|');
    },
  );

  it.each([1, 3, 8, 9, 99])(
    '[log.damaged-aside] is found again, where the disk first gives %i bytes',
    (first) => {
      const { log } = logWith(text, givesFirst(first));
      writeFileSync(`${log.path}.damaged-6`, '|damaged|');
      expect(copyDamaged(log, damaged)).toBe(`${log.path}.damaged-6`);
      expect(existsSync(`${log.path}.damaged-6.1`)).toBe(false);
    },
  );

  it.each([
    ['its beginning', '|damaged'],
    ['it and more', '|damaged|behind'],
    ['nothing', ''],
    ['something else', '|Damaged|'],
  ])('[log.damaged-aside] goes beside a file that holds %s', (_, other) => {
    const { log, beside } = logWith(text);
    writeFileSync(`${log.path}.damaged-6`, other);
    expect(copyDamaged(log, damaged)).toBe(`${log.path}.damaged-6.1`);
    expect([beside('damaged-6'), beside('damaged-6.1')]).toEqual([other, '|damaged|']);
  });

  it('[log.damaged-aside] of which the log has lost the end meanwhile is copied as far as it is there', () => {
    const { log, beside } = logWith('before|dam');
    writeFileSync(`${log.path}.damaged-6`, '|damaged|');
    expect(copyDamaged(log, damaged)).toBe(`${log.path}.damaged-6.1`);
    expect(beside('damaged-6.1')).toBe('|dam');
  });

  it('[log.damaged-aside] a disk that cannot even take the half of it back is told as it is', () => {
    const { log } = logWith(text, {
      writeSync: () => {
        throw errno('ENOSPC');
      },
      remove: () => {
        throw errno('EROFS');
      },
    });
    expect(() => copyDamaged(log, damaged)).toThrow(/^EROFS/);
  });

  it('[log.damaged-aside] that is one line longer than a line may be has a shape that is none', async () => {
    const long = Buffer.alloc(logLineBytesMax + 1, 'x');
    long[long.length - 1] = 0x0a;
    const { line } = encodeLine({ seq: 1, time: 't', ...session() });
    const { file } = memoryDisk(Buffer.concat([long, line]));
    expect(await surveyLog(file)).toMatchObject({
      damaged: [{ from: 0, to: long.length, why: 'shape' }],
      firstEntry: { from: long.length, to: long.length + line.length },
    });
  });
});

it.each([1, 3, 99])(
  '[log.torn-kept] a tail is kept whole before it is cut, where the disk first gives %i bytes',
  (first) => {
    const { log, beside } = logWith(text, givesFirst(first));
    expect(cutTornTail(log, { from: 14, to: text.length })).toBe(`${log.path}.torn-1`);
    expect([beside('torn-1'), readFileSync(log.path, 'utf8')]).toEqual(['|behind', 'before|damaged']);
  },
);

describe('what a log is found to hold', () => {
  const entry = (seq: number) => ({ seq, time: 't', ...session() });
  const { line } = encodeLine(entry(1));
  const at = (count: number) => count * line.length;
  const survey = async (...lines: Buffer[]) => {
    const { index, sums, ...found } = await surveyLog(memoryDisk(Buffer.concat(lines)).file);
    return { ...found, marks: index.marks(), sums: sums.sums() };
  };

  it('[log.seq-breaks] a gap and a repeat, each at its place, and the highest number', async () => {
    const lines = [1, 5, 5, 6].map((seq) => encodeLine(entry(seq)).line);
    expect(await survey(...lines)).toEqual({
      size: at(4),
      committed: at(4),
      entries: 4,
      lastSeq: 6,
      firstEntry: { from: 0, to: at(1) },
      damaged: [],
      seqBreaks: [
        { offset: at(1), expected: 2, found: 5 },
        { offset: at(2), expected: 6, found: 5 },
      ],
      lastLineFrom: at(3),
      marks: { seqs: [1], offsets: [0], latest: [Number.POSITIVE_INFINITY], ofEvents: [true], sinceMark: 3 },
      sums: [crc32(Buffer.concat(lines))],
    });
  });

  it('[log.append-whole] an append counts with its last line, and damage with what stands behind it', async () => {
    const append = encodeLines([entry(2), entry(3)]).lines;
    const bad = Buffer.from('no line\n');
    const half = await survey(line, bad, append[0]!);
    expect(half).toMatchObject({ committed: at(1), entries: 1, lastSeq: 1, damaged: [] });
    expect(half.sums).toEqual([crc32(line)]);
    const to = at(1) + bad.length;
    const whole = await survey(line, bad, ...append, bad);
    expect(whole).toMatchObject({ committed: to + at(2), entries: 3, lastSeq: 3, seqBreaks: [] });
    expect(whole.damaged).toEqual([{ from: at(1), to, why: 'notJson' }]);
  });

  it('[checkpoint.fits] behind what is known of it only the rest is read, and comes to the same', async () => {
    const lines = [1, 2, 3].map((seq) => encodeLine(entry(seq)).line);
    const { file, asked } = memoryDisk(Buffer.concat(lines));
    const { size: _, ...known } = await surveyLog(memoryDisk(Buffer.concat(lines.slice(0, 2))).file);
    const found = await surveyLog(file, known);
    expect(Math.min(...asked.map(({ position }) => position))).toBe(at(2));
    const { sums, index, ...rest } = found;
    expect({ ...rest, marks: index.marks(), sums: sums.sums() }).toEqual(await survey(...lines));
  });

  it('[log.damaged-aside] damaged lines side by side are one stretch, others are not', async () => {
    const bad = Buffer.from('no line\n');
    const { damaged: found } = await survey(bad, bad, line, bad, encodeLine(entry(2)).line);
    const to = 3 * bad.length + at(1);
    expect(found).toEqual([
      { from: 0, to: 2 * bad.length, why: 'notJson' },
      { from: to - bad.length, to, why: 'notJson' },
    ]);
  });
});
