/**
 * Real pods whose provider breaks answers off, or refuses what it gave before: what they, parents and logs
 * say.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome } from '../support/rig.ts';
import { body, chat, claude, rawProvider, type RawProvider, stream } from '../unit/model/raw-provider.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const half = 'The three faults are: first, the';
const call = (name: string, input: object, id = 'c1') =>
  chat.call({ index: 0, id, function: { name, arguments: JSON.stringify(input) } }) + chat.end('tool_calls');
const says = (text: string, word = 'stop') => chat.chunk({ content: text }) + chat.end(word);
const compatible = ({ url }: RawProvider): NodeJS.ProcessEnv => ({
  OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
  PODKIN_LIMITS_RETRY_BASE_MS: '20',
  PODKIN_LIMITS_RETRY_MAX_MS: '50',
  PODKIN_LIMITS_REQUEST_TRIES: '3',
});
const isChild = (request: string) => request.includes('You are \\"child\\"');

it.each([
  ['network_error', 3, 'cutStream'],
  ['sensitive', 1, 'contentFilter'],
])(
  '[model.finish][model.withheld] %s: a child that got half a sentence has failed, and its parent reads so',
  async (word, tries, category) => {
    const provider = await rawProvider((response, request) => {
      if (isChild(request)) return stream(says(half, word))(response);
      if (!request.includes('"role":"tool"'))
        return stream(call('SpawnPod', { name: 'child', task: 't' }))(response);
      return stream(says(request.includes('Pod \\"child\\" failed') ? 'it failed' : 'I wait.'))(response);
    });
    const args = ['run', '-p', '--output-format', 'json', '--model', 'openai-compatible/m', 'do it'];
    const ran = await home.run(args, { environment: compatible(provider) });
    expect(resultOf(ran)).toMatchObject({
      text: 'it failed',
      children: [{ name: 'child', status: 'failed' }],
    });
    expect(provider.bodies.filter(isChild)).toHaveLength(tries);
    const [end] = await home.pod('child').entriesOf('turnEnded');
    expect(end).toMatchObject({ outcome: 'errored' });
    expect(JSON.stringify(end)).toContain(category);
    expect(JSON.stringify(end)).toContain(`(${word})`);
  },
);

it('[model.finish] an answer that is broken off once is asked for again, and no call of it has run', async () => {
  const provider = await rawProvider((response) => {
    if (provider.bodies.length > 1) return stream(says('whole'))(response);
    const written = { path: 'made.txt', content: 'x' };
    stream(
      call('Write', written)
        .replace('tool_calls"', 'abort"')
        .replace('"finish_reason":"tool_calls"', '"finish_reason":"abort"'),
    )(response);
  });
  const args = [
    'run',
    '-p',
    '--permission-mode',
    'bypassPermissions',
    '--model',
    'openai-compatible/m',
    'do it',
  ];
  const ran = await home.run(args, { environment: compatible(provider) });
  expect([ran.code, ran.stdout]).toEqual([0, 'whole\n']);
  expect(await home.pod('root').entriesOf('toolCall')).toEqual([]);
});

it('[model.broken-summary] half a summary takes the place of nothing: a whole one is asked for', async () => {
  home.file('notes.txt', 'words of a long file, one after the other\n'.repeat(600));
  let summaries = 0;
  const provider = await rawProvider((response, request) => {
    const { messages } = JSON.parse(request) as { messages: { role: string; content: unknown }[] };
    const last = messages.at(-1);
    if (JSON.stringify(last?.content).includes('Write a summary')) {
      summaries += 1;
      return stream(summaries === 1 ? says('HALF', 'abort') : says('WHOLE summary'))(response);
    }
    const results = messages.filter(({ role }) => role === 'tool').length;
    if (results === 4) return stream(says('All is read.'))(response);
    stream(call('Read', { path: 'notes.txt' }, `c${results}`))(response);
  });
  const root = await home.startRoot({ model: 'openai-compatible/m', environment: compatible(provider) });
  await root.run('The task: read.');
  await root.until('the turn ends', (entries) => entries.some(({ type }) => type === 'turnEnded'));
  const compacted = await home.run(['compact', 'root']);
  expect(compacted.code, compacted.stderr).toBe(0);
  expect(await root.entriesOf('compaction')).toMatchObject([{ summary: 'WHOLE summary' }]);
  expect(summaries).toBe(2);
  await home.run(['stop', 'root']);
});

it('[model.reasoning-refused] a pod that is gone on with by another account leaves out what that refuses, after a restore too', async () => {
  let isNew = false;
  const provider = await rawProvider((response, request) => {
    const answer = claude.text(1, isNew ? 'new' : 'old') + claude.end();
    if (isNew && request.includes('"thinking":"hm"')) {
      const message = 'messages.1.content.0: Invalid `signature` in `thinking` block';
      const error = { type: 'invalid_request_error', message };
      return body(400, JSON.stringify({ type: 'error', error }))(response);
    }
    const thought = claude.block(0, { type: 'thinking', thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: 'hm' },
      { type: 'signature_delta', signature: 'SIG' },
    ]);
    stream(claude.start() + (isNew ? '' : thought) + answer)(response);
  });
  const environment = { ANTHROPIC_API_KEY: 'k-0123456789', ANTHROPIC_BASE_URL: provider.url };
  const model = ['--model', 'anthropic/claude-sonnet-4-5', '--effort', 'medium'];
  expect((await home.run(['run', '-p', ...model, 'first'], { environment })).stdout).toBe('old\n');
  isNew = true;
  provider.bodies.length = 0;
  const second = await home.run(['run', '-p', '-c', 'the second task'], { environment });
  expect([second.code, second.stdout]).toEqual([0, 'new\n']);
  expect(second.stderr).not.toContain('effort');
  expect(provider.bodies).toHaveLength(2);
  const third = await home.run(['run', '-p', '-c', 'the third task'], { environment });
  expect([third.code, third.stdout]).toEqual([0, 'new\n']);
  expect(provider.bodies).toHaveLength(3);
  expect(provider.bodies[2]).toContain('"text":"old"');
  expect(await home.pod('root').entriesOf('reasoningRefused')).toHaveLength(1);
  const alerts = await home.pod('root').entriesOf('alert');
  expect(alerts.filter(({ code }) => code === 'reasoningRefused')).toHaveLength(1);
});
