/**
 * Children that say something without a link, and children of which nobody knows whether a run has reached
 * them.
 */
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Limits } from '../../src/session/settings/settings.ts';
import { noticesOf, receiptsOf } from '../support/audit.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const scenario = `
rules:
  - { last: user, matches: "^send", call: [{ SendToPod: { name: child1, message: "more work" } }] }
  - { say: "{{pod}} has read it." }
`;

async function withChild(limits: Partial<Limits> = {}): Promise<{ root: TestPod; kid: FakeChild }> {
  const root = home.makeRoot({ scenario, limits: { sweepMs: 300, ...limits } });
  const [kid] = await fakeChildren(home, root, 1);
  if (kid === undefined) throw new Error('no fake child');
  await root.start();
  await kid.link();
  return { root, kid };
}

it('[restore.never-linked] what an incarnation said that ended before it linked is taken in, and its end behind it', async () => {
  const { root, kid } = await withChild();
  const [errand = ''] = kid.assignments;
  await kid.report(kid.turnEnded('finished', { assignments: [errand] }));
  await kid.report(kid.shutDown());
  await kid.end();
  await root.untilSettled();
  // No end of a link is left that would have the child looked at.
  await root.kill();
  await root.start();
  // A person restores it while its parent cannot be reached: it says something, and dies.
  await kid.beginAgain();
  kid.emit(kid.turnEnded('limitReached', { assignments: [], text: 'said without a link', textChars: 19 }));
  await kid.end();
  const end = await root.untilEntry(
    'podEventReceived',
    ({ event, from }) => event.kind === 'died' && from.incarnation === 2,
  );
  const said = await root.untilEntry('podEventReceived', ({ eventSeq }) => eventSeq === 3);
  expect(said.event).toMatchObject({ kind: 'turnEnded', text: 'said without a link' });
  expect(said.seq).toBeLessThan(end.seq);
  await root.untilSettled();
});

it('[restore.words-before-link] what an incarnation had committed and not sent stands before its death, which the link of the next one tells', async () => {
  // Nobody but the link finds out.
  const { root, kid } = await withChild({ deathGraceMs: 60_000 });
  const first = kid.emit(kid.turnEnded('paused', { text: 'said by the first one' }));
  await kid.end();
  await kid.beginAgain();
  await kid.link();
  expect(await kid.send(first)).toEqual({ outcome: 'duplicate', received: 1 });
  const receipts = receiptsOf(await root.entries(), kid.instance);
  expect(receipts.map(({ from, event }) => [from.incarnation, event.kind])).toEqual([
    [1, 'turnEnded'],
    [1, 'died'],
  ]);
  await kid.report(kid.turnEnded('finished'));
  await root.untilSettled();
});

it('[callback.run-in-doubt] a run that got no answer makes the child link anew, which then says that it never came', async () => {
  const { root, kid } = await withChild();
  const [errand = ''] = kid.assignments;
  await kid.report(kid.turnEnded('finished', { assignments: [errand] }));
  await root.untilSettled();
  // Takes the run and is gone before it says what became of it.
  const server = createServer((socket) => socket.once('data', () => socket.destroy()));
  const path = home.pod('child1').socket;
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  home.beforeClose(() => new Promise((resolve) => void server.close(() => resolve())));
  await root.run('send');
  const open = await root.untilEntry('assignment', ({ text }) => text === 'more work');
  await kid.unlinked();
  // What it says may be older than the doubt the first time.
  await expect(kid.link()).rejects.toThrow('A run is in doubt');
  await kid.link();
  const closed = await root.untilEntry(
    'assignment',
    ({ assignment, state }) => assignment === open.assignment && state === 'closed',
  );
  expect(closed).toMatchObject({ outcome: 'notStarted', tell: true });
  await root.untilSettled();
  const told = (await root.entriesOf('systemItem')).filter(({ item }) => item.kind === 'assignment');
  expect(told.map(({ item }) => item)).toMatchObject([
    { assignment: open.assignment, outcome: 'notStarted' },
  ]);
});

it('[play.lost-ack] an answer to a child that is gone by then hurts nobody: the child is told at its next link, and what it said is read once', async () => {
  const { root, kid } = await withChild();
  const [errand = ''] = kid.assignments;
  const event = kid.turnEnded('finished', { assignments: [errand] });
  const seq = kid.emit(event);
  const from = { instance: kid.instance, incarnation: kid.incarnation };
  const answer = kid.say('podEvent', { from, seq, event }).catch((error: unknown) => error);
  await kid.unlink();
  await answer;
  await root.untilEntry('podEventReceived', ({ eventSeq }) => eventSeq === seq);
  expect(await kid.link()).toMatchObject({ received: seq, assignments: [] });
  expect(await kid.send(seq)).toEqual({ outcome: 'duplicate', received: seq });
  await root.untilSettled();
  const all = await root.entries();
  expect(receiptsOf(all, kid.instance)).toHaveLength(1);
  expect(noticesOf(all, kid.instance)).toHaveLength(1);
});
