/** Calls and their inputs as servers are known to send them, the bounds of an answer, and what goes back. */
import { describe, expect, it } from 'vitest';
import { answerBytesMax, answerCallsMax } from '../../../src/model/answer.ts';
import { createModel } from '../../../src/model/create.ts';
import { ask, failing, request } from './ask.ts';
import {
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

async function answerTo(dialect: DialectName, text: string) {
  const provider = await rawProvider(stream(text));
  return (await ask(await provider.model(dialects[dialect]))).response;
}

async function callsOf(text: string) {
  const { parts } = await answerTo('compatible', text);
  return parts.filter((part) => part.type === 'toolCall');
}

const begin = (more: object) => ({ index: 0, id: 'a', type: 'function', ...more });

describe('calls', () => {
  it.each([
    ['an object', begin({ function: { name: 'Read', arguments: { path: 'a' } } })],
    ['encoded twice', begin({ function: { name: 'Read', arguments: JSON.stringify('{"path":"a"}') } })],
    ['without an index', { id: 'a', function: { name: 'Read', arguments: '{"path":"a"}' } }],
    [
      'with an index in a text',
      { index: '0', id: 'a', function: { name: 'Read', arguments: '{"path":"a"}' } },
    ],
    ['without a function', { index: 0, id: 'a', name: 'Read', arguments: '{"path":"a"}' }],
    ['with a number as id', { index: 0, id: 7, function: { name: 'Read', arguments: '{"path":"a"}' } }],
  ])('[model.call-shapes] a call that is %s is understood', async (_, fields) => {
    expect(await callsOf(chat.call(fields) + chat.end('tool_calls'))).toMatchObject([
      { tool: 'Read', input: { path: 'a' } },
    ]);
  });

  it('[model.call-shapes] Anthropic’s and OpenAI’s own calls with an object are understood too', async () => {
    const input = { path: 'a' };
    const wanted = [{ type: 'toolCall', tool: 'Read', input }];
    const calling = claude.start() + claude.tool(0, 't', input) + claude.end('tool_use');
    expect((await answerTo('anthropic', calling)).parts).toMatchObject(wanted);
    const other = responses.created + responses.call(0, 'c', input) + responses.end();
    expect((await answerTo('openai', other)).parts).toMatchObject(wanted);
    const call = gemini.parts([{ functionCall: { name: 'Read', args: JSON.stringify(input) } }]);
    expect((await answerTo('google', call + gemini.end())).parts).toMatchObject(wanted);
  });

  it('[model.call-shapes] calls that share an index, or have none, stay two', async () => {
    const call = (id: string, path: string, index?: number) =>
      chat.call({ index, id, function: { name: 'Read', arguments: JSON.stringify({ path }) } });
    for (const index of [0, undefined]) {
      const calls = await callsOf(call('a', 'x', index) + call('b', 'y', index) + chat.end('tool_calls'));
      expect(calls).toMatchObject([{ input: { path: 'x' } }, { input: { path: 'y' } }]);
    }
  });

  it.each([['a b/ä'], [''], ['x'.repeat(300)], ['call_0'], ['functions.Read:0']])(
    '[model.call-ids] the id %j is taken back by every dialect, and comes once',
    async (id) => {
      const call = { type: 'toolCall' as const, call: 'call_0', tool: 'Read', input: {} };
      const provider = await rawProvider(
        stream(
          chat.call(begin({ id, function: { name: 'Read', arguments: '{}' } })) + chat.end('tool_calls'),
        ),
      );
      const messages = [
        { role: 'user' as const, text: 'x' },
        { role: 'assistant' as const, parts: [call] },
        { role: 'tool' as const, results: [{ call: 'call_0', tool: 'Read', text: 'y', isError: false }] },
      ];
      const { response, parts } = await ask(await provider.model(dialects.compatible), { messages });
      const [made] = response.parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : []));
      expect(made).toMatch(/^[\w-]{1,64}$/);
      expect(made).not.toBe('call_0');
      expect(parts).toContainEqual({ type: 'toolInputDelta', call: made, tool: 'Read', text: '{}' });
    },
  );

  it.each([
    ['read a file!', 'read_a_file_'],
    ['7th', '_7th'],
    ['n'.repeat(200), 'n'.repeat(64)],
    ['Réad', 'R_ad'],
  ])(
    '[model.call-names] the invented name %j becomes one that every dialect takes back',
    async (name, made) => {
      const text = chat.call(begin({ function: { name, arguments: '{}' } })) + chat.end('tool_calls');
      expect(await callsOf(text)).toMatchObject([{ tool: made }]);
    },
  );

  it('[model.half-pair] halves of surrogate pairs are stored nowhere: not in text, inputs, keys or names', async () => {
    const half = '\\ud83d';
    const input = `{\\"a${half}\\":[\\"b${half}\\"]}`;
    const text =
      chat.chunk({ content: 'x # y 😀' }).replace('#', half) +
      chat
        .call(begin({ function: { name: 'R#d', arguments: '@' } }))
        .replace('#', half)
        .replace('@', input) +
      chat.end('tool_calls');
    const { parts } = await answerTo('compatible', text);
    expect(parts).toMatchObject([
      { text: 'x \ufffd y 😀' },
      { tool: 'R_d', input: { 'a\ufffd': ['b\ufffd'] } },
    ]);
  });

  it('[model.deep-input] arguments of 200,000 levels are told as too deep, as text and as a value', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const asText = chat.call(begin({ function: { name: 'Read', arguments: `{"path":${deep}}` } }));
    expect(await callsOf(asText + chat.end('tool_calls'))).toMatchObject([
      { input: null, invalid: expect.stringContaining('deeper than 100 levels') },
    ]);
    const asValue = chat.call(begin({ function: { name: 'Read', arguments: '#' } })).replace('"#"', deep);
    expect(await callsOf(asValue + chat.end('tool_calls'))).toMatchObject([
      { input: null, invalid: expect.stringContaining('deeper than 100 levels') },
    ]);
  });

  it('[model.call-count] of 20,000 calls a hundred are taken, and the next one says why it is the last', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      chat.call({ index, id: `c${index}`, function: { name: 'Read', arguments: `{"path":"${index}"}` } }),
    );
    const { parts, finishReason } = await answerTo('compatible', many.join('') + chat.end('tool_calls'));
    expect(parts).toHaveLength(answerCallsMax + 1);
    expect(parts.slice(0, -1)).toMatchObject(
      Array.from({ length: answerCallsMax }, (_, index) => ({
        call: `c${index}`,
        input: { path: `${index}` },
      })),
    );
    expect(parts.at(-1)).toMatchObject({
      input: null,
      cut: expect.stringContaining(`at most ${answerCallsMax} calls`),
    });
    expect(finishReason).toBe('length');
  });
});

