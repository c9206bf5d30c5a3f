/**
 * What a pod waits for is seen, typed, by everybody who looks; it ends with the waiting, and what outlives a
 * process outlives it here too.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Waiting } from '../../src/protocol/status-result.ts';
import type { Claim } from '../../src/scope/ownership/claims.ts';
import { Registry } from '../../src/scope/ownership/registry.ts';
import { ownIdentity } from '../../src/std/process-identity.ts';
import { capable } from '../support/capable.ts';
import { RunningCommand } from '../support/command-rig.ts';
import { type RootOptions, TestHome, type TestPod } from '../support/rig.ts';
import { lookRules, seenEverywhere, untilGone, untilWaiting } from '../support/waiting-seen.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  home.expectsNoSockets = false;
});
afterEach(() => home.close());

/** A root that has a child, which does what `rules` say. */
async function family(rules: string, more: RootOptions = {}): Promise<{ root: TestPod; kid: TestPod }> {
  const scenario = `rules:${lookRules}
  - { pod: root, last: user, matches: "^spawn", call: [{ SpawnPod: { name: kid, task: work, write: [part] } }] }
${rules}
  - { say: "Well." }
`;
  mkdirSync(join(home.work, 'part'));
  const root = await home.startRoot({ scenario, ...more });
  await root.run('spawn');
  const kid = await home.spawned('kid');
  await root.until('the spawn is over', (all) => all.some(({ type }) => type === 'turnEnded'));
  return { root, kid };
}

const alertsOf = async (pod: TestPod, code: string) =>
  (await pod.entriesOf('alert')).filter((alert) => alert.code === code);

const ms = (time: string | null | undefined): number => Date.parse(time ?? '');

