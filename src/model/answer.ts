/**
 * A provider's stream of parts into one response, keeping the order in which the parts began. One answer, one
 * use.
 */
import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';
import { callId, toolName } from './call-names.ts';
import type { TokenCounts } from './catalog.ts';
import { cutStreamFailure } from './failure.ts';
import { type Finish as Ending, finishOf, wordOf } from './finish-reason.ts';
import { isLoneSignature } from './lone-signature.ts';
import { ModelFailure } from './port.ts';
import type { ChatPart, ModelPart, ModelRequest, ModelResponse } from './port.ts';
import type { UsageReports } from './reported-usage.ts';
import { isDeep, toolInput, wellFormedJson } from './tool-input.ts';
import { type Priced, completed, countsOf, estimateOf, priced, pricedAsBelieved } from './usage.ts';

type StreamPart = LanguageModelV3StreamPart;
type AnswerPart = ModelResponse['parts'][number];
type ProsePart = Extract<StreamPart, { type: `${'text' | 'reasoning'}-${'start' | 'delta' | 'end'}` }>;
type Prose = Extract<ChatPart, { text: string }>;
type Call = Extract<AnswerPart, { type: 'toolCall' }>;
type Finish = Extract<StreamPart, { type: 'finish' }>;

/**
 * Text, reasoning and inputs of one answer together, as JSON: what of it becomes one line of the log must fit
 * into one.
 */
export const answerBytesMax = 6 * 1024 * 1024;
/** Calls of one answer that may run; the next one is the last that is kept, and tells the model so. */
export const answerCallsMax = 100;

type Asked = Pick<ModelRequest, 'messages' | 'system' | 'tools'>;
type Usage = ModelResponse['usage'];

export interface AnswerOf extends Priced {
  /** `provider/model`, with which what goes wrong is reported. */
  readonly name: string;
}

export interface Answer {
  /** What the part is to the caller, if anything. Throws what the stream reports as an error. */
  take(part: StreamPart): ModelPart | null;
  /**
   * When the stream has ended, or is not read further because the answer is full. Throws `ModelFailure` where
   * that was before its finish.
   */
  response(): ModelResponse;
  /**
   * What the request has used where there is no response: as the stream said it, or the estimate where an
   * answer had begun; else null, for then nobody is billed.
   */
  spent(): Usage | null;
  /** Something of the answer has arrived. */
  begun(): boolean;
  /** It has reached a bound: nothing more is taken. */
  full(): boolean;
}

type Reports = Omit<UsageReports, 'take'>;
const noReports: Reports = { soFar: () => null, isBehind: () => false };

/** An answer to `request`, whose calls are known by then: an id that comes again is made another. */
export function newAnswer(of: AnswerOf, request: Asked, reports: Reports = noReports): Answer {
  const parts: AnswerPart[] = [];
  const room = newRoom();
  const prose = proseInto(parts, room);
  const calls = callsInto(parts, room, usedIds(request));
  let finish: Finish | null = null;
  const estimate = () => estimateOf(request, room.taken());
  const counted = (counts: TokenCounts) => {
    const guess = estimate();
    return pricedAsBelieved(of, completed(counts, reports, guess), guess);
  };
  const spent = () => {
    const counts = reports.soFar() ?? (finish && countsOf(finish.usage));
    if (counts !== null) return counted(counts);
    return parts.length > 0 ? priced(of, estimate()) : null;
  };
  return {
    take(part) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'finish') finish = part;
      if (room.isFull() || isProvidersOwn(part)) return null;
      if (isLoneSignature(part)) {
        const metadata = metadataOf(part, room);
        if (metadata !== undefined) parts.push({ type: 'text', text: '', providerMetadata: metadata });
        return null;
      }
      return isProse(part) ? prose(part) : calls.take(part);
    },
    response() {
      const ending = finish === null ? 'none' : finishOf(finish.finishReason);
      calls.close({ byLength: room.isFull() || ending === 'length' || ending === 'window' });
      if (room.isFull())
        return { parts: kept(parts), finishReason: 'length', usage: spent() ?? priced(of, estimate()) };
      const { usage, ...end } = endOf(of, parts, { finish, ending });
      const counts = countsOf(usage);
      const used = counts === null ? priced(of, estimate()) : counted(counts);
      // Nothing of an answer that was withheld is to be run.
      const given = end.finishReason === 'contentFilter' ? parts.filter(isNoCall) : parts;
      return { parts: kept(given), ...end, usage: used };
    },
    spent,
    begun: () => parts.length > 0,
    full: () => room.isFull(),
  };
}

/** A call that the provider has answered itself: nothing of it is for this side. */
function isProvidersOwn(part: StreamPart): boolean {
  return 'providerExecuted' in part && part.providerExecuted;
}

function usedIds({ messages }: Asked): Set<string> {
  const parts = messages.flatMap((message) => (message.role === 'assistant' ? message.parts : []));
  return new Set(parts.flatMap((part) => (part.type === 'toolCall' ? [part.call] : [])));
}

