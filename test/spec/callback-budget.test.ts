/**
 * The wake budget: past it nothing is dropped and nothing is woken, a person can see why, and a person's word
 * goes on with it.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const kindsOf = async (pod: TestPod) => (await pod.entriesOf('turnStarted')).map(({ kind }) => kind);
const alertsOf = async (pod: TestPod) =>
  (await pod.entriesOf('alert')).filter(({ code }) => code === 'wakeBudget');
const noticesIn = async (pod: TestPod) => (await pod.entriesOf('systemItem')).length;

/** Sends a notice and waits until its turn has ended. */
async function spend(pod: TestPod, turns: number): Promise<void> {
  await pod.call('notify', { message: `notice ${turns}` });
  await pod.until(`${turns} turns`, (all) => all.filter(({ type }) => type === 'turnEnded').length === turns);
}

it('[budget.hops] two pods that send each other on for ever end at the longest chain, with everything kept, and a person starts a new one', async () => {
  const root = await home.startRoot({
    limits: { hops: 3 },
    scenario: `
rules:
  - { pod: root, last: user, matches: "start", call: [{ SpawnPod: { name: pong, task: "play", write: [] } }] }
  - { pod: root, last: notification, call: [{ SendToPod: { name: pong, message: "again" } }] }
  - { pod: pong, say: "back to you" }
  - say: "Sent."
`,
  });
  await root.run('start');
  await root.untilEntry('alert', ({ code }) => code === 'wakeBudget');
  expect(await kindsOf(root)).toEqual([
    'run',
    'runForNotification',
    'runForNotification',
    'runForNotification',
  ]);
  const hops = (await root.entriesOf('turnStarted')).map((turn) => turn.hops);
  expect(hops).toEqual([0, 1, 2, 3]);
  expect(await root.call('status', {})).toMatchObject({
    status: 'idle',
    attention: 'budget',
    settled: false,
    pending: { received: 1 },
  });
  // A report that comes before its turn has ended is read in that turn, so their number is open.
  const received = (await root.entriesOf('podEventReceived')).length;
  expect(received).toBeGreaterThan(3);
  expect(await noticesIn(root)).toBe(received - 1);
  await root.run('enough');
  await root.until(
    'the new chain has come to its end',
    (all) => all.filter((entry) => entry.type === 'alert' && entry.code === 'wakeBudget').length === 2,
  );
  expect((await root.entriesOf('turnStarted')).map((turn) => turn.hops)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  expect((await kindsOf(root))[4]).toBe('run');
  await promiseKept(home);
});

it('[budget.wakes-per-minute] past the turns of a minute notices are kept and wake nobody; one alert says so, and a person reads them all', async () => {
  const pod = await home.startRoot({ limits: { wakesPerMinute: 2 } });
  await spend(pod, 1);
  await spend(pod, 2);
  await pod.call('notify', { message: 'notice 3' });
  await pod.untilEntry('alert', ({ code }) => code === 'wakeBudget');
  await pod.call('notify', { message: 'notice 4' });
  expect(await pod.call('status', {})).toMatchObject({
    status: 'idle',
    attention: 'budget',
    pending: { received: 2 },
  });
  expect(await noticesIn(pod)).toBe(2);
  await pod.run('go on');
  const status = await pod.untilSettled();
  expect(status.attention).toBeNull();
  expect(await noticesIn(pod)).toBe(4);
  expect(await kindsOf(pod)).toEqual(['runForNotification', 'runForNotification', 'run']);
  expect(await alertsOf(pod)).toHaveLength(1);
  await promiseKept(home);
});

it('[budget.own-reports-free] the report that closes an assignment of the pod itself wakes it when the turns of the minute are spent', async () => {
  const pod = home.makeRoot({ limits: { wakesPerMinute: 1 } });
  const [child] = await fakeChildren(home, pod, 1);
  await pod.start();
  await child!.link();
  await spend(pod, 1);
  await pod.call('notify', { message: 'notice 2' });
  await pod.untilEntry('alert', ({ code }) => code === 'wakeBudget');
  await child!.report(child!.turnEnded('finished'));
  await pod.until('a turn more', (all) => all.filter(({ type }) => type === 'turnEnded').length === 2);
  await pod.untilSettled();
  expect(await noticesIn(pod)).toBe(3);
  expect(await kindsOf(pod)).toEqual(['runForNotification', 'runForNotification']);
  await promiseKept(home);
});

it('[budget.told-upward] a child whose budget is used up reports that it has reached a limit, and its parent is woken', async () => {
  const root = await home.startRoot({
    limits: { wakesPerMinute: 1 },
    scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: worker, task: "work", write: [] } }] }
  - say: "{{pod}} is done."
`,
  });
  await root.run('go');
  await root.untilEntry('systemItem');
  await root.untilSettled();
  const worker = home.pod('worker');
  await worker.call('notify', { message: 'notice 1' });
  await worker.until('a second turn', (all) => all.filter(({ type }) => type === 'turnEnded').length === 2);
  await worker.call('notify', { message: 'notice 2' });
  const told = await root.untilEntry(
    'podEventReceived',
    ({ event }) => event.kind === 'turnEnded' && event.outcome === 'limitReached',
  );
  expect(told).toMatchObject({ event: { reason: 'wakeBudget', settled: false }, reads: true, wakes: true });
  await promiseKept(home);
});
