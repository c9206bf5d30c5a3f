/**
 * Whenever an event arrives (during the last request, behind it, in a tool, under a cancel, in a back-off,
 * paused): seen, once, in order.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deferred } from '../../src/std/deferred.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

interface Moment {
  moment: string;
  rules: string;
  /** Brings the pod to the moment, and answers how to let it go on. */
  reach(pod: TestPod): Promise<() => Promise<unknown> | void>;
  /** Kinds of the turns that it takes. */
  turns: string[];
}

/** Fulfils at the first live event of that type. */
async function live(pod: TestPod, fits: (event: { type: string; [field: string]: unknown }) => boolean) {
  const seen = deferred<void>();
  const observer = await pod.client((event) => {
    if (fits(event)) seen.resolve();
  });
  await observer.call('subscribe', {});
  return seen.promise;
}

const goOn = () => home.file('go');
const untilGo = 'until [ -e go ]; do sleep 0.02; done';

const moments: Moment[] = [
  {
    moment: 'while the last answer streams',
    rules: '  - { last: user, tokenDelayMs: 500, say: "Worked well enough." }',
    async reach(pod) {
      const answering = live(pod, ({ type }) => type === 'textDelta');
      await pod.run('work');
      await answering;
      return () => undefined;
    },
    turns: ['run', 'runForNotification'],
  },
  {
    moment: 'between two steps, in a tool',
    rules: `  - { last: user, call: [{ Bash: { command: "${untilGo}" } }] }`,
    async reach(pod) {
      await pod.run('work');
      await pod.untilEntry('toolCall');
      return goOn;
    },
    turns: ['run'],
  },
  {
    moment: 'while a cancel waits for a tool that does not want to end',
    rules: `  - { last: user, call: [{ Bash: { command: "trap : TERM; touch trapped; ${untilGo}" } }] }`,
    async reach(pod) {
      await pod.run('work');
      await home.untilFile('trapped');
      expect(await pod.call('cancel', {})).toEqual({ status: 'running' });
      return goOn;
    },
    turns: ['run', 'runForNotification'],
  },
  {
    moment: 'while a retry of the request waits',
    rules: '  - { last: user, times: 1, fail: { kind: rateLimit, retryAfterMs: 1200 } }',
    async reach(pod) {
      const waiting = live(pod, ({ type, code }) => type === 'alert' && code === 'providerRetry');
      await pod.run('work');
      await waiting;
      return () => undefined;
    },
    turns: ['run'],
  },
  {
    moment: 'while a pause waits for a tool',
    rules: `  - { last: user, call: [{ Bash: { command: "${untilGo}" } }] }`,
    async reach(pod) {
      await pod.run('work');
      await pod.untilEntry('toolCall');
      await pod.call('pause', {});
      return async () => {
        goOn();
        await pod.untilEntry('turnEnded', ({ outcome }) => outcome === 'paused');
        await pod.call('resume', {});
      };
    },
    turns: ['run', 'resume'],
  },
  {
    moment: 'while the pod is paused between turns',
    rules: '',
    async reach(pod) {
      await pod.call('pause', {});
      return () => pod.call('resume', {});
    },
    turns: ['runForNotification'],
  },
];

/** Two children and a stranger speak in turns; answers what the history must hold, in this order. */
async function arrive(pod: TestPod, [one, two]: FakeChild[]): Promise<string[]> {
  await pod.call('notify', { message: 'first word' });
  await one!.report(one!.turnEnded('paused', { text: 'one pauses', settled: false }));
  await two!.report(two!.errored({ text: 'two failed' }));
  await one!.report(one!.turnEnded('finished', { text: 'one is done' }));
  await pod.call('notify', { message: 'last word' });
  return ['first word', 'one pauses', 'two failed', 'one is done', 'last word'];
}

/** The texts of notices in the history, in order. What an error says stands in a fence before the text. */
async function noticed(pod: TestPod): Promise<string[]> {
  const bodies = (await pod.entriesOf('systemItem')).map(({ item }) => item.body);
  return bodies.map((body) => [...body.matchAll(/```data\n(.*)\n```/g)].at(-1)?.[1] ?? body);
}

describe.each(moments)('$moment', ({ rules, reach, turns }) => {
  it('[callback.any-moment] what arrives is seen, once, in order, without a further input', async () => {
    const pod = home.makeRoot({
      permissionMode: 'bypassPermissions',
      scenario: `rules:\n${rules}\n  - say: "Noted."\n`,
    });
    const children = await fakeChildren(home, pod, 2);
    await pod.start();
    for (const child of children) await child.link();
    const letGo = await reach(pod);
    const expected = await arrive(pod, children);
    const taken = await pod.call('status', {});
    expect(taken.pending.received).toBe(expected.length);
    await letGo();
    await pod.until('all is seen', (all) => {
      const items = all.filter((entry) => entry.type === 'systemItem');
      const seen = Math.max(
        0,
        ...all.map((entry) => (entry.type === 'stepCompleted' ? entry.seenThrough : 0)),
      );
      return items.length >= expected.length && items.every(({ seq }) => seq <= seen);
    });
    await pod.untilSettled();
    expect(await noticed(pod)).toEqual(expected);
    expect((await pod.entriesOf('turnStarted')).map(({ kind }) => kind)).toEqual(turns);
    const states = (await pod.call('deliveries', { direction: 'in' })).map(({ state }) => state);
    expect(states).toEqual(['seen', 'seen', 'seen']);
    await promiseKept(home);
  });
});

describe('real children', () => {
  it('[callback.spread-times] children that end all over a turn of several requests are each seen once, and none is left behind', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const root = await home.startRoot({
      scenario: `
rules:
  - pod: root
    last: user
    call:
${names.map((name) => `      - SpawnPod: { name: ${name}, task: "work", write: [] }`).join('\n')}
  - { pod: root, last: tool, times: 3, delayMs: 80, call: [{ Glob: { pattern: "*" } }] }
  - { pod: root, last: notification, times: 2, delayMs: 80, call: [{ Glob: { pattern: "*" } }] }
  - { pod: root, tokenDelayMs: 50, say: "I wait for the rest of it." }
${names.map((name, index) => `  - { pod: ${name}, delayMs: ${index * 120}, say: "${name} is done" }`).join('\n')}
`,
    });
    await root.run('go');
    await root.until('four reports', (all) => all.filter(({ type }) => type === 'systemItem').length === 4);
    await root.untilSettled();
    expect((await noticed(root)).sort()).toEqual(names.map((name) => `${name} is done`));
    const deliveries = await root.call('deliveries', { direction: 'in' });
    expect(deliveries.map(({ state }) => state)).toEqual(['seen', 'seen', 'seen', 'seen']);
    await promiseKept(home);
  });
});
