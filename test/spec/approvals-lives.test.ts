/**
 * Approvals over the deaths of who asks and who stands above: nothing runs unasked, nothing runs twice, and
 * the approval can still be answered.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watched } from '../support/approval-watch.ts';
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

/** The child runs a command, and makes the same call again as long as it was interrupted. */
const scenario = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: go } }] }
  - { pod: child, last: user, call: [{ Bash: { command: "echo ran >> marks", description: first } }] }
  - { pod: child, last: tool, matches: "make the same call again", call: [{ Bash: { command: "echo ran >> marks", description: again } }] }
  - { pod: child, last: tool, say: "child: {{lastText}}" }
  - { say: "{{pod}}" }
`;

const marks = () => {
  const path = join(home.work, 'marks');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

async function start(environment: NodeJS.ProcessEnv = {}): Promise<{ root: TestPod; child: TestPod }> {
  const root = await home.startRoot({ scenario, environment });
  await root.run('go');
  return { root, child: await home.spawned('child') };
}

const states = async (pod: TestPod) => (await pod.entriesOf('approval')).map(({ state }) => state);
const asksAgain = (pod: TestPod) =>
  pod.until(
    'it asks again',
    (all) => all.filter((e) => e.type === 'approval' && e.state === 'asked').length > 1,
  );

describe('a death while an approval waits', () => {
  it('[approval.crash] of the pod that asks: the call has not run, the approval is told again after the restore, and answered it runs once', async () => {
    const { root, child } = await start();
    const { request } = await (await watched(root)).asked();
    await child.kill();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    await expect(root.call('approve', { request, decision: 'allow' })).rejects.toThrow();
    expect((await states(child)).includes('answered')).toBe(false);
    await child.start();
    const again = await (await watched(root)).asked();
    expect(again).toMatchObject({ request, pod: { name: 'child' } });
    await asksAgain(child);
    const interrupted = await child.untilEntry('toolResult', (entry) => entry.interrupted === true);
    expect(interrupted.text).toMatch(/did not run.*stays open/);
    await root.call('approve', { request, decision: 'allow' });
    await root.untilSettled();
    await child.untilSettled();
    expect(marks()).toBe('ran\n');
    expect(await states(child)).toEqual(['asked', 'asked', 'answered']);
  });

  it('[approval.crash-above] of its parent: it goes on waiting, and the restored parent hears of it by itself', async () => {
    const { root, child } = await start();
    const { request } = await (await watched(root)).asked();
    await root.kill();
    await root.start();
    const seen = await watched(root);
    expect(await seen.asked()).toMatchObject({ request, pod: { name: 'child' } });
    await root.call('approve', { request, decision: 'allow' });
    expect(await seen.closed()).toMatchObject({ request, decision: 'allow' });
    await child.untilSettled();
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
    expect(await states(child)).toEqual(['asked', 'answered']);
  });

  it('[approval.kept-answer] an answer that comes before the call is made again is kept, used once, and asked anew after that', async () => {
    const hold = `
rules:
  - { last: user, matches: twice, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: user, call: [{ Bash: { command: "echo ran >> marks" } }] }
  - { last: tool, matches: "make the same call again", times: 1, delayMs: 700, call: [{ Bash: { command: "echo ran >> marks" } }, { Bash: { command: "echo ran >> marks" } }] }
  - { say: "{{lastText}}" }
`;
    const root = await home.startRoot({ scenario: hold });
    await root.run('go');
    const { request } = await (await watched(root)).asked();
    await root.kill();
    await root.start();
    // The model has not called again yet: nobody waits.
    await root.call('approve', { request, decision: 'allow' });
    const next = await (await watched(root)).asked();
    expect(next.request).not.toBe(request);
    expect(marks()).toBe('ran\n');
    expect(await states(root)).toEqual(['asked', 'answered', 'taken', 'asked']);
    await root.call('approve', { request: next.request, decision: 'deny' });
    await root.untilSettled();
    expect(marks()).toBe('ran\n');
  });

  it('[approval.kept-answer] a yes that is kept for one command lets no other run: that one is asked about', async () => {
    const scenario = `
rules:
  - { last: user, call: [{ Bash: { command: "echo safe >> marks" } }] }
  - { last: tool, matches: "make the same call again", times: 1, delayMs: 700, call: [{ Bash: { command: "echo other >> marks" } }] }
  - { say: "{{lastText}}" }
`;
    const root = await home.startRoot({ scenario });
    await root.run('go');
    const { request } = await (await watched(root)).asked();
    await root.kill();
    await root.start();
    await root.call('approve', { request, decision: 'allow' });
    const next = await (await watched(root)).asked();
    expect(next).toMatchObject({ summary: 'echo other >> marks' });
    expect(next.request).not.toBe(request);
    expect(marks()).toBe('');
    await root.call('approve', { request: next.request, decision: 'deny' });
    await root.untilSettled();
    expect(marks()).toBe('');
    expect(await states(root)).toEqual(['asked', 'answered', 'asked', 'answered']);
  });

  it.each(['approval.asked', 'approval.answered'])(
    '[approval.crash-points] killed at %s: the command runs at most once for a yes, and never without one',
    async (point) => {
      const { root, child } = await start({ PODKIN_CRASH_AT: `child:${point}` });
      if (point === 'approval.answered') {
        const { request } = await (await watched(root)).asked();
        await root.call('approve', { request, decision: 'allow' }).catch(() => undefined);
      }
      await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
      expect(marks()).toBe('');
      await child.start();
      if (point === 'approval.asked') {
        await asksAgain(child);
        const { request } = await (await watched(root)).asked();
        await root.call('approve', { request, decision: 'allow' });
        await child.untilSettled();
        expect(marks()).toBe('ran\n');
      } else {
        // The yes was for a call of which nobody can say that it did not run: it is not used again.
        await child.untilSettled();
        const result = await child.untilEntry('toolResult', (entry) => entry.interrupted === true);
        expect(result.text).toContain('unknown');
        expect(marks()).toBe('');
      }
      await root.untilSettled();
    },
  );
});

describe('a session of another build', () => {
  it('[permission.restored] with rules that mean nothing here starts, restores and spawns: denies widest, allows nothing, says so', async () => {
    const root = await home.startRoot({
      scenario: `
rules:
  - { pod: root, last: user, call: [{ Write: { path: a, content: x } }, { Bash: { command: "echo ran >> marks" } }, { SpawnPod: { name: child, task: go } }] }
  - { pod: child, last: user, call: [{ Write: { path: b, content: x } }] }
  - { say: "{{lastText}}" }
`,
      permissionMode: 'bypassPermissions',
      permissions: { allow: ['Bsh(ls)'], deny: ['Write(src/@(a|b)/**)'] },
    });
    await root.kill();
    await root.start();
    await root.run('go');
    const child = await home.spawned('child');
    await child.untilEntry('turnEnded');
    await root.untilSettled();
    const told = (await root.entriesOf('alert')).filter(({ code }) => code === 'ruleNotUnderstood');
    expect(told).toHaveLength(4);
    expect(JSON.stringify(told)).toContain('denies every call of Write now');
    expect(existsSync(join(home.work, 'a'))).toBe(false);
    expect(existsSync(join(home.work, 'b'))).toBe(false);
    expect(marks()).toBe('ran\n');
  });
});
