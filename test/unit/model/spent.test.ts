/**
 * What a request without a response has used: counted as far as the stream counted it, estimated behind that.
 */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { newAnswer } from '../../../src/model/answer.ts';
import type { ModelPart, ModelRequest } from '../../../src/model/port.ts';
import { newUsageReports } from '../../../src/model/reported-usage.ts';
import { ask, failing, request } from './ask.ts';
import {
  body,
  chat,
  claude,
  type DialectName,
  dialects,
  gemini,
  rawProvider,
  responses,
  stream,
} from './raw-provider.ts';

const said = 'half an ans';
/** Of such an answer: its bytes and those of its one part, three to a token. */
const outputTokens = Math.ceil((said.length + 32) / 3);
const asked = request();
const inputTokens = Math.ceil(
  (JSON.stringify([asked.messages, asked.tools]).length + asked.system.length) / 3,
);
const spentIn = (parts: readonly ModelPart[]) =>
  parts.flatMap((part) => (part.type === 'spent' ? [part.usage] : []));

async function spentBy(dialect: DialectName, answer: (response: ServerResponse) => void) {
  const provider = await rawProvider(answer);
  const { failure, parts } = await failing(await provider.model(dialects[dialect]));
  expect(parts.findIndex(({ type }) => type === 'spent')).toBe(
    parts.some(({ type }) => type === 'spent') ? parts.length - 1 : -1,
  );
  return { category: failure.category, spent: spentIn(parts) };
}

const start = (usage: object) => claude.start(usage);
const text =
  claude.event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) +
  claude.event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: said } });
const delta = (usage: object) => claude.event({ type: 'message_delta', delta: { stop_reason: null }, usage });
const overloaded = claude.event({
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
});
const speaks =
  responses.created +
  responses.event({
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
  }) +
  responses.event({
    type: 'response.output_text.delta',
    item_id: 'msg_1',
    output_index: 0,
    content_index: 0,
    delta: said,
  });
const failed = (usage: object | null) =>
  responses.event({
    type: 'response.failed',
    response: { id: 'r', status: 'failed', error: { code: 'server_error', message: 'oh' }, usage },
  });
const metered = (usage: object) => chat.chunk({ role: 'assistant', content: said }, null, { usage });