describe('the size of an answer', () => {
  const mib = 'é'.repeat(1 << 19);

  it('[model.answer-size] text, reasoning and inputs together are cut at 6 MiB, as by the limit', async () => {
    const text = Array.from({ length: 8 }, () => chat.chunk({ content: mib })).join('');
    const said = await answerTo('compatible', chat.chunk({ reasoning_content: mib }) + text + chat.end());
    expect(said.finishReason).toBe('length');
    const bytes = said.parts.reduce(
      (sum, part) => sum + Buffer.byteLength(part.type === 'toolCall' ? '' : part.text),
      0,
    );
    expect(bytes).toBeGreaterThan(answerBytesMax - 1_000);
    expect(bytes).toBeLessThanOrEqual(answerBytesMax);
    expect(said.usage.outputTokens).toBeGreaterThan(1_000_000);
  });

  it('[model.answer-size] an input that does not fit is told as cut', async () => {
    const parts = Array.from({ length: 8 }, () => chat.call({ index: 0, function: { arguments: mib } }));
    const calls = await callsOf(
      chat.call(begin({ function: { name: 'Write', arguments: '{"path":"a","content":"' } })) +
        parts.join(''),
    );
    expect(calls).toMatchObject([
      { tool: 'Write', input: null, cut: expect.stringContaining('{"path":"a"') },
    ]);
    // A number that is short to write and long to read: what counts is what the log would hold.
    const long = `[${'1e20,'.repeat(1_000_000)}1]`;
    const whole = chat.call(begin({ function: { name: 'Write', arguments: `{"x":${long}}` } }));
    expect(await callsOf(whole + chat.end('tool_calls'))).toMatchObject([
      { input: null, cut: expect.any(String) },
    ]);
  });

  it.each([
    ['in the middle', '{"path":"a","content":"lo'],
    ['before anything', ''],
  ])('[model.cut-call] a call that the output limit cuts %s is told as cut by it', async (_, input) => {
    const wanted = { type: 'toolCall', input: null, cut: expect.stringContaining('limit of its length') };
    const one = chat.call(begin({ function: { name: 'Read', arguments: input } }));
    expect((await answerTo('compatible', one + chat.end('length'))).parts).toMatchObject([wanted]);
    const other = claude.start() + claude.tool(0, 't', input) + claude.end('max_tokens');
    expect((await answerTo('anthropic', other)).parts).toMatchObject([wanted]);
    const added = responses.event({
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'function_call', id: 'fc', call_id: 'c', name: 'Read', arguments: '' },
    });
    const delta = responses.event({
      type: 'response.function_call_arguments.delta',
      item_id: 'fc',
      output_index: 0,
      delta: input,
    });
    const end = responses.event({
      type: 'response.incomplete',
      response: {
        incomplete_details: { reason: 'max_output_tokens' },
        usage: { input_tokens: 1, output_tokens: 2 },
      },
    });
    expect((await answerTo('openai', responses.created + added + delta + end)).parts).toMatchObject([wanted]);
  });
});

