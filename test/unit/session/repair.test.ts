import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StorageFailed } from '../../../src/session/log/storage-failed.ts';
import { LogBeginningLost } from '../../../src/session/log/beginning.ts';
import { encodeLine } from '../../../src/session/log/line.ts';
import {
  createFolder,
  createLog,
  LogOfAnotherPod,
  LogTooNew,
  openLog,
} from '../../../src/session/log/open-log.ts';
import {
  alert,
  canMountTmpfs,
  dice,
  failure,
  memoryFolder,
  newLog,
  opened,
  place,
  readSeqs,
  sampleLog,
  seqsOf,
  session,
  tempFolder,
  tinyDisk,
} from './log-rig.ts';
import type { Place, Sample } from './log-rig.ts';

/**
 * What must be left of a sample of which only some lines are intact: those up to the last one that ends its
 * append.
 */
function survivors(
  sample: Sample,
  intact: (line: Sample['lines'][number]) => boolean,
): { seqs: number[]; committed: number } {
  const good = sample.lines.filter(intact);
  const end = good.findLastIndex((line) => line.last);
  const kept = good.slice(0, end + 1);
  return { seqs: kept.map((line) => line.seq), committed: kept.at(-1)?.to ?? 0 };
}

/** Opens, compares with what must be left, appends, and reads all of it back. */
async function repairs(
  at: Place,
  bytes: Buffer,
  wanted: { seqs: number[]; committed: number },
): Promise<void> {
  writeFileSync(at.path, bytes);
  const open = await openLog({ path: at.path, lock: at.lock });
  const { report, log } = open;
  expect(await seqsOf(open)).toEqual(wanted.seqs);
  expect(report.entries).toBe(wanted.seqs.length);
  expect(log.size).toBe(wanted.committed);
  expect(report.torn === null).toBe(wanted.committed === bytes.length);
  if (report.torn !== null) {
    expect(readFileSync(report.torn.file).equals(bytes.subarray(wanted.committed))).toBe(true);
    expect(report.torn.offset).toBe(wanted.committed);
  }
  expect(readFileSync(at.path).equals(bytes.subarray(0, wanted.committed))).toBe(true);
  const next = log.append([alert('after')]).entries[0]!.seq;
  expect(next).toBe((wanted.seqs.at(-1) ?? 0) + 1);
  await log.close();
  expect((await readSeqs(at.path)).seqs).toEqual([...wanted.seqs, next]);
  for (const name of readdirSync(at.folder)) {
    if (/torn|damaged/.test(name)) rmSync(join(at.folder, name));
  }
}

describe('a torn tail', () => {
  it('[log.torn-every-byte] cut at any byte, the complete appends before it are left, the rest is kept aside, and the next line is not welded', async () => {
    const sample = await sampleLog();
    const at = await place(memoryFolder());
    for (let cut = 0; cut <= sample.bytes.length; cut += 1) {
      await repairs(
        at,
        sample.bytes.subarray(0, cut),
        survivors(sample, (line) => line.to <= cut),
      );
    }
  }, 60_000);

  it('[log.torn-zeros] zeros at the end count as torn', async () => {
    const sample = await sampleLog();
    const at = await place(memoryFolder());
    const roll = dice(1);
    for (let round = 0; round < 500; round += 1) {
      const cut = roll(sample.bytes.length + 1);
      const zeros = Buffer.alloc(1 + roll(round % 50 === 0 ? 600_000 : 5_000));
      const bytes = Buffer.concat([sample.bytes.subarray(0, cut), zeros]);
      await repairs(
        at,
        bytes,
        survivors(sample, (line) => line.to <= cut),
      );
    }
  }, 60_000);

  it('[log.torn-kept] every tail that was cut is still there after the next one', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session()]);
    await log.close();
    for (const [i, tail] of ['first', 'second', 'third'].entries()) {
      appendFileSync(at.path, tail);
      const { log, report } = await opened(at);
      expect(report.torn).toMatchObject({ bytes: tail.length, file: `${at.path}.torn-${i + 1}` });
      await log.close();
    }
    expect([1, 2, 3].map((n) => readFileSync(`${at.path}.torn-${n}`, 'utf8'))).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect(statSync(`${at.path}.torn-1`).mode & 0o777).toBe(0o600);
  });

  it('[log.append-whole] an append of which some lines are missing is not there at all', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session()]);
    const batch = log.append([alert('a'), alert('b'), alert('c')]);
    await log.close();
    const whole = readFileSync(at.path);
    writeFileSync(at.path, whole.subarray(0, batch.from + batch.lines[0]!.length + batch.lines[1]!.length));
    expect((await readSeqs(at.path)).seqs).toEqual([1]);
    const open = await opened(at);
    expect(await seqsOf(open)).toEqual([1]);
    expect(open.report.torn?.offset).toBe(batch.from);
  });
});

