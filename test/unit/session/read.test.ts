import { appendFileSync, closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { encodeLine, encodeLines } from '../../../src/session/log/line.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { pieceBytes, readEntries, readPieces, tailEntries } from '../../../src/session/log/read-log.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { alert, newLog, opened, place, readSeqs, script, session, start, tempFolder } from './log-rig.ts';

const entry = (seq: number, text = ''): Entry => ({
  seq,
  time: 't',
  type: 'alert',
  level: 'error',
  code: 'x',
  text,
});
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe('a reader', () => {
  it('[log.read-live] beside a writer it gets every complete append once and in order, going on from its last offset', async () => {
    const at = await place();
    newLog(at).append([session()]);
    const run = script(
      at.folder,
      'session/log/append-log.ts',
      `import { openSync, statSync } from 'node:fs';
       const path = process.argv[2];
       const log = new ours.AppendLog({ path, fd: openSync(path, 'r+'), size: statSync(path).size, lastSeq: 1, index: { note() {} }, damaged: [] });
       const body = (n) => ({ type: 'alert', level: 'warning', code: 'test', text: 'x'.repeat(n) });
       for (let i = 0; i < 3_000; i++) log.append([body(i), body(9_000), body(1)]);
       console.log('done');`,
    );
    const writer = start(run, [at.path]);
    let done = false;
    const told = writer.line().then(() => (done = true));
    const seqs: number[] = [];
    let from = 0;
    let rounds = 0;
    for (let last = false; !last; rounds += 1) {
      last = done;
      for await (const read of readEntries(at.path, { from, onDamaged: () => expect.unreachable() })) {
        seqs.push(read.entry.seq);
        from = read.end;
      }
      expect((seqs.length - 1) % 3).toBe(0);
      await nextTurn();
    }
    await told;
    expect(seqs).toEqual(upTo(9_001));
    expect(rounds).toBeGreaterThan(2);
  }, 60_000);

  it('[log.read-live] what is half written is not there yet, and not damage', async () => {
    const path = join(tempFolder(), 'log');
    const { bytes, lines } = encodeLines([entry(2), entry(3)]);
    writeFileSync(path, encodeLine(entry(1)).line);
    for (let cut = 0; cut < bytes.length; cut += 1) {
      appendFileSync(path, bytes.subarray(cut, cut + 1));
      const whole = cut === bytes.length - 1;
      expect(await readSeqs(path)).toEqual({ seqs: whole ? [1, 2, 3] : [1], damaged: [] });
    }
    expect(lines).toHaveLength(2);
  });

  it('[log.read-live] lines that the writer takes back and writes anew while they are read are not taken for damage', async () => {
    const path = join(tempFolder(), 'log');
    const first = encodeLine(entry(1)).line;
    const half = encodeLine(entry(2, 'x'.repeat(3 * pieceBytes))).line.subarray(0, 2 * pieceBytes);
    writeFileSync(path, Buffer.concat([first, half]));
    const damaged: unknown[] = [];
    const reading = readEntries(path, { onDamaged: (region) => damaged.push(region) });
    const seqs = [(await reading.next()).value!.entry.seq];
    // The reader now holds the beginning of the half-written line.
    truncateSync(path, first.length);
    const fresh = upTo(5).map((i) => encodeLine(entry(1 + i, 'y'.repeat(90_000))).line);
    appendFileSync(path, Buffer.concat(fresh));
    for await (const { entry } of reading) seqs.push(entry.seq);
    expect(damaged).toEqual([]);
    expect(seqs).toEqual(upTo(6));
  });

  it('[log.read-memory] 64 MB are read in a heap of 24 MB, buffers of less than 8 MB', async () => {
    const folder = tempFolder();
    const path = join(folder, 'log');
    const count = 64_000;
    const fd = openSync(path, 'w');
    for (let seq = 1; seq <= count; seq += 1_000) {
      const entries = upTo(1_000).map((i) => entry(seq + i - 1, 'x'.repeat(1_000)));
      writeFileSync(fd, Buffer.concat(entries.map((one) => encodeLine(one).line)));
    }
    closeSync(fd);
    const run = script(
      folder,
      'session/log/read-log.ts',
      `let count = 0; let most = 0;
       for await (const { entry } of ours.readEntries(process.argv[2])) {
         if (entry.seq !== ++count) throw new Error('out of order');
         if (count % 100 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers);
       }
       console.log(JSON.stringify({ count, most }));`,
    );
    const reader = start(run, [path], ['--max-old-space-size=24']);
    const { count: read, most }: { count: number; most: number } = JSON.parse(await reader.line());
    expect(read).toBe(count);
    expect(most).toBeLessThan(8 * 1024 * 1024);
  }, 60_000);

  it('[log.tail] the last entries, whatever the size of the log and of its lines', async () => {
    const path = join(tempFolder(), 'log');
    const lines = upTo(400).map((seq) => encodeLine(entry(seq, 'x'.repeat((seq * 37) % 3_000))).line);
    writeFileSync(path, Buffer.concat([...lines, Buffer.from('torn')]));
    for (const count of [0, 1, 2, 150, 399, 400, 1_000]) {
      const tail = await tailEntries(path, count);
      expect(tail.map((read) => read.entry.seq)).toEqual(count === 0 ? [] : upTo(400).slice(-count));
    }
    const long = encodeLine(entry(401, 'x'.repeat(5 * pieceBytes))).line;
    writeFileSync(path, Buffer.concat([...lines, long]));
    expect((await tailEntries(path, 2)).map((read) => read.entry.seq)).toEqual([400, 401]);
    const window = lines.map((line) => line.length);
    const [last] = await tailEntries(path, 1);
    expect(last).toMatchObject({ offset: window.reduce((sum, bytes) => sum + bytes, 0) });
  });
});

describe('the history for observers', () => {
  it('[log.pieces] whole lines, at most a piece at a time, a longer line alone, nothing lost', async () => {
    const path = join(tempFolder(), 'log');
    const sizes = [10, 300_000, 5, 5, 700_000, 100, 250_000, 20, 262_000, 1];
    const lines = sizes.map((bytes, i) => encodeLine(entry(i + 1, 'x'.repeat(bytes))).line);
    const all = Buffer.concat(lines);
    writeFileSync(path, all);
    const fd = openSync(path, 'r');
    try {
      const pieces = [...readPieces({ fd, disk: nodeDisk }, { from: 0, to: all.length })];
      expect(Buffer.concat(pieces.map((piece) => piece.bytes)).equals(all)).toBe(true);
      let end = 0;
      for (const piece of pieces) {
        end += piece.bytes.length;
        expect(piece.end).toBe(end);
        expect(piece.bytes.at(-1)).toBe(0x0a);
        const alone = piece.bytes.indexOf(0x0a) === piece.bytes.length - 1;
        expect(alone || piece.bytes.length <= pieceBytes).toBe(true);
      }
      const skip = [2, 5, 9].map((i) => {
        const from = lines.slice(0, i).reduce((sum, line) => sum + line.length, 0);
        return { from, to: from + lines[i]!.length };
      });
      const from = lines[0]!.length;
      const shown = [
        ...readPieces({ fd, disk: nodeDisk }, { from, to: all.length, skip, pieceBytes: 1_000 }),
      ];
      const wanted = Buffer.concat(lines.filter((_, i) => ![0, 2, 5, 9].includes(i)));
      expect(Buffer.concat(shown.map((piece) => piece.bytes)).equals(wanted)).toBe(true);
    } finally {
      closeSync(fd);
    }
  });

  it('[log.offset-of-seq] finds the line of any seq, the same for a log just written and one opened', async () => {
    const at = await place();
    const log = newLog(at);
    const offsets: number[] = [];
    log.onAppend(({ from, lines }) => {
      let offset = from;
      for (const line of lines) {
        offsets.push(offset);
        offset += line.length;
      }
    });
    log.append([session()]);
    for (let i = 0; i < 1_000; i += 1) log.append([alert('x'.repeat(i % 70 === 0 ? 100_000 : i)), alert('')]);
    const found = (of: typeof log): number[] => offsets.map((_, i) => of.offsetOfSeq(i + 1));
    expect(found(log)).toEqual(offsets);
    expect([log.offsetOfSeq(0), log.offsetOfSeq(2_002)]).toEqual([0, log.size]);
    await log.close();
    const again = (await opened(at)).log;
    expect(found(again)).toEqual(offsets);
    const rest = [...again.pieces({ from: again.offsetOfSeq(1_999), to: again.size })];
    expect(
      Buffer.concat(rest.map((piece) => piece.bytes)).equals(readFileSync(at.path).subarray(offsets[1_998])),
    ).toBe(true);
  }, 30_000);
});
