/**
 * A provider on loopback for the probe of an agent: it answers by a word in what it is asked, in the form of
 * whichever protocol it is asked in. It has no key and asks nobody.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isJsonObject, jsonIn, type JsonObject, type JsonValue } from '../../std/json.ts';

/** Words of a prompt: the last of them in a request says what is answered. */
export const probeWords = {
  hello: 'PODKIN-PROBE-HELLO',
  ask: 'PODKIN-PROBE-ASK',
  stall: 'PODKIN-PROBE-STALL',
  fail: 'PODKIN-PROBE-FAIL',
} as const;
type ProbeWord = keyof typeof probeWords;
const words: readonly ProbeWord[] = ['hello', 'ask', 'stall', 'fail'];

/** What it says to a hello. */
export const mockHello = 'hello from the mock';

export interface MockProvider {
  readonly url: string;
  /** Fulfils with the next request that is held up. */
  stalled(): Promise<void>;
  close(): Promise<void>;
}

const bodyBytesMax = 16 * 1024 * 1024;

/** `command`: what it has the agent's shell run, where it is asked to. */
export async function startMock(command: string): Promise<MockProvider> {
  const waiters: (() => void)[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (body === null) return plain(response, { data: [], models: [] });
      const said = answerTo(body, command);
      if (said.kind === 'stall') for (const waiter of waiters.splice(0)) waiter();
      respond(request.url ?? '', body, response, said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stalled: async () => await new Promise<void>((resolve) => waiters.push(resolve)),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Null where none is sent, or none that is understood. */
async function bodyOf(request: IncomingMessage): Promise<JsonObject | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    const stream: AsyncIterable<Buffer> = request;
    for await (const piece of stream) {
      bytes += piece.length;
      if (bytes > bodyBytesMax) return null;
      pieces.push(piece);
    }
  } catch {
    return null;
  }
  const body = jsonIn(Buffer.concat(pieces).toString('utf8'));
  return isJsonObject(body) ? body : null;
}

type Said =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'call'; readonly name: string; readonly input: JsonObject }
  | { readonly kind: 'stall' }
  | { readonly kind: 'fail' };

function answerTo(body: JsonObject, command: string): Said {
  const { messages, input, contents, tools } = body;
  const asked = [messages, input, contents].find((one) => Array.isArray(one)) ?? [];
  // Titles and summaries are asked for without tools, beside the turn.
  const offered = Array.isArray(tools) ? tools.flatMap(declarations) : [];
  if (offered.length === 0) return { kind: 'text', text: 'a title' };
  const word = lastWord(JSON.stringify(asked));
  if (word === 'stall' || word === 'fail') return { kind: word };
  if (word !== 'ask' || isResult(asked.at(-1))) return { kind: 'text', text: mockHello };
  const shell = offered.map(toolIn).find((one) => one !== null && shells.test(one.name)) ?? null;
  if (shell === null) return { kind: 'text', text: 'there is no shell to call' };
  return { kind: 'call', name: shell.name, input: shellInput(shell.schema, command) };
}

