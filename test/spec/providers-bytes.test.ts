/**
 * Pods against a server of raw bytes: what comes of odd answers in logs, results and statuses, and limits of
 * the cost that hold or are refused.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { deferred } from '../../src/std/deferred.ts';
import { type Ran, TestHome, eventually } from '../support/rig.ts';
import { chat, claude, dialects, rawProvider, type RawProvider, stream } from '../unit/model/raw-provider.ts';

const model = 'openai-compatible/m';

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

function environmentOf(provider: RawProvider): NodeJS.ProcessEnv {
  return { OPENAI_COMPATIBLE_BASE_URL: `${provider.url}/v1`, PODKIN_LIMITS_RETRY_BASE_MS: '20' };
}

function run(provider: RawProvider, ...more: string[]): Promise<Ran> {
  const args = ['run', '-p', '--output-format', 'json', '--permission-mode', 'bypassPermissions'];
  return home.run([...args, '--model', model, ...more, 'do it'], { environment: environmentOf(provider) });
}

function userSays(text: string): void {
  const path = join(home.home.config, 'config.toml');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Each request gets the next answer, the last one again and again. */
function inTurn(...answers: readonly string[]): Promise<RawProvider> {
  let next = 0;
  return rawProvider((response) => stream(answers[Math.min(next++, answers.length - 1)] ?? '')(response));
}

const call = (name: string, input: object, id = 'c1') =>
  chat.call({ index: 0, id, function: { name, arguments: JSON.stringify(input) } });
const million = { prompt_tokens: 1_000_000, completion_tokens: 100_000 };
const say = (text: string) => chat.chunk({ content: text }) + chat.end();

describe('an answer with neither text nor call', () => {
  it('[worker.empty] a run that is answered so twice has failed', async () => {
    const provider = await inTurn(chat.end());
    const ran = await run(provider);
    expect(ran.code).toBe(1);
    expect(resultOf(ran)).toMatchObject({ status: 'failed', category: 'emptyAnswer', text: '' });
    expect(provider.bodies).toHaveLength(2);
  });

  it('[worker.empty] a turn that a child’s end began is finished, and a child that is given work fails', async () => {
    const waits = deferred<void>();
    const provider = await rawProvider((response, body) => {
      // The child's end is to come when the first turn has nothing more to ask.
      if (body.includes('You are \\"child\\"'))
        return void waits.promise.then(() => stream(chat.end())(response));
      if (!body.includes('"role":"tool"'))
        return stream(call('SpawnPod', { name: 'child', task: 't', write: [] }) + chat.end())(response);
      response.on('finish', () => waits.resolve());
      return stream(body.includes('Pod \\"child\\" failed') ? chat.end() : say('I wait.'))(response);
    });
    const ran = await run(provider);
    expect(ran.code, ran.stderr).toBe(0);
    expect(resultOf(ran)).toMatchObject({ status: 'done', children: [{ name: 'child', status: 'failed' }] });
    const ends = await home.pod('root').entriesOf('turnEnded');
    expect(ends.map(({ outcome }) => outcome)).toEqual(['finished', 'finished']);
    expect(await home.pod('child').entriesOf('turnEnded')).toMatchObject([
      { outcome: 'errored', error: { category: 'emptyAnswer' } },
    ]);
  });
});

