/** What a parent allows of time to a child, and a person to a root, with real processes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/** The child's work, and with what it is spawned. */
const family = (limits: string, work: string) => `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "work", ${limits} } }] }
  - { pod: root, last: notification, say: "heard: {{lastText}}" }
  - { pod: root, say: "waiting" }
  - { pod: kid, ${work} }
  - { pod: kid, say: "done" }
`;
const hanging = 'last: user, call: [{ Bash: { command: "touch begun; sleep 300; touch ended" } }]';

async function spawned(scenario: string, permissionMode = 'bypassPermissions'): Promise<TestPod> {
  const root = await home.startRoot({ scenario, permissionMode });
  await root.run('go');
  return root;
}

/** Of the child, as its parent has received it. */
async function endOf(root: TestPod) {
  const { event } = await root.untilEntry('podEventReceived', (entry) => entry.event.kind === 'turnEnded');
  await root.untilSettled();
  const [item] = await root.entriesOf('systemItem');
  return { event, body: item?.item.body.split('\n')[0] };
}

const overTime = {
  event: expect.objectContaining({ outcome: 'limitReached', reason: 'time' }) as unknown,
  body: 'Pod "kid" stopped at a limit (time).',
};

describe('a child whose time is limited', () => {
  it.each([
    ['a tool', hanging],
    ['a request', 'last: user, fail: hang'],
    ['a back-off', 'last: user, fail: { kind: overloaded, retryAfterMs: 300000 }'],
  ])('[asked.timeout] ends with %s under way, and its parent reads it', async (_, work) => {
    const root = await spawned(family('timeoutMinutes: 0.02', work));
    expect(await endOf(root)).toEqual(overTime);
    const kid = home.pod('kid');
    expect((await kid.entriesOf('turnEnded')).map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['limitReached', 'time'],
    ]);
    expect((await kid.call('status', {})).waiting).toMatchObject({ kind: 'limit' });
  });

  it('[asked.idle] one whose tool writes goes on', async () => {
    const writing =
      'last: user, call: [{ Bash: { command: "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.3; done" } }]';
    const root = await spawned(family('idleMinutes: 0.025', writing));
    expect((await endOf(root)).body).toBe('Pod "kid" finished.');
  });

  it('[asked.idle] one whose tool is silent ends', async () => {
    const root = await spawned(family('idleMinutes: 0.02', hanging));
    expect(await endOf(root)).toEqual(overTime);
  });

  it('[asked.time-counts] it goes on counting behind a kill', async () => {
    home.expectsNoSockets = false;
    const root = await spawned(family('timeoutMinutes: 0.1', 'fail: hang'));
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnTime', ({ usedMs }) => usedMs >= 3_000);
    await kid.kill();
    await kid.start();
    const startedAt = performance.now();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    expect(performance.now() - startedAt).toBeLessThan(4_500);
    await root.untilSettled();
  });
});

describe('podkin run', () => {
  it('[asked.time-root] ends with status 5 at the limit, and refuses what is no number of minutes', async () => {
    const model = home.scenario('rules: [{ fail: hang }]');
    const ran = await home.run(['run', '-p', 'go', '--model', model, '--timeout-minutes', '0.02']);
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain('time');
    for (const [option, text] of [
      ['--timeout-minutes', 'soon'],
      ['--idle-minutes', '0'],
      ['--idle-minutes', '1e9'],
    ] as const) {
      const refused = await home.run(['run', '-p', 'go', '--model', model, option, text]);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain(`${option} ${text}: give a number of minutes`);
    }
    const again = await home.run(['run', '-p', '-c', 'root', 'go', '--timeout-minutes', '3']);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('leave out --timeout-minutes');
  });
});
