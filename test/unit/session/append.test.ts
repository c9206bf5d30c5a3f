import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/std/json.ts';
import { EntryTooLong } from '../../../src/session/log/line.ts';
import { LogClosed, StorageFailed } from '../../../src/session/log/storage-failed.ts';
import type { Appended } from '../../../src/session/log/append-log.ts';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import {
  alert,
  canMountTmpfs,
  errno,
  failure,
  newLog,
  opened,
  place,
  readSeqs,
  script,
  seqsOf,
  session,
  start,
  tinyDisk,
} from './log-rig.ts';

/** A disk whose syncs end when the test says so. */
function heldDisk(): { disk: LogDisk; syncs: ((error: Error | null) => void)[] } {
  const syncs: ((error: Error | null) => void)[] = [];
  return { syncs, disk: { ...nodeDisk, fdatasync: (_fd, done) => void syncs.push(done) } };
}

/** Which of the promises have settled by now, and how. */
async function states(promises: Promise<void>[]): Promise<string[]> {
  const seen = promises.map(() => 'pending');
  for (const [i, promise] of promises.entries()) {
    promise.then(
      () => (seen[i] = 'durable'),
      (error: unknown) => (seen[i] = error instanceof Error ? error.name : String(error)),
    );
  }
  await new Promise((resolve) => setImmediate(resolve));
  return seen;
}

describe('appending', () => {
  it('[log.append-order] numbers 1, 2, 3 …, in the order of the calls, the same when read back', async () => {
    const at = await place();
    const log = newLog(at);
    const first = log.append([session(), alert('a')]);
    const second = log.append([alert('b')]);
    expect([...first.entries, ...second.entries].map((entry) => entry.seq)).toEqual([1, 2, 3]);
    expect(log.append([]).entries).toEqual([]);
    expect([first.from, first.end, second.end]).toEqual([0, second.from, log.size]);
    expect(readFileSync(at.path)).toEqual(Buffer.concat([first.bytes, second.bytes]));
    await log.close();
    const open = await opened(at);
    const read = [];
    for await (const entry of open.entries()) read.push(entry);
    expect(read).toEqual([...first.entries, ...second.entries]);
    expect(open.log.append([alert('c')]).entries[0]!.seq).toBe(4);
  });

  it('[log.append-observed] an observer is handed each append once, as the bytes of the file, and cannot append', async () => {
    const at = await place();
    const log = newLog(at);
    const seen: Appended[] = [];
    const stop = log.onAppend((appended) => seen.push(appended));
    const made = [log.append([session(), alert('a')]), log.append([alert('b')])];
    expect(seen).toEqual(made);
    expect(seen[0]!.bytes).toBe(made[0]!.bytes);
    expect(Buffer.concat(seen.flatMap((appended) => appended.lines))).toEqual(readFileSync(at.path));
    stop();
    log.append([alert('c')]);
    expect(seen).toHaveLength(2);
    log.onAppend(() => log.append([alert('d')]));
    expect(() => log.append([alert('e')])).toThrow(/from an observer/);
  });

  it('[log.append-bug] what cannot be serialised or is too long leaves the log as it was', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session()]);
    const { size } = log;
    const cycle: JsonObject = {};
    cycle.self = cycle;
    expect(() => log.append([alert('fine'), session({ settings: cycle })])).toThrow(TypeError);
    expect(() => log.append([alert('x'.repeat(9_000_000))])).toThrow(EntryTooLong);
    expect(log.size).toBe(size);
    expect(log.append([alert('next')]).entries[0]!.seq).toBe(2);
    expect((await readSeqs(at.path)).seqs).toEqual([1, 2]);
  });

  it('[log.short-write] writes that take only a few bytes are gone on with', async () => {
    const at = await place();
    let calls = 0;
    const writeSync: LogDisk['writeSync'] = (fd, bytes, position) => {
      calls += 1;
      return nodeDisk.writeSync(fd, bytes.subarray(0, 7), position);
    };
    const log = newLog(at, { disk: { ...nodeDisk, writeSync } });
    log.append([session(), alert('a')]);
    log.append([alert('b')]);
    expect(calls).toBeGreaterThan(50);
    expect((await readSeqs(at.path)).seqs).toEqual([1, 2, 3]);
  });
});

