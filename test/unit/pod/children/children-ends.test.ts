/** Silence, and what is found when a child has ended or was removed. */
import { describe, expect, it } from 'vitest';
import { type Line, assigned, died, kid, linked, received, sib, timeOf } from '../../machine-rig.ts';
import { logOf } from './family-rig.ts';
import { alive, began, parentOf, reserved, say } from './parent-rig.ts';

describe('a look', () => {
  it('[child.check] comes a grace after the end of a link, and whoever asked hears of that end', async () => {
    const parent = parentOf();
    const { connection } = await parent.link();
    connection.end();
    await parent.clock.turn();
    expect([parent.unlinked, parent.clock.delays]).toEqual([[kid.instance], [700]]);
    await parent.clock.pass(699);
    expect(parent.looks()).toBe(0);
    await parent.clock.pass(1);
    expect(parent.looks()).toBe(1);
  });

  it('[child.check] is one at a time a child', async () => {
    const parent = parentOf();
    parent.world.locked.add(kid.instance);
    await Promise.all([parent.children.check(kid.instance), parent.children.check(kid.instance)]);
    expect(parent.looks()).toBe(1);
    await parent.children.check(kid.instance);
    expect(parent.looks()).toBe(2);
  });

  it.each([
    ['a stranger', [], false],
    ['one that has not linked', [reserved, began], false],
    ['anybody, once this pod is closed', alive, true],
  ])('[child.check] is not for %s', async (_, lines, closed) => {
    const parent = parentOf(lines);
    if (closed) parent.children.close();
    await parent.children.check(kid.instance);
    expect(parent.looks()).toBe(0);
  });

  it('[child.check] of a dead one takes in its log, then its end, then the claims, under its lock', async () => {
    const { world, children, order, kinds, receipts } = parentOf([...alive, assigned('a')]);
    world.logs.set('kid', logOf(1, say(1)));
    world.tail = 'Segmentation fault';
    const heard = children.ended(kid.instance, 5_000);
    await children.check(kid.instance);
    expect(kinds()).toEqual(['turnEnded 1', 'died null']);
    expect(order[0]).toBe('loan of kid');
    expect(order.slice(-3)).toEqual(['synced', 'claims', 'unlock']);
    expect(receipts()[1]).toMatchObject({
      from: { incarnation: 1 },
      event: {
        restored: false,
        stderrTail: 'Segmentation fault',
        lastActivityAt: timeOf(3),
        outstanding: [],
      },
    });
    expect(receipts()[1]?.event).not.toHaveProperty('exitCode');
    expect(receipts()[1]?.event).not.toHaveProperty('signal');
    expect(children.hasEnded(kid.instance)).toBe(true);
    expect(await heard).toBe(true);
    expect(receipts()[1]?.closes).toEqual(['a']);
  });

  it.each([
    [{ exitCode: 3, signal: null, pid: 101 }, { exitCode: 3 }],
    [{ exitCode: null, signal: 'SIGSEGV', pid: 101 } as const, { signal: 'SIGSEGV' }],
    [{ exitCode: 3, signal: null, pid: 999 }, {}],
  ])('[child.check] after the exit %j says %j', async (exit, says) => {
    const { world, children, receipts, clock } = parentOf();
    world.logs.set('kid', logOf(1));
    children.noteExit(kid.instance, exit);
    await clock.turn();
    const { exitCode, signal } = (receipts()[0]?.event ?? {}) as { exitCode?: number; signal?: string };
    expect({
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
    }).toEqual(says);
  });

  it('[child.check] each life that had no end gets one, and only the newest what is known of the exit', async () => {
    const { world, children, receipts } = parentOf();
    world.logs.set('kid', logOf(3));
    children.noteExit(kid.instance, { exitCode: 3, signal: null, pid: 101 });
    await children.check(kid.instance);
    expect(
      receipts().map(({ from, event }) => [
        from.incarnation,
        'restored' in event && event.restored,
        'exitCode' in event,
      ]),
    ).toEqual([
      [1, true, false],
      [2, true, false],
      [3, false, true],
    ]);
  });

  it('[child.check] says that it was asked while this pod stops', async () => {
    const { world, children, receipts, pod } = parentOf();
    world.logs.set('kid', logOf(1));
    pod.core.live.mode = 'stopping';
    await children.check(kid.instance);
    expect(receipts()[0]).toMatchObject({ wakes: false });
  });

  it('[child.check] a log that is away, and of which nobody says that it was removed, tells of no end', async () => {
    const { children, kinds, world, order } = parentOf();
    world.whereabouts = 'moved';
    await children.check(kid.instance);
    expect([kinds(), order]).toEqual([[], ['loan of kid', 'claims', 'unlock']]);
  });

  it.each(['alive', 'unknown'] as const)('[child.check] one that is %s has not ended', async (status) => {
    const { children, kinds, world, order } = parentOf();
    world.logs.set('kid', logOf(1, say(1)));
    world.status = status;
    await children.check(kid.instance);
    expect([kinds(), order]).toEqual([[], ['loan of kid', 'unlock']]);
  });

  it('[child.check] that fails is an alert, and the lock is given back', async () => {
    const { children, shown, world, order } = parentOf();
    world.logs.set('kid', new Error('denied'));
    await children.check(kid.instance);
    expect(shown).toEqual([
      {
        type: 'alert',
        level: 'error',
        code: 'childCheckFailed',
        text: 'What became of the child "kid" could not be found out: denied. It is tried again.',
      },
    ]);
    expect(order.at(-1)).toBe('unlock');
    Object.assign(world, {
      onTake: () => {
        throw 'no lock';
      },
    });
    await children.check(kid.instance);
    expect(shown[1]).toMatchObject({ text: expect.stringContaining('found out: no lock.') });
  });
});

