/**
 * Approvals to a person on real pods: they reach whoever can answer, wait without end, and are never a silent
 * yes or no.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Watched, failureOf, watched } from '../support/approval-watch.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

/** The root spawns mid, mid spawns low, and low runs a command. */
const deep = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: mid, task: go } }] }
  - { pod: mid, last: user, call: [{ SpawnPod: { name: low, task: go } }] }
  - { pod: low, last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { pod: low, last: tool, say: "low: {{lastText}}" }
  - { say: "{{pod}} is done." }
`;
const flat = `
rules:
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: tool, say: "{{lastText}}" }
`;

const marks = () => {
  const path = join(home.work, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

async function start(scenario: string, more: Parameters<TestHome['startRoot']>[0] = {}): Promise<TestPod> {
  const root = await home.startRoot({ scenario, ...more });
  await root.run('go');
  return root;
}

const lastResult = async (pod: TestPod) => (await pod.entriesOf('toolResult')).at(-1);

describe('an approval', () => {
  it('[approval.tree] of a grandchild reaches an observer of the root, is answered there, and the call runs once', async () => {
    const root = await start(deep);
    const seen: Watched = await watched(root);
    const asked = await seen.asked();
    expect(asked).toMatchObject({ pod: { name: 'low' }, tool: 'Bash', summary: 'echo ran >> marks' });
    expect(asked.why).toContain('outside any sandbox');
    expect((await home.pod('low').call('status', {})).attention).toBe('approval');
    expect(marks()).toBe('');
    const answer = await root.call('approve', { request: asked.request, decision: 'allow' });
    expect(answer).toMatchObject({ pod: { name: 'low' }, decision: 'allow', summary: 'echo ran >> marks' });
    expect(await seen.closed()).toMatchObject({ request: asked.request, decision: 'allow', by: 'person' });
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
    const entries = await home.pod('low').entries();
    const order = entries.flatMap((entry) =>
      entry.type === 'approval' ? [entry.state] : entry.type === 'toolResult' ? ['result'] : [],
    );
    expect(order).toEqual(['asked', 'answered', 'result']);
    expect((await home.pod('low').call('status', {})).attention).toBeNull();
  });

  it('[approval.late-observer] is told to whoever subscribes while it waits, after the history', async () => {
    const root = await start(flat);
    await root.untilEntry('approval');
    const first = await watched(root);
    const { request } = await first.asked();
    const second = await watched(root);
    expect((await second.asked()).request).toBe(request);
    expect(second.order.indexOf('approvalRequested')).toBeGreaterThan(second.order.indexOf('toolCall'));
    await root.call('approve', { request, decision: 'allow' });
    await root.untilSettled();
  });

  it('[approval.deny] that is answered with no is a denied call with the reason, and nothing runs', async () => {
    const root = await start(flat);
    const { request } = await (await watched(root)).asked();
    await root.call('approve', { request, decision: 'deny', reason: 'not today' });
    await root.untilSettled();
    expect(await lastResult(root)).toMatchObject({
      denied: true,
      isError: true,
      text: expect.stringContaining('not today'),
    });
    expect(marks()).toBe('');
  });

  it('[approval.once] is answered by one of two, the other is told how', async () => {
    const root = await start(flat);
    const { request } = await (await watched(root)).asked();
    const both = await Promise.allSettled([
      root.call('approve', { request, decision: 'allow' }),
      root.call('approve', { request, decision: 'deny' }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const winner = both[0]?.status === 'fulfilled' ? 'allow' : 'deny';
    const loser = both.find((one) => one.status === 'rejected');
    expect(failureOf(loser?.reason)).toMatchObject({
      code: 'forbidden',
      text: expect.stringContaining(winner),
    });
    await root.untilSettled();
    expect(marks()).toBe(winner === 'allow' ? 'ran\n' : '');
    expect((await root.entriesOf('approval')).filter(({ state }) => state === 'answered')).toHaveLength(1);
    const later = root.call('approve', { request, decision: 'allow' });
    await expect(later).rejects.toThrow(/not open any more/);
    await expect(root.call('approve', { request: 'none', decision: 'allow' })).rejects.toThrow(
      /podkin approvals/,
    );
  });

  it('[approval.no-pod] is answered by no pod: neither with a parent token nor over a link', async () => {
    const root = await start(flat);
    const { request } = await (await watched(root)).asked();
    const from = { instance: root.instance, token: readFileSync(root.folder.token, 'utf8').trim() };
    const refused = root.call('approve', { request, decision: 'allow', from });
    await expect(refused).rejects.toThrow(/Only a person/);
    expect((await root.entriesOf('approval')).map(({ state }) => state)).toEqual(['asked']);
    await root.call('approve', { request, decision: 'deny' });
    await root.untilSettled();
  });

  it('[approval.always] with always asks no second time for the same command, also after a restore, and asks for another', async () => {
    const scenario = `
