/**
 * A provider over HTTP that pods really ask: the answers are encoded by aimock, what is asked is read and
 * checked here as strictly as the providers do, and single requests can be made to fail, to break off or to
 * hang.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text as readAll } from 'node:stream/consumers';
import { type FixtureResponse, LLMock } from '@copilotkit/aimock';
import { type Dialect, type PromptItem, promptOf } from './provider-prompt.ts';

export type { Dialect } from './provider-prompt.ts';

/** A request as it came. */
export interface Asked {
  readonly pod: string;
  /** 1 for the pod's first request; failed ones count. */
  readonly nth: number;
  readonly prompt: readonly PromptItem[];
  readonly last: PromptItem;
  /** All of it, as text. */
  readonly body: string;
  /** That it came with. */
  readonly key: string;
  readonly atMs: number;
}

export interface Reply {
  readonly say?: string;
  /** Tool and input, in order. */
  readonly call?: readonly (readonly [string, object])[];
}

/**
 * `cutBeforeCall` and `cutAfterCall`: the connection is lost before any tool call, or when all of them have
 * arrived and only the end is missing.
 */
export type Fault =
  | { readonly status: number; readonly message?: string; readonly headers?: Record<string, string> }
  | 'cutBeforeCall'
  | 'cutAfterCall'
  | 'hang';

interface PlannedFault {
  readonly fits: (asked: Asked) => boolean;
  readonly fault: Fault;
  left: number;
}

const models: Record<Dialect, string> = {
  anthropic: 'anthropic/claude-sonnet-5-5',
  openai: 'openai/gpt-5.4',
};

/** US dollars per million tokens of input and output, as the providers publish them. */
const prices: Record<Dialect, readonly [number, number]> = { anthropic: [2, 10], openai: [2.5, 15] };

export class ProviderServer {
  readonly dialect: Dialect;
  readonly model: string;
  readonly key = 'sk-test-fedcba9876543210';
  readonly requests: Asked[] = [];
  /** What was counted for the requests that were answered in whole. */
  readonly usage = { inputTokens: 0, outputTokens: 0 };
  readonly #script: (asked: Asked) => Reply;
  readonly #mock = new LLMock({ port: 0, chunkSize: 8 });
  readonly #server: Server;
  readonly #faults: PlannedFault[] = [];
  #hanging = 0;

