/** Pods that another agent drives: turns, questions, ends, deaths of the pod, of its agent and of both. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeAgent, type FakeAgent, type FakeScript } from '../support/fake-agent.ts';
import { eventually, TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let agent: FakeAgent;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
  expect(agents()).toEqual([]);
});

/** Processes of the fake agent of this home. */
function agents(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder());
    } catch {
      return false;
    }
  });
}

const folder = () => join(home.path, 'agent');
/** None holds it; what it is started with is another test's. */
const sandbox = { program: '/nowhere/bwrap', network: true } as const;

async function root(script: FakeScript, options: { mode?: string; limits?: object } = {}) {
  agent = fakeAgent(folder(), script);
  mkdirSync(agent.state, { recursive: true });
  const engines = { fake: { command: agent.command, args: [...agent.args] } };
  return await home.startRoot({
    model: 'acp/fake',
    engines,
    sandbox,
    permissionMode: options.mode ?? 'default',
    ...(options.limits && { limits: options.limits }),
  });
}

async function ended(pod: TestPod, count = 1) {
  const entries = await pod.until(
    `${count} ends of turns`,
    (all) => all.filter(({ type }) => type === 'turnEnded').length >= count,
  );
  return entries.flatMap((entry) => (entry.type === 'turnEnded' ? [entry] : []))[count - 1]!;
}

async function said(pod: TestPod): Promise<string> {
  const messages = await pod.entriesOf('assistantMessage');
  return messages.flatMap(({ parts }) => parts.map(({ text }) => text)).join('|');
}

const prompts = () =>
  agent
    .notes()
    .filter(({ kind, method }) => kind === 'received' && method === 'session/prompt')
    .map(({ params }) => JSON.stringify(params));

const received = (method: string) => agent.notes().filter((note) => note.method === method).length;

