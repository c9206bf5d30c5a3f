/** How answers end, in the words of each kind of provider: none but a good end is one. */
import { describe, expect, it } from 'vitest';
import { ask, failing } from './ask.ts';
import {
  chat,
  claude,
  type DialectName,
  dialects,
  gemini,
  rawProvider,
  responses,
  stream,
} from './raw-provider.ts';

const half = 'The three faults are: first, the';
const inChat = (...events: object[]) => events.map((event) => responses.event(event)).join('');
const ofResponses = (items: string, type: string, response: object) =>
  responses.created +
  items +
  inChat({ type, response: { id: 'r', usage: { input_tokens: 1, output_tokens: 2 }, ...response } });
const incomplete = (reason: string) => ({ status: 'incomplete', incomplete_details: { reason } });

/** Half a sentence, and an answer with a whole call, that end with a word. */
const says: Record<DialectName, (word: string) => string> = {
  anthropic: (word) => claude.start() + claude.text(0, half) + claude.end(word),
  openai: (word) => ofResponses(responses.text(0, half), 'response.incomplete', incomplete(word)),
  google: (word) => gemini.parts([{ text: half }], { finishReason: word }),
  compatible: (word) => chat.chunk({ content: half }) + chat.end(word),
};
const calls: Record<DialectName, (word: string) => string> = {
  anthropic: (word) => claude.start() + claude.tool(0, 't1', '{"path":"a"}') + claude.end(word),
  openai: (word) =>
    ofResponses(responses.call(0, 'c1', '{"path":"a"}'), 'response.incomplete', incomplete(word)),
  google: (word) =>
    gemini.parts([{ functionCall: { name: 'Read', args: { path: 'a' } } }], { finishReason: word }),
  compatible: (word) =>
    chat.call({ index: 0, id: 'c1', function: { name: 'Read', arguments: '{"path":"a"}' } }) + chat.end(word),
};

async function modelThatSays(dialect: DialectName, answer: string) {
  return await (await rawProvider(stream(answer))).model(dialects[dialect]);
}

const broken: [DialectName, string][] = [
  ...['network_error', 'insufficient_system_resource', 'abort', 'repetition', 'Cancelled'].map(
    (word): [DialectName, string] => ['compatible', word],
  ),
  ['anthropic', 'pause_turn'],
  ['anthropic', 'compaction'],
  ['anthropic', 'a_word_of_tomorrow'],
  ...[
    'OTHER',
    'FINISH_REASON_UNSPECIFIED',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
    'toString',
  ].map((word): [DialectName, string] => ['google', word]),
  ['openai', 'interrupted'],
];
describe.each(broken)('%s: %s', (dialect, word) => {
  it.each([
    ['half a sentence', says],
    ['a whole call', calls],
  ])('[model.finish] %s is broken off, and may be asked for again', async (_, answers) => {
    const { failure } = await failing(await modelThatSays(dialect, answers[dialect](word)));
    expect(failure).toMatchObject({ category: 'cutStream', transient: true });
    expect(failure.message).toBe(`${dialects[dialect]}: the provider broke the answer off (${word})`);
  });
});

it.each([
  ['incomplete', ofResponses(responses.text(0, half), 'response.incomplete', { status: 'incomplete' })],
  [
    'incomplete',
    ofResponses(responses.text(0, half), 'response.incomplete', { incomplete_details: { reason: '' } }),
  ],
  ['cancelled', ofResponses(responses.text(0, half), 'response.completed', { status: 'cancelled' })],
  ['incomplete', ofResponses(responses.call(0, 'c', '{}'), 'response.completed', { status: 'incomplete' })],
])('[model.finish] OpenAI: what is called incomplete without a reason is (%s)', async (word, answer) => {
  const { failure } = await failing(await modelThatSays('openai', answer));
  expect(failure.message).toBe(`${dialects.openai}: the provider broke the answer off (${word})`);
});

