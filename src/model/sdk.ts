/**
 * The only file that loads the AI SDK's packages: one request of ours through a provider's own language
 * model, without the SDK's layer above it, whose
 * loop, retries and printing a pod has no use for (docs/decisions/0014). Everything is loaded at the first
 * request.
 */
import type { LanguageModelV3, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { assertNever } from '../std/assert-never.ts';
import type { JsonObject } from '../std/json.ts';
import { newAnswer } from './answer.ts';
import { type AnswerRooms, newAnswerRooms } from './answer-room.ts';
import { toModelFailure } from './failure.ts';
import { ModelFailure } from './port.ts';
import type { Effort, Model, ModelPart, ModelRequest } from './port.ts';
import type { TokenCounts } from './catalog.ts';
import { newThinking, type Thinking } from './thinking.ts';
import { newUsageReports } from './reported-usage.ts';
import { type CallBounds, type Dialect, toCallOptions } from './prompt.ts';
import { imagesInBase64 } from './prompt-images.ts';
import { estimateOf, priced } from './usage.ts';
import { type Watch, type WatchLimits, watchStream } from './watch.ts';

/** A provider's language model; also written by hand for scenarios. */
export type SdkModel = LanguageModelV3;

export interface ModelSource {
  /** `provider/model`. */
  readonly name: string;
  /** Which of the providers' options are sent along. */
  readonly dialect: Dialect;
  /** What no message may hold. */
  readonly secrets: readonly string[];
  readonly keyVariable: string | null;
  readonly addressVariable: string | null;
  /** Said of a connection that failed; empty where there is nothing to say. */
  readonly proxyHint: string;
  readonly limits: WatchLimits;
  /** The longest answer, where the provider has to be told. */
  readonly outputTokens?: number | undefined;
  /** How much it is to think; absent: as much as it does by itself. */
  readonly effort?: Effort | undefined;
  /** What a count of tokens must pass before it is doubted; absent: none is. */
  readonly tokensMax?: number | undefined;
  /** US dollars of an answer; null where the price is not known. */
  cost(usage: TokenCounts): number | null;
  /** Called once a request. */
  open(request: ModelRequest, heard: Heard): Promise<SdkModel>;
}

/** What is to be called with what a connection brings. */
export interface Heard {
  /** Each piece of an answer. */
  alive(): void;
  /** Each event as it came. */
  event(event: JsonObject): void;
}

export type ProviderName = 'anthropic' | 'openai' | 'google' | 'openai-compatible';

export interface ProviderSettings {
  readonly provider: ProviderName;
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
  readonly fetch: typeof globalThis.fetch;
}

/** Some hundred words: what an answer is taken for of which nothing is known. */
const ordinaryAnswerBytes = 3_000;

/** The model behind `source`. One HTTP request a `stream`, or two where it takes no effort. */
export function sdkModel(source: ModelSource): Model {
  const thinking = newThinking(source);
  const rooms = newAnswerRooms();
  return {
    name: source.name,
    takeNotes: () => thinking.takeNotes(),
    estimate: (request) => priced(source, estimateOf(request, ordinaryAnswerBytes)),
    cost: (usage) => source.cost(usage),
    stream: (request) => ask({ ...source, thinking, rooms }, request),
  };
}

/** Loads a provider's package. Nothing is read from the process's environment: key and address are given. */
export async function loadProviderModel(settings: ProviderSettings): Promise<SdkModel> {
  const { provider, model, baseUrl: baseURL, fetch } = settings;
  const apiKey = settings.apiKey ?? '';
  switch (provider) {
    case 'anthropic':
      return (await import('@ai-sdk/anthropic'))
        .createAnthropic({ apiKey, baseURL, fetch })
        .languageModel(model);
    case 'openai':
      return (await import('@ai-sdk/openai')).createOpenAI({ apiKey, baseURL, fetch }).responses(model);
    case 'google':
      return (await import('@ai-sdk/google'))
        .createGoogleGenerativeAI({ apiKey, baseURL, fetch })
        .languageModel(model);
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      return createOpenAICompatible({
        name: provider,
        apiKey,
        baseURL,
        fetch,
        includeUsage: true,
      }).languageModel(model);
    }
    default:
      return assertNever(provider);
  }
}

