/**
 * Streams that agents are known to have failed on, each as it comes and as the next request holds what was
 * kept of it.
 */
import { describe, expect, it } from 'vitest';
import type { ModelResponse } from '../../../src/model/port.ts';
import { ask, failing, request } from './ask.ts';
import {
  body,
  chat,
  claude,
  type DialectName,
  dialects,
  gemini,
  plainly,
  rawProvider,
  responses,
  stream,
} from './raw-provider.ts';

const names = Object.keys(dialects) as DialectName[];

/** One call and the end of an answer. */
const calls: Record<DialectName, (name: string, input: string) => string> = {
  anthropic: (name, input) => {
    const delta = { type: 'input_json_delta', partial_json: input };
    const block = claude.block(0, { type: 'tool_use', id: 't1', name, input: {} }, [delta]);
    return claude.start() + block + claude.end('tool_use');
  },
  openai: (name, input) => {
    const item = { type: 'function_call', id: 'fc_1', call_id: 'c1', name, arguments: input };
    return responses.created + responses.item(0, item) + responses.end();
  },
  google: (name, input) =>
    gemini.parts([{ functionCall: { name, args: JSON.parse(input) as unknown } }]) + gemini.end(),
  compatible: (name, input) =>
    chat.call({ index: 0, id: 'c1', function: { name, arguments: input } }) + chat.end('tool_calls'),
};

/** The answer, and the body of a request whose history ends with it and with the results of its calls. */
async function played(
  dialect: DialectName,
  answer: string,
): Promise<{ response: ModelResponse; next: string }> {
  let asked = 0;
  const provider = await rawProvider((reply) => stream(asked++ === 0 ? answer : plainly[dialect]())(reply));
  const model = await provider.model(dialects[dialect]);
  const { response } = await ask(model);
  const results = response.parts.flatMap((part) =>
    part.type === 'toolCall' ? [{ call: part.call, tool: part.tool, text: 'told', isError: true }] : [],
  );
  const behind =
    results.length > 0
      ? ({ role: 'tool', results } as const)
      : ({ role: 'user', text: 'the next input' } as const);
  const messages = [...request().messages, { role: 'assistant' as const, parts: response.parts }, behind];
  await ask(model, { messages });
  return { response, next: provider.bodies[1] ?? '' };
}

async function failureOf(dialect: DialectName, answer: string) {
  const provider = await rawProvider(stream(answer));
  return (await failing(await provider.model(dialects[dialect]))).failure;
}

describe.each(names)('%s', (dialect) => {
  it('[model.held-open] an answer that is whole ends, though its connection stays open', async () => {
    const provider = await rawProvider((reply) => {
      reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(plainly[dialect]());
    });
    const model = await provider.model(dialects[dialect], { stallTimeoutMs: 2_000 });
    const { text, response } = await ask(model);
    expect([text, response.finishReason]).toEqual(['ok', 'stop']);
    expect(response.usage.outputTokens).toBeGreaterThan(0);
    expect(provider.bodies).toHaveLength(1);
  });

  it('[model.call-names] names that every object has are made others, and go back with their calls', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const { response, next } = await played(dialect, calls[dialect](name, '{}'));
      expect(response.parts).toMatchObject([{ type: 'toolCall', tool: `_${name}` }]);
      expect(next).toContain(`"name":"_${name}"`);
    }
  });

  it('[model.invalid-input] arguments that are a list go back as an object', async () => {
    const { response, next } = await played(dialect, calls[dialect]('Read', '[31,32]'));
    expect(response.parts).toMatchObject([{ type: 'toolCall', input: [31, 32] }]);
    expect(next).not.toMatch(/\[31,32\]/);
    expect(next).toMatch(/"(?:input|args)":\{\}|"arguments":"\{\}"/);
  });

  it('[model.usage-clamped] what else a usage holds costs no answer', async () => {
    const odd = {
      input_tokens: 5,
      output_tokens: 6,
      prompt_tokens: 5,
      completion_tokens: 6,
      promptTokenCount: 5,
      candidatesTokenCount: 6,
      totalTokenCount: {},
      prompt_tokens_details: 7,
      completion_tokens_details: 'x',
      input_tokens_details: [],
      output_tokens_details: 3,
      promptTokensDetails: 'x',
      cache_creation: 'x',
      server_tool_use: 5,
      iterations: 5,
      service_tier: 9,
      serviceTier: 5,
    };
    const provider = await rawProvider(stream(plainly[dialect](odd)));
    const { text, response } = await ask(await provider.model(dialects[dialect]));
    expect(text).toBe('ok');
    expect(response.usage).toMatchObject({ inputTokens: 5, outputTokens: 6 });
  });

  it('[model.blank-answer] an answer without a word and a call is left out of the next request', async () => {
    const blank = plainly[dialect]().replaceAll('ok', '\\n ');
    const { response, next } = await played(dialect, blank);
    expect(response.finishReason).toBe('stop');
    expect(next).not.toMatch(/"role":"(?:assistant|model)"/);
    expect(next).toContain('the next input');
  });

  it.each([
    ['event: error\ndata: engine exploded\n\n', 'engine exploded'],
    ['event: error\ndata: {"message":"engine exploded"}\n\n', 'engine exploded'],
    ['data: error: engine exploded\n\n', 'engine exploded'],
    ['event: error\nid: 1\n\n', 'it reported an error and said nothing about it'],
    ['event: error\ndata: engine exploded', 'engine exploded'],
  ])(
    '[model.error-shapes] an error that is told by the name of its event or in plain text: %j',
    async (text, words) => {
      const failure = await failureOf(dialect, text + plainly[dialect]());
      expect(failure).toMatchObject({ transient: true, message: expect.stringContaining(words) });
    },
  );

  it('[model.no-finish] a stream that ends in order and says nothing of an end is asked for three times at most', async () => {
    const failure = await failureOf(dialect, plainly[dialect]().slice(0, plainly[dialect]().indexOf('"ok"')));
    expect(failure).toMatchObject({ category: 'cutStream', transient: true, triesMax: 3 });
  });

  it('[model.redirect] a redirection is not followed: no key goes to another address', async () => {
    const other = await rawProvider(stream(plainly[dialect]()));
    const provider = await rawProvider((reply) => reply.writeHead(307, { location: other.url }).end());
    const { failure } = await failing(await provider.model(dialects[dialect]));
    expect(failure).toMatchObject({ category: 'badRequest', transient: false });
    expect(failure.message).toContain(
      `the server sends on to ${other.url}, which is not followed (HTTP 307)`,
    );
    expect(failure.message).toContain('_BASE_URL');
    expect(other.bodies).toEqual([]);
  });

  it('[model.no-stream] an answer without a body is told as that, and asked for once', async () => {
    const provider = await rawProvider((reply) => reply.writeHead(204).end());
    const { failure } = await failing(await provider.model(dialects[dialect]));
    expect(failure).toMatchObject({ category: 'badRequest', transient: false });
    expect(failure.message).toContain('no stream of events but nothing at all');
  });
});