describe('damage', () => {
  it('[log.flip-found] each of thousands of flipped bits is found, costs its line only, and is reported', async () => {
    const sample = await sampleLog();
    const at = await place(memoryFolder());
    const roll = dice(2);
    for (let round = 0; round < 3_000; round += 1) {
      const byte = roll(sample.bytes.length);
      const bytes = Buffer.from(sample.bytes);
      bytes[byte]! ^= 1 << roll(8);
      // Without its newline a line swallows the next one.
      const hit = sample.lines.findIndex((line) => byte < line.to);
      const welded = byte === sample.lines[hit]!.to - 1;
      const wanted = survivors(sample, (line) => {
        const i = sample.lines.indexOf(line);
        return i !== hit && !(welded && i === hit + 1);
      });
      await repairs(at, bytes, wanted);
      // Told by a reader, unless it was at the end and therefore cut.
      const { damaged } = await readSeqs(at.path);
      const inMiddle = sample.lines[hit]!.from < wanted.committed;
      expect(damaged.length > 0).toBe(inMiddle);
      if (inMiddle) expect(damaged[0]!.from).toBe(sample.lines[hit]!.from);
    }
  }, 120_000);

  it('[log.damaged-aside] a damaged stretch is copied aside once, with its offset, and what follows survives', async () => {
    const sample = await sampleLog();
    const at = await place();
    const [first, second] = [sample.lines[2]!, sample.lines[3]!];
    const bytes = Buffer.from(sample.bytes);
    bytes.fill(0x23, first.from + 30, first.from + 34);
    bytes.fill(0x23, second.from + 30, second.from + 34);
    writeFileSync(at.path, bytes);
    for (let times = 0; times < 2; times += 1) {
      const { log, report } = await opened(at);
      expect(report.damaged).toEqual([
        { from: first.from, to: second.to, why: 'checksum', file: `${at.path}.damaged-${first.from}` },
      ]);
      expect(report.seqBreaks).toEqual([{ offset: sample.lines[4]!.from, expected: 3, found: 5 }]);
      expect(readFileSync(report.damaged[0]!.file!)).toEqual(bytes.subarray(first.from, second.to));
      const shown = Buffer.concat([...log.pieces({ from: 0, to: log.size })].map((piece) => piece.bytes));
      expect(shown).toEqual(Buffer.concat([bytes.subarray(0, first.from), bytes.subarray(second.to)]));
      await log.close();
    }
    expect(readdirSync(at.folder).filter((name) => name.includes('damaged'))).toHaveLength(1);
    expect(readFileSync(at.path)).toEqual(bytes);
  });

  it('[log.seq-breaks] repeated numbers are reported, and the next number is above all of them', async () => {
    const at = await place();
    const line = (seq: number): Buffer =>
      encodeLine({ seq, time: 't', type: 'alert', level: 'error', code: 'x', text: '' }).line;
    writeFileSync(at.path, Buffer.concat([1, 2, 2, 5, 3].map(line)));
    const { report, log } = await opened(at);
    expect(report.seqBreaks.map(({ expected, found }) => [expected, found])).toEqual([
      [3, 2],
      [3, 5],
      [6, 3],
    ]);
    expect(report.session).toBeNull();
    expect(log.append([alert('x')]).entries[0]!.seq).toBe(6);
  });

  it('[log.line-limit] a line without end is passed over in bounded memory', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session()]);
    await log.close();
    const monster = Buffer.alloc(9 * 1024 * 1024, 0x78);
    monster[monster.length - 1] = 0x0a;
    const after = encodeLine({ seq: 2, time: 't', type: 'alert', level: 'error', code: 'x', text: '' }).line;
    appendFileSync(at.path, Buffer.concat([monster, after]));
    const open = await opened(at);
    expect(await seqsOf(open)).toEqual([1, 2]);
    expect(open.report.damaged.map(({ from, to }) => to - from)).toEqual([monster.length]);
  });
});