/** An error of the very class that a provider's answer with that status becomes. */
export async function httpError(
  statusCode: number,
  message: string,
  responseHeaders: Record<string, string>,
): Promise<Error> {
  const { APICallError } = await import('@ai-sdk/provider');
  return new APICallError({ message, statusCode, responseHeaders, url: 'script:', requestBodyValues: null });
}

/** A model as it is asked: what it was found to take is kept with it. */
interface AskedSource extends ModelSource {
  readonly thinking: Thinking;
  readonly rooms: AnswerRooms;
}

async function* ask(source: AskedSource, request: ModelRequest): AsyncGenerator<ModelPart> {
  request.signal.throwIfAborted();
  // Before the first words anything that comes counts as activity, for a while; from then on only what says
  // something does.
  let hasSpoken = false;
  const watch = watchStream(request.signal, source.limits, {
    stalled: (ms) => stallFailure(source, ms),
    // Of an answer that never began it is the silence that is told.
    tooLong: () => (hasSpoken ? endlessFailure(source) : stallFailure(source, source.limits.answerTimeoutMs)),
  });
  const reports = newUsageReports(source.dialect);
  const answer = newAnswer(source, request, reports);
  let parts: ReadableStreamDefaultReader<LanguageModelV3StreamPart> | undefined;
  const alive = () => {
    if (!hasSpoken) watch.alive();
  };
  const heard = { alive, event: (event: JsonObject) => reports.take(event) };
  try {
    parts = await watch.race(open(source, request, { watch, heard }));
    while (!answer.full()) {
      const next = await watch.race(nextPart(parts));
      if (next === null) break;
      const part = answer.take(next);
      hasSpoken ||= part !== null;
      if (part !== null) yield part;
    }
    // Not sooner: a connection that was read to its end serves the next request too.
    yield { type: 'response', response: answer.response() };
  } catch (error) {
    const usage = answer.spent();
    if (usage !== null) yield { type: 'spent', usage };
    if (request.signal.aborted) throw request.signal.reason;
    throw toModelFailure(error, { ...source, begun: answer.begun() });
  } finally {
    watch.stop();
    void parts?.cancel().catch(() => undefined);
  }
}

/**
 * The next part that says something, or null at the end: pings and empty deltas keep no answer alive that has
 * begun.
 */
async function nextPart(
  parts: ReadableStreamDefaultReader<LanguageModelV3StreamPart>,
): Promise<LanguageModelV3StreamPart | null> {
  while (true) {
    const { done, value } = await parts.read();
    if (done) return null;
    const isEmpty = 'delta' in value && value.delta === '' && !('providerMetadata' in value);
    if (!isEmpty && value.type !== 'raw') return value;
  }
}

async function open(
  source: AskedSource,
  request: ModelRequest,
  { watch, heard }: { watch: Watch; heard: Heard },
): Promise<ReadableStreamDefaultReader<LanguageModelV3StreamPart>> {
  const { dialect, thinking, rooms } = source;
  const model = await source.open(request, heard);
  // A scenario reads words alone.
  const images = dialect === 'plain' ? undefined : await imagesInBase64(request);
  const room = rooms.of(request);
  const stream = async (bounds: CallBounds) => {
    const options = toCallOptions(dialect, request, { ...room.within(bounds), images });
    return (await model.doStream({ ...options, abortSignal: watch.signal })).stream.getReader();
  };
  const usual = thinking.bounds(request.messages);
  for (let bounds = usual; ;) {
    try {
      return await stream(bounds);
    } catch (error) {
      if (watch.signal.aborted) throw error;
      // Nothing of it was answered: it is the same request once more.
      const other = bounds === usual ? thinking.boundsAfter(error) : null;
      if (other === null && !room.isShortenedBy(error)) throw error;
      bounds = other ?? bounds;
    }
  }
}

function endlessFailure({ name, limits }: ModelSource): ModelFailure {
  const seconds = Math.round(limits.answerTimeoutMs / 100) / 10;
  const time = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 6) / 10} min`;
  const text = `${name}: the answer was not at its end after ${time}, which limits.answerMs allows`;
  return new ModelFailure('timeout', text, { transient: false });
}

function stallFailure({ name, limits }: ModelSource, ms: number): ModelFailure {
  const seconds = Math.round(ms / 100) / 10;
  const what = ms > limits.stallTimeoutMs ? 'no word of the answer came' : 'nothing came';
  return new ModelFailure('timeout', `${name}: ${what} for ${seconds} s`, { transient: true });
}