rules:
  - { last: user, matches: again, call: [{ Bash: { command: "echo ran >> marks", description: "again" } }] }
  - { last: user, matches: other, call: [{ Bash: { command: "echo other >> marks" } }] }
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: tool, say: "{{lastText}}" }
`;
    const root = await start(scenario);
    const { request } = await (await watched(root)).asked();
    await root.call('approve', { request, decision: 'allowAlways' });
    await root.untilSettled();
    await root.run('again');
    await root.untilSettled();
    expect(marks()).toBe('ran\nran\n');
    await root.stop();
    await root.start();
    await root.run('again');
    await root.untilSettled();
    expect(marks()).toBe('ran\nran\nran\n');
    expect((await root.entriesOf('approval')).filter(({ state }) => state === 'asked')).toHaveLength(1);
    await root.run('other');
    const next = await (await watched(root)).asked();
    expect(next.summary).toBe('echo other >> marks');
    await root.call('approve', { request: next.request, decision: 'deny' });
    await root.untilSettled();
  });

  it('[approval.always] on a file tool is for this very call: another path, another text and a link that leads elsewhere are asked about', async () => {
    mkdirSync(join(home.work, 'docs'));
    mkdirSync(join(home.work, 'infra'));
    const write = (path: string, content: string) =>
      `call: [{ Write: { path: ${path}, content: ${content} } }]`;
    const scenario = `
rules:
  - { last: user, matches: first, ${write('docs/readme.md', 'one')} }
  - { last: user, matches: text, ${write('docs/readme.md', 'two')} }
  - { last: user, matches: path, ${write('infra/deploy.sh', 'one')} }
  - { last: tool, say: "{{lastText}}" }
`;
    const permissions = { ask: ['Write(docs/**)', 'Write(infra/**)'] };
    const root = await home.startRoot({ scenario, permissions });
    const seen = await watched(root);
    const say = async (input: string) => void (await root.run(input));
    const answerNext = async (count: number, decision: 'deny' | 'allowAlways') => {
      const { request, summary } = await seen.asked(count);
      await root.call('approve', { request, decision });
      await root.untilSettled();
      return summary;
    };
    await say('first');
    await answerNext(0, 'allowAlways');
    await say('first');
    await root.untilSettled();
    expect(seen.approvals).toHaveLength(1);
    await say('path');
    expect(await answerNext(1, 'deny')).toContain('infra/deploy.sh');
    expect(existsSync(join(home.work, 'infra/deploy.sh'))).toBe(false);
    await say('text');
    expect(await answerNext(2, 'deny')).toContain('two');
    rmSync(join(home.work, 'docs/readme.md'));
    home.file('infra/deploy.sh', 'old');
    symlinkSync('../infra/deploy.sh', join(home.work, 'docs/readme.md'));
    await say('first');
    await answerNext(3, 'deny');
    expect(readFileSync(join(home.work, 'infra/deploy.sh'), 'utf8')).toBe('old');
  });

  it('[approval.always] on SpawnPod is for this very child', async () => {
    const spawn = (name: string) => `call: [{ SpawnPod: { name: ${name}, task: go } }]`;
    const scenario = `
