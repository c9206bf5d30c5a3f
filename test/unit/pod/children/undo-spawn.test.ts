/** A spawn that is taken back: nobody of it lives on, nothing of another is touched, and its name is free. */
import { describe, expect, it } from 'vitest';
import { removeHalfMade, undoSpawn } from '../../../../src/pod/children/undo-spawn.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { podFolder } from '../../../../src/session/home/home.ts';
import { child, kid, me, session, sib, started } from '../../machine-rig.ts';
import { type Family, familyOf, identityOf, logOf } from './family-rig.ts';

const undone = { type: 'child', child: kid, state: 'undone', reason: 'it hangs' };
const born = child(kid, 'started', { ...identityOf(200) });
const unlocked = ['loan of kid', 'bury kid', 'unlock', 'delete kid'];
const away = ['remove /sockets/kid', 'commit child'];

function undoing(lines = [born]) {
  const family = familyOf(lines);
  let done = false;
  const undo = async () => {
    const work = undoSpawn(family.pod, kid, 'it hangs').then(() => (done = true));
    await family.clock.turn();
    return work;
  };
  const begin = async () => {
    void undo();
    await family.clock.turn();
  };
  return Object.assign(family, { undo, begin, isDone: () => done });
}

describe('undoing', () => {
  it('[undo.whole] kills the process, buries the folder under its lock, then frees the socket and the name', async () => {
    const family = undoing();
    family.world.running.add(200);
    family.world.logs.set('kid', logOf(1));
    await family.undo();
    expect(family.order).toEqual(['SIGKILL to 200', ...unlocked, ...away]);
    expect(family.committed).toEqual([[undone]]);
    expect(family.world.burials).toMatchObject([
      {
        ...kid,
        folder: podFolder(family.pod.home, 'kid'),
        parent: me.instance,
        facts: { incarnation: 1 },
        receivedAbove: 0,
        discarded: true,
      },
    ]);
  });

  it('[undo.whole] waits five seconds for a process that SIGKILL does not end', async () => {
    const family = undoing();
    family.world.running.add(200);
    family.world.stubborn.add(200);
    await family.begin();
    await family.clock.pass(4_999);
    expect(family.order).toEqual(['SIGKILL to 200']);
    await family.clock.pass(1);
    expect(family.order).toEqual(['SIGKILL to 200', ...unlocked, ...away]);
  });

  it('[undo.whole] signals nobody where no process is known, or it is gone', async () => {
    const unborn = undoing([child(kid, 'reserved')]);
    await unborn.undo();
    expect(unborn.order).toEqual([...unlocked, ...away]);
    const gone = undoing();
    await gone.undo();
    expect([gone.order, gone.clock.delays]).toEqual([['SIGKILL to 200', ...unlocked, ...away], []]);
  });

  it.each([
    ['is another’s', sib.instance],
    ['is gone', null],
  ])('[undo.only-own] a folder that %s stays as it is', async (_, instance) => {
    const family = undoing([child(kid, 'reserved')]);
    family.world.specs.clear();
    if (instance !== null) family.world.add('kid', instance);
    await family.undo();
    expect(family.order).toEqual(away);
    expect(family.committed).toEqual([[undone]]);
  });

  it('[undo.only-own] a child that this pod does not know is forgotten all the same', async () => {
    const family = undoing([]);
    await family.undo();
    expect(family.committed).toEqual([[undone]]);
  });
});