function lastWord(text: string): ProbeWord | null {
  const found = words
    .map((word) => ({ word, at: text.lastIndexOf(probeWords[word]) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => b.at - a.at);
  return found[0]?.word ?? null;
}

/** Of a call, in each of the protocols. */
function isResult(item: JsonValue | undefined): boolean {
  return /"role":"tool"|"type":"(?:function_call_output|tool_result)"|"functionResponse":/.test(
    JSON.stringify(item ?? null),
  );
}

const shells = /^(?:bash|shell|shell_command|exec_command|run_shell_command)$/i;

interface OfferedTool {
  readonly name: string;
  readonly schema: JsonObject;
}

/** Google's come in lists. */
function declarations(tool: JsonValue): JsonValue[] {
  const listed = isJsonObject(tool) ? tool['functionDeclarations'] : undefined;
  return Array.isArray(listed) ? listed : [tool];
}

function toolIn(tool: JsonValue): OfferedTool | null {
  if (!isJsonObject(tool)) return null;
  const own = isJsonObject(tool['function']) ? tool['function'] : tool;
  const { name, parameters, input_schema: other, parametersJsonSchema: json } = own;
  if (typeof name !== 'string') return null;
  return { name, schema: [parameters, other, json].find((one) => isJsonObject(one)) ?? {} };
}

function shellInput(schema: JsonObject, command: string): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const key = 'cmd' in properties ? 'cmd' : 'command';
  const { [key]: form } = properties;
  const isList = isJsonObject(form) && form['type'] === 'array';
  const others = required.filter((name) => name !== key && typeOf(properties[name]) === 'string');
  return {
    ...Object.fromEntries(others.map((name) => [name, 'probe'])),
    // One that has a sandbox of its own asks where it is to run something outside of that.
    ...('sandbox_permissions' in properties && {
      sandbox_permissions: 'require_escalated',
      justification: 'probe',
    }),
    [key]: isList ? ['bash', '-lc', command] : command,
  };
}

function typeOf(schema: JsonValue | undefined): JsonValue | undefined {
  return isJsonObject(schema) ? schema['type'] : undefined;
}

function respond(url: string, body: JsonObject, response: ServerResponse, said: Said): void {
  if (said.kind === 'stall') return;
  if (said.kind === 'fail')
    return plain(response, { error: { type: 'api_error', message: 'the mock fails' } }, 500);
  if (url.includes('count_tokens')) return plain(response, { input_tokens: 10 });
  const events = url.includes('/messages')
    ? anthropicEvents(said)
    : url.includes('/responses')
      ? responsesEvents(said)
      : url.includes('GenerateContent') || url.includes(':generateContent')
        ? googleEvents(said)
        : chatEvents(said, body['model'] ?? '');
  if (url.includes(':generateContent')) return plain(response, events[0] ?? {});
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    const { type } = event;
    const name = typeof type === 'string' ? `event: ${type}\n` : '';
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
  }
  response.end(url.includes('/completions') ? 'data: [DONE]\n\n' : '');
}

function plain(response: ServerResponse, body: JsonObject, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

type Answer = Extract<Said, { kind: 'text' | 'call' }>;

function chatEvents(said: Answer, model: JsonValue): JsonObject[] {
  const delta: JsonObject =
    said.kind === 'text'
      ? { role: 'assistant', content: said.text }
      : { role: 'assistant', tool_calls: [{ index: 0, ...chatCall(said) }] };
  const chunk = (more: JsonObject, finish: string | null): JsonObject => ({
    id: 'mock',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta: more, finish_reason: finish }],
  });
  const end = chunk({}, said.kind === 'text' ? 'stop' : 'tool_calls');
  return [
    chunk(delta, null),
    { ...end, usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } },
  ];
}

function chatCall({ name, input }: Extract<Answer, { kind: 'call' }>): JsonObject {
  return { id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(input) } };
}

function responsesEvents(said: Answer): JsonObject[] {
  const response: JsonObject = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
  const item: JsonObject =
    said.kind === 'text'
      ? {
          type: 'message',
          id: 'msg_1',
          role: 'assistant',
          content: [{ type: 'output_text', text: said.text, annotations: [] }],
        }
      : {
          type: 'function_call',
          id: 'fc_1',
          call_id: 'call_1',
          name: said.name,
          arguments: JSON.stringify(said.input),
        };
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const parts: JsonObject[] =
    said.kind === 'text'
      ? [
          { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [] } },
          {
            type: 'response.output_text.delta',
            item_id: 'msg_1',
            output_index: 0,
            content_index: 0,
            delta: said.text,
          },
        ]
      : [];
  return [
    { type: 'response.created', response },
    ...parts,
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [item], usage } },
  ];
}

function googleEvents(said: Answer): JsonObject[] {
  const part: JsonObject =
    said.kind === 'text' ? { text: said.text } : { functionCall: { name: said.name, args: said.input } };
  const candidate = { index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' };
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
  return [{ candidates: [candidate], usageMetadata }];
}

function anthropicEvents(said: Answer): JsonObject[] {
  const block: JsonObject =
    said.kind === 'text'
      ? { type: 'text', text: '' }
      : { type: 'tool_use', id: 'toolu_1', name: said.name, input: {} };
  const delta: JsonObject =
    said.kind === 'text'
      ? { type: 'text_delta', text: said.text }
      : { type: 'input_json_delta', partial_json: JSON.stringify(said.input) };
  const message: JsonObject = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'mock',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  };
  const stopReason = said.kind === 'text' ? 'end_turn' : 'tool_use';
  return [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: 5 },
    },
    { type: 'message_stop' },
  ];
}
