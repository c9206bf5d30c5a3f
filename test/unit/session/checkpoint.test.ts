/** Checkpoints beside a log: which one an opening believes, and what it reads then. */
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { forgetSaidThrough } from '../../../src/session/facts/transcript.ts';
import { checkpointPaths, judged, writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf, factsSoFar, offsetBehind } from '../../../src/session/log/checkpoint-start.ts';
import { foldLog } from '../../../src/session/log/fold-log.ts';
import { type LogDisk, nodeDisk } from '../../../src/session/log/log-disk.ts';
import { readEntries } from '../../../src/session/log/read-log.ts';
import { summedPieceBytes } from '../../../src/session/log/piece-sums.ts';
import { type Kept, begun, kept, run, two, upTo, wholeOf, words } from './checkpoint-rig.ts';
import { alert, opened } from './log-rig.ts';

describe('an opening', () => {
  it('[checkpoint.fits] begins at the newest checkpoint and comes to what the whole log comes to', async () => {
    const { at, facts } = await two();
    const start = await begun(at);
    expect(start.folded).toEqual([12]);
    expect(start.facts).toEqual(facts);
    expect(start.facts).toEqual(await wholeOf(at));
    expect(start.facts.turn?.dangling.get('c2')).toMatchObject({ input: { $map: [['a', 1]] } });
  });

  it('[checkpoint.fits] appends behind it as behind a log that was read whole, numbers and checksums included', async () => {
    const { at } = await two();
    const open = await opened(at, { checkpoints: () => 0 });
    expect(open.report).toMatchObject({ entries: 12, torn: null, damaged: [], seqBreaks: [] });
    const facts = open.facts!;
    for await (const entry of open.entries()) applyEntry(facts, entry);
    for (const entry of open.log.append([alert('x'), alert('y')]).entries) applyEntry(facts, entry);
    const now = open.log.now()!;
    await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
    await open.log.close();
    const start = await begun(at);
    expect(start.folded).toEqual([]);
    expect(start.facts).toEqual(await wholeOf(at));
  });

  it('[checkpoint.fits] of what was said it reads again only what memory held', async () => {
    const made = await kept();
    for (let n = 1; n <= 400; n += 1) made.add([...run(n), ...words(n)]);
    forgetSaidThrough(
      made.facts,
      1_900,
      Array.from({ length: 39 }, (_, at) => at + 1),
    );
    await made.keep();
    await made.log.close();
    const start = await begun(made.at);
    expect(start.facts).toEqual(made.facts);
    expect(start.folded).toEqual([]);
  });

  it('[checkpoint.fits] finds words that memory holds all over a log, several in one piece and none in the next', async () => {
    const made = await kept();
    for (let n = 1; n <= 1_500; n += 1) made.add([...run(n), ...words(n)]);
    // Entry 4 is what the first run said; each run has five entries.
    const said = [1, 2, 60, 120, 180, 181, 700, 701, 1_300].map((n) => 4 + 5 * (n - 1));
    forgetSaidThrough(made.facts, 7_000, said);
    await made.keep();
    await made.log.close();
    expect(statSync(made.at.path).size).toBeGreaterThan(1024 * 1024);
    const start = await begun(made.at);
    expect(start.folded).toEqual([]);
    expect(start.facts).toEqual(made.facts);
    expect(start.facts.history.slice(0, said.length).map(({ seq }) => seq)).toEqual(said);
  });

  it('[checkpoint.fits] finds words behind an entry that holds the text of their line', async () => {
    const made = await kept();
    const input = { before: '', entry: { seq: 10, time: '', type: 'userMessage' } };
    made.add([...run(1), { type: 'toolCall', turn: 'turn1', step: 1, call: 'c', tool: 'Echo', input }]);
    made.add([...words(1), ...run(2), ...words(2)]);
    expect(made.facts.history.map(({ seq }) => seq)).toContain(10);
    expect(readFileSync(made.at.path, 'utf8').split('","entry":{"seq":10,')).toHaveLength(3);
    await made.keep();
    await made.log.close();
    const start = await begun(made.at);
    expect(start.folded).toEqual([]);
    expect(start.facts).toEqual(made.facts);
  });

  it.each<[string, (made: Kept & { older: string; newer: string }) => void, number]>([
    ['the newest is missing', ({ newer }) => rmSync(newer), 7],
    ['the newest is cut', ({ newer }) => truncateSync(newer, statSync(newer).size - 1), 7],
    ['the newest is empty', ({ newer }) => truncateSync(newer, 0), 7],
    ['the newest is longer than it was', ({ newer }) => appendFileSync(newer, 'x'), 7],
    [
      'the newest is a link to nowhere',
      ({ newer }) => (rmSync(newer), symlinkSync('/nowhere/at/all', newer)),
      7,
    ],
    ['the newest has the name of a later one', ({ newer }) => renameSync(newer, `${newer}0`), 12],
    ['the older has the name of the newest', ({ older, newer }) => copyFileSync(older, newer), 7],
    ['the newest is of another version', ({ newer }) => reversion(newer), 7],
    ['both are cut', ({ older, newer }) => [older, newer].forEach((path) => truncateSync(path, 100)), 1],
  ])('[checkpoint.misfit] where %s it begins where the next one fits', async (_, spoil, first) => {
    const made = await two();
    spoil(made);
    const start = await begun(made.at);
    expect(start.folded).toEqual(upTo(12).slice(first - 1));
    expect(start.facts).toEqual(made.facts);
  });

  it('[checkpoint.misfit] a bit of it that has turned is found wherever it is', async () => {
    const made = await two();
    rmSync(made.older);
    const whole = readFileSync(made.newer);
    for (let at = 0; at < whole.length; at += 3) {
      const turned = Buffer.from(whole);
      turned[at]! ^= 1 << (at % 8);
      writeFileSync(made.newer, turned);
      const fd = nodeDisk.open(made.at.path);
      const log = { path: made.at.path, fd, disk: nodeDisk };
      expect(typeof judged(log, made.newer, { random: () => 0 }), `at ${at}`).toBe('string');
      nodeDisk.close(fd);
    }
  });

  it('[checkpoint.misfit] one of another pod is none of this one', async () => {
    const other = await kept('0190a1b2-0000-7000-8000-000000000002');
    other.add(run(1));
    const path = await other.keep();
    await other.log.close();
    const { at, facts } = await two();
    for (const own of checkpointPaths(nodeDisk, at.path)) rmSync(own);
    copyFileSync(path, `${at.path}.checkpoint-4`);
    const start = await begun(at);
    expect(start.folded).toEqual(upTo(12));
    expect(start.facts).toEqual(facts);
  });

  it('[checkpoint.misfit] where an older copy of the log was put back it begins at what that holds', async () => {
    const made = await kept();
    made.add(run(1));
    made.add(words(1));
    await made.keep();
    const copy = readFileSync(made.at.path);
    made.add(run(2));
    await made.keep();
    await made.log.close();
    writeFileSync(made.at.path, copy);
    const start = await begun(made.at);
    expect(start.folded).toEqual([]);
    expect(start.facts).toEqual(await wholeOf(made.at));
    expect(start.facts.lastSeq).toBe(6);
  });

  it('[checkpoint.misfit] two lives of one copied log: the checkpoint of the one does not fit the other', async () => {
    const made = await kept();
    made.add(run(1));
    const common = readFileSync(made.at.path);
    made.add([alert('one')]);
    const path = await made.keep();
    await made.log.close();
    writeFileSync(made.at.path, common);
    const open = await opened(made.at);
    open.log.append([alert('two')]);
    open.log.append([alert('of another length')]);
    await open.log.close();
    expect(checkpointPaths(nodeDisk, made.at.path)).toEqual([path]);
    const start = await begun(made.at);
    expect(start.folded).toEqual(upTo(6));
    expect(start.facts).toEqual(await wholeOf(made.at));
  });

  it('[checkpoint.older-build] what a podkin without checkpoints has written behind one is folded', async () => {
    const made = await two();
    const open = await opened(made.at);
    open.log.append(run(3));
    await open.log.close();
    const start = await begun(made.at);
    expect(start.folded).toEqual([12, 13, 14, 15]);
    expect(start.facts).toEqual(await wholeOf(made.at));
  });

  it('[checkpoint.repair] a torn tail behind it is set aside, and no checkpoint stays', async () => {
    const made = await two();
    appendFileSync(made.at.path, '{"crc":"0000');
    // None of ours, and no reason not to begin.
    mkdirSync(`${made.at.path}.checkpoint-500`);
    const start = await begun(made.at);
    expect(start.folded).toEqual([12]);
    expect(start.facts).toEqual(made.facts);
    expect(checkpointPaths(nodeDisk, made.at.path)).toEqual([`${made.at.path}.checkpoint-500`]);
    expect(readFileSync(`${made.at.path}.torn-1`, 'utf8')).toBe('{"crc":"0000');
  });

  it('[checkpoint.repair] damage in the middle: none of them is believed, and none stays', async () => {
    const made = await two();
    const bytes = readFileSync(made.at.path);
    bytes[bytes.indexOf('do 1')]! ^= 1;
    writeFileSync(made.at.path, bytes);
    const start = await begun(made.at);
    expect(start.folded).toEqual([1, ...upTo(12).slice(2)]);
    expect(checkpointPaths(nodeDisk, made.at.path)).toEqual([]);
  });

  it('[checkpoint.repair] the checkpoint of a log with old damage knows of it', async () => {
    const made = await two();
    const bytes = readFileSync(made.at.path);
    bytes[bytes.indexOf('"text":"behind"')]! ^= 1;
    appendFileSync(made.at.path, '');
    writeFileSync(made.at.path, bytes);
    const open = await opened(made.at, { checkpoints: () => 0 });
    const facts = open.facts ?? emptyFacts();
    for await (const entry of open.entries()) applyEntry(facts, entry);
    for (const entry of open.log.append([alert('z')]).entries) applyEntry(facts, entry);
    await open.log.close();
    const again = await opened(made.at, { checkpoints: () => 0 });
    const damaged = again.report.damaged.length;
    const known = again.facts ?? emptyFacts();
    for await (const entry of again.entries()) applyEntry(known, entry);
    const now = again.log.now()!;
    await writeCheckpoint({ disk: nodeDisk, log: made.at.path }, now.seq, checkpointOf(now, known));
    await again.log.close();
    const last = await opened(made.at, { checkpoints: () => 0 });
    expect(last.covered).toBe(statSync(made.at.path).size);
    expect(last.report.damaged).toHaveLength(damaged);
    expect(checkpointPaths(nodeDisk, made.at.path)).toHaveLength(1);
  });
});

