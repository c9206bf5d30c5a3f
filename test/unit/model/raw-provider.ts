/** A server of raw bytes, asked as each of the providers: what a test writes is what arrives. */
import { createServer, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { createModel, type CreateModelOptions } from '../../../src/model/create.ts';
import type { Model } from '../../../src/model/port.ts';

export const dialects = {
  anthropic: 'anthropic/claude-opus-4-5',
  openai: 'openai/gpt-5-mini',
  google: 'google/gemini-2.5-flash',
  compatible: 'openai-compatible/local',
};
export type DialectName = keyof typeof dialects;

export interface RawProvider {
  readonly url: string;
  /** Bodies of the requests, in order. */
  readonly bodies: string[];
  model(name: string, options?: CreateModelOptions): Promise<Model>;
}

/** Every request gets `answer`, which may look at its body. Ends with the test. */
export async function rawProvider(
  answer: (response: ServerResponse, body: string) => void,
): Promise<RawProvider> {
  const bodies: string[] = [];
  const server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      bodies.push(body);
      answer(response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const environment = {
    ANTHROPIC_API_KEY: 'k-0123456789',
    ANTHROPIC_BASE_URL: url,
    OPENAI_API_KEY: 'k-0123456789',
    OPENAI_BASE_URL: `${url}/v1`,
    GOOGLE_GENERATIVE_AI_API_KEY: 'k-0123456789',
    GOOGLE_GENERATIVE_AI_BASE_URL: url,
    OPENAI_COMPATIBLE_API_KEY: 'k-0123456789',
    OPENAI_COMPATIBLE_BASE_URL: `${url}/v1`,
  };
  return { url, bodies, model: (name, options) => createModel(name, environment, options) };
}

/** A whole answer of server-sent events. */
export function stream(text: string): (response: ServerResponse) => void {
  return (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
}

export function body(
  status: number,
  text: string,
  kind = 'application/json',
): (response: ServerResponse) => void {
  return (response) => response.writeHead(status, { 'content-type': kind }).end(text);
}

const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;

/** The words of an OpenAI-compatible server. */
export const chat = {
  chunk: (delta: unknown, finish: unknown = null, more: object = {}) =>
    event({
      id: 'c',
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...more,
    }),
  call: (fields: object) => chat.chunk({ tool_calls: [fields] }),
  end: (finish = 'stop', usage: unknown = { prompt_tokens: 10, completion_tokens: 5 }) =>
    `${chat.chunk({}, finish)}${event({ id: 'c', choices: [], usage })}data: [DONE]\n\n`,
};

const named = (value: { type: string; [field: string]: unknown }) => `event: ${value.type}\n${event(value)}`;

/** Anthropic's. */
export const claude = {
  event: named,
  start: (usage: unknown = { input_tokens: 10, output_tokens: 1 }) =>
    named({
      type: 'message_start',
      message: { id: 'm', role: 'assistant', model: 'x', content: [], usage },
    }),
  block: (index: number, block: object, deltas: readonly object[] = []) =>
    named({ type: 'content_block_start', index, content_block: block }) +
    deltas.map((delta) => named({ type: 'content_block_delta', index, delta })).join('') +
    named({ type: 'content_block_stop', index }),
  text: (index: number, text: string) =>
    claude.block(index, { type: 'text', text: '' }, [{ type: 'text_delta', text }]),
  tool: (index: number, id: string, input: unknown) =>
    claude.block(index, { type: 'tool_use', id, name: 'Read', input: {} }, [
      { type: 'input_json_delta', partial_json: input },
    ]),
  end: (reason = 'end_turn', usage: unknown = { output_tokens: 5 }) =>
    named({ type: 'message_delta', delta: { stop_reason: reason }, usage }) + named({ type: 'message_stop' }),
};

/** OpenAI's Responses. */
export const responses = {
  event,
  created: event({ type: 'response.created', response: { id: 'r', created_at: 1, model: 'gpt' } }),
  item: (index: number, item: object) =>
    event({
      type: 'response.output_item.added',
      output_index: index,
      item: { ...item, status: 'in_progress' },
    }) +
    event({ type: 'response.output_item.done', output_index: index, item: { ...item, status: 'completed' } }),
  call: (index: number, id: string, input: unknown) =>
    responses.item(index, {
      type: 'function_call',
      id: `fc_${id}`,
      call_id: id,
      name: 'Read',
      arguments: input,
    }),
  reasoning: (index: number, id: string, secret: string) =>
    responses.item(index, { type: 'reasoning', id, summary: [], encrypted_content: secret }),
  text: (index: number, text: string) =>
    event({
      type: 'response.output_item.added',
      output_index: index,
      item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
    }) +
    event({
      type: 'response.output_text.delta',
      item_id: 'msg_1',
      output_index: index,
      content_index: 0,
      delta: text,
    }) +
    event({
      type: 'response.output_item.done',
      output_index: index,
      item: {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    }),
  end: (usage: unknown = { input_tokens: 10, output_tokens: 5 }) =>
    event({ type: 'response.completed', response: { id: 'r', status: 'completed', usage } }),
};

/** Google's. */
export const gemini = {
  parts: (parts: readonly unknown[], more: object = {}) =>
    event({ candidates: [{ content: { role: 'model', parts }, index: 0, ...more }] }),
  end: (usage: unknown = { promptTokenCount: 10, candidatesTokenCount: 5 }) =>
    event({
      candidates: [{ content: { role: 'model', parts: [] }, finishReason: 'STOP' }],
      usageMetadata: usage,
    }),
};

/** One answer that says `ok`, with this usage, and with that in its middle. */
export const plainly: Record<DialectName, (usage?: unknown, middle?: string) => string> = {
  anthropic: (usage, middle = '') =>
    claude.start(usage) + middle + claude.text(0, 'ok') + claude.end('end_turn', usage),
  openai: (usage, middle = '') => responses.created + middle + responses.text(0, 'ok') + responses.end(usage),
  google: (usage, middle = '') => middle + gemini.parts([{ text: 'ok' }]) + gemini.end(usage),
  compatible: (usage, middle = '') =>
    middle + chat.chunk({ role: 'assistant', content: 'ok' }) + chat.end('stop', usage),
};
