/** Real refusals, and what a whole pod does about them: another model, a shorter history, or a plain word. */
import { createServer, type Server } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { promiseKept } from '../support/promise-kept.ts';
import { ProviderServer } from '../support/provider-server.ts';
import { type Ran, TestHome } from '../support/rig.ts';
import { SmallWindow } from '../support/small-window.ts';
import { refusals } from '../unit/model/refusals.ts';

let home: TestHome;
let refusing: Server;
let second: ProviderServer;
/** Of the requests to the first model. */
let asked: number;
/** What it says to each; null: an answer. */
let refusal: () => { status: number; body: object | string } | null;

const answer = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: 'the first' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 3_000, completion_tokens: 5, total_tokens: 3_005 } },
]
  .map(
    (event) =>
      `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'm', ...event })}\n\n`,
  )
  .join('');

beforeEach(async () => {
  home = new TestHome();
  asked = 0;
  refusing = createServer((request, response) => {
    void readAll(request).then(() => {
      asked += 1;
      const said = refusal();
      if (said === null) {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`${answer}data: [DONE]\n\n`);
        return;
      }
      const isText = typeof said.body === 'string';
      response.writeHead(said.status, { 'content-type': isText ? 'text/html' : 'application/json' });
      response.end(isText ? said.body : JSON.stringify(said.body));
    });
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  second = await ProviderServer.start('openai', () => ({ say: 'the second' }));
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
    await second.stop();
    refusing.closeAllConnections();
    await new Promise((resolve) => refusing.close(resolve));
  }
});

const models = {
  anthropic: 'anthropic/claude-sonnet-5-5',
  openai: 'openai-compatible/other',
  google: 'google/gemini-3-pro',
  compatible: 'openai-compatible/llama',
};

function podkin(...args: string[]): Promise<Ran> {
  const address = refusing.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const { OPENAI_API_KEY, OPENAI_BASE_URL } = second.environment;
  const environment = {
    ANTHROPIC_API_KEY: 'sk-0123456789',
    ANTHROPIC_BASE_URL: url,
    GOOGLE_GENERATIVE_AI_API_KEY: 'k-0123456789',
    GOOGLE_GENERATIVE_AI_BASE_URL: url,
    OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
    OPENAI_API_KEY,
    OPENAI_BASE_URL,
  };
  return home.run(args, { environment });
}

function configured(names: readonly string[], more = ''): void {
  mkdirSync(home.home.config, { recursive: true });
  const text = `model = ${JSON.stringify(names)}\n[limits]\nretryBaseMs = 10\nretryMaxMs = 10\n${more}`;
  writeFileSync(join(home.home.config, 'config.toml'), text);
}

const rowOf = (id: string) => {
  const row = refusals.find((one) => one.id === id);
  if (row === undefined) throw new Error(`no row ${id}`);
  return row;
};

it.each([
  'anthropic-credit-balance',
  'deepseek-balance',
  'groq-tokens-a-minute',
  'groq-decommissioned',
  'openrouter-id',
  'google-key',
])('[rest.next][model.refusals] %s: the next model answers, and the first was asked once', async (id) => {
  const row = rowOf(id);
  refusal = () => row;
  configured([models[row.dialect], second.model]);
  expect(await podkin('run', '-p', 'go')).toMatchObject({ code: 0, stdout: 'the second\n' });
  expect([asked, second.requests.length]).toEqual([1, 1]);
});

it('[context.bytes] one refusal of a proxy ends a turn, says so, and no later one', async () => {
  const nginx = rowOf('nginx-page');
  refusal = () => (asked === 1 ? nginx : null);
  configured([models.compatible]);
  const failed = await podkin('run', '-p', '--name', 'a', 'go');
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toContain('too many bytes');
  expect(failed.stderr).toContain('podkin compact a');
  expect(await podkin('run', '-p', '-c', 'a', 'and now')).toMatchObject({ code: 0, stdout: 'the first\n' });
  expect(await home.pod('a').entriesOf('contextRefused')).toEqual([]);
});

it.each(['llama-cpp-500', 'minimax-code', 'zai-length'])(
  '[context.refused][model.refusals] %s: the history is made shorter, and the turn goes on',
  async (id) => {
    const { status, body } = rowOf(id);
    home.file('notes.txt', 'words of a long file, one after the other\n'.repeat(150));
    const provider = await SmallWindow.start(24_000, (_, nth) =>
      nth > 12 ? { say: 'done' } : { say: `step ${nth}`, call: ['Read', { path: 'notes.txt' }] },
    );
    provider.refusal = () => ({ status, text: JSON.stringify(body) });
    try {
      const root = await home.startRoot({
        model: provider.model,
        models: { [provider.model]: { contextTokens: 200_000, outputTokens: 1_000 } },
        environment: provider.environment,
      });
      await root.run('The task: read.');
      await root.until('the turn ends', (entries) => entries.some(({ type }) => type === 'turnEnded'));
      expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'finished' }]);
      expect(provider.refusals).toBeGreaterThan(0);
    } finally {
      await provider.stop();
    }
  },
);

it('[context.given] what a person says of a window later holds for a pod that is started again, and is said once', async () => {
  const name = models.compatible;
  refusal = () => null;
  configured([name]);
  expect(await podkin('run', '-p', '--name', 'a', 'go')).toMatchObject({ code: 0 });
  configured([name], `[models."${name}"]\ncontextTokens = 50000\noutputTokens = 2000\n`);
  for (const text of ['and now', 'and then'])
    expect(await podkin('run', '-p', '-c', 'a', text)).toMatchObject({ code: 0 });
  const sizes = { contextTokens: 50_000, outputTokens: 2_000 };
  expect(await home.pod('a').entriesOf('set')).toMatchObject([{ models: { [name]: sizes } }]);
});
