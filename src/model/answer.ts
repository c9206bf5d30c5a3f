/** A provider's stream of parts into one response, keeping the order in which the parts began. One answer, one use. */
import type { LanguageModelV3StreamPart, LanguageModelV3Usage } from '@ai-sdk/provider';
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';
import { costOf } from './catalog.ts';
import { cutStreamFailure } from './failure.ts';
import { ModelFailure } from './port.ts';
import type { ChatPart, ModelPart, ModelResponse } from './port.ts';

type StreamPart = LanguageModelV3StreamPart;
type AnswerPart = ModelResponse['parts'][number];
type ProsePart = Extract<StreamPart, { type: `${'text' | 'reasoning'}-${'start' | 'delta' | 'end'}` }>;
type Prose = Extract<ChatPart, { text: string }>;
type Finish = Extract<StreamPart, { type: 'finish' }>;

export interface Answer {
  /** What the part is to the caller, if anything. Throws what the stream reports as an error. */
  take(part: StreamPart): ModelPart | null;
  /** When the stream has ended. Throws `ModelFailure` where that was before its finish. */
  response(): ModelResponse;
  /** Something of the answer has arrived. */
  begun(): boolean;
}

/** Of the model `name`, with which what goes wrong is told. */
export function newAnswer(name: string): Answer {
  const parts: AnswerPart[] = [];
  const toolOfCall = new Map<string, string>();
  const takeProse = proseInto(parts);
  let finish: Finish | null = null;
  const take = (part: StreamPart): ModelPart | null => {
    if (isProse(part)) return takeProse(part);
    if (part.type === 'error') throw part.error;
    if (part.type === 'finish') finish = part;
    if (part.type === 'tool-call') parts.push(toolCall(part));
    if (part.type === 'tool-input-start') toolOfCall.set(part.id, part.toolName);
    if (part.type !== 'tool-input-delta') return null;
    return { type: 'toolInputDelta', call: part.id, tool: toolOfCall.get(part.id) ?? '', text: part.delta };
  };
  return {
    take,
    response: () => responseOf(name, parts, finish),
    begun: () => parts.length > 0 || toolOfCall.size > 0,
  };
}

function isProse(part: StreamPart): part is ProsePart {
  return /^(?:text|reasoning)-(?:start|delta|end)$/.test(part.type);
}

/** Texts and reasonings, each from its start, its deltas and its end. */
function proseInto(parts: AnswerPart[]): (part: ProsePart) => ModelPart | null {
  // Ids are unique among the open parts only.
  const open = new Map<string, Prose>();
  return (part) => {
    const type = part.type.startsWith('text') ? 'text' : 'reasoning';
    const key = `${type} ${part.id}`;
    const prose: Prose = open.get(key) ?? { type, text: '' };
    if (!open.has(key)) {
      open.set(key, prose);
      parts.push(prose);
    }
    if (part.providerMetadata !== undefined) {
      prose.providerMetadata = merged(prose.providerMetadata, asJsonObject(part.providerMetadata));
    }
    if (part.type === 'text-end' || part.type === 'reasoning-end') open.delete(key);
    if ((part.type !== 'text-delta' && part.type !== 'reasoning-delta') || part.delta === '') return null;
    prose.text += part.delta;
    return { type: type === 'text' ? 'textDelta' : 'reasoningDelta', text: part.delta };
  };
}

function toolCall(part: Extract<StreamPart, { type: 'tool-call' }>): AnswerPart {
  return {
    type: 'toolCall',
    call: part.toolCallId,
    tool: part.toolName,
    ...toolInput(part.input),
    ...(part.providerMetadata !== undefined && { providerMetadata: asJsonObject(part.providerMetadata) }),
  };
}

/**
 * A call without arguments may come without any text. What is no JSON, or only a text, the worker tells the model; a key that would be an object's
 * prototype is nothing to pass on.
 */
function toolInput(text: string): { input: JsonValue; invalid?: string } {
  if (text.trim() === '') return { input: {} };
  try {
    const input: JsonValue = JSON.parse(text, text.includes('__proto__') ? refusePrototype : undefined);
    if (typeof input !== 'string') return { input };
  } catch {
    // Told below.
  }
  return { input: null, invalid: `the input is not JSON: ${text.slice(0, 200)}` };
}

function refusePrototype(key: string, value: JsonValue): JsonValue {
  if (key === '__proto__') throw new SyntaxError('a key is __proto__');
  return value;
}

function responseOf(name: string, parts: AnswerPart[], finish: Finish | null): ModelResponse {
  if (finish === null) throw cutStreamFailure(name);
  const { unified, raw } = finish.finishReason;
  // A stream that just ends is reported as finished for a reason that nobody gave.
  if (unified === 'other' && raw === undefined) throw cutStreamFailure(name);
  if (unified === 'error') {
    const why = raw === undefined ? '' : ` (${raw})`;
    throw new ModelFailure('unknown', `${name}: the answer ended with an error${why}`, { transient: true });
  }
  const reason = finishReasons[unified];
  // Some servers call it a plain stop, or a word of their own, when the model calls tools.
  const called = parts.some((part) => part.type === 'toolCall');
  return {
    parts: parts.filter(
      (part) => part.type === 'toolCall' || part.text !== '' || part.providerMetadata !== undefined,
    ),
    finishReason: called && reason !== 'length' && reason !== 'contentFilter' ? 'toolCalls' : reason,
    usage: usageOf(name, finish.usage),
  };
}

function usageOf(name: string, usage: LanguageModelV3Usage): ModelResponse['usage'] {
  const inputTokens = tokenCount(usage.inputTokens.total);
  const outputTokens = tokenCount(usage.outputTokens.total);
  const cacheRead = tokenCount(usage.inputTokens.cacheRead);
  const cacheWrite = tokenCount(usage.inputTokens.cacheWrite);
  const counts = { inputTokens, outputTokens, cacheReadTokens: cacheRead, cacheWriteTokens: cacheWrite };
  return { inputTokens, outputTokens, cost: costOf(name, counts) };
}

/** A whole number from 0 to 2^53 − 1: a provider's count is input from outside, and a wrong one must not cost an outcome. */
function tokenCount(told: number | undefined): number {
  if (told === undefined || !(told > 0)) return 0;
  return Math.min(Math.round(told), Number.MAX_SAFE_INTEGER);
}

const finishReasons = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'toolCalls',
  'content-filter': 'contentFilter',
  other: 'other',
} as const;

/** A start may tell one thing about a part and its end another, each under the provider's name. */
function merged(before: JsonObject | undefined, after: JsonObject): JsonObject {
  const all: JsonObject = { ...before };
  for (const [provider, value] of Object.entries(after)) {
    const old = all[provider];
    all[provider] = isJsonObject(old) && isJsonObject(value) ? { ...old, ...value } : value;
  }
  return all;
}

/** As the log will hold it: no undefined, no classes. */
function asJson(value: unknown): JsonValue {
  const copy: JsonValue = JSON.parse(JSON.stringify(value ?? null));
  return copy;
}

function asJsonObject(value: object): JsonObject {
  const copy = asJson(value);
  return isJsonObject(copy) ? copy : {};
}