describe('silence', () => {
  it('[child.silence] of a linked child is told once it is as long as patience allows', async () => {
    const parent = parentOf();
    await parent.link();
    parent.world.locked.add(kid.instance);
    await parent.clock.pass(29_999);
    await parent.children.check(kid.instance);
    expect(parent.kinds()).toEqual([]);
    await parent.clock.pass(1);
    await parent.children.check(kid.instance);
    expect(parent.receipts()).toMatchObject([
      { eventSeq: null, event: { kind: 'unreachable', sinceMs: 30_000 } },
    ]);
  });

  it('[child.silence] of one whose link has ended counts from that end', async () => {
    const parent = parentOf();
    const { connection } = await parent.link();
    parent.world.locked.add(kid.instance);
    await parent.clock.pass(20_000);
    connection.end();
    await parent.clock.pass(29_999);
    await parent.children.check(kid.instance);
    expect(parent.kinds()).toEqual([]);
    await parent.clock.pass(1);
    await parent.children.check(kid.instance);
    expect(parent.receipts()).toMatchObject([{ event: { sinceMs: 30_000 } }]);
    // A new link is heard from.
    await parent.link();
    await parent.children.check(kid.instance);
    expect(parent.kinds().length).toBe(1);
  });

  it('[child.silence] of one that was never seen without a link is none', async () => {
    const parent = parentOf();
    parent.world.locked.add(kid.instance);
    await parent.clock.pass(90_000);
    await parent.children.check(kid.instance);
    expect(parent.kinds()).toEqual([]);
  });
});

describe('a folder that is missing', () => {
  const missing = (lines: Line[] = alive) => {
    const parent = parentOf(lines);
    parent.world.specs.clear();
    return parent;
  };

  it('[child.missing] twice is the end of the child', async () => {
    const parent = missing();
    const check = parent.children.check(kid.instance);
    await parent.clock.pass(699);
    expect(parent.kinds()).toEqual([]);
    await parent.clock.pass(1);
    await check;
    expect(parent.receipts()).toMatchObject([{ event: { kind: 'died', reason: 'its folder was removed' } }]);
    expect([parent.looks(), parent.facts()?.state]).toEqual([0, 'ended']);
  });

  it('[child.missing] with a tombstone the child is forgotten at once', async () => {
    const parent = missing();
    parent.removed.add(kid.instance);
    await parent.children.check(kid.instance);
    expect([parent.kinds(), parent.facts()]).toEqual([['died null'], undefined]);
  });

  it.each<[string, (parent: ReturnType<typeof parentOf>) => unknown]>([
    ['it is linked', async ({ link }) => await link()],
    ['its process runs', ({ world }) => world.running.add(101)],
  ])('[child.missing] is no end while %s', async (_, change) => {
    const parent = missing();
    await change(parent);
    await parent.children.check(kid.instance);
    expect([parent.kinds(), parent.clock.delays]).toEqual([[], []]);
  });

  it.each<[string, (parent: ReturnType<typeof parentOf>) => unknown]>([
    ['it is back', ({ world }) => world.add('kid', kid.instance)],
    ['this pod is closed', ({ children }) => children.close()],
    ['it has linked', async ({ link }) => await link()],
  ])('[child.missing] is no end where at the second look %s', async (_, change) => {
    const parent = missing();
    const check = parent.children.check(kid.instance);
    await parent.clock.turn();
    await change(parent);
    await parent.clock.pass(700);
    await check;
    expect(parent.kinds()).toEqual([]);
  });
});