describe('a full disk', () => {
  it('[log.full-disk] a write cut short anywhere is taken back, and goes through when there is space', async () => {
    const at = await place();
    let room = Infinity;
    const writeSync: LogDisk['writeSync'] = (fd, bytes, position) => {
      if (room === 0) throw errno('ENOSPC');
      const taken = nodeDisk.writeSync(fd, bytes.subarray(0, room), position);
      room -= taken;
      return taken;
    };
    const log = newLog(at, { disk: { ...nodeDisk, writeSync } });
    log.append([session()]);
    const seen: Appended[] = [];
    log.onAppend((appended) => seen.push(appended));
    const before = readFileSync(at.path);
    for (let bytes = 0; bytes < 250; bytes += 1) {
      room = bytes;
      expect(() => log.append([alert('a'), alert('b')])).toThrow(
        expect.objectContaining({ name: 'StorageFailed', errno: 'ENOSPC', path: at.path, fatal: false }),
      );
      expect(readFileSync(at.path)).toEqual(before);
    }
    expect(() => log.append([alert('a')])).toThrow(/free some space/);
    expect(seen).toEqual([]);
    room = Infinity;
    expect(log.append([alert('a'), alert('b')]).entries.map((entry) => entry.seq)).toEqual([2, 3]);
    await log.whenDurable();
    expect((await readSeqs(at.path)).seqs).toEqual([1, 2, 3]);
  });

  it('[log.file-limit] a limit of a file’s size is named, with what raises it', async () => {
    const at = await place();
    const writeSync = () => {
      throw errno('EFBIG');
    };
    const log = newLog(at, { disk: { ...nodeDisk, writeSync } });
    expect(() => log.append([session()])).toThrow(
      /failed \(EFBIG\): the limit of a file's size \(ulimit -f\) is reached; raise it for this process \(prlimit --fsize\), or stop/,
    );
  });

  it.skipIf(!canMountTmpfs)('[log.full-disk] the same on a disk of 16 KiB', async () => {
    const folder = tinyDisk();
    const at = await place(folder);
    const log = newLog(at);
    log.append([session()]);
    const grow = (): void => {
      for (;;) log.append([alert('x'.repeat(300)), alert('y'.repeat(300))]);
    };
    expect(grow).toThrow(expect.objectContaining({ name: 'StorageFailed', errno: 'ENOSPC', fatal: false }));
    const { lastSeq, size } = log;
    expect(statSync(at.path).size).toBe(size);
    expect(lastSeq).toBeGreaterThan(10);
    await log.close();
    const open = await opened(at);
    expect(open.report.torn).toBeNull();
    expect(await seqsOf(open)).toEqual(Array.from({ length: lastSeq }, (_, i) => i + 1));
  });
});

describe('a failing disk', () => {
  it('[log.fail-stop] EIO on a write: every later call fails, and what was committed is read at the next opening', async () => {
    const at = await place();
    let broken = false;
    const writeSync: LogDisk['writeSync'] = (fd, bytes, position) => {
      if (!broken) return nodeDisk.writeSync(fd, bytes, position);
      nodeDisk.writeSync(fd, bytes.subarray(0, 60), position);
      throw errno('EIO');
    };
    const fatal: StorageFailed[] = [];
    const log = newLog(at, { disk: { ...nodeDisk, writeSync }, onFatal: (error) => fatal.push(error) });
    log.append([session()]);
    broken = true;
    expect(() => log.append([alert('a')])).toThrow(expect.objectContaining({ errno: 'EIO', fatal: true }));
    broken = false;
    expect(() => log.append([alert('b')])).toThrow(StorageFailed);
    expect(await failure(log.whenDurable())).toBe(fatal[0]);
    expect(fatal).toHaveLength(1);
    await log.close();
    const open = await opened(at);
    expect(open.report.torn?.bytes).toBe(60);
    expect(await seqsOf(open)).toEqual([1]);
  });

  it('[log.fail-stop] half-written lines that cannot be taken back end the log', async () => {
    const at = await place();
    let broken = false;
    const disk: LogDisk = {
      ...nodeDisk,
      writeSync: (fd, bytes, position) => {
        if (!broken) return nodeDisk.writeSync(fd, bytes, position);
        nodeDisk.writeSync(fd, bytes.subarray(0, 60), position);
        throw errno('ENOSPC');
      },
      ftruncateSync: () => {
        throw errno('EPERM');
      },
    };
    const log = newLog(at, { disk });
    log.append([session()]);
    broken = true;
    expect(() => log.append([alert('a')])).toThrow(expect.objectContaining({ errno: 'ENOSPC', fatal: true }));
    broken = false;
    expect(() => log.append([alert('b')])).toThrow(/could not be removed/);
  });

  it('[log.sync-failed] a failed sync rejects everybody who waits and is never tried again', async () => {
    const at = await place();
    const { disk, syncs } = heldDisk();
    const fatal: StorageFailed[] = [];
    const log = newLog(at, { disk, onFatal: (error) => fatal.push(error) });
    log.append([session()]);
    const first = log.whenDurable();
    log.append([alert('a')]);
    const waiting = [first, log.whenDurable()];
    const settled = states(waiting);
    syncs[0]!(errno('EIO'));
    expect(await settled).toEqual(['StorageFailed', 'StorageFailed']);
    expect(() => log.append([alert('b')])).toThrow(expect.objectContaining({ errno: 'EIO', fatal: true }));
    expect(await failure(log.whenDurable())).toBe(fatal[0]);
    await log.close();
    expect(syncs).toHaveLength(1);
    expect(fatal).toHaveLength(1);
  });
});

