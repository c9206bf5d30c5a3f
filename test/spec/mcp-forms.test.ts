/** What a server asks a person in the middle of a call, with real pods: answered, closed, killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, TestHome, type TestPod } from '../support/rig.ts';

const hostile = fileURLToPath(new URL('../support/hostile-mcp.mjs', import.meta.url));

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

const field = { city: { type: 'string', title: 'City' }, days: { type: 'integer' } };
const form = (more: object = {}) => ({
  mode: 'form',
  message: 'Where \u001b[2Jto?',
  requestedSchema: { type: 'object', properties: field, required: ['city'] },
  ...more,
});

const scenario = (params: object = form()) =>
  home.scenario(
    `rules:\n  - last: user\n    times: 1\n    call:\n      - mcp__asks__echo: ${JSON.stringify({ word: JSON.stringify(params) })}\n  - say: "{{lastText}}"\n`,
  );

const mcp = (timeoutMs = 60_000) => ({
  asks: { project: null, command: process.execPath, args: [hostile, 'asks-form', home.work], timeoutMs },
});

async function start(params?: object, more: { timeoutMs?: number; environment?: NodeJS.ProcessEnv } = {}) {
  const root = await home.startRoot({
    model: scenario(params),
    permissions: { allow: ['mcp__asks__*'] },
    mcp: mcp(more.timeoutMs),
    ...(more.environment && { environment: more.environment }),
  });
  await root.run('go');
  return root;
}

/** The line of the form that is open. */
async function asked(root: TestPod) {
  return await root.untilEntry('approval', ({ state }) => state === 'asked');
}

const heard = () => {
  const notes = readFileSync(join(home.work, 'mcp-notes'), 'utf8').split('\n');
  return notes.filter((line) => line.startsWith('heard ')).map((line) => line.slice(6));
};

const result = async (root: TestPod) => (await root.untilEntry('toolResult')).text;

describe('a form of a server', () => {
  it('[mcp.form] is shown by "podkin approvals", and filled in by "podkin approve"', async () => {
    const root = await start();
    const { request } = await asked(root);
    const shown = await home.run(['approvals']);
    expect(shown.stdout).toContain('Where to?');
    expect(shown.stdout).not.toContain('\u001b');
    expect(shown.stdout).toContain(`podkin approve ${request} --answer city=… days=…`);
    const wrong = await home.run(['approve', request, '--answer', 'days=1']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('The form needs city')]);
    for (const given of [{ decision: 'allowAlways' }, { decision: 'allow', content: { city: 7 } }] as const)
      await expect(root.call('approve', { request, ...given })).rejects.toThrow(/Nothing was answered/);
    const { code } = await home.run(['approve', request, '--answer', 'city=Rome', 'days=3']);
    expect(code).toBe(0);
    expect(await result(root)).toBe('{"action":"accept","content":{"city":"Rome","days":3}}');
    await root.untilSettled();
    const second = await home.run(['approve', request, '--answer', 'city=Oslo']);
    expect(second.code).not.toBe(0);
  });

  it('[mcp.form] is declined by a no', async () => {
    const root = await start();
    const { request } = await asked(root);
    expect((await home.run(['approve', request, '--deny'])).code).toBe(0);
    expect(await result(root)).toBe('{"action":"decline"}');
    await root.untilSettled();
  });

  it('[mcp.form-nobody] [mcp.form-bounds] is declined in "run -p", and refused at an address or of another shape', async () => {
    const cases: [object, string][] = [
      [form(), '{"action":"decline"}'],
      [{ mode: 'url', message: 'x', url: 'http://127.0.0.1:1/', elicitationId: 'e' }, 'error: '],
      [form({ requestedSchema: { type: 'object', properties: { a: { type: 'object' } } } }), 'error: '],
    ];
    for (const [params, answer] of cases) {
      const root = await home.startRoot({
        name: `root${heardSoFar()}`,
        model: scenario(params),
        permissions: { allow: ['mcp__asks__*'], headless: true },
        mcp: mcp(),
      });
      await root.run('go');
      expect(await result(root)).toContain(answer);
      await root.untilSettled();
    }
  });

  it('[mcp.form-time] the time of its call does not run meanwhile', async () => {
    const root = await start(form(), { timeoutMs: 1_000 });
    const { request, time } = await asked(root);
    await eventually(home.work, () => Date.now() - Date.parse(time) > 3_500, 'more than its time');
    await root.call('approve', { request, decision: 'allow', content: { city: 'Rome' } });
    expect(await result(root)).toContain('Rome');
    await root.untilSettled();
  });

  it.each(['cancel', 'pause'] as const)('[mcp.form-closed] is cancelled by a %s', async (method) => {
    const root = await start();
    const { request } = await asked(root);
    await root.call(method, {});
    const closed = await root.untilEntry('approval', ({ state }) => state === 'answered');
    expect(closed).toMatchObject({ request, decision: 'deny', by: method });
    await eventually(home.work, () => heardSoFar() === 1 || method === 'cancel', 'the server');
    await expect(root.call('approve', { request, decision: 'allow' })).rejects.toThrow(/not open any more/);
    if (method === 'pause') {
      expect(heard()).toEqual(['{"action":"cancel"}']);
      await root.call('resume', {});
    }
    await root.untilSettled();
  });

  it.each(['form.asked', 'form.answered'])(
    '[mcp.form-durable] [mcp.form-closed] killed at %s: the server hears nothing, and the answer is none of another call',
    async (point) => {
      const root = await start(form(), { environment: { PODKIN_CRASH_AT: `root:${point}` } });
      const { request } = await asked(root);
      if (point === 'form.answered') {
        const given = { request, decision: 'allow', content: { city: 'Rome' } } as const;
        await root.call('approve', given).catch(() => undefined);
        const answer = await root.untilEntry('approval', ({ state }) => state === 'answered');
        expect(answer).toMatchObject({ by: 'person', content: { city: 'Rome' } });
      }
      await root.exit();
      expect(heardSoFar()).toBe(0);
      await root.start();
      const closed = await root.untilEntry('toolResult', (entry) => entry.interrupted === true);
      expect(closed.text).toContain('whether it had an effect is unknown');
      const states = (await root.entriesOf('approval')).map((one) => [one.state, 'by' in one ? one.by : '']);
      expect(states).toEqual([
        ['asked', ''],
        ['answered', point === 'form.asked' ? 'interrupted' : 'person'],
      ]);
      expect((await home.run(['approvals'])).stderr).toContain('No pending approvals');
      await root.untilSettled();
    },
  );
});

function heardSoFar(): number {
  try {
    return heard().length;
  } catch {
    return 0;
  }
}
