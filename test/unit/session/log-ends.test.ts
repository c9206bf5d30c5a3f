/**
 * How an open log answers at its ends: given up, closed, full, moved away; and where it finds its entries.
 */
import { openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { AppendLog } from '../../../src/session/log/append-log.ts';
import { encodeLine } from '../../../src/session/log/line.ts';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { LogMeasure } from '../../../src/session/log/log-measure.ts';
import { notedOf, SeqIndex } from '../../../src/session/log/seq-index.ts';
import { surveyOfNothing } from '../../../src/session/log/repair.ts';
import type { StorageFailed } from '../../../src/session/log/storage-failed.ts';
import { alert, errno, failure, newLog, opened, place, session } from './log-rig.ts';

const thrown = (call: () => unknown): unknown => {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('it was to throw');
};

describe('a log at its end', () => {
  it.each([
    ['ENOSPC', false, 'free some space; nothing was lost, it can be tried again'],
    ['EDQUOT', false, 'free some space; nothing was lost, it can be tried again'],
    ['EAGAIN', false, 'nothing was written, it can be tried again'],
    ['EIO', true, 'the disk is failing; save what is in this folder'],
  ])('[log.end-words] a write that fails with %s', async (code, fatal, advice) => {
    const at = await place();
    const writeSync = () => {
      throw errno(code);
    };
    const log = newLog(at, { disk: { ...nodeDisk, writeSync } });
    expect(thrown(() => log.append([session()]))).toMatchObject({
      name: 'StorageFailed',
      message: `writing to ${at.path} failed (${code}): ${advice}`,
      fatal,
      errno: code,
      cause: { code },
    });
    expect([log.size, log.lastSeq]).toEqual([0, 0]);
  });

  it('[log.end-words] a disk that takes nothing and gives no reason', async () => {
    const at = await place();
    const log = newLog(at, { disk: { ...nodeDisk, writeSync: () => 0 } });
    expect(thrown(() => log.append([session()]))).toMatchObject({
      message: `writing to ${at.path} failed (Error: the disk took no bytes and gave no reason): nothing was written, it can be tried again`,
      fatal: false,
      errno: null,
    });
  });

  it('[log.end-words] lines that cannot be taken back, and a sync that fails', async () => {
    const at = await place();
    const fail = (code: string) => () => {
      throw errno(code);
    };
    const log = newLog(at, {
      disk: { ...nodeDisk, writeSync: fail('ENOSPC'), ftruncateSync: fail('EPERM') },
    });
    expect(thrown(() => log.append([session()]))).toMatchObject({
      message: `writing to ${at.path} failed (ENOSPC): and the half-written lines could not be removed; repair the disk, then restore the pod`,
      fatal: true,
    });
    const other = await place();
    const fdatasync: LogDisk['fdatasync'] = (_fd, done) => done(errno('EIO'));
    const unsynced = newLog(other, { disk: { ...nodeDisk, fdatasync } });
    unsynced.append([session()]);
    expect(await failure(unsynced.whenDurable())).toMatchObject({
      message: `making durable ${other.path} failed (EIO): what was not durable yet is in doubt; check the disk, then restore the pod`,
      fatal: true,
    });
  });

  it('[log.given-up] every call fails with the reason, the owner hears of it once, and it is closed all the same', async () => {
    const at = await place();
    const fatal: StorageFailed[] = [];
    let closed = 0;
    const close: LogDisk['close'] = (fd) => {
      closed += 1;
      nodeDisk.close(fd);
    };
    const log = newLog(at, { disk: { ...nodeDisk, close }, onFatal: (error) => fatal.push(error) });
    log.append([session()]);
    const why = { doing: 'looking for', advice: 'put it back', cause: 'it is gone' };
    log.giveUp(why);
    log.giveUp({ ...why, advice: 'no' });
    expect(fatal.map(({ message }) => message)).toEqual([
      `looking for ${at.path} failed (it is gone): put it back`,
    ]);
    expect(thrown(() => log.append([alert('a')]))).toBe(fatal[0]);
    expect(await failure(log.whenDurable(0))).toBe(fatal[0]);
    renameSync(at.path, `${at.path}.away`);
    expect(log.whereabouts()).toBe('inPlace');
    await log.close();
    expect([closed, log.durableSize]).toEqual([1, 0]);
    expect(thrown(() => log.append([alert('a')]))).toBe(fatal[0]);
  });

  it.each([
    ['fails as well', errno('EIO')],
    ['succeeds', null],
  ])('[log.given-up] a sync that was under way and %s changes nothing any more', async (_, outcome) => {
    const fatal: StorageFailed[] = [];
    const syncs: ((error: Error | null) => void)[] = [];
    const fdatasync: LogDisk['fdatasync'] = (_fd, done) => void syncs.push(done);
    const log = newLog(await place(), {
      disk: { ...nodeDisk, fdatasync },
      onFatal: (error) => fatal.push(error),
    });
    log.append([session()]);
    const waiting = failure(log.whenDurable());
    log.giveUp({ doing: 'looking for', advice: 'put it back', cause: 'it is gone' });
    for (const sync of syncs) sync(outcome);
    expect([fatal.length, await waiting, log.durableSize]).toEqual([1, fatal[0], 0]);
    expect(await failure(log.whenDurable())).toBe(fatal[0]);
  });

  it('[log.whereabouts] in place, moved or deleted; once it is closed nobody asks', async () => {
    const at = await place();
    const log = newLog(at);
    expect(log.whereabouts()).toBe('inPlace');
    renameSync(at.path, `${at.path}.away`);
    expect(log.whereabouts()).toBe('moved');
    rmSync(`${at.path}.away`);
    expect(log.whereabouts()).toBe('deleted');
    const closing = log.close();
    expect(log.whereabouts()).toBe('inPlace');
    await closing;
    expect(log.whereabouts()).toBe('inPlace');
    log.giveUp({ doing: 'x', advice: 'y', cause: 'z' });
    expect(thrown(() => log.append([alert('a')]))).toMatchObject({
      name: 'LogClosed',
      message: `the session log ${at.path} is closed: open it again before appending`,
    });
  });

  it('[log.close-settles] what is durable stays so, and what is behind the end is a mistake', async () => {
    const at = await place();
    const log = newLog(at);
    expect(log.durableSize).toBe(0);
    const { end } = log.append([session()]);
    expect(await failure(log.whenDurable(end + 1))).toMatchObject({
      name: 'RangeError',
      message: `offset ${end + 1} is behind the log's end, ${end}`,
    });
    await log.close();
    expect(log.durableSize).toBe(end);
    await log.whenDurable(end);
    expect(await failure(log.whenDurable(end + 1))).toMatchObject({ name: 'LogClosed' });
  });

  it('[log.append-observed] an observer that throws leaves the log ready for the next append', async () => {
    const log = newLog(await place());
    const heard: number[] = [];
    const stop = log.onAppend(() => {
      throw new Error('an observer');
    });
    log.onAppend(({ entries }) => heard.push(entries.length));
    expect(() => log.append([session()])).toThrow('an observer');
    stop();
    expect(log.append([alert('a'), alert('b')]).entries.map(({ seq }) => seq)).toEqual([2, 3]);
    log.append([]);
    expect(heard).toEqual([2]);
    expect(() => log.onAppend(() => log.append([]))()).not.toThrow();
  });

  it('[log.append-order] each entry has the time of its append', async () => {
    const times = ['t1', 't2'];
    const clock = { wallTime: () => times.shift() ?? '' };
    const log = newLog(await place(), { clock: clock as never });
    expect(log.append([session(), alert('a')]).entries.map(({ time }) => time)).toEqual(['t1', 't1']);
    expect(log.append([alert('b')]).entries.map(({ time }) => time)).toEqual(['t2']);
  });

  it('[log.offset-of-seq] each entry is noted with its place, and for one that is not there yet nothing is read', async () => {
    const at = await place();
    const noted: unknown[][] = [];
    const index = new SeqIndex();
    vi.spyOn(index, 'note').mockImplementation((...one) => void noted.push(one));
    const read = () => {
      throw new Error('it was read');
    };
    const options = { size: 0, lastSeq: 0, index, damaged: [], disk: { ...nodeDisk, read } };
    const log = new AppendLog({ path: at.path, fd: openSync(at.path, 'w+'), ...options });
    const first = log.append([session(), alert('a')]);
    const { from, lines } = log.append([alert('b')]);
    expect(noted).toEqual([
      [1, 0, notedOf(first.lines[0]!)],
      [2, first.lines[0]!.length, notedOf(first.lines[1]!)],
      [3, from, notedOf(lines[0]!)],
    ]);
    expect(log.offsetOfSeq(4)).toBe(log.size);
    await log.close();
  });

  it('[checkpoint.fits] a log that is measured says what it is now, while it is open and holds something', async () => {
    const at = await place();
    const fd = openSync(at.path, 'w+');
    const index = new SeqIndex();
    const disk = nodeDisk;
    const known = { size: 0, lastSeq: 0, damaged: [], disk };
    const measure = new LogMeasure(surveyOfNothing());
    const log = new AppendLog({ path: at.path, fd, index, measure, ...known });
    expect(log.now()).toBeNull();
    const { bytes } = log.append([session(), alert('a')]);
    expect(log.now()).toEqual({
      ...measure.now(),
      file: { fd, disk },
      size: bytes.length,
      seq: 2,
      index: index.marks(),
    });
    expect(log.now()).toMatchObject({ entries: 2, pieces: [crc32(bytes)] });
    log.giveUp({ doing: 'x', advice: 'y', cause: 'z' });
    expect(log.now()).toBeNull();
    await log.close();
    const plain = new AppendLog({ path: at.path, fd: openSync(at.path, 'w+'), index, ...known });
    plain.append([session()]);
    expect(plain.now()).toBeNull();
    await plain.close();
  });

  it('[log.pieces] of a region, without what is damaged', async () => {
    const at = await place();
    const lines = [1, 2, 3].map((seq) => encodeLine({ seq, time: 't', ...session() }).line);
    const parts = [lines[0]!, Buffer.from('no line\n'), lines[1]!, lines[2]!];
    writeFileSync(at.path, Buffer.concat(parts));
    const { log } = await opened(at);
    const to = log.size - lines[2]!.length;
    const shown = [...log.pieces({ from: 0, to })].map(({ bytes }) => bytes);
    expect(Buffer.concat(shown)).toEqual(Buffer.concat(lines.slice(0, 2)));
  });

  it('[log.offset-of-seq] of a few hundred short and long lines', async () => {
    const log = newLog(await place());
    const offsets: number[] = [];
    log.onAppend(({ from, lines }) => {
      let offset = from;
      for (const line of lines) {
        offsets.push(offset);
        offset += line.length;
      }
    });
    expect([log.offsetOfSeq(1), log.offsetOfSeq(0)]).toEqual([0, 0]);
    log.append(Array.from({ length: 600 }, (_, i) => alert('x'.repeat(i % 300 === 0 ? 150_000 : i % 40))));
    for (const seq of [1, 2, 255, 256, 257, 258, 300, 301, 302, 512, 513, 514, 599, 600])
      expect(log.offsetOfSeq(seq)).toBe(offsets[seq - 1]);
    expect([log.offsetOfSeq(0), log.offsetOfSeq(601)]).toEqual([0, log.size]);
  });
});
