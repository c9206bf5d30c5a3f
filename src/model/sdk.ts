/**
 * The only file that loads the AI SDK's packages: one request of ours through a provider's own language model, without the SDK's layer above it, whose
 * loop, retries and printing a pod has no use for (docs/decisions/0014). Everything is loaded at the first request.
 */
import type { LanguageModelV3, LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { assertNever } from '../std/assert-never.ts';
import { newAnswer } from './answer.ts';
import { toModelFailure } from './failure.ts';
import { ModelFailure } from './port.ts';
import type { Model, ModelPart, ModelRequest } from './port.ts';
import { type Dialect, toCallOptions } from './prompt.ts';
import { watchStream } from './watch.ts';

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
  readonly stallTimeoutMs: number;
  /** Called once a request. */
  open(request: ModelRequest): Promise<SdkModel>;
}

export type ProviderName = 'anthropic' | 'openai' | 'google' | 'openai-compatible';

export interface ProviderSettings {
  readonly provider: ProviderName;
  readonly model: string;
  readonly apiKey: string | undefined;
  readonly baseUrl: string;
}

/** The model behind `source`. One HTTP request a `stream`, none before. */
export function sdkModel(source: ModelSource): Model {
  return { name: source.name, stream: (request) => ask(source, request) };
}

/** Loads a provider's package. Nothing is read from the process's environment: key and address are given. */
export async function loadProviderModel(settings: ProviderSettings): Promise<SdkModel> {
  const { provider, model, baseUrl: baseURL } = settings;
  const apiKey = settings.apiKey ?? '';
  switch (provider) {
    case 'anthropic':
      return (await import('@ai-sdk/anthropic')).createAnthropic({ apiKey, baseURL }).languageModel(model);
    case 'openai':
      return (await import('@ai-sdk/openai')).createOpenAI({ apiKey, baseURL }).responses(model);
    case 'google':
      return (await import('@ai-sdk/google'))
        .createGoogleGenerativeAI({ apiKey, baseURL })
        .languageModel(model);
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      return createOpenAICompatible({ name: provider, apiKey, baseURL, includeUsage: true }).languageModel(
        model,
      );
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

async function* ask(source: ModelSource, request: ModelRequest): AsyncGenerator<ModelPart> {
  request.signal.throwIfAborted();
  const watch = watchStream(request.signal, source.stallTimeoutMs, () => stallFailure(source));
  const answer = newAnswer(source.name);
  let parts: ReadableStreamDefaultReader<LanguageModelV3StreamPart> | undefined;
  try {
    parts = await watch.race(open(source, request, watch.signal));
    while (true) {
      const next = await watch.race(parts.read());
      if (next.done) break;
      const part = answer.take(next.value);
      if (part !== null) yield part;
    }
    // Not sooner: a connection that was read to its end serves the next request too.
    yield { type: 'response', response: answer.response() };
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw toModelFailure(error, { ...source, begun: answer.begun() });
  } finally {
    watch.stop();
    void parts?.cancel().catch(() => undefined);
  }
}

async function open(
  source: ModelSource,
  request: ModelRequest,
  abortSignal: AbortSignal,
): Promise<ReadableStreamDefaultReader<LanguageModelV3StreamPart>> {
  const model = await source.open(request);
  const { stream } = await model.doStream({ ...toCallOptions(source.dialect, request), abortSignal });
  return stream.getReader();
}

function stallFailure(source: ModelSource): ModelFailure {
  const seconds = Math.round(source.stallTimeoutMs / 100) / 10;
  return new ModelFailure('timeout', `${source.name}: nothing came for ${seconds} s`, { transient: true });
}
