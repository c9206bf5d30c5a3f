/**
 * What is read of a child's log: the events that its parent does not have yet, of the incarnations that it
 * asks for, without a hole.
 */
import { expect, it } from 'vitest';
import { emptyBudget } from '../../../src/session/facts/replay-budget.ts';
import { readChildLog } from '../../../src/pod/children/child-log.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import type { PodFolder } from '../../../src/session/home/home.ts';
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
  expect(order.slice(0, 3)).toEqual(['sync', 'close', 'read']);
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