  private constructor(dialect: Dialect, script: (asked: Asked) => Reply) {
    this.dialect = dialect;
    this.model = models[dialect];
    this.#script = script;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(400, { 'content-type': 'application/json' }).end(errorBody(String(error)));
      });
    });
  }

  /** `script` is asked once for every request that no fault takes. */
  static async start(dialect: Dialect, script: (asked: Asked) => Reply): Promise<ProviderServer> {
    const provider = new ProviderServer(dialect, script);
    await provider.#mock.start();
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  /** What a person would have in the shell; with a back-off that keeps tests quick. */
  get environment(): NodeJS.ProcessEnv {
    const of: Record<Dialect, NodeJS.ProcessEnv> = {
      anthropic: { ANTHROPIC_API_KEY: this.key, ANTHROPIC_BASE_URL: this.url },
      openai: { OPENAI_API_KEY: this.key, OPENAI_BASE_URL: `${this.url}/v1` },
    };
    return {
      ...of[this.dialect],
      PODKIN_MODEL: this.model,
      PODKIN_LIMITS_RETRY_BASE_MS: '20',
      PODKIN_LIMITS_RETRY_MAX_MS: '100',
      PODKIN_LIMITS_REQUEST_TRIES: '3',
      // Only where a request is to hang: loading a provider's package counts, and may take a while on a busy
      // machine.
      ...(this.#faults.some(({ fault }) => fault === 'hang') ? { PODKIN_LIMITS_STALL_MS: '3000' } : {}),
    };
  }

  /** US dollars for all that was answered. */
  get cost(): number {
    const [input, output] = prices[this.dialect];
    return (this.usage.inputTokens * input + this.usage.outputTokens * output) / 1_000_000;
  }

  /** Requests that were taken and are still without an answer on purpose. */
  get hanging(): number {
    return this.#hanging;
  }

  /** Lets the next `times` requests that fit fail so. */
  fail(fault: Fault, options: { times?: number; fits?: (asked: Asked) => boolean } = {}): void {
    const { times = Number.POSITIVE_INFINITY, fits = () => true } = options;
    this.#faults.push({ fault, fits, left: times });
  }

  requestsOf(pod: string): Asked[] {
    return this.requests.filter((asked) => asked.pod === pod);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#mock.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const asked = this.#take(body, keyOf(request));
    const planned = this.#faults.find(({ fits, left }) => left > 0 && fits(asked));
    const fault = planned?.fault ?? null;
    if (planned !== undefined) planned.left -= 1;
    if (fault === 'hang') {
      this.#hanging += 1;
      response.on('close', () => (this.#hanging -= 1));
      return;
    }
    if (fault !== null && typeof fault === 'object') {
      const headers = { 'content-type': 'application/json', ...fault.headers };
      response.writeHead(fault.status, headers).end(errorBody(fault.message ?? 'told to fail'));
      return;
    }
    const events = await this.#encoded(asked, request.url ?? '/');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    if (fault === null) response.end(events.join(''));
    else response.write(cut(events, fault).join(''), () => response.socket?.end());
  }

  #take(body: string, key: string): Asked {
    const prompt = promptOf(this.dialect, body);
    const pod = /You are "([^"]+)"/.exec(prompt[0]?.text ?? '')?.[1] ?? '';
    const last = prompt.at(-1)!;
    const asked = {
      pod,
      nth: this.requestsOf(pod).length + 1,
      prompt,
      last,
      body,
      key,
      atMs: performance.now(),
    };
    this.requests.push(asked);
    return asked;
  }

  /**
   * The server-sent events of the reply, one string each. The mock is asked for the reply by its number: what
   * to say was decided here.
   */
  async #encoded(asked: Asked, path: string): Promise<string[]> {
    const { say, call = [] } = this.#script(asked);
    const number = `reply-${this.requests.indexOf(asked)};`;
    const inputTokens = 100 + asked.prompt.length;
    const outputTokens = 10 + call.length;
    this.usage.inputTokens += inputTokens;
    this.usage.outputTokens += outputTokens;
    const toolCalls = call.map(([name, input]) => ({ name, arguments: JSON.stringify(input) }));
    const usage = { input_tokens: inputTokens, output_tokens: outputTokens };
    const answer: FixtureResponse =
      call.length === 0
        ? { content: say ?? 'ok', usage }
        : say === undefined
          ? { toolCalls, usage }
          : { content: say, toolCalls, usage };
    this.#mock.onMessage(number, answer);
    const messages = [{ role: 'user', content: number }];
    const model = this.model.slice(this.model.indexOf('/') + 1);
    const body =
      this.dialect === 'anthropic'
        ? { model, max_tokens: 1_000, stream: true, messages }
        : { model, stream: true, input: messages };
    const encoded = await fetch(`${this.#mock.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!encoded.ok) throw new Error(`the mock answered ${encoded.status}: ${await encoded.text()}`);
    return (await encoded.text()).split(/(?<=\n\n)/);
  }
}

function cut(events: readonly string[], fault: 'cutBeforeCall' | 'cutAfterCall'): string[] {
  const begins = (event: string) => /"type":"(?:tool_use|function_call)"/.test(event);
  const ends = (event: string) => /content_block_stop|response\.output_item\.done/.test(event);
  const until = fault === 'cutBeforeCall' ? events.findIndex(begins) : events.findLastIndex(ends) + 1;
  if (until <= 0) throw new Error(`there is no tool call to ${fault}`);
  return events.slice(0, until);
}

function errorBody(message: string): string {
  return JSON.stringify({ type: 'error', error: { type: 'told_by_the_test', message } });
}

function keyOf({ headers }: IncomingMessage): string {
  const { authorization = '', 'x-api-key': key = '' } = headers;
  return authorization.replace(/^Bearer /, '') || String(key);
}
