/** Tools of a program, over real pods. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BadSetting,
  defineTool,
  openHome,
  type OwnTool,
  type PodkinHome,
  type StartOptions,
  type Tree,
} from '../../src/index.ts';
import { deferred } from '../../src/std/deferred.ts';
import { TestHome } from '../support/rig.ts';

let test: TestHome;
let home: PodkinHome;
beforeEach(() => {
  test = new TestHome();
  home = openHome({ environment: test.environment });
});
afterEach(() => test.close());

const calling = `rules:
  - last: user
    call:
      - weather: { city: Ulm }
  - say: "{{lastText}}"
`;

const weather = (run: OwnTool['run']): OwnTool =>
  defineTool({
    name: 'weather',
    description: 'The weather of a city.',
    inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    run,
  });

const start = (tool: OwnTool, options: StartOptions = {}): Promise<Tree> =>
  home.start({
    model: test.scenario(calling),
    cwd: test.work,
    tools: [tool],
    permissions: { allow: ['weather'] },
    ...options,
  });

describe('tools of a program', () => {
  it('[library.tools] are called with what the model wrote; a throw is an error result', async () => {
    const tree = await start(
      weather((input) => `Rain in ${JSON.stringify(input)}`),
      { task: 'go' },
    );
    expect(await tree.settled).toMatchObject({ status: 'done', text: 'Rain in {"city":"Ulm"}' });
    await tree.close();
    const bad = await start(
      weather(() => {
        throw new Error('no station');
      }),
      { task: 'go', name: 'bad' },
    );
    expect((await bad.settled).text).toBe('weather failed: no station');
    await bad.close();
  });

  it.each<[string, OwnTool['run'], string]>([
    [
      'throws what has no words',
      () => {
        throw Object.create(null);
      },
      'weather failed: {}',
    ],
    ['gives back nothing', () => undefined as unknown as string, ''],
    ['gives back an object', () => ({ a: 1 }) as unknown as string, '{"a":1}'],
  ])('[library.foreign-values] one that %s goes on with its program, and is told', async (_, run, text) => {
    const tree = await start(weather(run), { task: 'go' });
    await tree.settled;
    const result = await test.pod('root').untilEntry('toolResult');
    expect(result).toMatchObject({ text, isError: text.startsWith('weather failed') });
    await tree.close();
  });

  it('[library.tools] are asked: nobody to ask is a denial; a question comes to the program', async () => {
    const denied = await start(
      weather(() => 'Rain'),
      { task: 'go', permissions: {} },
    );
    expect(await denied.settled).toMatchObject({ status: 'denied', denials: [{ tool: 'weather' }] });
    await denied.close();
    const asked = await start(
      weather(() => 'Rain'),
      {
        task: 'go',
        name: 'asked',
        permissions: {},
        onQuestion: ({ tool }) => (tool === 'weather' ? 'allow' : 'deny'),
      },
    );
    expect(await asked.settled).toMatchObject({ status: 'done', text: 'Rain' });
    await asked.close();
  });

  it('[library.tools] a cancelled turn aborts the call', async () => {
    const called = deferred<AbortSignal>();
    const tree = await start(
      weather((_, { signal }) => {
        called.resolve(signal);
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve('late')));
      }),
      { task: 'go' },
    );
    const signal = await called.promise;
    await tree.cancel();
    expect(await tree.settled).toMatchObject({ status: 'failed' });
    expect(signal.aborted).toBe(true);
    await tree.close();
  });

  it('[library.tools-away] [library.owner] an open call is interrupted when its program goes; away, a call is answered so, after a restart too; back, it works', async () => {
    const called = deferred<void>();
    let calls = 0;
    const tree = await start(
      weather(() => {
        calls += 1;
        called.resolve();
        return new Promise(() => undefined);
      }),
      { task: 'go', lifetime: 'own' },
    );
    const { handle } = tree;
    await called.promise;
    await tree.detach();
    const result = await test.pod('root').untilEntry('toolResult');
    expect(result.text).toMatch(/^The call was interrupted: the program that has this tool went away/);
    const back = await home.restore(handle, { lifetime: 'own' });
    await back.send('again');
    expect((await back.settled).text).toMatch(/^The tool weather is not available now/);
    await expect(home.restore(handle.slice(0, -8) + 'AAAAAAAA', { lifetime: 'own' })).rejects.toThrow();
    await back.close();
    const restored = await home.restore('root');
    await expect(home.restore(handle)).rejects.toMatchObject({ code: 'badToken' });
    await restored.send('and now?');
    expect((await restored.settled).text).toMatch(/^The tool weather is not available now/);
    await restored.close();
    const whole = await home.restore('root', { tools: [weather(() => 'Sun')] });
    await whole.send('and now?');
    expect((await whole.settled).text).toBe('Sun');
    expect(calls).toBe(1);
    await whole.close();
  });

  it('[library.handle] a handle counts after "podkin restore", and the root lives until it is stopped', async () => {
    const tree = await start(
      weather(() => 'Rain'),
      { task: 'go' },
    );
    await tree.settled;
    await tree.close();
    expect((await test.run(['restore', 'root'])).code).toBe(0);
    const back = await home.restore(tree.handle, { tools: [weather(() => 'Sun')], lifetime: 'own' });
    await back.send('and now?');
    expect((await back.settled).text).toBe('Sun');
    await back.close();
    expect((await test.pod('root').entriesOf('owned')).length).toBe(1);
  });

  it('[library.owner] names that are taken are refused, and nobody without the token offers anything', async () => {
    for (const name of ['Bash', 'mcp__github__list', 'no name'])
      await expect(start({ ...weather(() => ''), name }, { permissions: {} }), name).rejects.toThrow(
        BadSetting,
      );
    expect(await home.list()).toEqual([]);
    const tree = await start(
      weather(() => 'Rain'),
      { name: 'held' },
    );
    const client = await test.pod('held').client();
    const tools = [{ name: 'other', description: '', inputSchema: { type: 'object' } }];
    await expect(client.call('offerTools', { token: 'x', tools })).rejects.toMatchObject({
      code: 'badToken',
    });
    const { token } = tokenIn(tree.handle);
    for (const name of ['weather', 'Bash', 'mcp__a__b'])
      await expect(
        client.call('offerTools', {
          token,
          tools: [{ name, description: '', inputSchema: { type: 'object' } }],
        }),
        name,
      ).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client.call('own', { token: 'x' })).rejects.toMatchObject({ code: 'badToken' });
    await expect(client.call('answerTool', { call: 'x', text: '' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    await tree.close();
  });
});

/** What only the library reads. */
function tokenIn(handle: string): { token: string } {
  return JSON.parse(Buffer.from(handle.slice('tree:'.length), 'base64url').toString()) as { token: string };
}
