/**
 * Reading less than the whole of a log: from a time on, and only some types. Held against reading all of it,
 * over logs whose clocks jump, that are damaged, and that end in the middle of an append.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { realClock } from '../../../src/std/clock.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf, placeSince } from '../../../src/session/log/checkpoint-start.ts';
import { encodeLines } from '../../../src/session/log/line.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { type DamagedRegion, readEntries } from '../../../src/session/log/read-log.ts';
import { notedOf, SeqIndex } from '../../../src/session/log/seq-index.ts';
import {
  alert,
  dice,
  memoryFolder,
  newLog,
  opened,
  place,
  sampleLog,
  session,
  tempFolder,
} from './log-rig.ts';

const startMs = Date.parse('2026-03-01T00:00:00.000Z');
const minute = 60_000;

interface Read {
  readonly seqs: number[];
  readonly damagedLines: number;
}

async function read(path: string, from: number, fromMs: number): Promise<Read> {
  const seqs: number[] = [];
  let damagedLines = 0;
  const onDamaged = () => void (damagedLines += 1);
  for await (const { entry } of readEntries(path, { from, onDamaged }))
    if (!(Date.parse(entry.time) < fromMs)) seqs.push(entry.seq);
  return { seqs, damagedLines };
}

/** Appends of one to three long lines, each at the time that `at` says for it. */
function appends(count: number, rolled: (below: number) => number): EntryBody[][] {
  return Array.from({ length: count }, (_, n) =>
    Array.from({ length: 1 + rolled(3) }, () => alert(`${n} ${'x'.repeat(rolled(900))}`)),
  );
}

/** A damaged line in the middle, a checkpoint of most of it, and half an append at its end. */
async function jumpingLog(seed: number): Promise<{ path: string; times: number[] }> {
  const rolled = dice(seed);
  const at = await place();
  const times: number[] = [];
  let nowMs = startMs;
  const wallTime = () => {
    // Now and then somebody sets it, by days.
    nowMs += rolled(40) === 0 ? (rolled(9) - 4) * 1_440 * minute : rolled(3) * minute;
    times.push(nowMs);
    return new Date(nowMs).toISOString();
  };
  const clock = { ...realClock, wallTime };
  const first = newLog(at, { clock });
  first.append([session()]);
  for (const bodies of appends(150, rolled)) first.append(bodies);
  await first.close();
  const bytes = readFileSync(at.path);
  for (const share of [0.3, 0.31, 0.7]) bytes[Math.floor(bytes.length * share)]! ^= 1;
  writeFileSync(at.path, bytes);

  const open = await opened(at, { clock });
  const facts = emptyFacts();
  for await (const entry of open.entries()) applyEntry(facts, entry);
  const add = (bodies: EntryBody[]) => {
    for (const entry of open.log.append(bodies).entries) applyEntry(facts, entry);
  };
  for (const bodies of appends(600, rolled)) add(bodies);
  await open.log.whenDurable();
  const now = open.log.now()!;
  await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
  for (const bodies of appends(20, rolled)) add(bodies);
  await open.log.close();
  const time = new Date(nowMs).toISOString();
  const torn = encodeLines(
    [session(), session()].map((body, i) => ({ seq: 9_000 + i, time, ...body })),
  ).bytes;
  appendFileSync(at.path, torn.subarray(0, torn.length - 9));
  return { path: at.path, times };
}

it.each([1, 2, 3, 4, 5])(
  '[log.since] from its place on stands everything of that time or later, however the clock was set, and what is damaged before is counted (%i)',
  async (seed) => {
    const { path, times } = await jumpingLog(seed);
    const asked = [Math.min(...times) - 1, Math.max(...times) + 1, ...times.filter((_, i) => i % 37 === 0)];
    const places = new Set<number>();
    for (const fromMs of asked) {
      const { from, damagedLines } = placeSince(path, fromMs);
      const some = await read(path, from, fromMs);
      const all = await read(path, 0, fromMs);
      expect(some.seqs, `since ${fromMs}`).toEqual(all.seqs);
      expect(some.damagedLines + damagedLines, `since ${fromMs}`).toBe(all.damagedLines);
      expect(all.damagedLines).toBeGreaterThan(1);
      places.add(from);
    }
    expect(places.size).toBeGreaterThan(1);
  },
);

it('[log.since] of a clock that only goes on, no more than one mark is read before it', () => {
  const index = new SeqIndex();
  for (let seq = 1; seq <= 10_000; seq += 1) index.note(seq, seq * 100, { latestMs: seq, isOfEvents: false });
  for (const ms of [1, 256, 257, 5_000, 10_000]) {
    const from = index.since(ms, -1);
    expect(from, `since ${ms}`).toBeLessThanOrEqual(ms * 100);
    expect(from, `since ${ms}`).toBeGreaterThan((ms - 257) * 100);
  }
  expect(index.since(10_001, -1)).toBe(-1);
});

it('[log.since] what does not say its time in the usual form is of any time', () => {
  for (const time of ['', 'yesterday', '2026-13-41T00:00:00.000Z']) {
    const index = new SeqIndex();
    index.note(1, 100, { latestMs: 0, isOfEvents: false });
    index.note(2, 200, notedOf(encodeLines([{ seq: 2, time, ...alert('') }]).bytes));
    expect(index.since(startMs, -1), time).toBe(100);
  }
});

it('[log.types] only some types of a log, damaged or torn anywhere, are those of the whole', async () => {
  const { bytes } = await sampleLog();
  const path = join(memoryFolder(), 'log');
  const damages = [...bytes.keys()].filter((at) => at % 13 === 0);
  for (const at of damages) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 7);
    for (const log of [flipped, bytes.subarray(0, at)]) {
      writeFileSync(path, log);
      const whole = await listed(path);
      for (const wanted of [['session'], ['alert'], []]) {
        const types = new Set(wanted);
        const some = await listed(path, types);
        expect(some.entries, `${wanted.join(' ')} at ${at}`).toEqual(
          whole.entries.filter(({ type }) => types.has(type)),
        );
        expect(some.damaged, `${wanted.join(' ')} at ${at}`).toEqual(whole.damaged);
      }
    }
  }
});

it('[log.types] also where a line does not begin in the usual form', async () => {
  const path = join(tempFolder(), 'log');
  const time = '2026-03-01';
  const lines = [
    { seq: 1, time, ...alert('a') },
    { seq: 2, time, ...session() },
    {
      seq: 3,
      time,
      level: 'warning' as const,
      code: 'test',
      text: '"type":"session"',
      type: 'alert' as const,
    },
  ].map((entry) => encodeLines([entry]).bytes);
  writeFileSync(path, Buffer.concat(lines));
  const seqs = async (type: string) => (await listed(path, new Set([type]))).entries.map(({ seq }) => seq);
  expect(await seqs('alert')).toEqual([1, 3]);
  expect(await seqs('session')).toEqual([2]);
});

async function listed(path: string, types?: ReadonlySet<string>) {
  const damaged: DamagedRegion[] = [];
  const entries = [];
  const onDamaged = (region: DamagedRegion) => void damaged.push(region);
  for await (const { entry } of readEntries(path, { types, onDamaged })) entries.push(entry);
  return { entries, damaged };
}