describe('a long log', () => {
  it('[checkpoint.not-read] is read in its first, its last and one other piece, and where it is held', async () => {
    const made = await kept();
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 30; n += 1) made.add([alert(text)]);
    made.add(run(1));
    await made.keep();
    made.add([alert('tail')]);
    await made.log.close();
    let read = 0;
    const disk: LogDisk = {
      ...nodeDisk,
      read: (fd, bytes, length, position) => {
        const count = nodeDisk.read(fd, bytes, length, position);
        read += count;
        return count;
      },
    };
    const start = await begun(made.at, disk);
    expect(start.facts).toEqual(made.facts);
    expect(start.folded).toEqual([35]);
    expect(read).toBeLessThan(3.2 * summedPieceBytes);
    expect(statSync(made.at.path).size).toBeGreaterThan(7 * summedPieceBytes);
  });

  it('[checkpoint.misfit] is read whole where a sampled piece has changed', async () => {
    const made = await kept();
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 10; n += 1) made.add([alert(text)]);
    await made.keep();
    await made.log.close();
    const bytes = readFileSync(made.at.path);
    bytes[summedPieceBytes + 5_000]! ^= 1;
    writeFileSync(made.at.path, bytes);
    expect((await begun(made.at)).folded).toHaveLength(10);
  });

  it('[checkpoint.misfit] is read whole where words that memory holds have changed, though no sample shows it', async () => {
    const made = await kept();
    const text = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 30; n += 1) made.add(n === 6 ? run(1) : [alert(text)]);
    await made.keep();
    await made.log.close();
    const bytes = readFileSync(made.at.path);
    const at = bytes.indexOf('"text":"do 1"', bytes.indexOf('"userMessage"'));
    expect(Math.floor(at / summedPieceBytes)).toBe(1);
    // Half of the way along the pieces between is another one.
    expect(made.facts.history).toHaveLength(1);
    bytes[at + 9]! ^= 1;
    writeFileSync(made.at.path, bytes);
    const start = await begun(made.at);
    expect(start.folded).toHaveLength(32);
    expect(start.facts.history).toEqual([]);
  });

  it('[checkpoint.fits] whoever looks at it from outside begins at its checkpoint too', async () => {
    const made = await kept();
    for (let n = 1; n <= 500; n += 1) made.add([...run(n), ...words(n)]);
    await made.keep();
    made.add([alert('behind')]);
    await made.log.close();
    expect(factsSoFar(made.at.path)).toMatchObject({ damaged: [], facts: { lastSeq: 2_501 } });
    const seen = await foldLog(made.at.path);
    forgetSaidThrough(made.facts, made.facts.lastSeq);
    expect(seen).toEqual(made.facts);
  });
});