describe('a home that is away', () => {
  it.each([
    ['returns', 4_960, [...unlocked, ...away]],
    ['does not return', 6_000, []],
  ])('[undo.home-away] that %s within five seconds', async (_, ms, order) => {
    const family = undoing([child(kid, 'reserved')]);
    family.world.isThere = false;
    await family.begin();
    await family.clock.pass(ms);
    expect(family.order).toEqual([]);
    expect(family.clock.delays.length).toBe(order.length === 0 ? 0 : 1);
    family.world.isThere = true;
    await family.clock.pass(40);
    expect(family.order).toEqual(order);
  });

  it('[undo.home-away] is looked for every 20 ms, up to the fifth second', async () => {
    const family = undoing([child(kid, 'reserved')]);
    family.world.whereabouts = 'moved';
    await family.begin();
    expect(family.clock.delays).toEqual([20]);
    await family.clock.pass(4_999);
    expect([family.isDone(), family.clock.delays]).toEqual([false, [1]]);
    await family.clock.pass(1);
    expect([family.isDone(), family.clock.delays, family.order]).toEqual([true, [], []]);
  });

  it('[undo.home-away] is not waited for while this pod stops', async () => {
    const family = undoing([child(kid, 'reserved')]);
    family.world.isThere = false;
    family.pod.core.live.mode = 'stopping';
    await family.begin();
    expect([family.isDone(), family.clock.delays, family.order]).toEqual([true, [], []]);
  });
});

describe('a log that refuses', () => {
  function refusing() {
    const family = undoing();
    const tried: EntryBody[][] = [];
    const log = { takes: false };
    Object.assign(family.pod, { tryCommit: (bodies: EntryBody[]) => (tried.push(bodies), log.takes) });
    return Object.assign(family, { tried, log });
  }

  it('[undo.again] is tried again each second until the child is forgotten', async () => {
    const { undo, clock, tried, log } = refusing();
    await undo();
    expect(clock.delays).toEqual([1_000]);
    await clock.pass(1_000);
    expect([tried.length, clock.delays]).toEqual([2, [1_000]]);
    log.takes = true;
    await clock.pass(1_000);
    expect([tried, clock.delays]).toEqual([[[undone], [undone], [undone]], []]);
  });

  it.each([
    ['the child is forgotten by then', ({ pod }: Family) => pod.facts.children.clear()],
    ['this pod stops', ({ pod }: Family) => void (pod.core.live.mode = 'stopping')],
  ])('[undo.again] not where %s', async (_, change) => {
    const family = refusing();
    await family.undo();
    change(family);
    await family.clock.pass(1_000);
    expect([family.tried, family.clock.delays]).toEqual([[[undone]], []]);
  });
});

describe('a lock that is held', () => {
  it('[undo.locked] names the process: the log says which one, and its newest is ended', async () => {
    const family = undoing([child(kid, 'reserved')]);
    const { world } = family;
    world.locked.add(kid.instance);
    world.running.add(101).add(102);
    world.logs.set('kid', logOf(2));
    await family.begin();
    expect(family.order).toEqual(['loan of kid', 'SIGKILL to 102']);
    expect(family.clock.delays).toEqual([20]);
    world.locked.clear();
    await family.clock.pass(20);
    expect(family.order).toEqual(['loan of kid', 'SIGKILL to 102', ...unlocked, ...away]);
  });

  it('[undo.locked] by nobody that the log names is tried for five seconds, then the folder goes without it', async () => {
    const family = undoing([child(kid, 'reserved')]);
    family.world.locked.add(kid.instance);
    await family.begin();
    await family.clock.pass(4_999);
    expect(family.order.every((one) => one === 'loan of kid')).toBe(true);
    await family.clock.pass(1);
    expect(family.order.filter((one) => one !== 'loan of kid')).toEqual(['bury kid', 'delete kid', ...away]);
    expect(family.order.filter((one) => one === 'loan of kid').length).toBe(251);
  });
});

it('[undo.half-made] at the start folders that this pod made for nobody it knows are buried, the others stay', async () => {
  const family = familyOf([child(kid, 'reserved')]);
  const folderOf = (name: string) => podFolder(family.pod.home, name);
  family.world.halfMade = [
    { folder: folderOf('kid'), child: kid },
    { folder: folderOf('sib'), child: sib },
  ];
  family.world.logs.set('sib', [session(sib), started(1)]);
  await removeHalfMade(family.pod);
  expect(family.order).toEqual(['loan of sib', 'bury sib', 'unlock', 'delete sib']);
  expect(family.world.burials).toMatchObject([{ ...sib, folder: folderOf('sib'), parent: me.instance }]);
});