it.each<[DialectName, string]>([
  ['compatible', 'stop'],
  ['compatible', 'eos'],
  ['compatible', 'end_turn'],
  ['compatible', 'STOP'],
  ['anthropic', 'end_turn'],
  ['anthropic', 'stop_sequence'],
  ['google', 'STOP'],
])('[model.finish] %s: %s is an end, and calls before it are run', async (dialect, word) => {
  const said = await ask(await modelThatSays(dialect, says[dialect](word)));
  expect([said.text, said.response.finishReason]).toEqual([half, 'stop']);
  const { response } = await ask(await modelThatSays(dialect, calls[dialect](word)));
  expect(response).toMatchObject({ finishReason: 'toolCalls', parts: [{ input: { path: 'a' } }] });
});

it.each(['', 'null', ' '])(
  '[model.finish] a reason that is none (%j) leaves an answer open',
  async (word) => {
    const pieces = chat.chunk({ content: 'o' }, word) + chat.chunk({ content: 'k' }, word);
    const whole = await ask(await modelThatSays('compatible', pieces + chat.end('stop')));
    expect([whole.text, whole.response.finishReason]).toEqual(['ok', 'stop']);
    const told = await ask(await modelThatSays('compatible', `${pieces}data: [DONE]\n\n`));
    expect(told.response.finishReason).toBe('stop');
    const { failure } = await failing(await modelThatSays('compatible', pieces));
    expect(failure).toMatchObject({ category: 'cutStream', transient: true });
  },
);

it.each<[DialectName, string]>([
  ['compatible', 'content_filter'],
  ['compatible', 'sensitive'],
  ['anthropic', 'refusal'],
  ['openai', 'content_filter'],
  ...['SAFETY', 'LANGUAGE', 'RECITATION', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'].map(
    (word): [DialectName, string] => ['google', word],
  ),
])(
  '[model.withheld] %s: %s is told as withheld, with the word, and without the calls',
  async (dialect, word) => {
    const said = await ask(await modelThatSays(dialect, says[dialect](word)));
    expect(said.response).toMatchObject({ finishReason: 'contentFilter', word, parts: [{ text: half }] });
    const called = await ask(await modelThatSays(dialect, calls[dialect](word)));
    expect(called.response).toMatchObject({ finishReason: 'contentFilter', parts: [] });
  },
);

it.each<[DialectName, string]>([
  ['compatible', 'model_context_window_exceeded'],
  ['compatible', 'model_length'],
  ['anthropic', 'model_context_window_exceeded'],
])('[model.window-cut] %s: %s is a length that the window has set', async (dialect, word) => {
  const { response } = await ask(await modelThatSays(dialect, says[dialect](word)));
  expect(response).toMatchObject({ finishReason: 'length', isWindowFull: true });
});

it.each<[DialectName, string]>([
  ['compatible', 'length'],
  ['compatible', 'max_tokens'],
  ['anthropic', 'max_tokens'],
  ['openai', 'max_output_tokens'],
  ['google', 'MAX_TOKENS'],
])('[model.window-cut] %s: %s is the limit of the answer', async (dialect, word) => {
  const { response } = await ask(await modelThatSays(dialect, says[dialect](word)));
  expect(response.finishReason).toBe('length');
  expect(response.isWindowFull).toBeUndefined();
});

it.each([
  ['invalid_prompt', 'Invalid prompt: your prompt was flagged.', { category: 'badRequest', isGone: false }],
  ['insufficient_quota', 'You exceeded your current quota.', { category: 'rateLimit', isGone: true }],
])(
  '[model.permanent] OpenAI: %s in the middle of a stream is not asked again',
  async (code, message, told) => {
    const failed = {
      type: 'response.failed',
      response: { id: 'r', status: 'failed', error: { code, message } },
    };
    const begun = responses.created + responses.text(0, half);
    const { failure } = await failing(await modelThatSays('openai', begun + responses.event(failed)));
    expect(failure).toMatchObject({ transient: false, ...told, message: expect.stringContaining(message) });
    const error = { type: 'error', code, message, param: null };
    const other = await failing(await modelThatSays('openai', begun + responses.event(error)));
    expect(other.failure).toMatchObject({ transient: false, ...told });
  },
);
