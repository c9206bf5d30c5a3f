/**
 * The orderly end of a tree, also where a part of it does not follow: every process ends, the deepest first,
 * and each end is told once.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRunning } from '../../src/std/process-identity.ts';
import type { Limits } from '../../src/session/settings/settings.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod, gone } from '../support/rig.ts';
import { stubbornProcess } from '../support/stubborn-process.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const chain = `
rules:
  - { pod: root, last: user, matches: "stop a", call: [{ StopPod: { name: a } }] }
  - { pod: root, last: user, call: [{ SpawnPod: { name: a, task: "work", write: [] } }] }
  - { pod: a, last: user, call: [{ SpawnPod: { name: b, task: "work", write: [] } }] }
  - { pod: b, fail: hang }
  - say: "{{pod}} waits."
`;

/** root → a → b, the last at work and the others idle. */
async function startChain(limits: Partial<Limits> = {}): Promise<{ root: TestPod; a: TestPod; b: TestPod }> {
  const root = await home.startRoot({ scenario: chain, limits });
  await root.run('go');
  const b = await home.spawned('b');
  await b.untilEntry('turnStarted');
  const a = home.pod('a');
  await a.untilEntry('turnEnded');
  await root.untilEntry('turnEnded');
  return { root, a, b };
}

const endsAt = async (pod: TestPod) =>
  (await pod.entriesOf('podEventReceived')).flatMap(({ event, from, reads }) =>
    event.kind === 'shutDown' || event.kind === 'died' ? [{ from: from.name, kind: event.kind, reads }] : [],
  );

describe('shutdown', () => {
  it('[stop.deepest-first] ends a tree from the deepest up; every end is told once, and nobody is left', async () => {
    const { root, a, b } = await startChain();
    await root.stop();
    expect(await endsAt(a)).toEqual([{ from: 'b', kind: 'shutDown', reads: true }]);
    expect(await endsAt(root)).toEqual([{ from: 'a', kind: 'shutDown', reads: true }]);
    const stoppedAt = async (pod: TestPod) => (await pod.entriesOf('stopped'))[0]!.time;
    expect((await stoppedAt(b)) <= (await stoppedAt(a))).toBe(true);
    expect((await stoppedAt(a)) <= (await stoppedAt(root))).toBe(true);
    await promiseKept(home);
  });

  it.each(['shutdown', 'SIGTERM'] as const)(
    '[stop.lost-work-told] work that a child loses because the tree is stopped (%s) is told to the model of its parent once, after the restore',
    async (how) => {
      const { root, a, b } = await startChain();
      if (how === 'shutdown') await root.stop();
      else {
        const processes = await Promise.all([root, a, b].map((pod) => pod.process()));
        await Promise.all([root, a, b].map((pod) => pod.signal('SIGTERM')));
        for (const identity of processes) await gone(identity);
      }
      await root.start();
      await a.start();
      const lost = /shut down.*It had been asked: "work".*Its work was not finished/s;
      for (const [pod, below] of [
        [root, a],
        [a, b],
      ] as const) {
        await pod.untilEntry('turnStarted', ({ kind }) => kind === 'runForNotification');
        await pod.untilSettled();
        const told = (await pod.entriesOf('systemItem')).filter(
          ({ item }) => item.kind === 'podEvent' && item.from.name === below.name && lost.test(item.body),
        );
        expect(told).toHaveLength(1);
      }
      await promiseKept(home);
    },
  );

  it('[stop.frozen-below] ends a tree whose deepest pod is frozen: that one is killed by its own parent, which then ends in order itself', async () => {
    const { root, a, b } = await startChain();
    home.expectsNoSockets = false;
    const processes = await Promise.all([root, a, b].map((pod) => pod.process()));
    await b.freeze();
    await root.call('shutdown', { graceMs: 1_000 });
    for (const identity of processes) await gone(identity);
    expect(await a.entriesOf('stopped')).toHaveLength(1);
    expect(await endsAt(a)).toEqual([{ from: 'b', kind: 'died', reads: true }]);
    expect(await endsAt(root)).toEqual([{ from: 'a', kind: 'shutDown', reads: true }]);
    expect(await root.entriesOf('stopped')).toHaveLength(1);
    await promiseKept(home);
  });

  it('[stop.frozen-between] StopPod of a frozen pod kills it and ends those below it too, and says who they were', async () => {
    const { root, a, b } = await startChain({ stopGraceMs: 300 });
    home.expectsNoSockets = false;
    const processes = await Promise.all([a, b].map((pod) => pod.process()));
    await a.freeze();
    await root.run('stop a');
    const result = await root.untilEntry('toolResult', ({ tool }) => tool === 'StopPod');
    expect(result).toMatchObject({
      text: 'Pod "a" did not answer and was killed. Ended with it: b.',
      isError: false,
    });
    expect(processes.map(isRunning)).toEqual([false, false]);
    expect(await b.entriesOf('stopped')).toHaveLength(1);
    await root.untilSettled();
    await promiseKept(home);
  });

  it('[stop.below-the-dead] ends the living descendants of a child that had died before', async () => {
    const { root, a, b } = await startChain();
    home.expectsNoSockets = false;
    const process = await b.process();
    await a.kill();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    await root.stop();
    expect(isRunning(process)).toBe(false);
    expect(await b.entriesOf('stopped')).toHaveLength(1);
    await promiseKept(home);
  });

  it('[stop.grace] waits for what does not end by itself as long as it was told, then kills it', async () => {
    const stubborn = await stubbornProcess(home);
    const pod = home.makeRoot({ limits: { stopGraceMs: 600_000 } });
    await fakeChildren(home, pod, 1, { process: stubborn.identity });
    await pod.start();
    await pod.call('shutdown', { graceMs: 200 });
    expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
    expect(isRunning(stubborn.identity)).toBe(false);
  });

  it('[stop.alone] without `cascade` leaves the children at work; what they report meanwhile waits for the next start', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: worker, task: "work", write: [] } }] }
  - { pod: worker, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - say: "{{pod}} is done."
`,
    });
    await root.run('go');
    await root.untilEntry('turnEnded');
    const worker = home.pod('worker');
    await root.call('shutdown', { cascade: false });
    await root.exit();
    home.file('go');
    await worker.untilEntry('podEventEmitted');
    expect((await worker.call('status', {})).pending.outgoing).toBe(1);
    await root.start();
    await root.untilEntry('systemItem');
    await root.untilSettled();
    await worker.untilEntry('podEventAcked');
    expect((await root.entriesOf('podEventReceived')).map(({ event }) => event.kind)).toEqual(['turnEnded']);
    await promiseKept(home);
  });
});

describe('killed in its orderly stop', () => {
  it('[stop.work-given-up] a pod that has said goodbye does not go on with what it said is not done', async () => {
    const scenario = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "work" } }] }
  - { pod: kid, fail: hang }
  - { say: "{{pod}} has read it." }
`;
    // Between its last word and the last line of its log.
    const root = await home.startRoot({ scenario, environment: { PODKIN_CRASH_AT: 'kid:event.committed' } });
    home.expectsNoSockets = false;
    await root.run('go');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.untilEntry('turnEnded');
    const dead = await kid.process();
    await kid.call('shutdown', {});
    await gone(dead);
    expect(await kid.entriesOf('stopped')).toEqual([]);
    const end = await root.untilEntry('podEventReceived');
    expect(end.event).toMatchObject({ kind: 'shutDown', assignments: [expect.any(String)] });
    await root.untilSettled();
    await kid.start();
    await kid.untilSettled();
    expect(await kid.call('status', {})).toMatchObject({ status: 'idle', turns: 1 });
    expect(await kid.entriesOf('podEventEmitted')).toHaveLength(1);
    await promiseKept(home);
  });
});

