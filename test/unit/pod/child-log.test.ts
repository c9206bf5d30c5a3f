/**
 * What is read of a child's log: the events that its parent does not have yet, of the incarnations that it
 * asks for, without a hole.
 */
import { describe, expect, it } from 'vitest';
import { emptyBudget } from '../../../src/session/facts/replay-budget.ts';
import { readChildLog } from '../../../src/pod/children/child-log.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import type { PodFolder } from '../../../src/session/home/home.ts';
import { writeCheckpoint } from '../../../src/session/log/checkpoint-files.ts';
import { checkpointOf } from '../../../src/session/log/checkpoint-start.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import { applyEntry } from '../../../src/session/facts/replay.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { report } from '../../support/bare-machine.ts';
import { newLog, place, session } from '../session/log-rig.ts';

const { instance } = session();

function started(incarnation: number): EntryBody {
  return { type: 'started', incarnation, pid: 1, startTime: '1', bootId: 'b', podkin: '0.0.0' };
}

const emitted = (eventSeq: number, incarnation: number): EntryBody => ({
  type: 'podEventEmitted',
  eventSeq,
  incarnation,
  event: report('finished', [], { text: `event ${eventSeq}` }),
});

async function child(bodies: EntryBody[]): Promise<{ folder: PodFolder; disk: typeof nodeDisk }> {
  const at = await place();
  const log = newLog(at);
  log.append(bodies);
  await log.whenDurable();
  return { folder: { path: at.folder, log: at.path } as PodFolder, disk: nodeDisk };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, n) => n + 1);

const lives = [session(), started(1), emitted(1, 1), emitted(2, 1), started(2), emitted(3, 2), emitted(4, 2)];

it.each([
  [0, 9, [1, 2, 3, 4]],
  [1, 9, [2, 3, 4]],
  [4, 9, []],
  [0, 1, [1, 2]],
  [1, 1, [2]],
  [2, 1, []],
  [0, 2, [1, 2, 3, 4]],
])('[pull.wanted] above %i, of incarnations through %i: %j', async (above, throughIncarnation, seqs) => {
  const log = await readChildLog(await child(lives), { instance, above, throughIncarnation });
  expect(log.events.map(({ seq }) => seq)).toEqual(seqs);
  expect(log.events.map(({ incarnation }) => incarnation)).toEqual(seqs.map((seq) => (seq < 3 ? 1 : 2)));
  expect(log.incarnation).toBe(2);
});

it('[pull.no-hole] an event whose line is missing is told as lost, in its place', async () => {
  const log = await readChildLog(await child([session(), started(1), emitted(1, 1), emitted(4, 1)]), {
    instance,
    above: 0,
    throughIncarnation: 1,
  });
  expect(log.events.map(({ seq, event }) => [seq, event.kind])).toEqual([
    [1, 'turnEnded'],
    [2, 'errored'],
    [3, 'errored'],
    [4, 'turnEnded'],
  ]);
});

it('[pull.own-log] the log of another instance is refused, and one that is not there holds nothing', async () => {
  const at = await child(lives);
  const wanted = { instance: 'another', above: 0, throughIncarnation: 9 };
  await expect(readChildLog(at, wanted)).rejects.toThrow('belongs to another instance');
  const none = { folder: { ...at.folder, log: `${at.folder.log}.none` }, disk: nodeDisk };
  expect(await readChildLog(none, { ...wanted, instance })).toMatchObject({ events: [], incarnation: 0 });
});

/** The same child with a checkpoint behind each of these numbers of entries, and what was read of its log. */
async function childWith(bodies: EntryBody[], checkpointsAt: readonly number[]) {
  const at = await place();
  const log = newLog(at);
  const facts = emptyFacts();
  for (const [i, body] of bodies.entries()) {
    for (const entry of log.append([body]).entries) applyEntry(facts, entry);
    if (!checkpointsAt.includes(i + 1)) continue;
    await log.whenDurable();
    const now = log.now()!;
    await writeCheckpoint({ disk: nodeDisk, log: at.path }, now.seq, checkpointOf(now, facts));
  }
  await log.whenDurable();
  const beginnings: number[] = [];
  const disk: typeof nodeDisk = {
    ...nodeDisk,
    read: (fd, bytes, length, position) => (
      beginnings.push(position),
      nodeDisk.read(fd, bytes, length, position)
    ),
  };
  const folder = { path: at.folder, log: at.path } as PodFolder;
  return { folder, disk, random: () => 0, beginnings };
}

