/**
 * A language model as the worker sees it: one request in, a stream of parts out. Everything about providers
 * stays behind this.
 */
import type { ImageRef } from '../std/image.ts';
import type { JsonObject, JsonValue } from '../std/json.ts';
import { PodkinError } from '../std/podkin-error.ts';

export type ChatMessage =
  | { role: 'user'; text: string; images?: readonly ImageRef[] }
  | { role: 'assistant'; parts: ChatPart[] }
  | { role: 'tool'; results: ToolResult[] };

export interface ToolResult {
  call: string;
  tool: string;
  text: string;
  isError: boolean;
  images?: readonly ImageRef[];
}

export type ChatPart =
  | { type: 'text'; text: string; providerMetadata?: JsonObject }
  | { type: 'reasoning'; text: string; providerMetadata?: JsonObject }
  | { type: 'toolCall'; call: string; tool: string; input: JsonValue; providerMetadata?: JsonObject };

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema of the input. */
  inputSchema: JsonObject;
}

export interface ModelRequest {
  /** Name of the asking pod; the scripted model's rules look at it. */
  readonly pod: string;
  readonly system: string;
  readonly messages: readonly ChatMessage[];
  /** What the newest input is: the scripted model's rules look at it, providers do not. */
  readonly newest: 'user' | 'tool' | 'notification';
  readonly tools: readonly ToolSpec[];
  /** `none`: the tools are named and none may be called. */
  readonly toolUse?: 'none';
  readonly signal: AbortSignal;
  /** The bytes of an image that a message names; null where they are gone. Absent: all are. */
  readonly imageBytes?: (image: ImageRef) => Promise<Uint8Array | null>;
}

export type ModelPart =
  | { type: 'textDelta'; text: string }
  | { type: 'reasoningDelta'; text: string }
  | { type: 'toolInputDelta'; call: string; tool: string; text: string }
  | { type: 'response'; response: ModelResponse }
  /** What a request without a response has used. */
  | { type: 'spent'; usage: ModelResponse['usage'] };

export interface ModelResponse {
  /**
   * In the order in which the model gave them, well-formed, each call with a name and an id that every
   * provider takes back. A call whose input was not JSON has `input` null and says so in `invalid`; one that
   * a limit has cut says that in `cut`.
   */
  readonly parts: (ChatPart & { invalid?: string; cut?: string })[];
  readonly finishReason: 'stop' | 'length' | 'toolCalls' | 'contentFilter';
  /** Not a limit of the answer but the model's window has cut it. */
  readonly isWindowFull?: boolean;
  /** The provider's own, where it has withheld the answer. */
  readonly word?: string;
  readonly usage: RequestUsage;
}

/** What one request has used. */
export interface RequestUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cost: number | null;
  /**
   * What the provider said of it instead, where no request can come to that: the others are estimated then.
   */
  readonly said?: { readonly inputTokens: number; readonly outputTokens: number };
}

/** How much a model is to think before it answers. */
export type Effort = 'low' | 'medium' | 'high';

export interface Model {
  /** What a person should know of how it is asked; each is given once. */
  takeNotes?(): readonly string[];
  /** `provider/model`, as configured. */
  readonly name: string;
  /** What a request of this size uses, with an answer of ordinary length; nothing is sent. */
  estimate?(request: Pick<ModelRequest, 'messages' | 'system' | 'tools'>): ModelResponse['usage'];
  /** US dollars of so many tokens, none of them cached; null where the price is not known. */
  cost?(usage: Pick<RequestUsage, 'inputTokens' | 'outputTokens'>): number | null;
  /**
   * Asks once, without any retry of its own. Yields deltas, then exactly one `response` as the last part;
   * where it throws instead, `spent` as the last one if the provider has counted tokens or begun to answer.
   * Throws `ModelFailure` for everything that the provider, the network or the stream does wrong, also when
   * the stream was cut after some deltas; throws the signal's reason when aborted.
   */
  stream(request: ModelRequest): AsyncIterable<ModelPart>;
}

export type ModelFailureCategory =
  | 'authentication'
  | 'badRequest'
  | 'contextTooLong'
  | 'requestTooLarge'
  | 'rateLimit'
  | 'overloaded'
  | 'network'
  | 'cutStream'
  | 'timeout'
  | 'unknown';

/** Why a request failed; the worker decides from it whether to ask again. */
export class ModelFailure extends PodkinError {
  readonly category: ModelFailureCategory;
  /** False: asking again cannot help. */
  readonly transient: boolean;
  /** The provider's wish, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /**
   * Of all requests for one answer: what hardly ever passes is not asked for as often as the limit allows.
   */
  readonly triesMax: number;
  /** The provider does not take this model or this key any more, or has no credit left: another one may. */
  readonly isGone: boolean;
  /** Of a request that is too long: tokens that it may hold, where the provider has said so. */
  readonly window: number | undefined;

  constructor(
    category: ModelFailureCategory,
    message: string,
    options: {
      transient: boolean;
      retryAfterMs?: number | undefined;
      triesMax?: number | undefined;
      isGone?: boolean;
      window?: number | undefined;
    },
  ) {
    super(message);
    this.name = 'ModelFailure';
    this.category = category;
    this.transient = options.transient;
    this.retryAfterMs = options.retryAfterMs;
    this.triesMax = options.triesMax ?? Number.POSITIVE_INFINITY;
    this.isGone = options.isGone === true;
    this.window = options.window;
  }
}

/** The model cannot be used as configured. The message says what to do next; it is for a person. */
export class ModelConfigError extends PodkinError {
  constructor(message: string) {
    super(message);
    this.name = 'ModelConfigError';
  }
}