describe('what a pod keeps of an answer', () => {
  it('[model.half-pair] [model.call-ids] no half of a pair and no id twice stands in the log', async () => {
    const half = '{"command":"echo \\\\ud83d"}';
    const odd = chat
      .call({ index: 0, id: 'same', function: { name: 'Bash', arguments: '#' } })
      .replace('#', half.replaceAll('"', '\\"'));
    const provider = await inTurn(odd + chat.end(), odd + chat.end(), say('x # y').replace('#', '\\ud83d'));
    const ran = await run(provider);
    expect(resultOf(ran).text).toBe('x \ufffd y');
    const calls = await home.pod('root').entriesOf('toolCall');
    expect(calls).toHaveLength(2);
    expect(calls).toMatchObject([
      { input: { command: 'echo \ufffd' } },
      { input: { command: 'echo \ufffd' } },
    ]);
    expect(calls[0]?.call).toBe('same');
    expect(calls[1]?.call).toMatch(/^[\w-]{1,64}$/);
    expect(calls[1]?.call).not.toBe('same');
    expect(provider.bodies.join('')).not.toMatch(/\\ud83d/);
  });

  it('[model.usage-believed] a count that no request comes to is estimated, and told once', async () => {
    const huge = { prompt_tokens: 1e300, completion_tokens: 1e300 };
    const provider = await inTurn(
      call('ListPods', {}) + chat.end('tool_calls', huge),
      chat.chunk({ content: 'ok' }) + chat.end('stop', huge),
    );
    const ran = await run(provider);
    expect(ran.code, ran.stderr).toBe(0);
    expect(resultOf(ran)).toMatchObject({ status: 'done', text: 'ok' });
    const listed = await home.run(['ps', '--all', '--json']);
    const [{ tokens = 0 } = {}] = JSON.parse(listed.stdout) as { tokens?: number }[];
    expect(tokens).toBeGreaterThan(100);
    expect(tokens).toBeLessThan(100_000);
    const said = { inputTokens: Number.MAX_SAFE_INTEGER, outputTokens: Number.MAX_SAFE_INTEGER };
    const steps = await home.pod('root').entriesOf('stepCompleted');
    expect(steps).toMatchObject([{ usage: { said } }, { usage: { said } }]);
    const alerts = await home.pod('root').entriesOf('alert');
    expect(alerts.filter(({ code }) => code === 'usageDoubted')).toHaveLength(1);
  });

  it('[model.answer-size] an answer above the bound is kept as far as it fits into the log, and ends as a limit', async () => {
    const mib = chat.chunk({ content: '\u0001é'.repeat(1 << 17) });
    const provider = await inTurn(mib.repeat(16) + chat.end());
    const ran = await run(provider);
    expect(ran.code).toBe(5);
    expect(resultOf(ran)).toMatchObject({ status: 'limit', reason: 'outputTokens' });
    const [answer] = await home.pod('root').entriesOf('assistantMessage');
    const bytes = Buffer.byteLength(JSON.stringify(answer));
    expect(bytes).toBeGreaterThan(6_000_000);
    expect(bytes).toBeLessThan(6.1 * 1024 * 1024);
  });
});

it('[run.context-full] a full context is told as what it is, and nobody is sent to ask it again', async () => {
  const provider = await rawProvider((response) =>
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":{"message":"This model\'s maximum context length is 8192 tokens"}}'),
  );
  const ran = await home.run(['run', '--model', model, 'do it'], { environment: environmentOf(provider) });
  expect(ran.code).toBe(5);
  expect(ran.stderr).toMatch(/the system prompt \([\d,]+\), the tools .* do not fit into the window of/);
  expect(ran.stderr).toContain('Start again with podkin run');
  expect(ran.stderr).not.toMatch(/podkin (?:send|restore) root/);
});

