/**
 * A request of ours in the words of the providers' packages: messages, tools, and the options that one
 * provider alone understands. Pure.
 */
import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Message,
  SharedV3ProviderOptions,
} from '@ai-sdk/provider';
import { type JsonObject, isJsonObject } from '../std/json.ts';
import { toolName } from './call-names.ts';
import { loneSignaturePart } from './lone-signature.ts';
import type { ChatMessage, ChatPart, ModelRequest } from './port.ts';
import { behindResults, fileParts, type ImageData, outputOf, withData } from './prompt-images.ts';

export type Dialect = 'anthropic' | 'openai' | 'google' | 'compatible' | 'plain';

export interface CallBounds {
  /** The longest answer, where the provider is to be told. */
  readonly outputTokens?: number | undefined;
  /** What else the provider is to be told, in its own words. */
  readonly options?: SharedV3ProviderOptions | undefined;
  /** What the messages name and is there, in base64. */
  readonly images?: ImageData | undefined;
}

/** All of the call but its signal. */
export function toCallOptions(
  dialect: Dialect,
  { system, messages, tools, toolUse }: ModelRequest,
  { outputTokens, options, images }: CallBounds = {},
): LanguageModelV3CallOptions {
  const cache = dialect === 'anthropic' && { providerOptions: anthropicCache };
  const opening: LanguageModelV3Message[] =
    system === '' ? [] : [{ role: 'system', content: system, ...cache }];
  return {
    prompt: withData(wellFormed([...opening, ...toMessages(dialect, messages, images)]), images),
    // A choice without tools is refused by some servers.
    ...(tools.length > 0 && {
      tools: tools.map((spec) => ({ type: 'function', ...spec })),
      toolChoice: { type: toolUse ?? 'auto' },
    }),
    ...(outputTokens !== undefined && { maxOutputTokens: outputTokens }),
    // A pod is restored from its own log: nothing may hang on what the provider kept.
    ...(dialect === 'openai'
      ? { providerOptions: { openai: { store: false, ...options?.['openai'] } } }
      : options !== undefined && { providerOptions: options }),
  };
}

/**
 * The same with every half of a surrogate pair replaced: no provider takes one, and every later request would
 * hold it again.
 */
function wellFormed<T>(value: T): T {
  const json = JSON.stringify(value);
  // Only what is no pair is escaped by the serialiser; the search spares the rest of the work.
  if (!/\\ud[89a-f]/.test(json)) return value;
  return JSON.parse(json, (_, part: unknown) => (typeof part === 'string' ? part.toWellFormed() : part));
}

const anthropicCache: SharedV3ProviderOptions = { anthropic: { cacheControl: { type: 'ephemeral' } } };

function toMessages(
  dialect: Dialect,
  messages: readonly ChatMessage[],
  images: ImageData = new Map(),
): LanguageModelV3Message[] {
  const converted: LanguageModelV3Message[] = [];
  for (const message of dialect === 'compatible' ? behindResults(messages) : messages) {
    const next = toMessage(dialect, message, images);
    const before = converted.at(-1);
    // The results of one answer's calls belong into one message.
    if (before?.role === 'tool' && next.role === 'tool') before.content.push(...next.content);
    else if (next.content.length > 0) converted.push(next);
  }
  const last = converted.at(-1);
  // The longest prefix that the next request repeats ends with the last message.
  if (dialect === 'anthropic' && last !== undefined) last.providerOptions = anthropicCache;
  return converted;
}

function toMessage(dialect: Dialect, message: ChatMessage, images: ImageData): LanguageModelV3Message {
  if (message.role === 'user') {
    const text = message.text === '' ? [] : [{ type: 'text' as const, text: message.text }];
    return { role: 'user', content: [...text, ...fileParts(message.images, images)] };
  }
  if (message.role === 'tool') {
    return {
      role: 'tool',
      content: message.results.map((result) => ({
        type: 'tool-result',
        toolCallId: result.call,
        toolName: toolName(result.tool),
        output: outputOf(result, images),
      })),
    };
  }
  if (!message.parts.some(saysSomething)) return { role: 'assistant', content: [] };
  const parts = withoutLoose(
    dialect,
    message.parts.filter((part) => !isBlankText(dialect, part)),
  );
  return { role: 'assistant', content: parts.map((part) => toPart(dialect, part)) };
}

/** An answer without a word and a call says nothing to anybody; behind it nothing could be asked. */
function saysSomething(part: ChatPart): boolean {
  return part.type === 'toolCall' || (part.type === 'text' && part.text.trim() !== '');
}

/** These two refuse reasoning that nothing follows: what it led to was cut off. */
function withoutLoose(dialect: Dialect, parts: ChatPart[]): ChatPart[] {
  if (dialect !== 'anthropic' && dialect !== 'openai') return parts;
  return parts.slice(0, parts.findLastIndex((part) => part.type !== 'reasoning') + 1);
}

/**
 * Anthropic refuses blank texts; its models give them now and then all the same. An empty one says nothing to
 * anybody, unless for what it carries.
 */
function isBlankText(dialect: Dialect, part: ChatPart): boolean {
  if (part.type !== 'text') return false;
  if (dialect === 'anthropic') return part.text.trim() === '';
  return part.text === '' && part.providerMetadata === undefined;
}

function toPart(dialect: Dialect, part: ChatPart) {
  const metadata = metadataFor(dialect, part);
  const options = metadata === undefined ? {} : { providerOptions: toOptions(metadata) };
  if (part.type !== 'toolCall') {
    const isLone = dialect === 'google' && part.text === '';
    return isLone ? { ...loneSignaturePart(), ...options } : { type: part.type, text: part.text, ...options };
  }
  // An input that was not JSON is null here; the providers accept nothing but objects.
  const input = isJsonObject(part.input) ? part.input : {};
  return {
    type: 'tool-call' as const,
    toolCallId: part.call,
    toolName: toolName(part.tool),
    input,
    ...options,
  };
}

function metadataFor(dialect: Dialect, part: ChatPart): JsonObject | undefined {
  if (dialect === 'openai' && part.type === 'text') return withoutItemId(part);
  if (dialect !== 'compatible') return part.providerMetadata;
  // The package gives a thought's signature under its own name and takes it back under Google's alone.
  const own = part.providerMetadata?.['openai-compatible'];
  return isJsonObject(own) ? { google: own } : undefined;
}

function toOptions(metadata: JsonObject): SharedV3ProviderOptions {
  const options: SharedV3ProviderOptions = {};
  for (const [provider, value] of Object.entries(metadata)) {
    if (isJsonObject(value)) options[provider] = value;
  }
  return options;
}

/**
 * OpenAI refuses a text by the id of an item that it did not store. Reasoning keeps its id: its encrypted
 * content belongs to it.
 */
function withoutItemId(part: ChatPart): JsonObject | undefined {
  const own = part.providerMetadata?.['openai'];
  if (!isJsonObject(own)) return part.providerMetadata;
  const { itemId: _, ...rest } = own;
  return { ...part.providerMetadata, openai: rest };
}
