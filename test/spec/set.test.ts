/**
 * What a pod works with, set anew by a person while it is there: by real processes, and providers over HTTP.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livingPods } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Asked, ProviderServer, type Reply } from '../support/provider-server.ts';
import { eventually, type Ran, TestHome, type TestPod } from '../support/rig.ts';
import { heldCommand, modeOf, script, setsOf } from '../support/set-rig.ts';

let home: TestHome;
let first: ProviderServer;
let second: ProviderServer;
let answer: (asked: Asked) => Reply;
beforeEach(async () => {
  home = new TestHome();
  answer = () => ({ say: 'done' });
  first = await ProviderServer.start('anthropic', (asked) => answer(asked));
  second = await ProviderServer.start('openai', (asked) => answer(asked));
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
    await first.stop();
    await second.stop();
  }
});

function keys(): NodeJS.ProcessEnv {
  const both = Object.entries({ ...first.environment, ...second.environment });
  return Object.fromEntries(both.filter(([name]) => /^(ANTHROPIC|OPENAI)_/.test(name)));
}
const podkin = (...args: string[]): Promise<Ran> => home.run(args, { environment: keys() });
const set = (...args: string[]) => podkin('set', ...args);
function configured(text: string): void {
  mkdirSync(home.home.config, { recursive: true });
  writeFileSync(join(home.home.config, 'config.toml'), text);
}

const answeredBy = async (pod: TestPod) =>
  (await pod.entriesOf('assistantMessage')).map(({ model }) => model.split('/')[0]);

const free = ['--permission-mode', 'bypassPermissions'];

describe('a model', () => {
  it('[set.model] is asked from the next request of a running turn on, with the calls and results of another provider, and back', async () => {
    let calls = 0;
    answer = ({ last }) =>
      last.role === 'result'
        ? { say: 'I have it' }
        : { call: [['Bash', (calls += 1) === 1 ? { command: heldCommand } : { command: 'echo more' }]] };
    await podkin('run', '-d', ...free, '--model', first.model, '--effort', 'low', 'go');
    const root = await home.spawned('root');
    await home.untilFile('begun');
    expect(await set('root', '--model', second.model)).toMatchObject({
      code: 0,
      stdout: `root: ${second.model}, mode bypassPermissions, effort low\n`,
    });
    home.file('go');
    await podkin('wait', 'root');
    expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
    await podkin('send', 'root', '--wait', 'and again');
    expect(await set('root', '--model', first.model)).toMatchObject({ code: 0 });
    // Its provider takes back what the other has called, and refuses what it does not know.
    await podkin('send', 'root', '--wait', 'and once more');
    expect(await answeredBy(root)).toEqual([
      'anthropic',
      'openai',
      'openai',
      'openai',
      'anthropic',
      'anthropic',
    ]);
    expect(await setsOf(root)).toEqual([
      { by: 'person', model: second.model },
      { by: 'person', model: first.model },
    ]);
    await podkin('stop', 'root');
  });

  it('[set.model-refused] that cannot be asked, or not within a limit of the cost, is refused with what to set', async () => {
    await podkin('run', '-d', '--model', first.model, '--max-cost', '1', 'go');
    await podkin('wait', 'root');
    const refused = await Promise.all(
      ['acme/x', 'google/gemini-3-pro', 'openai/some', `script/${home.path}/none.yaml`].map((model) =>
        set('root', '--model', model),
      ),
    );
    expect(refused.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    const [unknown, keyless, priceless, absent] = refused.map(({ stderr }) => stderr);
    expect(unknown).toContain('"acme" is not a provider');
    expect(keyless).toContain('GOOGLE_GENERATIVE_AI_API_KEY is not set');
    expect(priceless).toContain('[models."openai/some"] with inputPrice and outputPrice');
    expect(absent).toContain('There is no scenario file');
    expect(await home.pod('root').entriesOf('set')).toEqual([]);
    configured('[models."openai/some"]\ninputPrice = 1\noutputPrice = 2\n');
    expect(await set('root', '--model', 'openai/some')).toMatchObject({ code: 0 });
    await podkin('send', 'root', '--wait', 'more');
    expect(await answeredBy(home.pod('root'))).toEqual(['anthropic', 'openai']);
    await podkin('stop', 'root');
    // The same of a tree that does not run.
    configured('');
    expect(await podkin('run', '-p', '-c', 'root', '--model', 'openai/other', 'x')).toMatchObject({
      code: 2,
    });
    expect(await podkin('restore', 'root', '--model', 'acme/x')).toMatchObject({ code: 2 });
    expect(await livingPods(home)).toEqual([]);
  });

  it('[set.model-waits] is asked at once by a turn that waits for another', async () => {
    configured('[retry]\nwait = true\n[limits]\nretryAfterMaxMs = 500\n');
    first.fail({ status: 429, headers: { 'retry-after': '3600' } });
    await podkin('run', '-d', '--model', first.model, 'go');
    const root = await home.spawned('root');
    await eventually(
      home.path,
      async () => typeof (await root.call('status', {})).waiting?.until === 'string',
      'it waits for the provider',
    );
    expect(await set('root', '--model', second.model)).toMatchObject({ code: 0 });
    await podkin('wait', 'root');
    expect(await answeredBy(root)).toEqual(['openai']);
    await podkin('stop', 'root');
  });

  it('[set.context] has a window of its own, into which the history is made to fit first', async () => {
    home.file('big.txt', 'some words of it\n'.repeat(5_000));
    configured(`[models."${second.model}"]\ncontextTokens = 12000\n`);
    answer = ({ last, nth }) =>
      last.role === 'user' && nth === 1 ? { call: [['Read', { path: 'big.txt' }]] } : { say: 'read' };
    await podkin('run', '-d', '--model', first.model, 'go');
    await podkin('wait', 'root');
    const root = home.pod('root');
    await set('root', '--model', second.model);
    await podkin('send', 'root', '--wait', 'what was it');
    const types = (await root.entries()).map(({ type }) => type);
    const made = types.findLastIndex((type) => type === 'pruned' || type === 'compaction');
    expect(made).toBeGreaterThan(types.indexOf('set'));
    expect(made).toBeLessThan(types.lastIndexOf('assistantMessage'));
    const shortest = Math.min(...second.requests.map(({ body }) => body.length));
    expect(shortest).toBeLessThan(first.requests.at(-1)!.body.length / 2);
    expect(await answeredBy(root)).toEqual(['anthropic', 'anthropic', 'openai']);
    await podkin('stop', 'root');
  });

  it('[report.switched] of a child that another one’s provider has made necessary is in its report, and in the first line that its parent reads', async () => {
    configured(`model = ["${first.model}", "${second.model}"]\n`);
    answer = ({ pod, nth }) =>
      pod === 'root' && nth === 1 ? { call: [['SpawnPod', { name: 'kid', task: 'do' }]] } : { say: 'done' };
    first.fail({ status: 401 }, { fits: ({ pod }) => pod === 'kid' });
    await podkin('run', '-d', 'go');
    await podkin('wait', 'root');
    const [report] = await home.pod('kid').entriesOf('podEventEmitted');
    expect(report?.event).toMatchObject({
      kind: 'turnEnded',
      switched: { model: second.model, from: first.model, why: expect.stringContaining('401') },
    });
    const [item] = await home.pod('root').entriesOf('systemItem');
    const [head = ''] = item?.item.body.split('\n') ?? [];
    expect(head).toMatch(`Pod "kid" finished; ${second.model} answered in the place of ${first.model} ("`);
    expect(head).toContain('401');
    await podkin('stop', 'root');
  });
});

describe('a mode', () => {
  it('[set.narrow] meets the next call of a running turn', async () => {
    const model = home.scenario(
      `rules:\n  - { last: user, call: [{ Bash: { command: "${heldCommand}" } }] }\n  - { last: tool, matches: "mode", say: "I may not" }\n  - { last: tool, call: [{ Bash: { command: "echo x > late" } }] }\n`,
    );
    await podkin('run', '-d', ...free, '--model', model, 'build');
    await home.untilFile('begun');
    expect(await set('root', '--permission-mode', 'plan')).toMatchObject({ code: 0 });
    home.file('go');
    await podkin('wait', 'root');
    const results = await home.pod('root').entriesOf('toolResult');
    expect(results.map(({ denied }) => denied === true)).toEqual([false, true]);
    await podkin('stop', 'root');
  });

  it('[set.narrow] leaves an open approval a question', async () => {
    await podkin('run', '-d', '--model', home.scenario(script), 'ask');
    const root = await home.spawned('root');
    const { request } = (await root.untilEntry('approval')) as { request: string };
    await set('root', '--permission-mode', 'plan');
    expect((await root.call('status', {})).attention).toBe('approval');
    expect(await podkin('approve', request)).toMatchObject({ code: 0 });
    await home.untilFile('asked', 'it\n');
    await podkin('wait', 'root');
    await podkin('stop', 'root');
  });

  it('[set.below] [set.above] of a parent is taken over by those below where it is stricter, not where it is freer, and none is set above it', async () => {
    await podkin('run', '-d', '--model', home.scenario(script), '--permission-mode', 'acceptEdits', 'spawn');
    await podkin('wait', 'root');
    const [root, kid] = [home.pod('root'), home.pod('kid')];
    expect(await modeOf(kid)).toBe('acceptEdits');
    expect(await set('kid', '--permission-mode', 'bypassPermissions')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'Its parent "root" is in the mode acceptEdits, and no pod is freer than its parent',
      ),
    });
    expect(await set('root', '--permission-mode', 'plan')).toMatchObject({ code: 0, stderr: '' });
    // At once: it is on the child's disk when that command returns.
    expect(await setsOf(kid)).toEqual([{ by: 'parent', permissionMode: 'plan' }]);
    expect(await set('root', '--permission-mode', 'acceptEdits')).toMatchObject({ code: 0 });
    expect([await modeOf(root), await modeOf(kid)]).toEqual(['acceptEdits', 'plan']);
    expect(await set('kid', '--permission-mode', 'default')).toMatchObject({ code: 0 });
    expect(await set('kid', '--permission-mode', 'default')).toMatchObject({ code: 0 });
    expect(await setsOf(kid)).toEqual([
      { by: 'parent', permissionMode: 'plan' },
      { by: 'person', permissionMode: 'default' },
    ]);
    await podkin('stop', 'root');
  });

  it('[set.unheard] [set.later] who does not hear it is named, and takes it over with the next link', async () => {
    await podkin('run', '-d', '--model', home.scenario(script), 'spawn');
    await podkin('wait', 'root');
    const kid = home.pod('kid');
    await kid.signal('SIGSTOP');
    const ran = await set('root', '--permission-mode', 'plan');
    await kid.signal('SIGCONT');
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('Not heard from yet: kid.')]);
    await kid.untilEntry('set');
    expect(await setsOf(kid)).toEqual([{ by: 'parent', permissionMode: 'plan' }]);
    await podkin('stop', 'root');
  });

  it('[set.later] one that had died takes it over with its start, alone too, while its parent is down', async () => {
    await podkin('run', '-d', '--model', home.scenario(script), 'spawn');
    await podkin('wait', 'root');
    const [root, kid] = [home.pod('root'), home.pod('kid')];
    await kid.kill();
    expect(await set('root', '--permission-mode', 'plan')).toMatchObject({ code: 0, stderr: '' });
    await root.kill();
    expect(await podkin('restore', 'kid', '--permission-mode', 'default')).toMatchObject({ code: 2 });
    expect(await podkin('restore', 'kid')).toMatchObject({ code: 0 });
    const types = (await kid.entries()).map(({ type }) => type);
    expect(types[types.lastIndexOf('started') + 1]).toBe('set');
    expect(await setsOf(kid)).toEqual([{ by: 'parent', permissionMode: 'plan' }]);
    // Nobody says what the parent is in.
    expect(await set('kid', '--permission-mode', 'default')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('podkin restore root'),
    });
    await podkin('restore', 'root');
    await podkin('stop', 'root');
  });

  it('[set.start] [set.later] of a tree that is restored with it holds for those below as well', async () => {
    await podkin('run', '-d', '--model', home.scenario(script), 'spawn');
    await podkin('wait', 'root');
    await podkin('stop', 'root');
    expect(
      await podkin('run', '-d', '-c', 'root', '--permission-mode', 'plan', '--effort', 'high', 'more'),
    ).toMatchObject({ code: 0 });
    await podkin('wait', 'root');
    expect(await setsOf(home.pod('root'))).toEqual([
      { by: 'person', permissionMode: 'plan', effort: 'high' },
    ]);
    expect(await setsOf(home.pod('kid'))).toEqual([{ by: 'parent', permissionMode: 'plan' }]);
    await podkin('stop', 'root');
  });
});