describe('a stream that breaks off', () => {
  it.each<[string, DialectName, string, object]>([
    [
      'counted at its start, the rest estimated',
      'anthropic',
      start({ input_tokens: 100_000, output_tokens: 1 }) + text,
      { inputTokens: 100_000, outputTokens, cost: 0.5 + outputTokens * 25e-6 },
    ],
    [
      'an error in it',
      'anthropic',
      start({ input_tokens: 100_000, output_tokens: 1 }) + text + overloaded,
      { inputTokens: 100_000, outputTokens },
    ],
    [
      'an error at once',
      'anthropic',
      start({ input_tokens: 100_000, output_tokens: 1 }) + overloaded,
      { inputTokens: 100_000, outputTokens: 1 },
    ],
    [
      'counted again behind all that came',
      'anthropic',
      start({ input_tokens: 100_000, output_tokens: 1 }) + text + delta({ output_tokens: 5 }),
      { inputTokens: 100_000, outputTokens: 5 },
    ],
    [
      'counted behind by more than was seen, each report in the place of the one before',
      'anthropic',
      start({ input_tokens: 9, output_tokens: 1 }) +
        text +
        delta({ input_tokens: 10, output_tokens: 70 }) +
        delta({ output_tokens: 90 }) +
        text,
      { inputTokens: 10, outputTokens: 90 },
    ],
    [
      'cached input',
      'anthropic',
      start({
        input_tokens: 1,
        cache_read_input_tokens: 1_000_000,
        cache_creation_input_tokens: 100_000,
        output_tokens: 1,
      }),
      { inputTokens: 1_100_001, outputTokens: 1, cost: expect.closeTo(5e-6 + 0.5 + 0.625 + 25e-6, 9) },
    ],
    [
      'absurd counts',
      'anthropic',
      start({ input_tokens: '1e999', output_tokens: -4 }) + text,
      {
        inputTokens,
        outputTokens,
        cost: expect.closeTo(inputTokens * 5e-6 + outputTokens * 25e-6, 12),
        said: { inputTokens: Number.MAX_SAFE_INTEGER, outputTokens },
      },
    ],
    ['nothing counted', 'anthropic', start({}) + text, { inputTokens, outputTokens }],
    ['nothing counted', 'openai', speaks, { inputTokens, outputTokens: outputTokens + 9 }],
    [
      'nothing counted by its error',
      'openai',
      speaks + failed(null),
      { inputTokens, outputTokens: outputTokens + 9 },
    ],
    [
      'counted by its error',
      'openai',
      speaks + failed({ input_tokens: 70, output_tokens: 6 }),
      { inputTokens: 70, outputTokens: 6 },
    ],
    [
      'counted with each piece',
      'google',
      gemini
        .parts([{ text: 'half' }])
        .replace('}\n', ',"usageMetadata":{"promptTokenCount":50,"candidatesTokenCount":1}}\n') +
        gemini
          .parts([{ text: said.slice(4) }])
          .replace(
            '}\n',
            ',"usageMetadata":{"promptTokenCount":50,"candidatesTokenCount":3,"thoughtsTokenCount":4}}\n',
          ),
      { inputTokens: 50, outputTokens: 7 },
    ],
    ['nothing counted', 'google', gemini.parts([{ text: said }]), { inputTokens, outputTokens }],
    [
      'counted with each piece',
      'compatible',
      metered({ prompt_tokens: 40, completion_tokens: 3 }),
      { inputTokens: 40, outputTokens: 3 },
    ],
    [
      'counted with the first piece',
      'compatible',
      metered({ prompt_tokens: 40, completion_tokens: 1 }).replace(said, 'half') +
        chat.chunk({ content: said.slice(4) }),
      { inputTokens: 40, outputTokens },
    ],
    [
      'the request alone counted',
      'compatible',
      metered({ prompt_tokens: 40, completion_tokens: 0 }),
      { inputTokens: 40, outputTokens },
    ],
    [
      'the answer alone counted',
      'compatible',
      metered({ completion_tokens: 3, prompt_tokens_details: { cached_tokens: 9 } }),
      { inputTokens, outputTokens: 3 },
    ],
    [
      'nothing counted',
      'compatible',
      chat.chunk({ role: 'assistant', content: said }),
      { inputTokens, outputTokens },
    ],
  ])('[model.usage-failed] %s (%s)', async (...[, dialect, sent, usage]) => {
    expect((await spentBy(dialect, stream(sent))).spent).toEqual([expect.objectContaining(usage)]);
  });

  it('[model.usage-failed] a connection that is lost behind the start', async () => {
    const { category, spent } = await spentBy('anthropic', (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(start({ input_tokens: 100_000, output_tokens: 1 }) + text, () => response.destroy());
    });
    expect([category, spent]).toMatchObject(['cutStream', [{ inputTokens: 100_000, outputTokens }]]);
  });

  it.each([{ stallTimeoutMs: 100 }, { stallTimeoutMs: 100, answerTimeoutMs: 100 }])(
    '[model.usage-failed] one that is left as too slow: %o',
    async (options) => {
      const provider = await rawProvider((response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(start({ input_tokens: 100_000, output_tokens: 1 }));
      });
      const { failure, parts } = await failing(await provider.model(dialects.anthropic, options));
      expect(failure.category).toBe('timeout');
      expect(spentIn(parts)).toMatchObject([{ inputTokens: 100_000, outputTokens: 1 }]);
    },
  );

  it('[model.usage-failed] one that a person ends, whose reason is told behind it', async () => {
    const provider = await rawProvider((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(start({ input_tokens: 100_000, output_tokens: 1 }) + text);
    });
    const controller = new AbortController();
    const model = await provider.model(dialects.anthropic);
    const parts: ModelPart[] = [];
    const read = async () => {
      for await (const part of model.stream(request({ signal: controller.signal }))) {
        parts.push(part);
        controller.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(parts).toMatchObject([
      { type: 'textDelta', text: said },
      { type: 'spent', usage: { inputTokens: 100_000, outputTokens } },
    ]);
  });
});

it.each<[string, (response: ServerResponse) => void]>([
  ['a status', body(529, '{"error":{"message":"busy"}}')],
  ['a lost connection', (response) => void response.destroy()],
  ['an empty stream', stream('')],
  ['an error before all else', stream(overloaded)],
])('[model.usage-failed] nothing for %s', async (_, answer) => {
  expect((await spentBy('anthropic', answer)).spent).toEqual([]);
});

it('[model.usage-failed] an answer that is whole tells it once, and output that nobody counted is estimated', async () => {
  const provider = await rawProvider(
    stream(start({ input_tokens: 7, output_tokens: 1 }) + text + claude.event({ type: 'message_stop' })),
  );
  const { response, parts } = await ask(await provider.model(dialects.anthropic));
  expect(spentIn(parts)).toEqual([]);
  expect(response.usage).toMatchObject({ inputTokens: 7, outputTokens });
});

it('[model.usage-failed] an answer that is left at its bound costs the input that was counted', () => {
  const reports = newUsageReports('anthropic');
  const of: Pick<ModelRequest, 'messages' | 'system' | 'tools'> = request();
  const answer = newAnswer({ name: 'a/b', cost: () => null }, of, reports);
  reports.take({ type: 'message_start', message: { usage: { input_tokens: 123, output_tokens: 1 } } });
  reports.take({ type: 'content_block_delta' });
  answer.take({ type: 'text-start', id: '1' });
  answer.take({ type: 'text-delta', id: '1', delta: 'x'.repeat(7 * 1024 * 1024) });
  const { usage, finishReason } = answer.response();
  expect([finishReason, usage.inputTokens, usage.outputTokens]).toEqual(['length', 123, 2 * 1024 * 1024]);
});
