/**
 * What goes over the wire and what comes of it when it breaks: recorded answers, sent back whole, in part,
 * late or never.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createModel, type CreateModelOptions } from '../../../src/model/create.ts';
import type { ChatMessage, Model } from '../../../src/model/port.ts';
import { deferred } from '../../../src/std/deferred.ts';
import { ask, begin, closedUrl, failing, request } from './ask.ts';

type Handler = (body: string, response: ServerResponse, incoming: IncomingMessage) => void;

const key = 'sk-test-0123456789abcdef';
const mock = new LLMock({ port: 0, chunkSize: 6 });
let server: Server;
let url: string;
let handler: Handler;

beforeAll(async () => {
  await mock.start();
  mock.onMessage('hello', {
    blocks: [
      { type: 'toolCall', name: 'Read', arguments: '{"path":"a.txt"}' },
      { type: 'text', text: 'Good morning.' },
      { type: 'toolCall', name: 'Read', arguments: '{"path":"b.txt"}' },
    ],
  });
  server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => handler(body, response, incoming));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(async () => {
  await mock.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const names = [
  'anthropic/claude-opus-4-5',
  'openai/gpt-5-mini',
  'google/gemini-2.5-flash',
  'openai-compatible/local',
];

function modelAt(base: string, name: string, options?: CreateModelOptions): Promise<Model> {
  const environment = {
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_BASE_URL: base,
    OPENAI_API_KEY: key,
    OPENAI_BASE_URL: `${base}/v1`,
    GOOGLE_GENERATIVE_AI_API_KEY: key,
    GOOGLE_GENERATIVE_AI_BASE_URL: base,
    OPENAI_COMPATIBLE_API_KEY: key,
    OPENAI_COMPATIBLE_BASE_URL: `${base}/v1`,
  };
  return createModel(name, environment, options);
}

/** The server-sent events of one recorded answer. */
async function record(name: string): Promise<string[]> {
  let events: string[] = [];
  handler = (body, response, incoming) => {
    const headers = { 'content-type': 'application/json' };
    void fetch(`${mock.url}${incoming.url}`, { method: 'POST', headers, body })
      .then((answer) => answer.text())
      .then((text) => {
        events = text.split(/(?<=\r?\n\r?\n)/).filter((event) => event.trim() !== '');
        sendEvents(response, events).end();
      });
  };
  await ask(await modelAt(url, name));
  return events;
}