describe('an end without a reason', () => {
  const whole = [
    ['compatible', chat.chunk({ content: 'ok' }) + 'data: [DONE]\n\n'],
    ['compatible', chat.chunk({ content: 'ok' }) + 'data: [DONE]'],
    ['openai', responses.created + responses.text(0, 'ok') + 'data: [DONE]\n\n'],
    ['anthropic', claude.start() + claude.text(0, 'ok') + claude.event({ type: 'message_stop' })],
  ] as const;
  it.each(whole)('[model.no-finish] %s: what the server calls whole is whole: %j', async (dialect, text) => {
    const { response } = await played(dialect, text);
    expect(response).toMatchObject({ parts: [{ text: 'ok' }], finishReason: 'stop' });
  });

  it('[model.no-finish] with a call the call runs', async () => {
    const call = chat.call({ index: 0, id: 'c1', function: { name: 'Read', arguments: '{"path":"a"}' } });
    const { response } = await played('compatible', `${call}data: [DONE]\n\n`);
    expect(response).toMatchObject({ parts: [{ input: { path: 'a' } }], finishReason: 'toolCalls' });
  });

  it('[model.error-event] an upstream that failed is no end', async () => {
    const failed = { choices: [{ index: 0, delta: {}, finish_reason: 'error', error: { message: 'gone' } }] };
    const failure = await failureOf(
      'compatible',
      `${chat.chunk({ content: 'half' })}data: ${JSON.stringify(failed)}\n\n`,
    );
    expect(failure).toMatchObject({ transient: true, message: expect.stringContaining('gone') });
  });
});

describe('a signature of its own', () => {
  const lone = { thoughtSignature: 'TE9ORQ==' };
  const other = { thoughtSignature: 'T1RIRVI=' };
  const last = { thoughtSignature: 'TEFTVA==' };
  const called = { functionCall: { name: 'Read', args: { path: 'a' } } };
  it.each([
    ['before a call', [{ text: '', ...lone }, called]],
    ['behind a call, without text', [called, lone]],
    ['of a thought', [{ text: 'hm', thought: true }, { text: '', thought: true, ...lone }, called]],
    ['behind a text', [{ text: 'I read.' }, { text: '', ...lone }]],
  ])('[model.lone-signature] it goes back to Google in its place: %s', async (_, parts) => {
    const answer = parts.map((part) => gemini.parts([part])).join('') + gemini.end();
    const { next } = await played('google', answer);
    const { contents } = JSON.parse(next) as { contents: { parts: object[] }[] };
    const back = contents[1]?.parts ?? [];
    expect(back).toHaveLength(parts.length);
    expect(back).toMatchObject(
      parts.map((part) => ('thoughtSignature' in part ? { text: '', ...part } : part)),
    );
    expect(back.filter((part) => 'inlineData' in part)).toEqual([]);
  });

  it.each([
    ['a text goes on', [{ text: 'a' }, { text: 'b', ...lone }, { text: 'c' }, called]],
    ['a text begins and goes on', [{ text: 'a', ...lone }, { text: 'b' }, { text: 'c', ...other }, called]],
    [
      'calls between texts',
      [{ text: 'a', ...lone }, { ...called, ...other }, called, { text: 'b', ...last }],
    ],
    ['a text behind a call', [{ text: 'a' }, called, { text: 'b' }]],
    ['a thought', [{ text: 'a', thought: true, ...lone }, { text: 'b', thought: true, ...other }, called]],
  ])('[model.signature-place] each part goes back with its own, in its place: %s', async (_, parts) => {
    for (const events of [parts.map((part) => gemini.parts([part])), [gemini.parts(parts)]]) {
      const { next } = await played('google', events.join('') + gemini.end());
      const { contents } = JSON.parse(next) as { contents: { parts: object[] }[] };
      expect(contents[1]?.parts).toMatchObject(parts);
      expect(contents[1]?.parts).toHaveLength(parts.length);
    }
  });
});