describe('a sweep', () => {
  it('[child.sweep] looks at who is without a link for a grace, first seen so by a sweep', async () => {
    const parent = parentOf();
    parent.world.locked.add(kid.instance);
    parent.children.sweep();
    expect(parent.clock.delays).toEqual([700]);
    parent.children.sweep();
    expect(parent.clock.delays).toEqual([700]);
    await parent.clock.turn();
    expect(parent.looks()).toBe(0);
    await parent.clock.pass(700);
    expect(parent.looks()).toBe(1);
    parent.children.sweep();
    await parent.clock.turn();
    expect(parent.looks()).toBe(2);
  });

  it('[child.sweep] leaves alone who has not linked yet, and who is linked and heard', async () => {
    const unborn = parentOf([reserved, began]);
    unborn.children.sweep();
    expect(unborn.clock.delays).toEqual([]);
    const parent = parentOf();
    const { connection } = await parent.link();
    for (const ms of [5_000, 5_000, 5_000, 5_000, 5_000, 5_000]) {
      await parent.clock.pass(ms);
      parent.children.sweep();
    }
    await parent.clock.turn();
    expect([parent.looks(), parent.clock.delays]).toEqual([0, []]);
    await parent.clock.pass(1);
    parent.children.sweep();
    await parent.clock.turn();
    expect([parent.looks(), connection.destroyed]).toEqual([1, 0]);
  });

  it.each([
    [10_000, 30_001, 1],
    [10_001, 30_001, 0],
  ])('[child.sweep] that comes after %i ms in which this pod stood still', async (lateMs, _, looks) => {
    const parent = parentOf();
    await parent.link();
    for (let at = 0; at < 4; at += 1) {
      await parent.clock.pass(5_000);
      parent.children.sweep();
    }
    await parent.clock.pass(lateMs);
    parent.children.sweep();
    await parent.clock.pass(1);
    parent.children.sweep();
    await parent.clock.turn();
    expect(parent.looks()).toBe(looks);
  });

  it('[child.sweep] a standstill does not count for who has lost its link either', async () => {
    const parent = parentOf();
    parent.world.locked.add(kid.instance);
    parent.children.sweep();
    await parent.clock.pass(5_000);
    parent.children.sweep();
    await parent.clock.pass(60_000);
    parent.children.sweep();
    await parent.children.check(kid.instance);
    expect(parent.kinds()).toEqual([]);
    await parent.clock.pass(20_000);
    await parent.children.check(kid.instance);
    expect(parent.receipts()).toMatchObject([{ event: { sinceMs: 30_000 } }]);
  });

  const over: Line[] = [...alive, received(null, died())];

  it('[child.sweep] looks again at an ended one whose log has grown, or that was given work which nobody took', async () => {
    const idle = parentOf(over);
    idle.world.logs.set('kid', logOf(1));
    await idle.children.check(kid.instance);
    idle.children.sweep();
    await idle.clock.turn();
    expect(idle.looks()).toBe(1);
    const grown = parentOf(over);
    grown.world.logs.set('kid', logOf(1));
    grown.children.sweep();
    await grown.clock.turn();
    expect(grown.looks()).toBe(1);
    grown.children.sweep();
    await grown.clock.turn();
    expect(grown.looks()).toBe(1);
    const stuck = parentOf([...over, assigned('a')]);
    stuck.world.logs.set('kid', logOf(1));
    await stuck.children.check(kid.instance);
    expect(stuck.committed.flat()).toMatchObject([{ type: 'assignment', assignment: 'a', state: 'closed' }]);
  });

  it('[child.sweep] looks at an ended one with work that nobody took, but for what is on its way', async () => {
    const parent = parentOf([...over, assigned('a'), assigned('s', sib)]);
    parent.world.logs.set('kid', logOf(1));
    parent.children.inFlight.add('a');
    await parent.children.check(kid.instance);
    expect(parent.committed).toEqual([]);
    parent.children.sweep();
    await parent.clock.turn();
    expect(parent.looks()).toBe(1);
    parent.children.inFlight.clear();
    parent.children.sweep();
    await parent.clock.turn();
    expect(parent.looks()).toBe(2);
    expect(parent.committed.flat().length).toBe(1);
  });

  it('[child.sweep] forgets an ended one that was removed', () => {
    const parent = parentOf(over);
    parent.removed.add(kid.instance);
    parent.world.specs.clear();
    parent.children.sweep();
    expect([parent.facts(), parent.committed.flat().at(-1)]).toMatchObject([undefined, { state: 'removed' }]);
  });
});

it('[end.awaited] has ended: who is unknown, or whose newest life has its end here', () => {
  const ended = (lines: Line[]) => parentOf(lines).children.hasEnded(kid.instance);
  const over = received(null, died());
  expect([ended([]), ended([reserved, began]), ended(alive), ended([...alive, over])]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(ended([...alive, over, linked(kid, 2)])).toBe(false);
});