describe('pods that another agent drives', () => {
  it('[engine.turn] one turn is one prompt; what it does is in the log, its end in one append with what was seen', async () => {
    const pod = await root({
      turns: [
        [
          { think: 'hm' },
          { say: 'looking' },
          { call: { id: 'c', title: 'ls', input: { command: 'ls' } } },
          { done: { id: 'c', output: 'a b' } },
          { usage: { used: 10, cost: 0.25 } },
          { say: 'all done' },
          { end: 'end_turn', usage: { inputTokens: 10, outputTokens: 5 } },
        ],
        [{ usage: { used: 20, cost: 0.5 } }, { echo: true }],
      ],
    });
    await pod.run('do it');
    expect(await ended(pod)).toMatchObject({
      outcome: 'finished',
      usage: { inputTokens: 10, outputTokens: 5, cost: 0.25 },
    });
    const types = (await pod.entries()).map(({ type }) => type);
    const of = (type: (typeof types)[number]) => types.indexOf(type);
    expect(of('engine')).toBeLessThan(of('enginePrompt'));
    expect(of('enginePrompt')).toBeLessThan(of('assistantMessage'));
    expect(await said(pod)).toBe('hm|looking|all done');
    expect(await pod.entriesOf('toolResult')).toMatchObject([
      { tool: 'acp__fake__execute', text: 'a b', isError: false },
    ]);
    await pod.run('and this');
    expect(await ended(pod, 2)).toMatchObject({ outcome: 'finished', usage: { cost: 0.25 } });
    expect(prompts()[1]).toContain('and this');
    expect(prompts()[1]).not.toContain('do it');
    expect(received('session/new')).toBe(1);
  });

  it('[engine.queue] what comes while it works waits for its next prompt', async () => {
    const go = join(home.work, 'go');
    const pod = await root({ turns: [[{ waitFor: go }, { say: 'one' }], [{ say: 'two' }]] });
    await pod.run('first');
    await pod.untilEntry('enginePrompt');
    await pod.run('NEWS');
    writeFileSync(go, '');
    await ended(pod, 2);
    expect(prompts()).toHaveLength(2);
    expect(prompts()[0]).not.toContain('NEWS');
    expect(prompts()[1]).toContain('NEWS');
    expect(agent.notes().some(({ second }) => second === true)).toBe(false);
  });

  it.each([
    ['allow', 'option-allow_once', 'went'],
    ['deny', 'option-reject_once', 'kept'],
    ['allowAlways', 'option-allow_once', 'went'],
  ] as const)('[engine.asks] a permission is a person’s: %s', async (decision, option, word) => {
    const pod = await root({
      turns: [
        [
          {
            ask: {
              id: 'c',
              title: 'rm',
              input: { command: 'rm -r x' },
              yes: [{ done: { id: 'c', output: 'gone' } }, { say: 'went' }],
              no: [{ done: { id: 'c', status: 'failed', output: 'no' } }, { say: 'kept' }],
            },
          },
        ],
      ],
    });
    await pod.run('do it');
    const asked = await pod.untilEntry('approval');
    if (asked.state !== 'asked') throw new Error('no question');
    expect(asked.summary).toContain('rm -r x');
    await pod.call('approve', { request: asked.request, decision });
    expect(await ended(pod)).toMatchObject({ outcome: 'finished' });
    expect(agent.notes().find(({ kind }) => kind === 'answered')).toMatchObject({
      outcome: { outcome: 'selected', optionId: option },
    });
    expect(await said(pod)).toContain(word);
    const results = await pod.entriesOf('toolResult');
    expect(results.map(({ denied }) => denied === true)).toEqual([decision === 'deny']);
  });

  it('[engine.cancel] a cancel reaches it, and what waits for a person ends', async () => {
    const pod = await root({
      turns: [[{ ask: { title: 'rm', input: { command: 'rm' } } }], [{ echo: true }]],
    });
    await pod.run('do it');
    await pod.untilEntry('approval');
    await pod.call('cancel', {});
    expect(await ended(pod)).toMatchObject({ outcome: 'cancelled' });
    await pod.run('again');
    expect(await ended(pod, 2)).toMatchObject({ outcome: 'finished' });
    expect(received('session/new')).toBe(1);
  });

  it('[engine.cancel] one that does not hear a cancel is ended, and its session goes on', async () => {
    const pod = await root({ ignoresCancel: true, turns: [[{ stall: true }], [{ say: 'here again' }]] });
    await pod.run('do it');
    await pod.untilEntry('enginePrompt');
    await eventually(agent.state, () => prompts().length === 1, 'the prompt');
    await pod.call('cancel', {});
    expect(await ended(pod)).toMatchObject({ outcome: 'cancelled' });
    await pod.run('more');
    expect(await ended(pod, 2)).toMatchObject({ outcome: 'finished' });
    expect(prompts()[1]).toContain('You were interrupted');
    expect(received('session/load')).toBe(1);
  }, 60_000);

  it.each([
    ['nothing', [{ end: 'end_turn' }], 'emptyAnswer', /without a text and without a call/],
    ['an error', [{ error: { code: -32603, message: 'overloaded' } }], 'provider', /overloaded/],
    ['no login', [{ error: { code: -32000, message: 'log in' } }], 'authentication', /log in/],
    ['a refusal', [{ say: 'no' }, { end: 'refusal' }], 'contentFilter', /refused/],
  ] as const)('[engine.failed] a turn that ends with %s has failed', async (_, steps, category, words) => {
    const pod = await root({ turns: [steps] });
    await pod.run('do it');
    const end = await ended(pod);
    expect(end).toMatchObject({ outcome: 'errored', error: { category } });
    expect(end.error?.message).toMatch(words);
  });

  it('[engine.stalled] a silent provider is told, then given up; a silent tool lives', async () => {
    const limits = { engineStallMs: 500, engineIdleMs: 60_000 };
    const go = join(home.work, 'go');
    const pod = await root(
      { turns: [[{ call: { id: 'c' } }, { waitFor: go }, { done: { id: 'c' } }, { stall: true }]] },
      { limits },
    );
    await pod.run('do it');
    await pod.untilEntry('toolCall');
    // Ten times the limit.
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await pod.entriesOf('turnEnded')).toEqual([]);
    writeFileSync(go, '');
    expect(await ended(pod)).toMatchObject({ outcome: 'errored', error: { category: 'stalled' } });
  }, 60_000);

  it('[engine.gone] three deaths in one turn end it, with the last words; one is gone on from', async () => {
    const pod = await root({
      complains: 'out of memory',
      dies: [{ at: 'session/prompt', when: 'before-answer', once: false }],
    });
    await pod.run('do it');
    const end = await ended(pod);
    expect(end).toMatchObject({ outcome: 'errored', error: { category: 'agentGone' } });
    expect(end.error?.message).toContain('out of memory');
    expect(prompts()).toHaveLength(3);
    expect(received('session/load')).toBe(2);
    agent.rewrite({});
    await pod.run('again');
    expect(await ended(pod, 2)).toMatchObject({ outcome: 'finished' });
  }, 60_000);
});

