/** What a parent answers to its children's links and events. */
import { describe, expect, it } from 'vitest';
import type { Children } from '../../../../src/pod/children/children.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import { type Line, assigned, died, kid, linkOf, received } from '../../machine-rig.ts';
import { HandConnection } from '../shell-rig.ts';
import { logOf } from './family-rig.ts';
import { alive, began, parentOf, reserved, say } from './parent-rig.ts';

const refusal = (code: string, message: string) => ({ name: 'WireError', code, message });

describe('a link', () => {
  it('[child.link] is answered behind the syncs of the log and of the claims', async () => {
    const { link, order, children, committed } = parentOf([reserved, began, assigned('a')]);
    const waits = children.links.linked(kid.instance, { timeoutMs: 9, exited: null });
    const { answer, connection } = await link({ open: ['a'] });
    expect(answer).toEqual({
      received: 0,
      mode: 'default',
      assignments: ['a'],
      scope: { read: ['/w'], write: ['/w/a'] },
      link: children.links.numberOf(kid.instance),
    });
    // What it holds again is claimed at once, and once more where the answer can wait for it.
    const behind = ['claims', 'synced', 'claims', 'me at child.linked'];
    expect(order).toEqual(['commit child,scope', ...behind]);
    expect(committed[0]?.[0]).toMatchObject({ type: 'child', child: kid, state: 'linked', incarnation: 1 });
    await waits;
    expect(children.links.over(connection.connection, kid.instance)).toMatchObject({
      incarnation: 1,
      heardAtMs: 1_000,
    });
  });

  it('[child.link] stands where the claims cannot be said', async () => {
    const parent = parentOf();
    Object.assign(parent.pod.claims, { sync: () => Promise.reject(new Error('busy')) });
    expect((await parent.link()).answer).toMatchObject({ received: 0 });
  });

  it.each<[string, Line[], Partial<Parameters<Children['link']>[0]>, [string, string]]>([
    ['a stranger', [], {}, ['unknownChild', 'This pod has no such child; nothing was changed.']],
    [
      'another token',
      alive,
      { token: 'other' },
      ['badToken', 'The link token is not the one made at spawn; nothing was changed.'],
    ],
    [
      'another protocol',
      alive,
      { protocol: 9 },
      [
        'protocolMismatch',
        'The child "kid" speaks protocol 9, this pod 1; run both with one version of podkin.',
      ],
    ],
  ])(
    '[child.link] %s is refused for good, and of a known child that is said once',
    async (_, lines, fields, [code, text]) => {
      const { children, committed } = parentOf(lines);
      const connection = new HandConnection().connection;
      await expect(children.link({ ...linkOf(kid), ...fields }, connection)).rejects.toMatchObject(
        refusal(code, text),
      );
      const alerts = committed.flat().filter(({ type }) => type === 'alert');
      const mismatch = { type: 'alert', level: 'error', code: 'protocolMismatch', text };
      expect(alerts).toMatchObject([
        ...(code === 'protocolMismatch' ? [mismatch] : []),
        ...(lines.length === 0 ? [] : [{ code: 'childRefused' }]),
      ]);
      expect(children.links.has(kid.instance)).toBe(false);
    },
  );

  it('[child.link] an error that is no refusal is said to nobody', async () => {
    const { world, link, committed, shown } = parentOf();
    world.logs.set('kid', new Error('denied'));
    await expect(link({ incarnation: 2 })).rejects.toThrow('denied');
    expect([committed, shown]).toEqual([[], []]);
  });

  it('[child.link] what earlier lives have left is taken in before it', async () => {
    const { world, link, kinds, committed } = parentOf();
    world.logs.set('kid', logOf(2, say(1), { ...say(2), incarnation: 2 }));
    await link({ incarnation: 2, emitted: 2 });
    expect(kinds()).toEqual(['turnEnded 1', 'died null']);
    expect(
      committed
        .flat()
        .map(({ type }) => type)
        .indexOf('podEventReceived'),
    ).toBe(0);
    expect(committed.flat().findLast(({ type }) => type === 'child')).toMatchObject({ incarnation: 2 });
  });

  it.each([
    [1, 1, 1],
    [2, 1, 0],
    [3, 1, 1],
  ])(
    '[child.link] of life %i where the end of life %i is known reads the log %i times',
    async (incarnation, _, reads) => {
      const over: Line = received(null, died(), { from: { ...kid, incarnation: 1 } });
      const parent = parentOf(incarnation === 1 ? [reserved, began] : [...alive, over]);
      let opened = 0;
      const { open } = parent.pod.host.logs;
      Object.assign(parent.pod.host.logs, { open: (path: string) => ((opened += 1), open(path)) });
      parent.world.logs.set('kid', logOf(incarnation));
      await parent.link({ incarnation });
      // The first life has none before it. Once to sync it, to look for a checkpoint, to read it.
      expect(opened).toBe(incarnation === 1 ? 0 : 3 * reads);
    },
  );

  it('[child.link] waits where the log of earlier lives is not in its place, and not where the child was removed', async () => {
    const away = parentOf();
    const refused = away.link({ incarnation: 2 }).catch((error: unknown) => error);
    away.world.whereabouts = 'moved';
    expect(await refused).toMatchObject(
      refusal('timeout', 'Your log is not where this pod looks for it; link again.'),
    );
    const gone = parentOf();
    gone.removed.add(kid.instance);
    expect((await gone.link({ incarnation: 2 })).answer).toMatchObject({ received: 0 });
    const empty = parentOf();
    empty.world.logs.set('kid', []);
    const unread = empty.link({ incarnation: 2 }).catch((error: unknown) => error);
    await empty.clock.pass(700);
    expect(await unread).toMatchObject({ code: 'timeout' });
  });

  it('[child.link] over a connection that has closed meanwhile is none', async () => {
    const { link, children, committed } = parentOf();
    const connection = new HandConnection();
    connection.end();
    await expect(link({}, connection)).rejects.toMatchObject(
      refusal('timeout', 'The link was closed before it stood.'),
    );
    expect([children.links.has(kid.instance), committed]).toEqual([false, []]);
  });

  it('[child.doubt] after a run in doubt the first link is refused, and only that', async () => {
    const { link, children } = parentOf();
    const { connection } = await link();
    children.markUncertain(kid.instance);
    expect(connection.destroyed).toBe(1);
    await expect(link()).rejects.toMatchObject(
      refusal('timeout', 'A run is in doubt; link again, so that both logs are compared.'),
    );
    expect((await link()).answer).toMatchObject({ received: 0 });
  });

  it.each([
    ['has ended', received(null, died()), 1],
    ['lives', assigned('a'), 0],
  ])('[child.doubt] one that %s is looked at %#', async (_, line, looks) => {
    const parent = parentOf([...alive, line]);
    parent.children.markUncertain(kid.instance);
    await parent.clock.turn();
    expect(parent.looks()).toBe(looks);
  });

  it('[child.link] work that is on its way, or that the child has taken, is not denied by an older message', async () => {
    const lines = [...alive, assigned('a'), assigned('b'), assigned('c')];
    const { link, children, pod } = parentOf(lines);
    children.inFlight.add('a');
    children.markAccepted('b');
    expect((await link()).answer.assignments).toEqual(['a', 'b']);
    expect([...pod.facts.assignments.keys()]).toEqual(['a', 'b']);
  });

  it('[child.link] what the log has lost is filled from the child’s own before', async () => {
    const { link, kinds, world } = parentOf();
    world.logs.set('kid', logOf(1, say(1), say(2)));
    const said = Object.assign(linkOf(kid, { emitted: 1 }), { acked: 1 });
    const parent = parentOf();
    parent.world.logs.set('kid', logOf(1, say(1), say(2)));
    const answer = await parent.children.link(said, new HandConnection().connection);
    expect([answer.received, parent.kinds()]).toEqual([2, ['turnEnded 1', 'turnEnded 2']]);
    await link({ emitted: 2 });
    expect(kinds()).toEqual([]);
  });

  it('[child.link] work on its way is no sign of a loss', async () => {
    const parent = parentOf([...alive, assigned('a'), assigned('b')]);
    parent.world.logs.set('kid', logOf(1, say(1)));
    parent.children.inFlight.add('a');
    parent.children.markAccepted('b');
    await parent.link({ emitted: 1 });
    expect(parent.kinds()).toEqual([]);
  });
});