describe('a limit of the cost', () => {
  it('[cost.unpriced] it is refused for a model without a price, naming the setting', async () => {
    const provider = await inTurn(say('hello'));
    const ran = await run(provider, '--max-cost', '0.01');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`[models."${model}"] with inputPrice and outputPrice`);
    expect(ran.stderr).toContain(join(home.home.config, 'config.toml'));
    expect(provider.bodies).toEqual([]);
  });

  it('[cost.given-price] with the price that a person gives it holds, and the cost is counted by it', async () => {
    userSays(`[models."${model}"]\ninputPrice = 3\noutputPrice = 10.0\n`);
    const provider = await inTurn(call('ListPods', {}) + chat.end('tool_calls', million));
    const ran = await run(provider, '--max-cost', '5');
    expect(ran.code).toBe(5);
    // What is left is less than a request of the usual size takes: none is sent.
    const reason = expect.stringContaining('5 USD) leaves too little') as string;
    expect(resultOf(ran)).toMatchObject({ status: 'limit', reason, cost: 4 });
    expect(provider.bodies).toHaveLength(1);
  });

  /** Half an answer: four dollars, and no end. */
  const half = chat.chunk({ role: 'assistant', content: 'half an ans' }, null, { usage: million });
  const four = { inputTokens: 1_000_000, outputTokens: 100_000, cost: 4 };

  it('[cost.failed-tries] it holds between the tries of one request, each of which counts', async () => {
    userSays(`[models."${model}"]\ninputPrice = 3\noutputPrice = 10.0\n`);
    const provider = await inTurn(half);
    const ran = await run(provider, '--max-cost', '9');
    expect([ran.code, provider.bodies.length]).toEqual([5, 2]);
    const usage = { inputTokens: 2_000_000, outputTokens: 200_000 };
    expect(resultOf(ran)).toMatchObject({ status: 'limit', cost: 8, usage });
    expect(await home.pod('root').entriesOf('requestFailed')).toMatchObject([
      { usage: four },
      { usage: four },
    ]);
    expect(JSON.parse((await home.run(['inspect', 'root'])).stdout)).toMatchObject({
      usage: { ...usage, cost: 8 },
    });
    expect(JSON.parse((await home.run(['ps', '-a', '--json'])).stdout)).toMatchObject([{ cost: 8 }]);
  });

  it('[cost.failed-tries] a try that failed is added to the answer that came after it', async () => {
    userSays(`[models."${model}"]\ninputPrice = 3\noutputPrice = 10.0\n`);
    const ran = await run(await inTurn(half, say('done').replace('10,', '1000000,')), '--max-cost', '50');
    expect(resultOf(ran)).toMatchObject({ status: 'done', text: 'done', cost: expect.closeTo(7.00005, 9) });
    const [ended] = await home.pod('root').entriesOf('turnEnded');
    expect(ended!.usage).toMatchObject({ inputTokens: 2_000_000, outputTokens: 100_005 });
  });

  it('[cost.failed-tries] a cancel and an end in the middle of an answer count, over a restart too', async () => {
    const usage = { input_tokens: 200_000, output_tokens: 120_000 };
    const begins =
      claude.start(usage) +
      claude.event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'half' } });
    const provider = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(begins);
    });
    const environment = { ANTHROPIC_BASE_URL: provider.url, ANTHROPIC_API_KEY: 'k-0123456789' };
    const once = { inputTokens: 200_000, outputTokens: 120_000, cost: 4 };
    const twice = { inputTokens: 400_000, outputTokens: 240_000, cost: 8 };
    const pod = await home.startRoot({ model: dialects.anthropic, limits: { cost: 9 }, environment });
    const answering = async () => {
      const begun = deferred<void>();
      const client = await pod.client(({ type }) => void (type === 'textDelta' && begun.resolve()));
      await client.call('subscribe', {});
      await pod.run('go');
      await begun.promise;
      await client.connection.close();
    };
    await answering();
    await pod.call('cancel', {});
    expect(await pod.untilEntry('turnEnded')).toMatchObject({ outcome: 'cancelled', usage: once });
    expect((await pod.call('status', {})).usage).toEqual(once);
    await answering();
    await pod.stop();
    await pod.start(environment);
    expect((await pod.call('status', {})).usage).toEqual(twice);
    await pod.run('again');
    const waits = async () => (await pod.call('status', {})).waiting?.kind === 'budget';
    await eventually(pod.folder.path, waits, 'it waits for what it may spend');
    expect(provider.bodies).toHaveLength(2);
    await pod.stop();
  });

  it('[cost.project] a project names no price', async () => {
    mkdirSync(join(home.work, '.podkin'));
    writeFileSync(
      join(home.work, '.podkin', 'config.toml'),
      `[models."${model}"]\ninputPrice = 0\noutputPrice = 0\n`,
    );
    const ran = await run(await inTurn(say('hello')), '--max-cost', '0.01');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('the key "models" may not be set by a project');
  });

  it('[cost.unpriced] a child gets no model without a price', async () => {
    userSays(`[models."${model}"]\ninputPrice = 0\noutputPrice = 0\n`);
    const spawn = call('SpawnPod', { name: 'child', task: 't', write: [], model: 'openai-compatible/other' });
    const ran = await run(await inTurn(spawn + chat.end(), say('no child')), '--max-cost', '1');
    expect(resultOf(ran)).toMatchObject({ status: 'done', children: [], cost: 0 });
    const [result] = await home.pod('root').entriesOf('toolResult');
    expect(result).toMatchObject({ isError: true, text: expect.stringContaining('its price is not known') });
  });

  it('[cost.unpriced] a session whose price is not known any more is asked nothing, and says why', async () => {
    const provider = await inTurn(say('hello'));
    const pod = await home.startRoot({
      model,
      limits: { cost: 1 },
      environment: environmentOf(provider),
    });
    await pod.run('do it');
    const ended = await pod.untilEntry('turnEnded');
    expect(ended).toMatchObject({
      outcome: 'errored',
      error: {
        category: 'configuration',
        message: expect.stringContaining(`what ${model} costs is not known`),
      },
    });
    expect(provider.bodies).toEqual([]);
    await pod.stop();
  });

  it('[cost.scenario] a scenario costs nothing unless its file names a price, which then counts', async () => {
    const rules = 'rules:\n  - { say: "again and again", call: [{ ListPods: {} }] }\n';
    const args = (scenario: string) =>
      'run -p --output-format json --max-steps 3 --max-cost 101 --model'
        .split(' ')
        .concat(home.scenario(scenario), 'do it');
    expect(resultOf(await home.run(args(rules)))).toMatchObject({ reason: 'steps', cost: 0 });
    const priced = await home.run(args(`${rules}price: { input: 0, output: 100000 }\n`));
    expect(resultOf(priced)).toMatchObject({ status: 'limit', cost: expect.closeTo(0.9) });
    // A sum of it would be no number, and no limit would hold.
    const endless = await home.run(args(`${rules}price: { input: 1.0e+308, output: 1 }\n`));
    expect(resultOf(endless)).toMatchObject({ status: 'failed' });
  });
});