describe('cancel', () => {
  it('[control.cancel-resumed] of a turn that went on after a pause reaches the children that it had given work before', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - pod: root
    last: user
    call:
      - SpawnPod: { name: worker, task: "work", write: [] }
      - Bash: { command: "until [ -e go ]; do sleep 0.02; done" }
  - { fail: hang }
`,
    });
    await root.run('go');
    await root.until('the tool runs', (all) => all.filter(({ type }) => type === 'toolCall').length === 2);
    const worker = await home.spawned('worker');
    await worker.untilEntry('turnStarted');
    await root.call('pause', {});
    home.file('go');
    await root.untilEntry('turnEnded');
    await root.call('resume', {});
    await root.untilEntry('turnStarted', ({ kind }) => kind === 'resume');
    await root.call('cancel', {});
    await root.untilEntry('turnEnded', ({ outcome }) => outcome === 'cancelled');
    expect(await worker.untilEntry('turnEnded')).toMatchObject({ outcome: 'cancelled', by: 'parent' });
  });

  it.each([
    { when: 'while it waits to try again', retryAfterMs: 60_000 },
    { when: 'while it is paused', retryAfterMs: 1_500 },
  ])(
    '[control.cancel-holds-unseen] holds what the turn had taken in until the next input: cancelled $when',
    async ({ when, retryAfterMs }) => {
      const pod = await home.startRoot({
        scenario: `
rules:
  - { last: notification, times: 1, fail: { kind: rateLimit, retryAfterMs: ${retryAfterMs} } }
  - say: "Noted."
`,
      });
      await pod.call('notify', { message: 'mind this' });
      await pod.untilEntry('systemItem');
      if (when === 'while it is paused') {
        await pod.call('pause', {});
        await pod.untilEntry('turnEnded', ({ outcome }) => outcome === 'paused');
      }
      await pod.call('cancel', {});
      await pod.untilStatus('idle');
      expect(await pod.call('status', {})).toMatchObject({ attention: 'held', pending: { unseen: 1 } });
      await pod.run('go on');
      expect(await pod.untilSettled()).toMatchObject({ attention: null, pending: { unseen: 0 } });
      expect((await pod.entriesOf('turnStarted')).map(({ kind }) => kind)).toEqual([
        'runForNotification',
        'run',
      ]);
      await promiseKept(home);
    },
  );
});