describe('an event', () => {
  it('[child.event] is answered behind its sync, at its points', async () => {
    const { link, tell, order, receipts, clock } = parentOf();
    const { connection } = await link();
    order.length = 0;
    expect(await tell(connection, 1)).toMatchObject({ received: 1 });
    await clock.turn();
    const [read, commit, synced, ...rest] = order.filter((one) => one !== 'emitted');
    expect([read, commit, synced]).toEqual([
      'me at event.read',
      expect.stringContaining('podEventReceived'),
      'synced',
    ]);
    expect(rest).toEqual(['me at receipt.committed', 'me at receipt.answered']);
    expect(receipts()).toMatchObject([{ eventSeq: 1, event: { text: 'event 1' } }]);
  });

  it('[child.event] of another connection, or of a later life than the link’s, is refused', async () => {
    const { link, tell, kinds } = parentOf();
    const { connection } = await link();
    await expect((async () => tell(new HandConnection(), 1))()).rejects.toMatchObject({
      code: 'unknownChild',
    });
    await expect((async () => tell(connection, 1, 2))()).rejects.toMatchObject(
      refusal('unknownChild', 'This is the link of incarnation 1; link again as incarnation 2.'),
    );
    expect(kinds()).toEqual([]);
  });

  it('[child.event] behind a hole is taken in after the child’s log has filled it', async () => {
    const { link, tell, kinds, world } = parentOf();
    const { connection } = await link();
    world.logs.set('kid', logOf(1, say(1), say(2)));
    expect(await Promise.all([tell(connection, 3), tell(connection, 3)])).toMatchObject([
      { received: 3 },
      { received: 3 },
    ]);
    expect(kinds()).toEqual(['turnEnded 1', 'turnEnded 2', 'turnEnded 3']);
  });

  it('[child.event] behind a hole that nothing fills is answered as a gap, each time anew', async () => {
    const { link, tell, kinds, world } = parentOf();
    const { connection } = await link();
    world.logs.set('kid', new Error('denied'));
    await expect(tell(connection, 3)).rejects.toMatchObject({ code: 'gap' });
    world.logs.set('kid', logOf(1, say(1), say(2)));
    expect(await tell(connection, 3)).toMatchObject({ received: 3 });
    expect(kinds().length).toBe(3);
  });

  it('[child.event] and a ping are heard', async () => {
    const { link, tell, children, clock } = parentOf();
    const { connection } = await link();
    const heard = () => children.links.get(kid.instance)?.heardAtMs;
    await clock.pass(10);
    await tell(connection, 1);
    expect(heard()).toBe(1_010);
    await clock.pass(10);
    children.ping(connection.connection);
    expect(heard()).toBe(1_020);
    expect(() => children.ping(new HandConnection().connection)).toThrow('link first');
  });
});

it('[child.link] the end of this pod closes the links', async () => {
  const { link, children } = parentOf();
  const { connection } = await link();
  children.close();
  expect(connection.destroyed).toBe(1);
});

it('[child.link] names no receipt that came while it was being made', async () => {
  const parent = parentOf();
  const claimed = deferred<never[]>();
  Object.assign(parent.pod.claims, { sync: () => claimed.promise });
  const connection = new HandConnection();
  const answer = parent.link({}, connection);
  await parent.clock.turn();
  await parent.tell(connection, 1);
  claimed.resolve([]);
  expect((await answer).answer.received).toBe(0);
});