describe('Anthropic’s relatives', () => {
  const text = (more: object) =>
    claude.start() +
    claude.event({ type: 'content_block_start', ...more, content_block: { type: 'text', text: '' } }) +
    claude.event({ type: 'content_block_delta', ...more, delta: { type: 'text_delta', text: 'ok' } }) +
    claude.event({ type: 'content_block_stop', ...more }) +
    claude.end();
  it.each([
    ['without numbers', text({})],
    ['numbered in texts', text({ index: '0' })],
    [
      'never begun',
      claude.start() +
        claude.event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'ok' } }) +
        claude.end(),
    ],
  ])('[model.call-shapes] blocks %s', async (_, answer) => {
    const { response } = await played('anthropic', answer);
    expect(response.parts).toMatchObject([{ type: 'text', text: 'ok' }]);
  });

  it('[model.reasoning-back] thinking without a signature is not sent back, and what stands beside it is', async () => {
    const thinking = claude.block(0, { type: 'thinking', thinking: '' }, [
      { type: 'thinking_delta', thinking: 'hm' },
    ]);
    const answer = claude.start() + thinking + claude.tool(1, 't1', '{}') + claude.end('tool_use');
    const { response, next } = await played('anthropic', answer);
    expect(response.parts).toMatchObject([{ type: 'reasoning', text: 'hm' }, { type: 'toolCall' }]);
    const { messages } = JSON.parse(next) as { messages: { content: object[] }[] };
    expect(messages[1]?.content).toMatchObject([{ type: 'tool_use', id: 't1' }]);
    const alone = await played('anthropic', claude.start() + thinking + claude.text(1, ' ') + claude.end());
    expect(JSON.parse(alone.next)).toMatchObject({ messages: [{ role: 'user' }] });
  });
});

it('[model.own-calls] a call that the provider has answered itself is none of this side', async () => {
  const own = [
    { executableCode: { language: 'PYTHON', code: 'print(1)' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
  ];
  const google = await played('google', gemini.parts(own) + gemini.parts([{ text: 'ok' }]) + gemini.end());
  expect(google.response).toMatchObject({ parts: [{ type: 'text', text: 'ok' }], finishReason: 'stop' });
});

it('[model.permanent] headers that are too long are not asked for again and again', async () => {
  const provider = await rawProvider((reply) => {
    for (let count = 0; count < 30; count += 1) reply.setHeader(`x-${count}`, 'y'.repeat(1_000));
    body(200, '')(reply);
  });
  const { failure } = await failing(await provider.model(dialects.compatible));
  expect(failure).toMatchObject({ category: 'network', triesMax: 3 });
});

describe('behind the end of an answer', () => {
  it.each(names)('[model.behind-end] comes no call and no text: %s', async (dialect) => {
    const late = calls[dialect]('Write', '{"path":"late"}');
    const over = dialect === 'compatible' ? `${plainly[dialect]()}data: [DONE]\n\n` : plainly[dialect]();
    const { response } = await played(dialect, over + late);
    const alone = await played(dialect, over);
    expect(response.parts).toEqual(alone.response.parts);
    expect(response.parts.some(({ type }) => type === 'toolCall')).toBe(false);
  });

  it('[model.behind-end] counts are taken all the same, and a reason with every piece ends nothing', async () => {
    const piece = (content: string, more: object = {}) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }], ...more })}\n\n`;
    const counted = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'late' } }], usage: { prompt_tokens: 31, completion_tokens: 7 } })}\n\n`;
    const { response } = await played(
      'compatible',
      `${piece('one ')}${piece('two')}${counted}data: [DONE]\n\n`,
    );
    expect(response.parts).toEqual([expect.objectContaining({ type: 'text', text: 'one two' })]);
    expect(response.usage).toMatchObject({ inputTokens: 31, outputTokens: 7 });
  });
});