function sendEvents(response: ServerResponse, events: string[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(`: ok\n\n${events.join('')}`);
  return response;
}

/** Streams the given events, then ends the answer in good order. */
function answerWith(...events: object[]): Handler {
  return (_, response) => {
    const text = events.map((event) =>
      'type' in event
        ? `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`
        : `data: ${JSON.stringify(event)}\n\n`,
    );
    sendEvents(response, text).end();
  };
}

describe.each(names)('%s', (name) => {
  it('[model.cut] an answer cut behind any of its events is a failure that may be tried again, never a response', async () => {
    const events = await record(name);
    const print = vi.spyOn(console, 'error');
    expect(events.length).toBeGreaterThan(2);
    const model = await modelAt(url, name);
    const whole = async (count: number, cut: 'end' | 'destroy') => {
      handler = (_, response) => {
        sendEvents(response, events.slice(0, count));
        if (cut === 'end') response.end();
        else response.write('', () => response.socket?.end());
      };
      try {
        await ask(model);
        return true;
      } catch (error) {
        const categories = cut === 'end' ? /^cutStream$/ : /^(cutStream|network)$/;
        expect(error).toMatchObject({ transient: true, category: expect.stringMatching(categories) });
        return false;
      }
    };
    for (let count = 0; count < events.length - 2; count++) {
      expect(await whole(count, 'end')).toBe(false);
      expect(await whole(count, 'destroy')).toBe(false);
    }
    expect(await whole(events.length, 'end')).toBe(true);
    expect(print).not.toHaveBeenCalled();
  });

  it('[model.stall] an answer that begins and then stays silent fails as timeout, and the connection is closed', async () => {
    const events = await record(name);
    const closed = deferred<void>();
    handler = (_, response) => {
      response.on('close', () => closed.resolve());
      sendEvents(response, events.slice(0, 2));
    };
    const { failure } = await failing(await modelAt(url, name, { stallTimeoutMs: 150 }));
    expect(failure).toMatchObject({ category: 'timeout', transient: true });
    await closed.promise;
  });

  it('[model.abort-closes] an abort while nothing came yet closes the connection', async () => {
    const came = deferred<void>();
    const closed = deferred<void>();
    handler = (_, response) => {
      response.on('close', () => closed.resolve());
      came.resolve();
    };
    const controller = new AbortController();
    const model = await modelAt(url, name);
    const first = begin(model, { signal: controller.signal });
    first.catch(() => undefined);
    await came.promise;
    controller.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    await closed.promise;
  });

  it('[model.leave] a reader that leaves the stream closes the connection', async () => {
    const events = await record(name);
    const closed = deferred<void>();
    handler = (_, response) => {
      response.on('close', () => closed.resolve());
      sendEvents(response, events.slice(0, -2));
    };
    for await (const _ of (await modelAt(url, name)).stream(request())) break;
    await closed.promise;
  });

  it.each([
    [{ 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': '3' }, 3000],
    [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'nonsense' }, undefined],
  ])('[model.retry-after] %j is told as %s ms', async (headers, expected) => {
    handler = (_, response) => {
      response.writeHead(429, { 'content-type': 'application/json', ...headers });
      response.end('{"error":{"message":"slow down","code":429,"status":"RESOURCE_EXHAUSTED"}}');
    };
    const { failure } = await failing(await modelAt(url, name));
    expect(failure).toMatchObject({ category: 'rateLimit', transient: true, retryAfterMs: expected });
  });

  it('[model.context] a request that is too long is told as such and not tried again', async () => {
    const message = 'prompt is too long: 250000 tokens > 200000 maximum (context length exceeded)';
    handler = (_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          type: 'error',
          error: { type: 'invalid_request_error', code: 400, message, status: 'X' },
        }),
      );
    };
    const { failure } = await failing(await modelAt(url, name));
    expect(failure).toMatchObject({ category: 'contextTooLong', transient: false });
  });

  it('[model.network] a server that is not there is a network failure', async () => {
    const { failure } = await failing(await modelAt(await closedUrl(), name));
    expect(failure).toMatchObject({ category: 'network', transient: true });
    expect(failure.message).toContain(name);
  });

  it('[model.garbage] an answer that is no stream at all is a failure', async () => {
    handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>sign in</html>');
    };
    await failing(await modelAt(url, name));
  });
});

describe('failures of one provider', () => {
  it('[model.quota] an exhausted quota is not tried again', async () => {
    handler = (_, response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' });
      response.end(
        '{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}',
      );
    };
    for (const name of ['openai/gpt-5-mini', 'openai-compatible/local']) {
      const { failure } = await failing(await modelAt(url, name));
      expect(failure).toMatchObject({ category: 'rateLimit', transient: false, retryAfterMs: undefined });
    }
  });

  it('[model.error-event] an error inside the stream keeps its category', async () => {
    const start = {
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'x',
        content: [],
        stop_reason: null,
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    };
    const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } };
    const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hal' } };
    const model = await modelAt(url, 'anthropic/claude-opus-4-5');
    for (const [type, category, transient] of [
      ['overloaded_error', 'overloaded', true],
      ['rate_limit_error', 'rateLimit', true],
      ['invalid_request_error', 'badRequest', false],
    ]) {
      handler = answerWith(start, block, delta, { type: 'error', error: { type, message: 'sorry' } });
      const { failure, parts } = await failing(model);
      expect(failure).toMatchObject({ category, transient });
      expect(parts).toEqual([{ type: 'textDelta', text: 'Hal' }, expect.objectContaining({ type: 'spent' })]);
    }
  });

  it('[model.invalid-input] a call whose input is not JSON has null as input and says so, and goes back as an object', async () => {
    const call = (args: string) =>
      answerWith(
        {
          id: 'x',
          choices: [
            {
              index: 0,
              delta: {
                role: 'assistant',
                tool_calls: [
                  { index: 0, id: 'c1', type: 'function', function: { name: 'Read', arguments: args } },
                ],
              },
            },
          ],
        },
        { id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      );
    const model = await modelAt(url, 'openai-compatible/local');
    handler = call('{"path": nope}');
    const { response } = await ask(model);
    expect(response).toMatchObject({
      finishReason: 'toolCalls',
      parts: [{ call: 'c1', tool: 'Read', input: null }],
    });
    expect(response.parts[0]?.invalid).toContain('{"path": nope}');
    handler = call('{"path": "a", "__proto__": {"x": 1}}');
    expect((await ask(model)).response.parts).toMatchObject([{ input: null }]);
    let sent = '';
    handler = (body, response) => {
      sent = body;
      response.writeHead(500).end();
    };
    await failing(model, {
      messages: [
        { role: 'user', text: 'x' },
        { role: 'assistant', parts: response.parts },
        { role: 'tool', results: [{ call: 'c1', tool: 'Read', text: 'not JSON', isError: true }] },
      ],
    });
    expect(JSON.parse(sent)).toMatchObject({
      messages: [
        { role: 'system' },
        {},
        { tool_calls: [{ function: { arguments: '{}' } }] },
        { role: 'tool', content: 'not JSON' },
      ],
    });
  });
});

