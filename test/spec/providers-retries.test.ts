/** What a provider does wrong for a while: it is asked again, visibly, and nothing is done or shown twice. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RunningCommand, linesOf, livingPods, resultOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { counted, countingScript, passingFaults, runCounting } from '../support/provider-script.ts';
import { type Asked, ProviderServer } from '../support/provider-server.ts';
import { TestHome } from '../support/rig.ts';

let home: TestHome;
let provider: ProviderServer;
beforeEach(() => {
  home = new TestHome();
});
beforeEach(async () => {
  provider = await ProviderServer.start('anthropic', countingScript);
});
afterEach(async () => {
  try {
    expect(await livingPods(home)).toEqual([]);
    expect(provider.hanging).toBe(0);
    await promiseKept(home);
  } finally {
    await home.close();
    await provider.stop();
  }
});

it.each(passingFaults)(
  '[provider.passes] %s and then does not: nothing stays of it, the call is run once, and whoever waits is told of the tries',
  async (_, fault) => {
    provider.fail(fault, { times: 2 });
    const ran = await runCounting(home, provider, 'count');
    expect(ran.code, ran.stderr).toBe(0);
    const pod = home.pod('root');
    const lost = await pod.entriesOf('requestFailed');
    const { inputTokens, outputTokens } = [...lost, ...(await pod.entriesOf('stepCompleted'))]
      .map(({ usage }) => usage)
      .reduce((a, b) => ({
        inputTokens: a.inputTokens + b.inputTokens,
        outputTokens: a.outputTokens + b.outputTokens,
        cost: null,
      }));
    expect(resultOf(ran)).toMatchObject({
      status: 'done',
      text: 'It is counted.',
      usage: { inputTokens, outputTokens },
    });
    expect(counted(home)).toBe('once\n');
    expect(provider.requests).toHaveLength(4);
    const types = (await home.pod('root').entries()).map(({ type }) => type);
    expect(types.filter((type) => /assistant|tool|turn|step/i.test(type))).toEqual([
      'turnStarted',
      'tools',
      'assistantMessage',
      'toolCall',
      'stepCompleted',
      'toolResult',
      'assistantMessage',
      'stepCompleted',
      'turnEnded',
    ]);
    expect(ran.stderr).toMatch(/^root: .*try 2 of 3.*\nroot: .*try 3 of 3.*\n$/);
  },
);

it('[provider.tool-once] a failure behind a tool result asks again without running the tool again', async () => {
  provider.fail({ status: 503 }, { times: 2, fits: ({ last }) => last.role === 'result' });
  const ran = await runCounting(home, provider, 'count');
  expect(resultOf(ran).status, ran.stderr).toBe('done');
  expect(counted(home)).toBe('once\n');
  expect(provider.requests).toHaveLength(4);
});

it('[provider.retry-after] the wait that a provider asks for is kept', async () => {
  provider.fail({ status: 429, headers: { 'retry-after': '1' } }, { times: 1 });
  expect(resultOf(await runCounting(home, provider, 'count')).status).toBe('done');
  const [first, second] = provider.requests;
  expect(second!.atMs - first!.atMs).toBeGreaterThan(990);
});

it('[provider.retry-alert] a retry anywhere in the tree is an alert in the stream of the run, whose last line is the result', async () => {
  await provider.stop();
  provider = await ProviderServer.start('anthropic', (asked) =>
    asked.pod === 'worker' && asked.nth === 1
      ? { call: [['Bash', { command: 'until [ -e go ]; do sleep 0.02; done' }]] }
      : countingScript(asked),
  );
  provider.fail({ status: 500 }, { times: 1, fits: ({ pod, nth }) => pod === 'worker' && nth === 2 });
  const args = ['run', '-p', '--output-format', 'stream-json', '--permission-mode', 'bypassPermissions'];
  const command = new RunningCommand(home, [...args, 'hand down'], provider.environment);
  // A retry is told to whoever watches, and to nobody later: so the child waits until it is watched.
  await command.until('the child is watched', ({ stdout }) =>
    /"pod":"worker".*"type":"toolCall"/.test(stdout),
  );
  home.file('go');
  const ran = await command.ended;
  expect(ran.code, ran.stderr).toBe(0);
  const lines = linesOf<{ type: string; pod?: string }>(ran.stdout);
  expect(lines.at(-1)).toMatchObject({ type: 'result', status: 'done' });
  expect(lines.filter(({ type }) => type === 'alert')).toMatchObject([
    { pod: 'worker', code: 'providerRetry', level: 'warning' },
  ]);
});

it('[provider.retry-once] a retry that lasts is in the log, and run and run -p tell it once', async () => {
  const model = home.scenario(
    'rules:\n  - { times: 1, fail: { kind: overloaded, retryAfterMs: 5100 } }\n  - say: fine\n',
  );
  const told = await Promise.all(
    [
      ['-p', '--name', 'print'],
      ['--name', 'person'],
    ].map(async (args) => {
      const ran = await home.run(['run', ...args, '--model', model, 'go']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(await home.pod(args.at(-1)!).entriesOf('alert')).toMatchObject([{ code: 'providerWaiting' }]);
      return `${ran.stdout}${ran.stderr}`.match(/provider failed .*/g);
    }),
  );
  for (const lines of told) expect(lines).toEqual([expect.stringMatching(/try 2 of 8 in 5\.1 s\.$/)]);
});

const isNotice = ({ pod, last }: Asked) => pod === 'root' && last.text.startsWith('Automatic notice');

it('[provider.notice-retried] a notice whose request fails is in every try and in the history once', async () => {
  provider.fail({ status: 500 }, { times: 2, fits: isNotice });
  const ran = await runCounting(home, provider, 'hand down');
  expect(resultOf(ran), ran.stderr).toMatchObject({ status: 'done', text: 'I have read of it.' });
  const tries = provider.requests.filter(isNotice);
  expect(tries).toHaveLength(3);
  for (const { prompt } of tries) {
    expect(prompt.filter(({ text }) => text.includes('Pod "worker" finished'))).toHaveLength(1);
  }
  const items = await home.pod('root').entriesOf('systemItem');
  expect(items).toHaveLength(1);
  const last = (await home.pod('root').entriesOf('stepCompleted')).at(-1)!;
  expect(last.seenThrough).toBeGreaterThanOrEqual(items[0]!.seq);
});

it('[provider.notice-refused] a notice turn that cannot succeed is tried once and ends the run as failed', async () => {
  provider.fail({ status: 400 }, { fits: isNotice });
  const ran = await runCounting(home, provider, 'hand down');
  expect(ran.code).toBe(1);
  expect(resultOf(ran)).toMatchObject({ status: 'failed', children: [{ name: 'worker', status: 'done' }] });
  expect(provider.requests.filter(isNotice)).toHaveLength(1);
  expect(await home.pod('root').entriesOf('systemItem')).toHaveLength(1);
  expect(counted(home)).toBe('once\n');
});