describe('restored pods that another agent drives', () => {
  it.each([
    ['whole', 'whole', 'at once', /You were interrupted/],
    ['a summary', 'summary', 'at once', /You were interrupted/],
    ['out of order', 'unordered', 'at once', /You were interrupted/],
    ['nothing of the first', 'whole', 'nothing', /look before you repeat.*FIRST/],
  ] as const)(
    '[engine.restored] replayed %s',
    async (_, load, keeps, words) => {
      const script: FakeScript = {
        load,
        keeps,
        turns: [[{ call: { id: 'c' } }, { stall: true }], [{ say: 'done' }]],
      };
      const pod = await root(script);
      await pod.run('FIRST');
      await pod.untilEntry('toolCall');
      await pod.kill();
      await pod.start();
      expect(await ended(pod)).toMatchObject({ outcome: 'finished' });
      expect(prompts()[1]).toMatch(words);
      if (!words.source.includes('FIRST')) expect(prompts()[1]).not.toContain('FIRST');
    },
    60_000,
  );

  it('[engine.restored] a session that cannot be loaded: the turn has failed, the next begins anew', async () => {
    const pod = await root({ load: 'none', turns: [[{ call: { id: 'c' } }, { stall: true }]] });
    await pod.run('FIRST');
    await pod.untilEntry('toolCall');
    await pod.kill();
    await pod.start();
    expect(await ended(pod)).toMatchObject({ outcome: 'errored', error: { category: 'interrupted' } });
    expect(prompts()).toHaveLength(1);
  }, 60_000);

  it.each(['engine.started', 'engine.prompted', 'engine.answered'])(
    '[engine.killed] at %s: each outcome once, nothing left',
    async (point) => {
      agent = fakeAgent(folder(), { turns: [[{ say: 'the answer' }]] });
      const engines = { fake: { command: agent.command, args: [...agent.args] } };
      const pod = home.makeRoot({ model: 'acp/fake', engines, sandbox });
      await pod.start({ PODKIN_CRASH_AT: `${pod.name}:${point}` });
      await pod.run('do it').catch(() => undefined);
      await pod.exit();
      await pod.start();
      expect(await ended(pod)).toMatchObject({ outcome: 'finished' });
      expect(await pod.entriesOf('turnEnded')).toHaveLength(1);
      expect((await pod.entriesOf('stepCompleted')).length).toBe(1);
    },
    60_000,
  );

  it.each([
    ['without a word', [], 'emptyAnswer'],
    ['refused', [{ say: 'no' }, { end: 'refusal' }], 'contentFilter'],
  ] as const)(
    '[engine.killed] a turn that has failed (%s) has failed, where the pod dies before it says so',
    async (_, turn, category) => {
      agent = fakeAgent(folder(), { turns: [[...turn]] });
      const engines = { fake: { command: agent.command, args: [...agent.args] } };
      const pod = home.makeRoot({ model: 'acp/fake', engines, sandbox });
      await pod.start({ PODKIN_CRASH_AT: `${pod.name}:turn.beforeCommit` });
      await pod.run('do it').catch(() => undefined);
      await pod.exit();
      await pod.start();
      expect(await ended(pod)).toMatchObject({ outcome: 'errored', error: { category } });
      expect(prompts()).toHaveLength(1);
    },
  );

  it.each([
    ['its agent', 'before'],
    ['its agent, with its answer made', 'before-answer'],
  ] as const)('[engine.killed] the death of %s: each outcome once', async (_, when) => {
    const pod = await root({
      turns: [[{ say: 'one' }], [{ say: 'two' }]],
      dies: [{ at: 'session/prompt', when }],
    });
    await pod.run('do it');
    expect(await ended(pod)).toMatchObject({ outcome: 'finished' });
    expect(await pod.entriesOf('turnEnded')).toHaveLength(1);
    expect(received('session/load')).toBe(1);
  });

  it('[engine.killed] the death of both while a person is asked: the question stays, the yes counts once', async () => {
    const yes = [{ say: 'went' }];
    const pod = await root({
      turns: [[{ ask: { id: 'c', title: 'rm', input: { command: 'rm' }, yes } }]],
    });
    await pod.run('do it');
    const asked = await pod.untilEntry('approval');
    await pod.kill();
    await pod.start();
    await pod.until('the question again', (all) => all.filter(({ type }) => type === 'approval').length > 1);
    await pod.call('approve', { request: asked.request, decision: 'allow' });
    expect(await ended(pod)).toMatchObject({ outcome: 'finished' });
    expect(new Set((await pod.entriesOf('approval')).map(({ request }) => request)).size).toBe(1);
    expect(await said(pod)).toContain('went');
  });

  it('[engine.turn] [engine.killed] a child is told to its parent once, over the death of the child', async () => {
    agent = fakeAgent(folder(), {
      turns: [[{ call: { id: 'c' } }, { stall: true }], [{ say: 'THE REPORT' }]],
    });
    const engines = { fake: { command: agent.command, args: [...agent.args] } };
    const scenario = `rules:
  - pod: root
    last: user
    call:
      - SpawnPod: { name: worker, task: FIRST, model: acp/fake }
  - pod: root
    last: notification
    say: "heard: {{lastText}}"
  - say: waiting
`;
    const pod = await home.startRoot({ scenario, engines, sandbox });
    await pod.run('go');
    const child = await home.spawned('worker');
    await child.untilEntry('toolCall');
    await child.kill();
    await child.start();
    const received = await pod.until('the report', (all) =>
      all.some((entry) => entry.type === 'podEventReceived' && entry.event.kind === 'turnEnded'),
    );
    await pod.untilSettled();
    const reports = (await pod.entries()).filter(
      (entry) => entry.type === 'podEventReceived' && entry.event.kind === 'turnEnded',
    );
    expect(received.length).toBeGreaterThan(0);
    expect(reports).toHaveLength(1);
    expect(JSON.stringify(reports)).toContain('THE REPORT');
    await child.stop();
  });
});
