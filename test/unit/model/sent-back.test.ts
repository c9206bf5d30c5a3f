/**
 * An answer as it comes, and as the next request holds it: reasoning in its place, whatever it is made of.
 */
import { describe, expect, it } from 'vitest';
import { createModel } from '../../../src/model/create.ts';
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

/** The body of a request whose history ends with that answer and the results of its calls. */
async function afterwards(dialect: DialectName, answer: string, model = dialects[dialect]): Promise<unknown> {
  let asked = 0;
  const provider = await rawProvider((response) =>
    stream(asked++ === 0 ? answer : plainly[dialect]())(response),
  );
  const { response } = await ask(await provider.model(model));
  const calls = response.parts.flatMap((part) => (part.type === 'toolCall' ? [part] : []));
  await ask(await provider.model(model), {
    messages: [
      ...request().messages,
      { role: 'assistant', parts: response.parts },
      {
        role: 'tool',
        results: calls.map(({ call, tool }) => ({ call, tool, text: `of ${call}`, isError: false })),
      },
    ],
  });
  return JSON.parse(provider.bodies[1] ?? '');
}

const thinking = (index: number, text: string, signature: string) =>
  claude.block(index, { type: 'thinking', thinking: '', signature: '' }, [
    ...(text === '' ? [] : [{ type: 'thinking_delta', thinking: text }]),
    { type: 'signature_delta', signature },
  ]);

describe('reasoning', () => {
  it('[model.reasoning-back] Anthropic: signed, without text and redacted, each before its call', async () => {
    const answer =
      claude.start() +
      thinking(0, 'hm 😀', 'S0') +
      claude.tool(1, 't1', '{"path":"a"}') +
      thinking(2, '', 'S2') +
      claude.block(3, { type: 'redacted_thinking', data: 'RED' }) +
      claude.tool(4, 't2', '{}') +
      claude.end('tool_use');
    expect(await afterwards('anthropic', answer)).toMatchObject({
      messages: [
        {},
        {
          content: [
            { type: 'thinking', thinking: 'hm 😀', signature: 'S0' },
            { type: 'tool_use', id: 't1', input: { path: 'a' } },
            { type: 'thinking', thinking: '', signature: 'S2' },
            { type: 'redacted_thinking', data: 'RED' },
            { type: 'tool_use', id: 't2', input: {} },
          ],
        },
        { content: [{ tool_use_id: 't1' }, { tool_use_id: 't2' }] },
      ],
    });
  });

  it('[model.reasoning-back] OpenAI: encrypted, without a summary, each before its call', async () => {
    const answer =
      responses.created +
      responses.reasoning(0, 'rs_1', 'E1') +
      responses.call(1, 'c1', '{"path":"a"}') +
      responses.reasoning(2, 'rs_2', 'E2') +
      responses.call(3, 'c2', '{}') +
      responses.end();
    const { input } = (await afterwards('openai', answer)) as { input: object[] };
    expect(input.slice(2)).toMatchObject([
      { type: 'reasoning', encrypted_content: 'E1', summary: [] },
      { type: 'function_call', call_id: 'c1' },
      { type: 'reasoning', encrypted_content: 'E2', summary: [] },
      { type: 'function_call', call_id: 'c2' },
      { type: 'function_call_output', call_id: 'c1', output: 'of c1' },
      { type: 'function_call_output', call_id: 'c2', output: 'of c2' },
    ]);
  });

  it('[model.reasoning-back] Google: signatures with their calls and texts', async () => {
    const answer =
      gemini.parts([{ text: 'hm', thought: true }]) +
      gemini.parts([{ text: 'I read. ' }]) +
      gemini.parts([{ text: '', thoughtSignature: 'U1RFWFQ=' }]) +
      gemini.parts([{ functionCall: { name: 'Read', args: { path: 'a' } }, thoughtSignature: 'U0NBTEw=' }]) +
      gemini.parts([{ functionCall: { name: 'Read', args: { path: 'b' } } }]) +
      gemini.end();
    const { contents } = (await afterwards('google', answer, 'google/gemini-3-pro-preview')) as {
      contents: { parts: object[] }[];
    };
    expect(contents[1]?.parts).toMatchObject([
      { text: 'hm', thought: true },
      { text: 'I read. ' },
      { text: '', thoughtSignature: 'U1RFWFQ=' },
      { functionCall: { args: { path: 'a' } }, thoughtSignature: 'U0NBTEw=' },
      { functionCall: { args: { path: 'b' } } },
    ]);
  });

  it('[model.reasoning-back] a compatible server gets its own reasoning with the calls that it led to', async () => {
    const answer =
      chat.chunk({ reasoning_content: 'hm' }) +
      chat.call({ index: 0, id: 'c1', function: { name: 'Read', arguments: '{}' } }) +
      chat.end('tool_calls');
    expect(await afterwards('compatible', answer)).toMatchObject({
      messages: [{}, {}, { reasoning_content: 'hm', tool_calls: [{ id: 'c1' }] }, { tool_call_id: 'c1' }],
    });
  });
});