describe('opening', () => {
  it('[log.too-new] a log of a newer schema is refused by file and numbers, and not touched', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session({ schema: 2 })]);
    await log.close();
    appendFileSync(at.path, 'torn');
    const before = readFileSync(at.path);
    const error = await failure(openLog({ path: at.path, lock: at.lock }));
    expect(error).toBeInstanceOf(LogTooNew);
    expect(String(error)).toContain(`${at.path} has schema 2, this podkin reads up to 1`);
    expect(readFileSync(at.path)).toEqual(before);
  });

  const instance = session().instance;

  it('[log.beginning-lost] a log without a line that can be read is refused and left as it is', async () => {
    const sample = await sampleLog();
    const text = sample.bytes.toString();
    const [first = ''] = text.split('\n');
    const noise = Buffer.from(Array.from({ length: 3_000 }, (_, i) => (i * 7_919 + (i >> 3) * 31) % 251));
    const never: [string, Buffer][] = [
      ['other line ends', Buffer.from(text.replaceAll('\n', '\r\n'))],
      ['another encoding', Buffer.from(text, 'utf16le')],
      ['noise', noise],
      ['another text', Buffer.from('x')],
      ['a whole line with a flipped bit', Buffer.from(`${first.replace('session', 'sessiom')}\n`)],
    ];
    const onlyTorn: [string, Buffer][] = [
      ['nothing', Buffer.alloc(0)],
      ['zeros', Buffer.alloc(sample.bytes.length)],
      ['a piece of its first line', sample.bytes.subarray(0, 100)],
    ];
    const at = await place();
    for (const [what, bytes] of [...never, ...onlyTorn]) {
      writeFileSync(at.path, bytes);
      const hasRun = onlyTorn.some(([one]) => one === what);
      const error = await failure(openLog({ path: at.path, lock: at.lock, instance, hasRun }));
      expect(error, what).toBeInstanceOf(LogBeginningLost);
      expect(String(error)).toContain(`"podkin rm -f ${basename(at.folder)}" gives the pod up`);
      expect(readFileSync(at.path).equals(bytes), what).toBe(true);
    }
    expect(readdirSync(at.folder).filter((name) => /torn|damaged/.test(name))).toEqual([]);
  });

  it('[log.beginning-torn] a first append torn at any byte, or zeros in its place, is cut and kept aside where the pod has not begun', async () => {
    const at = await place(memoryFolder());
    const log = newLog(at);
    log.append([session(), alert('its start')]);
    await log.close();
    const whole = readFileSync(at.path);
    const page = 64;
    const torn = Array.from({ length: whole.length }, (_, cut) => whole.subarray(0, cut));
    const zeros = [0, page].map((from) =>
      Buffer.from(whole)
        .fill(0, from, from + page)
        .subarray(0, -1),
    );
    for (const bytes of [...torn, ...zeros, Buffer.alloc(whole.length)]) {
      writeFileSync(at.path, bytes);
      const open = await opened(at, { instance });
      expect([open.report.session, open.log.size]).toEqual([null, 0]);
      expect(open.report.torn?.bytes ?? 0).toBe(bytes.length);
      await open.log.close();
      for (const name of readdirSync(at.folder)) if (name.includes('torn')) rmSync(join(at.folder, name));
    }
    // One line that can be read says that there is a history.
    writeFileSync(at.path, Buffer.concat([Buffer.from('damaged\n'), whole]));
    expect((await opened(at, { instance, hasRun: true })).report.damaged).toHaveLength(1);
  });

  it('[log.other-instance] the log of another instance is refused', async () => {
    const at = await place();
    const log = newLog(at);
    log.append([session()]);
    await log.close();
    expect(await failure(openLog({ path: at.path, lock: at.lock, instance: 'another' }))).toBeInstanceOf(
      LogOfAnotherPod,
    );
    const { report } = await opened(at, { instance: session().instance });
    expect(report.session?.name).toBe('pod');
  });

  it('[log.create] folder 0700, file 0600, and never over a log that exists', async () => {
    const folder = join(tempFolder(), 'home', 'pods', 'one');
    createFolder(folder);
    createFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, '..', '..')).mode & 0o777).toBe(0o700);
    const at = await place(folder);
    newLog(at).append([session()]);
    expect(statSync(at.path).mode & 0o777).toBe(0o600);
    expect(() => createLog(at)).toThrow(expect.objectContaining({ name: 'StorageFailed', errno: 'EEXIST' }));
    expect(statSync(at.path).size).toBeGreaterThan(0);
    const missing = await failure(openLog({ path: `${at.path}-none`, lock: at.lock }));
    expect(missing).toBeInstanceOf(StorageFailed);
    expect(missing).toMatchObject({ errno: 'ENOENT' });
    expect(existsSync(`${at.path}-none`)).toBe(false);
  });

  it('[log.needs-lock] nothing is opened without the lock of its folder', async () => {
    const [at, other] = [await place(), await place()];
    newLog(at);
    expect(await failure(openLog({ path: at.path, lock: other.lock }))).toMatchObject({
      message: expect.stringMatching(/lock of the log's own folder/),
    });
    await at.lock.release();
    expect(await failure(openLog({ path: at.path, lock: at.lock }))).toMatchObject({
      message: expect.stringMatching(/has been released/),
    });
  });

  it.skipIf(!canMountTmpfs)(
    '[log.torn-kept] on a full disk a torn tail that cannot be kept aside is not cut',
    async () => {
      const folder = tinyDisk();
      const at = await place(folder);
      const log = newLog(at);
      log.append([session()]);
      await log.close();
      appendFileSync(at.path, 'torn');
      const before = readFileSync(at.path);
      expect(() => {
        for (let n = 0; ; n += 1) writeFileSync(join(folder, `filler-${n}`), Buffer.alloc(4096));
      }).toThrow(/ENOSPC/);
      const error = await failure(openLog({ path: at.path, lock: at.lock }));
      expect(error).toMatchObject({ name: 'StorageFailed', errno: 'ENOSPC' });
      expect(readFileSync(at.path)).toEqual(before);
      expect(readdirSync(folder).filter((name) => name.includes('torn'))).toEqual([]);
    },
  );
});