it('[checkpoint.not-read] whoever has seen a log up to an entry reads on from there, and misses none', async () => {
  const made = await kept();
  for (let n = 1; n <= 500; n += 1) made.add([...run(n), ...words(n)]);
  await made.keep();
  made.add(run(501));
  await made.log.close();
  const { size } = statSync(made.at.path);
  for (const seen of [0, 1, 255, 256, 257, 1_000, 2_499, 2_500, 2_501, 2_502, 2_504, 9_999]) {
    const from = offsetBehind(made.at.path, seen);
    const read: number[] = [];
    for await (const { entry } of readEntries(made.at.path, { from })) read.push(entry.seq);
    const behind = upTo(2_504).slice(seen);
    expect(read.slice(read.length - behind.length), `behind ${seen}`).toEqual(behind);
    expect(from, `behind ${seen}`).toBeLessThanOrEqual(size);
    if (seen > 1_000) expect(from).toBeGreaterThan(size / 3);
  }
});

describe('the file', () => {
  it('[checkpoint.atomic] is for its owner alone, and two are kept', async () => {
    const made = await kept();
    const paths: string[] = [];
    for (let n = 1; n <= 4; n += 1) {
      made.add(run(n));
      paths.push(await made.keep());
    }
    expect(checkpointPaths(nodeDisk, made.at.path)).toEqual([paths[3], paths[2]]);
    expect(statSync(paths[3]!).mode & 0o777).toBe(0o600);
    await made.log.close();
  });

  it('[checkpoint.atomic] one of a longer log, which was here before, is not kept in the place of its own', async () => {
    const made = await kept();
    made.add(run(1));
    const older = await made.keep();
    for (const seq of [8_000, 9_000]) copyFileSync(older, `${made.at.path}.checkpoint-${seq}`);
    mkdirSync(`${made.at.path}.checkpoint-7000`);
    made.add(run(2));
    const newer = await made.keep();
    await made.log.close();
    expect(checkpointPaths(nodeDisk, made.at.path)).toEqual([
      `${made.at.path}.checkpoint-7000`,
      newer,
      older,
    ]);
    expect((await begun(made.at)).folded).toEqual([]);
  });

  it("[checkpoint.atomic] a draft that a death left is none, and is in nobody's way", async () => {
    const made = await two();
    writeFileSync(`${made.at.path}.checkpoint-new`, 'half');
    expect((await begun(made.at)).folded).toEqual([12]);
    const open = await opened(made.at, { checkpoints: () => 0 });
    const facts = open.facts!;
    for await (const entry of open.entries()) applyEntry(facts, entry);
    const now = open.log.now()!;
    await writeCheckpoint({ disk: nodeDisk, log: made.at.path }, now.seq, checkpointOf(now, facts));
    expect(readdirSync(made.at.folder).filter((name) => name.includes('checkpoint'))).toHaveLength(2);
    await open.log.close();
  });
});

/** As a newer or older podkin writes it: whole, and with a version of its own. */
function reversion(path: string): void {
  const bytes = readFileSync(path);
  const end = bytes.indexOf(0x0a);
  const text = bytes.toString('utf8', 9, end).replace('"version":"source"', '"version":"other"');
  const sum = crc32(text).toString(16).padStart(8, '0');
  writeFileSync(path, Buffer.concat([Buffer.from(`${sum} ${text}\n`), bytes.subarray(end + 1)]));
}