describe('odd servers', () => {
  it('[model.call-shapes] Anthropic’s relatives: an input in the block itself, without deltas, or a block without an end', async () => {
    const tool = { type: 'tool_use', id: 't1', name: 'Read', input: { path: 'a' } };
    const whole = claude.start() + claude.block(0, tool) + claude.end('tool_use');
    const wanted = [{ type: 'toolCall', call: 't1', input: { path: 'a' } }];
    const read = async (text: string) => {
      const provider = await rawProvider(stream(text));
      return (await ask(await provider.model('anthropic/glm-4.6'))).response.parts;
    };
    expect(await read(whole)).toMatchObject(wanted);
    const open = claude.start() + claude.tool(0, 't1', '{"path":"a"}') + claude.end('tool_use');
    expect(await read(open.replace(/event: content_block_stop\n[^\n]*\n\n/, ''))).toMatchObject(wanted);
  });

  it.each([
    ['none', { arguments: '{}' }],
    ['a blank one', { name: ' ', arguments: '{}' }],
  ])(
    '[model.call-names] a call whose name is %s costs no answer: the model is told of it',
    async (_, called) => {
      const wanted = [{ type: 'toolCall', tool: 'unnamed', input: {} }];
      for (const index of [0, undefined]) {
        const text = chat.call({ index, id: 'a', function: called }) + chat.end('tool_calls');
        const provider = await rawProvider(stream(text));
        const { response } = await ask(await provider.model(dialects.compatible));
        expect(response.parts).toMatchObject(wanted);
      }
    },
  );

  it('[model.call-names] a name may come late, and blank ones behind it change nothing', async () => {
    const call = (called: object, more: object = {}) => chat.call({ index: 0, ...more, function: called });
    const text =
      call({ arguments: '' }, { id: 'a' }) +
      call({ name: 'Read' }) +
      call({ name: '', arguments: '{"path":' }) +
      call({ name: '', arguments: '"a"}' }) +
      chat.end('tool_calls');
    const provider = await rawProvider(stream(text));
    const { response } = await ask(await provider.model(dialects.compatible));
    expect(response.parts).toMatchObject([{ call: 'a', tool: 'Read', input: { path: 'a' } }]);
  });

  it('[model.unknown-events] an error that is none, and keys that would be a prototype, cost no answer', async () => {
    for (const odd of [
      '"error":null,',
      '"error":{},',
      '"__proto__":{"a":1},',
      '"constructor":{"prototype":1},',
    ]) {
      for (const [dialect, name] of Object.entries(dialects)) {
        const text = plainly[dialect as DialectName]().replaceAll('data: {', `data: {${odd}`);
        const provider = await rawProvider(stream(text));
        expect((await ask(await provider.model(name))).text).toBe('ok');
      }
    }
  });

  it('[model.permanent] a key that no header can hold is told by its variable', async () => {
    const environment = {
      OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1',
      OPENAI_COMPATIBLE_API_KEY: 'k€y',
    };
    const { failure } = await failing(await createModel(dialects.compatible, environment));
    expect(failure).toMatchObject({ transient: false });
    expect(failure.message).toContain('Check OPENAI_COMPATIBLE_API_KEY');
  });

  it(
    '[model.error-shapes] an error whose body never ends is told all the same',
    { timeout: 15_000 },
    async () => {
      const provider = await rawProvider((response) => {
        response.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '3' });
        response.write('slow down, please');
      });
      const { failure } = await failing(await provider.model(dialects.compatible));
      expect(failure).toMatchObject({ category: 'rateLimit', transient: true, retryAfterMs: 3_000 });
      expect(failure.message).toContain('slow down, please');
    },
  );

  it('[model.output-tokens] an answer that is asked for too long is told by the setting, not as a full context', async () => {
    const message = 'max_tokens is too large: 32000. The maximum context length is 8192 tokens';
    const provider = await rawProvider(body(400, JSON.stringify({ error: { message } })));
    const { failure } = await failing(await provider.model('anthropic/glm-4.6'));
    expect(failure).toMatchObject({ category: 'badRequest', transient: false });
    expect(failure.message).toContain('Set outputTokens in [models."anthropic/glm-4.6"]');
    const full = 'input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000';
    const other = await rawProvider(body(400, JSON.stringify({ error: { message: full } })));
    expect((await failing(await other.model(dialects.anthropic))).failure.category).toBe('contextTooLong');
  });
  it.each([
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
    'request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it',
  ])('[model.context] a server that says: %s', async (message) => {
    const provider = await rawProvider(body(400, JSON.stringify({ error: { message } })));
    const { failure } = await failing(await provider.model(dialects.compatible));
    expect(failure).toMatchObject({ category: 'contextTooLong', transient: false });
  });
});
