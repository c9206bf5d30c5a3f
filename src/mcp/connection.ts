/**
 * One connection to a server: the client's handshake, the list of its tools, calls. What the server answers
 * is handed on as JSON and judged elsewhere; of its schemas none is run. It can ask a person something in the
 * middle of a call (`elicitation.ts`), in a form and never at an address; it can ask for no model and no
 * folder.
 */
import type {
  Client,
  JsonSchemaValidator,
  jsonSchemaValidator,
  ProgressCallback,
  StandardSchemaV1,
  Transport,
} from '@modelcontextprotocol/client';
import { withoutHidden } from '../std/characters.ts';
import { asJson, isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import type { CallForms } from './elicitation.ts';
import { monotonicMs } from '../std/clock.ts';
import { version } from '../version.ts';

/** Pages of a list. */
const pagesMax = 64;
/** Of all pages; `tool-list.ts` takes the first of them. */
const listedMax = 2_000;
/** However often it says how far it is; a person's time does not count. */
const callMsMax = 3_600_000;
const checksEachMs = 1_000;
/** The SDK's own time: never. */
const neverMs = 2 ** 31 - 1;

export interface CallLimits {
  readonly signal: AbortSignal;
  /** Begins anew with each word of progress. */
  readonly timeoutMs: number;
  readonly onProgress?: (text: string) => void;
  /** What the call may ask a person. */
  readonly forms?: CallForms | undefined;
}

export class Connection {
  readonly #client: Client;
  /** What is open, to be ended with a reason of ours. */
  readonly #open = new Set<AbortController>();
  /** Of the calls that are open. */
  readonly #asking = new Set<CallForms>();

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Rejects with what went wrong, in words. */
  static async open(
    transport: Transport,
    { signal, timeoutMs }: Pick<CallLimits, 'signal' | 'timeoutMs'>,
    onListChanged: () => void,
  ): Promise<Connection> {
    const { Client } = await import('@modelcontextprotocol/client');
    const client = new Client(
      { name: 'podkin', version },
      { capabilities: { elicitation: { form: {} } }, jsonSchemaValidator: noValidator },
    );
    const connection = new Connection(client);
    client.setRequestHandler('elicitation/create', async ({ params }, { mcpReq }) => {
      return await connection.#ask(asJson(params), mcpReq.signal);
    });
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is no event target
    client.onerror = () => undefined;
    client.setNotificationHandler('notifications/tools/list_changed', () => onListChanged());
    await client.connect(transport, { signal, timeout: timeoutMs });
    return connection;
  }

  /** Rejects with what went wrong, in words. */
  async tools(limits: CallLimits): Promise<JsonValue[]> {
    const tools: JsonValue[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < pagesMax && tools.length < listedMax; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const answer = await this.#request({ method: 'tools/list', params }, limits);
      const listed = answer['tools'];
      if (!Array.isArray(listed)) throw new Error('answered the question for its tools without a list');
      for (const one of listed.slice(0, listedMax)) tools.push(one);
      const next = answer['nextCursor'];
      if (typeof next !== 'string' || next === cursor || listed.length === 0) break;
      cursor = next;
    }
    return tools;
  }

  /** Rejects with what went wrong, in words. */
  async call(tool: string, input: JsonObject, limits: CallLimits): Promise<JsonObject> {
    return await this.#request({ method: 'tools/call', params: { name: tool, arguments: input } }, limits);
  }

  /** Over this wire nothing says which call asks: only of one that is alone it is known. */
  async #ask(params: JsonValue, signal: AbortSignal) {
    const [forms, ...others] = this.#asking;
    if (forms === undefined || others.length > 0 || !isJsonObject(params))
      return { action: 'decline' as const };
    return await forms.ask(params, signal);
  }

  /** Ends what is open, saying why. */
  failOpen(why: string): void {
    for (const open of this.#open) open.abort(new Error(why));
  }

  async close(): Promise<void> {
    await this.#client.close().catch(() => undefined);
  }

  async #request(
    request: { method: string; params: JsonObject },
    { signal, timeoutMs, onProgress, forms }: CallLimits,
  ): Promise<JsonObject> {
    const own = new AbortController();
    this.#open.add(own);
    if (forms !== undefined) this.#asking.add(forms);
    const time = timeOf(timeoutMs, { isHeld: () => forms?.isOpen === true, end: (why) => own.abort(why) });
    const onprogress: ProgressCallback = (progress) => {
      time.anew();
      onProgress?.(progressText(progress));
    };
    try {
      return await this.#client.request(request, anyObject, {
        signal: AbortSignal.any([signal, own.signal]),
        timeout: neverMs,
        ...(onProgress !== undefined && { onprogress }),
      });
    } catch (error) {
      if (own.signal.aborted) throw own.signal.reason;
      throw error;
    } finally {
      time.clear();
      this.#open.delete(own);
      forms?.end();
      if (forms !== undefined) this.#asking.delete(forms);
    }
  }
}

/** The time of a request, which does not run while a person has a form in hand. */
function timeOf(
  timeoutMs: number,
  { isHeld, end }: { isHeld: () => boolean; end: (why: Error) => void },
): { anew: () => void; clear: () => void } {
  let [left, all, lastMs] = [timeoutMs, Math.max(timeoutMs, callMsMax), monotonicMs()];
  const each = setInterval(
    () => {
      const nowMs = monotonicMs();
      const went = isHeld() ? 0 : nowMs - lastMs;
      [left, all, lastMs] = [left - went, all - went, nowMs];
      if (left <= 0 || all <= 0) end(new Error(`Request timed out after ${timeoutMs} ms`));
    },
    Math.min(checksEachMs, timeoutMs),
  ).unref();
  return { anew: () => (left = timeoutMs), clear: () => clearInterval(each) };
}

function progressText({ progress, total, message }: Parameters<ProgressCallback>[0]): string {
  const part = total === undefined ? String(progress) : `${progress} of ${total}`;
  return withoutHidden(`${part}${message === undefined ? '' : `: ${message}`}`.slice(0, 500));
}

/** What is not an object is no answer. */
const anyObject: StandardSchemaV1<unknown, JsonObject> = {
  '~standard': {
    version: 1,
    vendor: 'podkin',
    validate(value) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was read as JSON
      const json = value as JsonValue;
      return isJsonObject(json) ? { value: json } : { issues: [{ message: 'no object' }] };
    },
  },
};

/**
 * A schema of a server's says nothing that we believe, and to hold an answer against it can take for ever.
 */
const noValidator: jsonSchemaValidator = {
  getValidator<T>(): JsonSchemaValidator<T> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nobody reads it
    return (input) => ({ valid: true, data: input as T, errorMessage: undefined });
  },
};