/** What an answer may still take. */
interface Room {
  /** As much of the text as fits; less than all of it makes the answer full. */
  fit(text: string, bytesOf?: (text: string) => number): string;
  /** False, and full from then on, where so much does not fit. */
  add(bytes: number): boolean;
  fill(): void;
  isFull(): boolean;
  taken(): number;
}

function newRoom(): Room {
  let taken = 0;
  let isFull = false;
  const add = (bytes: number) => {
    const fits = taken + bytes <= answerBytesMax;
    if (fits) taken += bytes;
    else isFull = true;
    return fits;
  };
  return {
    add,
    fit(text, bytesOf = jsonBytes) {
      if (add(bytesOf(text))) return text;
      const piece = longestStart(text, (start) => bytesOf(start) <= answerBytesMax - taken);
      taken += bytesOf(piece);
      return piece;
    },
    fill: () => void (isFull = true),
    isFull: () => isFull,
    taken: () => taken,
  };
}

/** The longest beginning that fits; the empty one does. */
function longestStart(text: string, fits: (start: string) => boolean): string {
  let [fitting, tooLong] = [0, text.length];
  while (tooLong - fitting > 1) {
    const middle = Math.floor((fitting + tooLong) / 2);
    if (fits(text.slice(0, middle))) fitting = middle;
    else tooLong = middle;
  }
  // Not in the middle of a pair.
  return text.slice(0, fitting).replace(/[\ud800-\udbff]$/, '');
}

/** An empty part is not nothing: endless ones are held too. */
const partBytes = 32;

/** Without its quotes. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

function isProse(part: StreamPart): part is ProsePart {
  return /^(?:text|reasoning)-(?:start|delta|end)$/.test(part.type);
}

/**
 * Texts and reasonings, each from its start, its deltas and its end. What goes on behind a call, and what a
 * signature ends or begins, are parts of their own: each goes back as it came, in its place.
 */
function proseInto(parts: AnswerPart[], room: Room): (part: ProsePart) => ModelPart | null {
  // Ids are unique among the open parts only. Null: a signature has ended it, and it may go on.
  const open = new Map<string, Prose | null>();
  const begun = (key: string, type: Prose['type']): Prose => {
    const prose: Prose = { type, text: '' };
    open.set(key, prose);
    parts.push(prose);
    room.add(partBytes);
    return prose;
  };
  return (part) => {
    const type = part.type.startsWith('text') ? 'text' : 'reasoning';
    const key = `${type} ${part.id}`;
    const isEnd = part.type === 'text-end' || part.type === 'reasoning-end';
    const delta = part.type === 'text-delta' || part.type === 'reasoning-delta' ? part.delta : '';
    const before = open.get(key);
    if (isEnd) open.delete(key);
    if (isEnd && before === null) return null;
    const metadata = metadataOf(part, room);
    const isSigned = delta !== '' && hasSignature(metadata);
    const isBehind = delta !== '' && parts.at(-1)?.type === 'toolCall';
    const goesOn = before && !isBehind && !(isSigned && before.text !== '');
    const prose = goesOn ? before : begun(key, type);
    if (isEnd) open.delete(key);
    if (metadata !== undefined) prose.providerMetadata = merged(prose.providerMetadata, metadata);
    if (delta === '') return null;
    const text = room.fit(delta);
    prose.text += text;
    if (isSigned) open.set(key, null);
    return { type: type === 'text' ? 'textDelta' : 'reasoningDelta', text };
  };
}

/** Google signs a part as it comes; no other provider signs a delta. */
function hasSignature(metadata: JsonObject | undefined): boolean {
  const own = metadata?.['google'];
  return isJsonObject(own) && typeof own['thoughtSignature'] === 'string';
}

/** A call that has begun: its arguments as far as they have come, until the call itself comes. */
interface OpenCall {
  readonly call: Call;
  text: string;
}

/**
 * Calls, each from its start, its deltas and itself; some come without a start, and some begin and never
 * come.
 */
function callsInto(parts: AnswerPart[], room: Room, used: Set<string>) {
  const open = new Map<string, OpenCall>();
  let last: OpenCall | null = null;
  let count = 0;
  const begin = (id: string, name: string): OpenCall => {
    const call: Call = { type: 'toolCall', call: callId(id, used), tool: toolName(name), input: null };
    used.add(call.call);
    parts.push(call);
    count += 1;
    if (count > answerCallsMax) {
      call.cut = `an answer holds at most ${answerCallsMax} calls, and this one and all behind it were left out`;
      room.fill();
    }
    last = { call, text: '' };
    open.set(id, last);
    return last;
  };
  const take = (part: StreamPart): ModelPart | null => {
    if (part.type === 'tool-input-start') begin(part.id, part.toolName);
    if (part.type === 'tool-call') {
      const opened = open.get(part.toolCallId) ?? begin(part.toolCallId, part.toolName);
      open.delete(part.toolCallId);
      const metadata = metadataOf(part, room);
      if (metadata !== undefined) opened.call.providerMetadata = metadata;
      complete(opened, part.input, room);
    }
    if (part.type !== 'tool-input-delta') return null;
    const opened = open.get(part.id);
    if (opened === undefined) return null;
    const text = room.fit(part.delta, (text) => Buffer.byteLength(text));
    opened.text += text;
    return { type: 'toolInputDelta', call: opened.call.call, tool: opened.call.tool, text };
  };
  /** The stream is over: what had begun and is whole counts. */
  const close = ({ byLength }: { byLength: boolean }) => {
    for (const opened of open.values()) {
      if (byLength && !isObject(opened.text)) cutCall(opened);
      else complete(opened, opened.text, room);
    }
    // Its input is not JSON, or nothing of it came: the length has cut it, whatever it looks like.
    const isOpen = last !== null && (last.call.invalid !== undefined || last.text.trim() === '');
    if (byLength && isOpen && last !== null) cutCall(last);
  };
  return { take, close };
}

