/** Trees from a program, over real pods. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BadSetting,
  CallRefused,
  NoSuchPod,
  openHome,
  type PodkinHome,
  type StartOptions,
  type Tree,
  type TreeEvent,
  TreeRunning,
} from '../../src/index.ts';
import { TestHome } from '../support/rig.ts';

let test: TestHome;
let home: PodkinHome;
beforeEach(() => {
  test = new TestHome();
  home = openHome({ environment: test.environment });
});
afterEach(() => test.close());

const start = (scenario: string, options: StartOptions = {}): Promise<Tree> =>
  home.start({ model: test.scenario(scenario), cwd: test.work, ...options });

async function eventsOf(stream: AsyncIterable<TreeEvent>): Promise<TreeEvent[]> {
  const events: TreeEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

const family = `rules:
  - pod: child
    say: "The child is done."
  - last: user
    call:
      - SpawnPod: { name: child, task: go, write: [] }
  - last: tool
    say: "Waiting."
  - say: "All is done."
`;

const asking = `rules:
  - last: user
    call:
      - Bash: { command: "touch made" }
  - say: "{{lastText}}"
`;

describe('a tree of a program', () => {
  it('[library.run] its events come to an end with the work, then its result; it takes more; closed, nothing runs', async () => {
    const tree = await start(family, { task: 'begin' });
    const child = tree.pod('child');
    const events = await eventsOf(tree);
    const reports = events.filter((event) => event.type === 'report');
    expect(reports).toMatchObject([
      { pod: { name: 'root' }, from: { name: 'child' }, text: 'The child is done.' },
    ]);
    expect((await eventsOf(child)).every(({ pod }) => pod.name === 'child')).toBe(true);
    const result = await tree.settled;
    expect(result).toMatchObject({
      status: 'done',
      text: 'All is done.',
      children: [{ name: 'child', status: 'done' }],
    });
    await tree.send('more');
    expect(await eventsOf(tree)).toContainEqual(expect.objectContaining({ type: 'input', text: 'more' }));
    expect((await tree.settled).status).toBe('done');
    expect((await home.verify()).violations).toEqual([]);
    await tree.close();
    await tree.close();
    expect((await home.list()).map(({ status }) => status)).toEqual(['stopped', 'stopped']);
    expect(await eventsOf(tree)).toContainEqual(expect.objectContaining({ type: 'stopped' }));
  });

  it('[library.hooks] a hook of the person judges calls of its trees as of all others', async () => {
    const hook = `[[hooks]]\nevent = "preToolUse"\ncommand = "echo 'not here' >&2; exit 2"\n`;
    mkdirSync(test.home.config, { recursive: true });
    writeFileSync(join(test.home.config, 'config.toml'), hook);
    const tree = await start(asking, { task: 'go', onQuestion: () => 'allow' });
    expect((await tree.settled).text).toContain('not here');
    expect(existsSync(join(test.work, 'made'))).toBe(false);
    await tree.close();
  });

  it('[library.questions] are answered by the program, once each; a throw denies', async () => {
    const asked: string[] = [];
    const tree = await start(asking, {
      task: 'go',
      onQuestion: ({ tool, input }) => {
        asked.push(`${tool} ${JSON.stringify(input)}`);
        return 'allow';
      },
    });
    expect((await tree.settled).status).toBe('done');
    expect(asked).toEqual(['Bash {"command":"touch made"}']);
    expect(existsSync(join(test.work, 'made'))).toBe(true);
    await tree.close();
    const other = await start(asking, {
      name: 'other',
      task: 'go',
      onQuestion: () => {
        throw new Error('no idea');
      },
    });
    const { status, text, denials } = await other.settled;
    expect({ status, denials }).toMatchObject({ status: 'denied', denials: [{ tool: 'Bash' }] });
    expect(text).toContain('onQuestion gave no answer: it has thrown: no idea');
    expect((await eventsOf(other)).find(({ type }) => type === 'alert')).toMatchObject({
      code: 'questionFailed',
    });
    await other.close();
  });

  it('[library.question-answers] what is no answer, and what the pod refuses, deny with that reason', async () => {
    const given: readonly [unknown, string][] = [
      [true, 'gave no answer: true, not'],
      [{ decision: 'ALLOW' }, 'gave no answer: decision is "ALLOW", not'],
      [{ decision: 'allow', rule: 'Nope(((' }, 'gave no answer: '],
    ];
    for (const [at, [answer, why]] of given.entries()) {
      const name = `q${at}`;
      const tree = await start(asking, { name, task: 'go', onQuestion: () => answer as 'allow' });
      expect(await tree.settled).toMatchObject({ status: 'denied', text: expect.stringContaining(why) });
      expect(await eventsOf(tree)).toContainEqual(expect.objectContaining({ code: 'questionFailed' }));
      await tree.close();
    }
    expect(existsSync(join(test.work, 'made'))).toBe(false);
  });

  it('[library.questions] without a handler nobody is asked', async () => {
    await using tree = await start(asking, { task: 'go' });
    expect(await tree.settled).toMatchObject({ status: 'denied' });
    expect(existsSync(join(test.work, 'made'))).toBe(false);
  });

  it('[library.errors] what is asked wrongly rejects, and nothing is made', async () => {
    const wrong: readonly StartOptions[] = [
      { name: 'A b' },
      { task: '' },
      { cwd: join(test.work, 'nowhere') },
      { model: 'nobody/nothing' },
      { schema: { $ref: '#' } },
      { maxCost: -1 },
      { permissions: { allow: ['Nothing(x)'] } },
      JSON.parse('{ "wirte": ["src"] }') as StartOptions,
    ];
    for (const options of wrong)
      await expect(start(family, options), JSON.stringify(options)).rejects.toThrow(BadSetting);
    await expect(home.restore('nobody')).rejects.toThrow(NoSuchPod);
    const aborted = AbortSignal.abort(new Error('not now'));
    await expect(start(family, { signal: aborted })).rejects.toThrow('not now');
    expect(await home.list()).toEqual([]);
  });

  it('[library.error-classes] a task that no pod takes is a bad setting, and nothing runs; a text and a handle that are wrong are refused', async () => {
    await expect(start(family, { name: 'long', task: 'x'.repeat(9_000_000) })).rejects.toThrow(BadSetting);
    expect((await home.list()).map(({ status }) => status)).toEqual(['stopped']);
    const tree = await start(family, { name: 'short' });
    await expect(tree.send('')).rejects.toThrow(CallRefused);
    await expect(tree.pod('short').notify('')).rejects.toThrow(CallRefused);
    await expect(home.pod('nobody')).rejects.toThrow(NoSuchPod);
    const stale = JSON.stringify({ instance: tree.instance, token: 'x' });
    const wrong = `tree:${Buffer.from(stale).toString('base64url')}`;
    await expect(home.restore(wrong)).rejects.toThrow(CallRefused);
    await expect(home.restore(tree.handle, { onQuestion: 5 as unknown as undefined })).rejects.toThrow(
      BadSetting,
    );
    await tree.close();
  });

  it('[library.run] an answer by a schema is data', async () => {
    const schema = { type: 'object', properties: { found: { type: 'number' } }, required: ['found'] };
    const scenario = `rules:\n  - last: user\n    say: "none"\n  - say: '{ "found": 2 }'\n`;
    const tree = await start(scenario, { task: 'count', schema });
    expect(await tree.settled).toMatchObject({ status: 'done', data: { found: 2 } });
    await tree.close();
  });

  it('[library.restore] a tree without a task waits; ended, it is restored by its name; running, it is not', async () => {
    const tree = await start(family);
    expect(await tree.settled).toMatchObject({ status: 'done', text: '' });
    await expect(home.restore('root')).rejects.toThrow(TreeRunning);
    const signal = AbortSignal.abort(new Error('not now'));
    await expect((await home.pod('root')).send('begin', { signal })).rejects.toThrow('not now');
    await home.stop('root');
    await tree.close();
    const again = await home.restore('root');
    expect(await again.settled).toMatchObject({ status: 'done' });
    await again.send('begin');
    expect(await again.settled).toMatchObject({ text: 'All is done.' });
    await again.close();
  });
});