const acked = (through: number): EntryBody => ({ type: 'podEventAcked', through });
const reserved: EntryBody = { type: 'budgetReserved', turn: 't', step: 1, tokens: 50 };
const spent = [
  session(),
  started(1),
  emitted(1, 1),
  reserved,
  emitted(2, 1),
  acked(1),
  started(2),
  emitted(3, 2),
];

describe('a child with a checkpoint', () => {
  it.each(
    [0, 1, 2, 3].flatMap((above) =>
      [1, 2].flatMap((through) => upTo(spent.length).map((at) => [above, through, at])),
    ),
  )(
    '[pull.checkpoint] above %i, of incarnations through %i, with a checkpoint of %i entries: as its whole log',
    async (above, throughIncarnation, at) => {
      const place = await childWith(spent, [at]);
      const wanted = { instance, above, throughIncarnation };
      const whole = await readChildLog({ ...place, leastBytes: Number.MAX_SAFE_INTEGER }, wanted);
      expect(await readChildLog({ ...place, leastBytes: 0 }, wanted)).toEqual(whole);
      expect(whole.budget.tokens.spent).toBe(50);
      expect(whole.incarnation).toBe(2);
    },
  );

  it('[pull.checkpoint] is not read where the checkpoint has it, but for one whose receipt the parent has lost', async () => {
    const many = Array.from({ length: 4_000 }, (_, n) => emitted(n + 1, 1));
    const place = await childWith(
      [session(), started(1), ...many.slice(0, 3_990), acked(3_980), ...many.slice(3_990)],
      [3_993],
    );
    const { beginnings } = place;
    const wanted = { instance, above: 3_985, throughIncarnation: 1 };
    const tail = await readChildLog({ ...place, leastBytes: 0 }, wanted);
    expect(tail.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, n) => 3_986 + n));
    const last = beginnings.at(-1)!;
    expect(last).toBeGreaterThan(100_000);
    const again = await readChildLog({ ...place, leastBytes: 0 }, { ...wanted, above: 3_979 });
    expect(again.events.map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, n) => 3_980 + n));
  });

  it('[pull.own-log] that is the log of another is refused, also where a checkpoint says whose it is', async () => {
    const place = await childWith(spent, [5]);
    const wanted = { instance: 'another', above: 0, throughIncarnation: 9 };
    await expect(readChildLog({ ...place, leastBytes: 0 }, wanted)).rejects.toThrow(
      'belongs to another instance',
    );
  });
});

it('[pull.no-hole] what is lost, or is no event at all, names itself, its number and what to do', async () => {
  const strange = { ...emitted(3, 1), event: 'no event' } as unknown as EntryBody;
  const at = await child([session(), started(1), emitted(2, 1), strange]);
  const { events, lastTime } = await readChildLog(at, { instance, above: 0, throughIncarnation: 1 });
  expect(events.map(({ event }) => event)).toMatchObject([
    {
      kind: 'errored',
      turn: 'lost-1',
      error: {
        category: 'damagedLog',
        message: `what it said here (event 1) is lost: that line of ${at.folder.log} is damaged; ask it again`,
      },
    },
    { kind: 'turnEnded', text: 'event 2' },
    {
      kind: 'errored',
      turn: 'lost-3',
      error: {
        category: 'unknownEvent',
        message: `what it said here (event 3 in ${at.folder.log}) is of a kind that this version of podkin does not know; run both with one version`,
      },
    },
  ]);
  expect(lastTime).not.toBe('');
});

it('[pull.own-log] it is synced before it is read, and what cannot be is an error', async () => {
  const at = await child(lives);
  const wanted = { instance, above: 0, throughIncarnation: 9 };
  const order: string[] = [];
  const disk: typeof nodeDisk = {
    ...nodeDisk,
    fsync: (fd) => (order.push('sync'), nodeDisk.fsync(fd)),
    close: (fd) => (order.push('close'), nodeDisk.close(fd)),
    read: (...all) => (order.push('read'), nodeDisk.read(...all)),
  };
  await readChildLog({ ...at, disk }, wanted);
  expect(order.filter((what) => what !== 'close').slice(0, 2)).toEqual(['sync', 'read']);
  const denied = Object.assign(new Error('denied'), { code: 'EACCES' });
  const fails = {
    ...nodeDisk,
    fsync: () => {
      throw denied;
    },
  };
  await expect(readChildLog({ ...at, disk: fails }, wanted)).rejects.toBe(denied);
  const none = { folder: { ...at.folder, log: `${at.folder.log}.none` }, disk: nodeDisk };
  expect(await readChildLog(none, wanted)).toEqual({
    events: [],
    incarnation: 0,
    lastTime: '',
    budget: emptyBudget(),
  });
});