/** What a provider is sent for that session; it answers with an error. */
async function sentFor(name: string, messages: ChatMessage[]): Promise<string> {
  let sent = '';
  handler = (body, response) => {
    sent = body;
    response.writeHead(500).end();
  };
  await failing(await modelAt(url, name), { messages });
  return sent;
}

describe('what is sent', () => {
  const thinking: ChatMessage[] = [
    { role: 'user', text: 'go' },
    {
      role: 'assistant',
      parts: [
        {
          type: 'reasoning',
          text: 'hm',
          providerMetadata: {
            anthropic: { signature: 'c2ln' },
            openai: { itemId: 'rs_1', reasoningEncryptedContent: 'ZW5j' },
          },
        },
        { type: 'text', text: ' \n', providerMetadata: { openai: { itemId: 'msg_0' } } },
        { type: 'text', text: 'Reading.', providerMetadata: { openai: { itemId: 'msg_1' } } },
        {
          type: 'toolCall',
          call: 'call_1',
          tool: 'Read',
          input: { path: 'a' },
          providerMetadata: { openai: { itemId: 'fc_1' }, google: { thoughtSignature: 'dGhv' } },
        },
      ],
    },
    { role: 'assistant', parts: [] },
    { role: 'tool', results: [{ call: 'call_1', tool: 'Read', text: 'no such file', isError: true }] },
  ];

  it('[model.anthropic-sent] Anthropic gets signatures back, no blank text, and two marks for its cache', async () => {
    const sent = await sentFor('anthropic/claude-opus-4-5', thinking);
    const mark = { cache_control: { type: 'ephemeral' } };
    expect(JSON.parse(sent)).toMatchObject({
      system: [{ text: 'You are a test.', ...mark }],
      messages: [
        { role: 'user' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
            { type: 'text', text: 'Reading.' },
            { type: 'tool_use', id: 'call_1', input: { path: 'a' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', is_error: true, ...mark }] },
      ],
    });
    expect(sent.match(/cache_control/g)).toHaveLength(2);
  });

  it('[model.openai-sent] OpenAI stores nothing and is referred to nothing; reasoning goes back encrypted', async () => {
    const sent = await sentFor('openai/gpt-5-mini', thinking);
    expect(JSON.parse(sent)).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] });
    expect(sent).toContain('"encrypted_content":"ZW5j"');
    for (const reference of [
      'item_reference',
      'msg_0',
      'msg_1',
      'fc_1',
      'previous_response_id',
      'cache_control',
    ]) {
      expect(sent).not.toContain(reference);
    }
  });

  it('[model.google-sent] Google gets the signature of a thought back with its call', async () => {
    expect(await sentFor('google/gemini-2.5-flash', thinking)).toContain('"thoughtSignature":"dGhv"');
  });

  it('[model.thinking] reasoning comes with its signature', async () => {
    mock.onMessage('think', { content: 'ok', reasoning: 'let me think', reasoningSignature: 'c2lnbmVk' });
    const model = await modelAt(mock.url, 'anthropic/claude-opus-4-5');
    const { response } = await ask(model, { messages: [{ role: 'user', text: 'think' }] });
    expect(response.parts).toMatchObject([
      { type: 'reasoning', text: 'let me think', providerMetadata: { anthropic: { signature: 'c2lnbmVk' } } },
      { type: 'text', text: 'ok' },
    ]);
  });
});
