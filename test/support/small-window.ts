/**
 * A provider of Anthropic's dialect, written by hand, with a small window: what is longer it refuses in the
 * provider's own words, what no provider takes too. It counts its own tokens, and how often a prefix that it
 * has cached is broken.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { type PromptItem, promptOf } from './provider-prompt.ts';

export interface SmallRequest {
  readonly pod: string;
  readonly prompt: readonly PromptItem[];
  readonly tokens: number;
  readonly isSummary: boolean;
  readonly isRefused: boolean;
}

export interface SmallReply {
  readonly say?: string;
  readonly call?: readonly [string, object];
}

interface Body {
  readonly system?: unknown;
  readonly messages: readonly unknown[];
  readonly tools?: readonly unknown[];
  readonly tool_choice?: { readonly type: string };
}

const bytesOfToken = 3.6;

export class SmallWindow {
  readonly model = 'anthropic/claude-haiku-4-5';
  readonly window: number;
  readonly requests: SmallRequest[] = [];
  /** Requests of turns that did not begin with the messages of the one before, by pod. */
  readonly #breaks = new Map<string, number>();
  /** What is asked of a summary; throws to fail. */
  summary: () => SmallReply = () => ({ say: 'SUMMARY of the work so far.' });
  /** What is too long is refused so. */
  refusal = (tokens: number): { readonly status: number; readonly text: string } => ({
    status: 400,
    text: errorBody(`prompt is too long: ${tokens} tokens > ${this.window} maximum`),
  });
  /** Before each answer. */
  gate: (asked: SmallRequest) => Promise<void> | void = () => undefined;
  readonly #server: Server;
  /** What is answered in a turn. */
  script: (asked: SmallRequest, nth: number) => SmallReply;
  readonly #last = new Map<string, string[]>();
  readonly #counts = new Map<string, number>();

  private constructor(window: number, script: (asked: SmallRequest, nth: number) => SmallReply) {
    this.window = window;
    this.script = script;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => refuse(response, String(error)));
    });
  }

  /** `script`: its second argument is 1 for the pod's first request of a turn that was answered. */
  static async start(
    window: number,
    script: (asked: SmallRequest, nth: number) => SmallReply,
  ): Promise<SmallWindow> {
    const provider = new SmallWindow(window, script);
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get environment(): NodeJS.ProcessEnv {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { ANTHROPIC_API_KEY: 'sk-test-0123456789', ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` };
  }

  /** `[models]` of a person who knows this provider. */
  get settings() {
    return { [this.model]: { contextTokens: this.window + 1_000, outputTokens: 1_000 } };
  }

  get refusals(): number {
    return this.requests.filter(({ isRefused }) => isRefused).length;
  }

  prefixBreaksOf(pod: string): number {
    return this.#breaks.get(pod) ?? 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readAll(request);
    const body: Body = JSON.parse(text);
    const prompt = promptOf('anthropic', text);
    const pod = /You are "([^"]+)"/.exec(prompt[0]?.text ?? '')?.[1] ?? '';
    const counted = [body.system, body.messages, body.tools]
      .map((part) => JSON.stringify(part ?? ''))
      .join('');
    const tokens = Math.ceil(Buffer.byteLength(counted) / bytesOfToken);
    const isSummary = body.tool_choice?.type === 'none';
    const isRefused = tokens > this.window;
    const asked = { pod, prompt, tokens, isSummary, isRefused };
    this.requests.push(asked);
    if (isRefused) {
      const { status, text: words } = this.refusal(tokens);
      response.writeHead(status, { 'content-type': 'application/json' }).end(words);
      return;
    }
    if (prompt.some(({ role }) => role === 'call') && (body.tools ?? []).length === 0) {
      refuse(response, 'tools: field required when messages hold tool_use blocks');
      return;
    }
    await this.gate(asked);
    if (!isSummary) this.#noteprefix(pod, body.messages);
    const reply = isSummary ? this.summary() : this.script(asked, this.#nth(pod));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of eventsOf(reply, tokens)) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
  }

  #nth(pod: string): number {
    const nth = (this.#counts.get(pod) ?? 0) + 1;
    this.#counts.set(pod, nth);
    return nth;
  }

  #noteprefix(pod: string, messages: readonly unknown[]): void {
    // Where the cache's marks are moves on with each request.
    const now = messages.map((message) =>
      JSON.stringify(message).replaceAll(/,?"cache_control":\{[^}]*\}/g, ''),
    );
    const before = this.#last.get(pod) ?? [];
    if (before.some((message, at) => message !== now[at])) {
      this.#breaks.set(pod, this.prefixBreaksOf(pod) + 1);
    }
    this.#last.set(pod, now);
  }
}

function refuse(response: ServerResponse, message: string): void {
  response.writeHead(400, { 'content-type': 'application/json' });
  response.end(errorBody(message));
}

function errorBody(message: string): string {
  return JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } });
}

function eventsOf({ say, call }: SmallReply, tokens: number): { type: string }[] {
  const blocks: { type: string }[][] = [];
  if (say !== undefined) {
    const index = blocks.length;
    blocks.push([
      block('content_block_start', index, { content_block: { type: 'text', text: '' } }),
      block('content_block_delta', index, { delta: { type: 'text_delta', text: say } }),
    ]);
  }
  if (call !== undefined) {
    const index = blocks.length;
    const [name, input] = call;
    const id = `toolu_${Math.random().toString(36).slice(2)}`;
    blocks.push([
      block('content_block_start', index, { content_block: { type: 'tool_use', id, name, input: {} } }),
      block('content_block_delta', index, {
        delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
      }),
    ]);
  }
  const usage = { input_tokens: tokens, output_tokens: 20 };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [],
    stop_reason: null,
  };
  const reason = call === undefined ? 'end_turn' : 'tool_use';
  return [
    block('message_start', undefined, { message: { ...message, stop_sequence: null, usage } }),
    ...blocks.flatMap((events, index) => [...events, block('content_block_stop', index, {})]),
    block('message_delta', undefined, {
      delta: { stop_reason: reason, stop_sequence: null },
      usage: { output_tokens: 20 },
    }),
    { type: 'message_stop' },
  ];
}

function block(type: string, index: number | undefined, fields: object): { type: string } {
  return { type, ...(index === undefined ? {} : { index }), ...fields };
}