describe('a provider', () => {
  it('[waiting.shown] send --wait and wait say once that the pod, or a child that it waits for, waits for its provider', async () => {
    const { root, kid } = await family(
      `  - { pod: kid, matches: "^work", fail: { kind: rateLimit, retryAfterMs: 90000 } }
  - { pod: root, last: user, matches: "^ask", fail: { kind: rateLimit, retryAfterMs: 90000 } }`,
    );
    await untilWaiting(kid, 'provider');
    const wait = new RunningCommand(home, ['wait', 'root']);
    const words = /^kid waits for its provider: The model's provider failed \(rateLimit: .*90\.0 s\.$/m;
    await wait.until('the words', ({ stderr }) => words.test(stderr));
    const send = new RunningCommand(home, ['send', '--wait', 'root', 'ask']);
    await send.until('the words', ({ stderr }) => /^root waits for its provider: .*90\.0 s\.$/m.test(stderr));
    await root.call('cancel', {});
    await kid.call('cancel', {});
    await send.ended;
    await wait.ended;
    expect(wait.stderr.match(/kid waits for its provider/g)).toHaveLength(1);
  });

  it('[waiting.provider] that asks for a rest: since the request, until the next try, in its words; a cancel ends it', async () => {
    const { root, kid } = await family(
      `  - { pod: kid, matches: "^work", fail: { kind: rateLimit, retryAfterMs: 90000 } }`,
    );
    await untilWaiting(kid, 'provider');
    const seen = await seenEverywhere(home, kid, root);
    const [begun] = await kid.entriesOf('turnStarted');
    expect(ms(seen.since)).toBeGreaterThanOrEqual(ms(begun?.time));
    expect(ms(seen.until) - ms(seen.since)).toBeGreaterThanOrEqual(90_000);
    expect(ms(seen.until) - ms(seen.since)).toBeLessThan(100_000);
    expect(seen.reason).toMatch(/^The model's provider failed \(rateLimit: .*try 2 of 8 in 90\.0 s\.$/);
    expect((await home.run(['ps'])).stderr).toContain(`kid waits for its provider: ${seen.reason}`);
    const [logged, ...more] = await alertsOf(kid, 'providerWaiting');
    expect(more).toEqual([]);
    expect(logged?.text).toBe(
      `${seen.reason} It has not answered since ${seen.since}; the next try is at ${seen.until}.`,
    );
    expect((await home.run(['logs', 'kid'])).stdout).toContain('try 2 of 8 in 90.0 s.');
    await kid.call('cancel', {});
    await untilGone(kid);
  });

  it('[waiting.provider-silent] that has taken a request and says nothing: since the request; gone once it answers', async () => {
    const { root, kid } = await family(
      `  - { pod: kid, matches: "^work", delayMs: 12000, say: "The work is done." }`,
    );
    const waiting = await untilWaiting(kid, 'provider');
    const seen = await seenEverywhere(home, kid, root);
    expect(seen).toEqual(waiting);
    const [begun] = await kid.entriesOf('turnStarted');
    expect(ms(seen.since) - ms(begun?.time)).toBeLessThan(5_000);
    expect(seen).toMatchObject({ until: null, reason: expect.stringMatching(/ has not begun to answer$/) });
    await kid.untilEntry('turnEnded');
    await untilGone(kid);
    expect(await alertsOf(kid, 'providerWaiting')).toEqual([]);
  });

  it('[waiting.provider-brief] a retry of less than five seconds is not in the log, several that last longer together are', async () => {
    const { kid } = await family(
      `  - { pod: kid, matches: "^work", times: 1, fail: { kind: overloaded, retryAfterMs: 1500 } }
  - { pod: kid, matches: "^again", times: 2, fail: { kind: overloaded, retryAfterMs: 3000 } }`,
    );
    await kid.untilEntry('turnEnded');
    expect(await alertsOf(kid, 'providerWaiting')).toEqual([]);
    expect((await kid.call('status', {})).waiting).toBeNull();
    await kid.run('again');
    await kid.until('both have ended', (all) => all.filter(({ type }) => type === 'turnEnded').length === 2);
    const logged = await alertsOf(kid, 'providerWaiting');
    expect(logged.map(({ text }) => /try \d of 8 in 3\.0 s/.exec(text)?.[0])).toEqual([
      'try 3 of 8 in 3.0 s',
    ]);
  });

  it('[waiting.provider-restart] a restarted pod asks again, and waits from then on', async () => {
    const { kid } = await family(
      `  - { pod: kid, matches: "^work", fail: { kind: rateLimit, retryAfterMs: 90000 } }`,
    );
    const before = await untilWaiting(kid, 'provider');
    await kid.kill();
    await kid.start();
    const after = await untilWaiting(kid, 'provider');
    expect(ms(after.since)).toBeGreaterThan(ms(before.since));
    await kid.call('cancel', {});
  });
});

it('[waiting.approval] a person: since the approval, with the call; over a restart the same; gone with the answer', async () => {
  const { root, kid } = await family(
    // In its next incarnation it makes the same call again, which takes the approval up.
    `  - { pod: kid, matches: "^work", call: [{ Write: { path: part/a, content: "x" } }] }
  - { pod: kid, last: tool, times: 1, call: [{ Write: { path: part/a, content: "x" } }] }`,
    { permissions: { ask: ['Write'] } },
  );
  await untilWaiting(kid, 'approval');
  const seen = await seenEverywhere(home, kid, root);
  const asked = await kid.untilEntry('approval', ({ state }) => state === 'asked');
  expect(seen).toEqual({
    kind: 'approval',
    since: asked.time,
    until: null,
    reason: expect.stringContaining('Write: '),
  });
  expect(seen.reason).toContain('part/a');
  await kid.kill();
  await kid.start();
  expect(await untilWaiting(kid, 'approval')).toEqual(seen);
  const request = 'request' in asked ? asked.request : '';
  await kid.call('approve', { request, decision: 'deny' });
  await kid.untilSettled();
  await untilGone(kid);
});

it('[waiting.children] its children: since the oldest open task, by name; over a restart the same; gone with the report', async () => {
  const { root, kid } = await family(
    `  - { pod: kid, last: user, matches: "^work", call: [{ SpawnPod: { name: grandkid, task: dig, write: [part/deep] } }] }
  - { pod: grandkid, matches: "^dig", call: [{ Write: { path: part/deep/a, content: "x" } }] }`,
    { permissions: { ask: ['Write'] } },
  );
  const grandkid = await home.spawned('grandkid');
  await grandkid.untilEntry('turnStarted');
  await untilWaiting(kid, 'children');
  await untilWaiting(grandkid, 'approval');
  const seen = await seenEverywhere(home, kid, root);
  const [given] = await kid.entriesOf('assignment');
  expect(seen).toEqual({ kind: 'children', since: given?.time, until: null, reason: 'grandkid' });
  await kid.kill();
  await kid.start();
  expect(await untilWaiting(kid, 'children')).toEqual(seen);
  await grandkid.call('cancel', {});
  await kid.untilSettled();
  await untilGone(kid);
});

const canLimit = capable(
  'limit on the size of files that another process can set (prlimit)',
  () => process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0,
);

it.runIf(canLimit)(
  '[waiting.storage] [log.file-limit] its disk: since the first write that failed, in the system’s words; gone when there is room, and told in the log',
  async () => {
    const { root, kid } = await family('');
    await kid.untilEntry('podEventAcked');
    const { pid } = await kid.process();
    const limit = (bytes: string) =>
      execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    limit(String(statSync(kid.folder.log).size + 50));
    const beforeMs = Date.now();
    await expect(kid.run('more')).rejects.toMatchObject({ code: 'storageFailed' });
    const waiting = await untilWaiting(kid, 'storage');
    const seen = await seenEverywhere(home, kid, root);
    // It is tried again meanwhile, and the waiting began with the first.
    expect(seen.since).toBe(waiting.since);
    expect(ms(seen.since)).toBeGreaterThanOrEqual(beforeMs);
    expect(seen).toMatchObject({ until: null, reason: expect.stringContaining(kid.folder.log) });
    expect(seen.reason).toContain("the limit of a file's size (ulimit -f) is reached; raise it");
    limit('unlimited');
    await untilGone(kid);
    expect(await alertsOf(kid, 'storageRecovered')).toHaveLength(1);
  },
);

it('[waiting.scope] a path that somebody else of the home holds: whose it is, also in the log; gone when it is free', async () => {
  const { root, kid } = await family(
    `  - { pod: kid, last: user, matches: "^work", call: [{ SpawnPod: { name: grandkid, task: dig, write: [part/deep] } }] }
  - { pod: grandkid, matches: "^dig", call: [{ Write: { path: part/deep/a, content: "x" } }] }`,
    { permissions: { ask: ['Write'] } },
  );
  const grandkid = await home.spawned('grandkid');
  await grandkid.untilEntry('turnStarted');
  await untilWaiting(grandkid, 'approval');
  await untilWaiting(kid, 'children');
  // As after a registry that was lost, and another tree that was quicker.
  const path = join(home.work, 'part', 'deep');
  const other: Claim = {
    owner: { name: 'other', instance: '01890000-0000-7000-8000-000000000000' },
    above: [],
    write: [path],
    deny: [],
    exclusive: true,
    maker: ownIdentity(),
    process: ownIdentity(),
  };
  const registry = new Registry(home.home);
  const beforeMs = Date.now();
  await registry.update(() => ({ claims: [other], answer: null }));
  await untilWaiting(kid, 'scope');
  const seen = await seenEverywhere(home, kid, root);
  expect(ms(seen.since)).toBeGreaterThanOrEqual(beforeMs);
  const reason = `${path} is held for writing by the pod "other" (${path}); stop that pod first, or use another path.`;
  expect(seen).toEqual({ kind: 'scope', since: seen.since, until: null, reason });
  expect((await alertsOf(kid, 'scopeConflict')).map(({ text }) => text)).toEqual([reason]);
  await registry.update((claims) => ({
    claims: claims.filter(({ owner }) => owner.name !== 'other'),
    answer: null,
  }));
  await untilWaiting(kid, 'children');
  await grandkid.call('cancel', {});
  await kid.untilSettled();
});

describe('the wake budget', () => {
  it('[waiting.budget] of a minute: since it was used up, until it fills again; a person’s input ends it', async () => {
    const { root, kid } = await family('', { limits: { wakesPerMinute: 1 } });
    // Neither is read by a turn that runs already.
    await kid.untilSettled();
    await kid.call('notify', { message: 'one' });
    await kid.untilEntry('turnStarted', ({ kind }) => kind === 'runForNotification');
    await kid.untilSettled();
    await kid.call('notify', { message: 'two' });
    await kid.untilEntry('alert', ({ code }) => code === 'wakeBudget');
    await untilWaiting(kid, 'budget');
    const seen = await seenEverywhere(home, kid, root);
    const [told] = await alertsOf(kid, 'wakeBudget');
    expect(Math.abs(ms(seen.since) - ms(told?.time))).toBeLessThan(1_000);
    const spent = await kid.untilEntry('turnStarted', ({ kind }) => kind === 'runForNotification');
    expect(Math.abs(ms(seen.until) - ms(spent.time) - 60_000)).toBeLessThan(1_000);
    expect(seen.reason).toBe('too many turns for notices within a minute');
    await kid.run('go on');
    await kid.untilSettled();
    await untilGone(kid);
  });

  it('[waiting.hops] of a chain: no time ends it, over a restart it is the same, and a person’s input goes on', async () => {
    const { root, kid } = await family('', { limits: { hops: 2 } });
    await kid.untilSettled();
    await kid.call('notify', { message: 'far', hops: 2 });
    const told = await kid.untilEntry('alert', ({ code }) => code === 'wakeBudget');
    await untilWaiting(kid, 'budget');
    const seen = await seenEverywhere(home, kid, root);
    expect(Math.abs(ms(seen.since) - ms(told.time))).toBeLessThan(1_000);
    expect(seen).toMatchObject({ until: null, reason: expect.stringContaining('hops') });
    await kid.kill();
    await kid.start();
    expect(await untilWaiting(kid, 'budget')).toEqual({ ...seen, since: told.time });
    await kid.run('go on');
    await kid.untilSettled();
    await untilGone(kid);
  });
});

it('[waiting.limit] a limit that ended its turn: which, since then, over a restart too; a person’s input goes on', async () => {
  const { root, kid } = await family(
    `  - { pod: kid, matches: "^go on", say: "Gone on." }
  - { pod: kid, call: [{ Glob: { pattern: "*" } }] }`,
    {
      limits: { steps: 2 },
    },
  );
  const ended = await kid.untilEntry('turnEnded');
  expect(ended).toMatchObject({ outcome: 'limitReached', reason: 'steps' });
  const seen: Waiting = await seenEverywhere(home, kid, root);
  expect(seen).toMatchObject({ kind: 'limit', since: ended.time, until: null });
  expect(seen.reason).toContain('(steps)');
  await kid.kill();
  await kid.start();
  expect(await untilWaiting(kid, 'limit')).toEqual(seen);
  await kid.run('go on');
  await kid.untilSettled();
  await untilGone(kid);
});