describe('durability', () => {
  it('[log.group-commit] fifty appends that wait cost two syncs, and none that nobody waits for', async () => {
    const at = await place();
    let syncs = 0;
    const fdatasync: LogDisk['fdatasync'] = (fd, done) => {
      syncs += 1;
      nodeDisk.fdatasync(fd, done);
    };
    const log = newLog(at, { disk: { ...nodeDisk, fdatasync } });
    for (let i = 0; i < 10; i += 1) log.append([alert('unheard')]);
    expect(syncs).toBe(0);
    await Promise.all(Array.from({ length: 50 }, () => log.whenDurable(log.append([alert('heard')]).end)));
    expect(syncs).toBe(2);
    await log.whenDurable();
    expect(syncs).toBe(2);
    expect(log.durableSize).toBe(log.size);
  });

  it('[log.durable-means-synced] a sync answers only for what was committed when it began', async () => {
    const at = await place();
    const { disk, syncs } = heldDisk();
    const log = newLog(at, { disk });
    const early = log.append([session()]).end;
    const late = [log.whenDurable(early)];
    log.append([alert('a')]);
    late.push(log.whenDurable(), log.whenDurable(early));
    expect(await states(late)).toEqual(['pending', 'pending', 'pending']);
    expect(syncs).toHaveLength(1);
    syncs[0]!(null);
    expect(await states(late)).toEqual(['durable', 'pending', 'durable']);
    expect(log.durableSize).toBe(early);
    expect(syncs).toHaveLength(2);
    syncs[1]!(null);
    expect(await states(late)).toEqual(['durable', 'durable', 'durable']);
    expect(await failure(log.whenDurable(log.size + 1))).toBeInstanceOf(RangeError);
  });

  it('[log.close-settles] closing syncs, settles who waits, and refuses what comes later', async () => {
    const at = await place();
    const { disk, syncs } = heldDisk();
    const log = newLog(at, { disk });
    log.append([session()]);
    const waiting = log.whenDurable();
    const closed = log.close();
    expect(log.close()).toBe(closed);
    expect(await states([waiting, closed])).toEqual(['pending', 'pending']);
    expect(() => log.append([alert('late')])).toThrow(LogClosed);
    syncs[0]!(null);
    await Promise.all([waiting, closed]);
    await log.whenDurable();
    expect(() => log.append([alert('late')])).toThrow(/is closed/);
  });

  it('[log.close-settles] a log that has failed is closed only after the sync in flight has ended', async () => {
    const at = await place();
    const { disk, syncs } = heldDisk();
    let broken = false;
    const writeSync: LogDisk['writeSync'] = (fd, bytes, position) => {
      if (broken) throw errno('EIO');
      return nodeDisk.writeSync(fd, bytes, position);
    };
    const log = newLog(at, { disk: { ...disk, writeSync } });
    log.append([session()]);
    const waiting = failure(log.whenDurable());
    broken = true;
    expect(() => log.append([alert('a')])).toThrow(StorageFailed);
    expect(await waiting).toBeInstanceOf(StorageFailed);
    const closed = log.close();
    expect(await states([closed])).toEqual(['pending']);
    syncs[0]!(null);
    await closed;
  });
});

describe('a killed writer', () => {
  it('[log.killed-writer] whenever it dies, appends are there whole, those that it had told of among them', async () => {
    const at = await place();
    newLog(at).append([session()]);
    const run = script(
      at.folder,
      'session/log/append-log.ts',
      `import { openSync } from 'node:fs';
       const [path, size, lastSeq] = process.argv.slice(2);
       const log = new ours.AppendLog({ path, fd: openSync(path, 'r+'), size: Number(size), lastSeq: Number(lastSeq), index: { note() {} }, damaged: [] });
       const body = { type: 'alert', level: 'warning', code: 'test', text: 'x'.repeat(40_000) };
       const next = () => { console.log(log.append([body, body, body]).entries[2].seq); setImmediate(next); };
       next();`,
    );
    let told = 1;
    for (let round = 0; round < 8; round += 1) {
      const open = await opened(at);
      const { size, lastSeq } = open.log;
      await open.log.close();
      const writer = start(run, [at.path, String(size), String(lastSeq)]);
      for (let lines = 0; lines <= round; lines += 1) told = Number(await writer.line());
      await writer.kill();
      const after = await opened(at);
      expect(after.log.lastSeq).toBeGreaterThanOrEqual(told);
      expect((after.log.lastSeq - 1) % 3).toBe(0);
      expect(await seqsOf(after)).toEqual(Array.from({ length: after.log.lastSeq }, (_, i) => i + 1));
      expect([after.report.damaged, after.report.seqBreaks]).toEqual([[], []]);
      await after.log.close();
    }
  }, 60_000);
});