function complete(opened: OpenCall, text: string, room: Room): void {
  const { call } = opened;
  if (call.cut !== undefined) return;
  Object.assign(call, toolInput(text));
  const more = Buffer.byteLength(JSON.stringify(call.input)) - Buffer.byteLength(opened.text);
  // A provider that sends no object where nothing came yet: whether anything was to come is known at the end.
  if (opened.text === '' && text !== '{}') opened.text = text.slice(0, excerptChars);
  if (!room.add(more)) cutCall(opened);
}

function cutCall({ call, text }: OpenCall): void {
  call.cut ??= `the answer reached the limit of its length in the middle of this call, which began: ${text.slice(0, excerptChars).toWellFormed()}`;
  call.input = null;
  delete call.invalid;
}

/** Enough of a call to know the same again by. */
const excerptChars = 200;

function isObject(text: string): boolean {
  return text.trim() !== '' && isJsonObject(toolInput(text).input);
}

/**
 * As the log will hold it: no undefined, no classes. What does not fit is left out whole, since a part of it
 * proves nothing.
 */
function metadataOf(part: { providerMetadata?: object | undefined }, room: Room): JsonObject | undefined {
  if (part.providerMetadata === undefined) return undefined;
  const json = JSON.stringify(part.providerMetadata);
  if (isDeep(json) || !room.add(Buffer.byteLength(json))) return undefined;
  const copy: JsonValue = JSON.parse(json);
  const clean = wellFormedJson(copy);
  return isJsonObject(clean) ? clean : undefined;
}

/** A start may tell one thing about a part and its end another, each under the provider's name. */
function merged(before: JsonObject | undefined, after: JsonObject): JsonObject {
  const all: JsonObject = { ...before };
  for (const [provider, value] of Object.entries(after)) {
    const old = all[provider];
    all[provider] = isJsonObject(old) && isJsonObject(value) ? { ...old, ...value } : value;
  }
  return all;
}

/** Throws where it is the end of no whole answer. */
function endOf(
  of: AnswerOf,
  parts: AnswerPart[],
  { finish, ending }: { finish: Finish | null; ending: Ending },
): Pick<ModelResponse, 'finishReason' | 'isWindowFull' | 'word'> & { usage: Finish['usage'] } {
  if (finish === null) throw cutStreamFailure(of.name);
  const { usage, finishReason } = finish;
  const word = wordOf(finishReason);
  const called = parts.some((part) => part.type === 'toolCall');
  switch (ending) {
    // A stream that just ends is reported as finished for a reason that nobody gave.
    case 'none':
      throw cutStreamFailure(of.name);
    case 'error':
      throw brokenOff(
        'unknown',
        `${of.name}: the answer ended with an error${word === '' ? '' : ` (${word})`}`,
      );
    case 'brokenOff':
      throw brokenOff('cutStream', `${of.name}: the provider broke the answer off (${word})`);
    case 'contentFilter':
      return { finishReason: ending, usage, ...(word === '' ? {} : { word }) };
    case 'window':
      return { finishReason: 'length', usage, isWindowFull: true };
    case 'length':
      return { finishReason: ending, usage };
    case 'stop':
    case 'toolCalls':
      // Some servers call it a plain stop when the model calls tools.
      if (called || ending === 'stop') return { finishReason: called ? 'toolCalls' : 'stop', usage };
      throw new ModelFailure('cutStream', `${of.name}: the answer ended for a call, and no call came`, {
        transient: true,
        triesMax: 2,
      });
  }
}

function brokenOff(category: 'cutStream' | 'unknown', message: string): ModelFailure {
  return new ModelFailure(category, message, { transient: true });
}

function isNoCall(part: AnswerPart): boolean {
  return part.type !== 'toolCall';
}

function kept(parts: AnswerPart[]): AnswerPart[] {
  return parts
    .filter((part) => part.type === 'toolCall' || part.text !== '' || part.providerMetadata !== undefined)
    .map((part) => (part.type === 'toolCall' ? part : { ...part, text: part.text.toWellFormed() }));
}