rules:
  - { pod: root, last: user, matches: other, ${spawn('other')} }
  - { pod: root, last: user, ${spawn('one')} }
  - { say: "{{pod}}" }
`;
    const root = await start(scenario, { permissions: { ask: ['SpawnPod'] } });
    const seen = await watched(root);
    await root.call('approve', { request: (await seen.asked()).request, decision: 'allowAlways' });
    await home.spawned('one');
    await root.untilSettled();
    await root.run('other');
    const { request, summary } = await seen.asked(1);
    expect(summary).toContain('other');
    await root.call('approve', { request, decision: 'deny' });
    await root.untilSettled();
    expect(existsSync(home.pod('other').folder.path)).toBe(false);
  });

  it('[approval.others-go-on] holds up neither another pod, nor what arrives, nor the calls beside it', async () => {
    const scenario = `
rules:
  - pod: root
    last: user
    matches: go
    call:
      - Read: { path: asked.txt }
      - Read: { path: free.txt }
      - SpawnPod: { name: worker, task: go }
  - { pod: worker, say: "worker is done" }
  - { last: tool, say: "{{lastText}}" }
  - { say: "{{pod}}" }
`;
    home.file('asked.txt', 'a');
    home.file('free.txt', 'f');
    const permissions = { ask: ['Read(asked.txt)'] };
    const root = await start(scenario, { permissions });
    const { request } = await (await watched(root)).asked();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    const tools = (await root.entriesOf('toolResult')).map(({ tool }) => tool);
    expect(tools.sort()).toEqual(['Read', 'SpawnPod']);
    expect(await root.call('run', { input: 'more' })).toMatchObject({ accepted: 'queued' });
    await root.call('approve', { request, decision: 'allow' });
    await root.untilSettled();
    expect(await root.entriesOf('toolResult')).toHaveLength(3);
  });
});

describe('what ends the waiting', () => {
  it.each([
    ['cancel', 'cancel', 'cancelled'],
    ['pause', 'pause', 'paused'],
  ] as const)(
    '[approval.ended] a %s closes the approval, says that the call did not run, and runs nothing',
    async (method, by, outcome) => {
      const root = await start(flat);
      const seen = await watched(root);
      const { request } = await seen.asked();
      await root.call(method, {});
      await root.untilEntry('turnEnded', (entry) => entry.outcome === outcome);
      expect(await seen.closed()).toMatchObject({ request, by });
      expect(await lastResult(root)).toMatchObject({
        interrupted: true,
        text: expect.stringContaining('did not run'),
      });
      expect(await root.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({ by });
      await expect(root.call('approve', { request, decision: 'allow' })).rejects.toThrow(/not open any more/);
      expect((await root.call('status', {})).attention).not.toBe('approval');
      expect(marks()).toBe('');
    },
  );

  it('[approval.ended] a stop closes it too, and it is not open after a restore', async () => {
    const root = await start(flat);
    const { request } = await (await watched(root)).asked();
    await root.stop();
    expect(await root.untilEntry('approval', ({ state }) => state === 'answered')).toMatchObject({
      by: 'stop',
    });
    expect(await lastResult(root)).toMatchObject({
      interrupted: true,
      text: expect.stringContaining('did not run'),
    });
    await root.start();
    await expect(root.call('approve', { request, decision: 'allow' })).rejects.toThrow(/not open any more/);
    expect(marks()).toBe('');
  });

  it('[approval.pause-step] a paused turn asks nothing more of the same step', async () => {
    const scenario = `
rules:
  - { last: user, call: [{ Bash: { command: "echo a >> marks" } }, { Bash: { command: "echo b >> marks" } }] }
  - { say: "done" }
`;
    const root = await start(scenario);
    await (await watched(root)).asked();
    await root.call('pause', {});
    await root.untilEntry('turnEnded', ({ outcome }) => outcome === 'paused');
    expect((await root.entriesOf('toolResult')).every(({ interrupted }) => interrupted === true)).toBe(true);
    expect(marks()).toBe('');
  });
});