describe('what is asked for', () => {
  it('[model.output-tokens] a model that Anthropic’s package does not know gets room; a person may say how much', async () => {
    const provider = await rawProvider(stream(plainly.anthropic()));
    await ask(await provider.model('anthropic/glm-4.6'));
    await ask(await provider.model('anthropic/glm-4.6', { given: { outputTokens: 8_000 } }));
    const compatible = await rawProvider(stream(plainly.compatible()));
    await ask(await compatible.model(dialects.compatible));
    await ask(await compatible.model(dialects.compatible, { given: { outputTokens: 9_000 } }));
    const sent = [...provider.bodies, ...compatible.bodies].map((text) => {
      const { max_tokens: max } = JSON.parse(text) as { max_tokens?: number };
      return max;
    });
    expect(sent).toEqual([32_000, 8_000, undefined, 9_000]);
  });

  it('[model.permanent] a port that no client may use is told once, by the variable that holds it', async () => {
    const environment = { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:6000/v1' };
    const { failure } = await failing(await createModel('openai-compatible/m', environment));
    expect(failure).toMatchObject({ category: 'network', transient: false });
    expect(failure.message).toMatch(/bad port.*Check the address in OPENAI_COMPATIBLE_BASE_URL/);
  });

  it('[model.permanent] a host that is not known is asked for three times', async () => {
    const environment = { OPENAI_COMPATIBLE_BASE_URL: 'http://no-such-host.invalid/v1' };
    const { failure } = await failing(await createModel('openai-compatible/m', environment));
    expect(failure).toMatchObject({ category: 'network', transient: true });
    expect(failure.triesMax).toBeLessThanOrEqual(
      failure.message.includes('EAI_AGAIN') ? Number.POSITIVE_INFINITY : 3,
    );
  });
});

describe('reasoning', () => {
  it('[model.google-compatible] a thought’s signature goes back with its call through the compatible address', async () => {
    const signed = begin({
      extra_content: { google: { thought_signature: 'U0lH' } },
      function: { name: 'Read', arguments: '{}' },
    });
    const provider = await rawProvider(stream(chat.call(signed) + chat.end('tool_calls')));
    const model = await provider.model(dialects.compatible);
    const { response } = await ask(model);
    await ask(model, { messages: [...request().messages, { role: 'assistant', parts: response.parts }] });
    expect(JSON.parse(provider.bodies[1] ?? '')).toMatchObject({
      messages: [
        {},
        {},
        { tool_calls: [{ id: 'a', extra_content: { google: { thought_signature: 'U0lH' } } }] },
      ],
    });
    expect(provider.bodies[1]).not.toContain('thoughtSignature');
  });

  it('[model.reasoning-loose] reasoning that nothing follows is not sent to those who refuse it', async () => {
    const loose = {
      type: 'reasoning' as const,
      text: 'hm',
      providerMetadata: { anthropic: { signature: 'U0lH' } },
    };
    const provider = await rawProvider(stream(plainly.anthropic()));
    const parts = [{ type: 'text' as const, text: 'A' }, loose];
    await ask(await provider.model(dialects.anthropic), {
      messages: [...request().messages, { role: 'assistant', parts }, { role: 'user', text: 'go on' }],
    });
    const { messages } = JSON.parse(provider.bodies[0] ?? '') as { messages: { content: unknown }[] };
    expect(messages[1]?.content).toMatchObject([{ type: 'text', text: 'A' }]);
  });
});
