/**
 * One step's request, with the tries that a failing provider takes. No tool of the step has run yet, so
 * asking again repeats nothing.
 */
import {
  type Model,
  ModelFailure,
  type ModelPart,
  type ModelRequest,
  type ModelResponse,
} from '../model/port.ts';
import type { MeasuredSize } from '../session/facts/context-entries.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { Transcript } from '../session/facts/transcript.ts';
import { imagesMax } from '../std/image.ts';
import { admitted, endedBy } from './admission.ts';
import { doubtedEntries } from './doubted-usage.ts';
import { afterRequest, answerBegun, beforeRequest } from './interceptors.ts';
import { fit, offeredBy, offeredEntries } from './context/fit.ts';
import { Refusals } from './context/refusals.ts';
import { unitsOfAnswer, unitsOfRequest } from './context/size.ts';
import { leavesNoRoom, WindowFull } from './context/window-full.ts';
import { promptOf } from './prompt.ts';
import { partsRefused } from './refused-reasoning.ts';
import { imageBytes, unshownTo } from './shown-images.ts';
import { mustRest, rested } from './rest.ts';
import { backOff, refuseLongRest, Tries } from './retry.ts';
import type { TurnPorts, TurnResult } from './turn-ports.ts';

type Usage = ModelResponse['usage'];
const nothing: Usage = { inputTokens: 0, outputTokens: 0, cost: 0 };

export type Answer =
  | { kind: 'answered'; model: Model; response: ModelResponse; seenThrough: number; size?: MeasuredSize }
  | { kind: 'skipped' }
  | { kind: 'ended'; result: TurnResult };

export interface Asking {
  step: number;
  /** Looked at with the transcript of the first try. */
  skipIf(transcript: Transcript): boolean;
}

/** Throws the last `ModelFailure` when no further try can help. */
export async function ask(ports: TurnPorts, asking: Asking): Promise<Answer> {
  let tried = nothingTried(ports, '');
  for (let isFirst = true; ; isFirst = false) {
    // Drained before every try: what arrives while a retry waits is in the next request.
    const { transcript, seenThrough } = await ports.preLlmRequest();
    if (isFirst && asking.skipIf(transcript)) return { kind: 'skipped' };
    // Behind the drain: schemas of tools take their time when they are made first.
    const offered = isFirst ? opening(ports, asking) : [];
    if (offered.length > 0) await ports.commit(offered);
    const current = ports.rests?.current;
    const model = await ports.model();
    if (tried.model !== model.name) tried = nothingTried(ports, model.name);
    const request = requestOf(ports, transcript, model.name);
    const fitted = await fittedTo(ports, model, { step: asking.step, request, taken: tried.refusals.taken });
    tried.refusals.check(fitted);
    if (fitted.kind === 'ended') return fitted;
    if (fitted.kind === 'again') continue;
    const allowed = await admitted(ports, model, request, { step: asking.step });
    if (allowed.kind === 'ended') return allowed;
    // It was no try: what has arrived meanwhile is in the next one.
    if (allowed.kind === 'again') continue;
    tried.tries.sent += 1;
    const answer = await tryOnce(ports, model, { asking, request, seenThrough });
    if (answer.kind !== 'failed') return answer;
    const { error } = answer;
    if (await askedWithout(ports, tried, { request, error })) continue;
    // Another is to be asked by now: what this one says is no reason for anything.
    const isOther = ports.rests?.current !== current;
    if (!isOther && (await tried.refusals.take(model, request, error))) continue;
    const over = isOther
      ? endedBy(ports)
      : await afterFailure(ports, tried, { step: asking.step, model: model.name, error });
    if (over !== null) return { kind: 'ended', result: over };
  }
}

/** It was refused for its images or its reasoning, and has less of them from now on. */
async function askedWithout(
  ports: TurnPorts,
  tried: Tried,
  { request, error }: { request: ModelRequest; error: ModelFailure },
): Promise<boolean> {
  const without = partsRefused(ports, { model: tried.model, request, error });
  if (without === null || tried.parts >= partsMax) return false;
  tried.parts += 1;
  await ports.commit(without);
  return true;
}

/** Of one step, with one model: what it has refused says nothing of another. */
interface Tried {
  readonly model: string;
  readonly refusals: Refusals;
  readonly tries: Tries;
  /** Refusals for images or reasoning. */
  parts: number;
}

function nothingTried(ports: TurnPorts, model: string): Tried {
  return { model, refusals: new Refusals(ports), tries: new Tries(), parts: 0 };
}

async function afterFailure(
  ports: TurnPorts,
  { tries }: Tried,
  { step, model, error }: { step: number; model: string; error: ModelFailure },
): Promise<TurnResult | null> {
  tries.noteFailure(error);
  if (!mustRest(ports, error, tries)) return await beforeNextTry(ports, { step, tries, error });
  const over = await rested(ports, { model, error });
  tries.clear();
  return over;
}

/** As many images as a request may hold, and reasoning. */
const partsMax = imagesMax + 3;

/** What every request of the turn begins with, where it has changed. */
function opening(ports: TurnPorts, { step }: Asking): EntryBody[] {
  return ports.context === undefined || step > 1 ? [] : offeredEntries(ports, ports.context);
}

async function fittedTo(ports: TurnPorts, model: Model, fitted: Parameters<typeof fit>[3]) {
  return ports.context === undefined
    ? ({ kind: 'fits' } as const)
    : await fit(ports, ports.context, model, fitted);
}

type Outcome =
  | Extract<Answer, { kind: 'answered' | 'ended' }>
  | { readonly kind: 'failed'; readonly error: ModelFailure };

async function tryOnce(
  ports: TurnPorts,
  model: Model,
  { asking, request, seenThrough }: { asking: Asking; request: ModelRequest; seenThrough: number },
): Promise<Outcome> {
  const stream = new LiveStream(ports, asking.step);
  try {
    ports.crashPoint('request.started');
    const sent = await beforeRequest(ports.interceptors, request);
    const response = await readStream(model, sent, stream);
    ports.crashPoint('response.received');
    if (ports.context !== undefined && leavesNoRoom(response)) {
      stream.spent = response.usage;
      throw new WindowFull(model.name);
    }
    afterRequest(ports.interceptors, { kind: 'answered' });
    const sized = sizeOf(ports, model, { request, response });
    return { kind: 'answered', model, response, seenThrough, ...sized };
  } catch (error) {
    await commitUnanswered(ports, { step: asking.step, model: model.name, stream });
    if (ports.signal.aborted) return { kind: 'ended', result: { kind: 'cancelled' } };
    if (!(error instanceof ModelFailure)) throw error;
    return { kind: 'failed', error };
  }
}

/** For the estimate of the next one. */
function sizeOf(
  { context }: TurnPorts,
  model: Model,
  { request, response }: { request: ModelRequest; response: ModelResponse },
): { size?: MeasuredSize } {
  if (context === undefined) return {};
  const size = { model: model.name, request: unitsOfRequest(request), answer: unitsOfAnswer(response) };
  return { size };
}

/** Waits; null where there is a next try. Throws the failure where no further one can help. */
async function beforeNextTry(
  ports: TurnPorts,
  failed: { step: number; tries: Tries; error: ModelFailure },
): Promise<TurnResult | null> {
  const { tries, error } = failed;
  refuseLongRest(ports, error);
  if (!error.transient || tries.areUsedUp(ports, error)) throw error;
  // Failed tries are paid for too.
  const limit = ports.limitReached();
  if (limit !== null) return { kind: 'limitReached', reason: limit };
  await backOff(ports, failed);
  const control = ports.control();
  if (control === 'cancel') return { kind: 'cancelled' };
  return control === 'pause' ? { kind: 'paused' } : null;
}

/** `model`: who is asked. */
export function requestOf(ports: TurnPorts, transcript: Transcript, model: string): ModelRequest {
  const { system, tools } = offeredBy(ports);
  const prompt = promptOf(transcript, model, unshownTo(ports, model));
  return { pod: ports.pod, system, ...prompt, tools, signal: ports.signal, ...imageBytes(ports) };
}

async function readStream(model: Model, request: ModelRequest, stream: LiveStream): Promise<ModelResponse> {
  for await (const part of model.stream(request)) {
    if (part.type === 'response') return part.response;
    stream.take(part);
  }
  throw new ModelFailure('cutStream', 'The answer ended before it was complete.', { transient: true });
}

/**
 * Before anything else is done about it: what a request has used counts, however the turn goes on. What a
 * person cut off stays readable, as text only: a half reasoning or call cannot be sent back to a provider.
 */
async function commitUnanswered(
  ports: TurnPorts,
  cut: { step: number; model: string; stream: LiveStream },
): Promise<void> {
  const { turn, signal } = ports;
  const { step, model, stream } = cut;
  const bodies: EntryBody[] = [];
  // What was taken of the budget for it is free again, but for what it has used.
  const usage = stream.spent ?? (ports.budget?.isReserved === true ? nothing : null);
  if (usage !== null) bodies.push({ type: 'requestFailed', turn, step, usage });
  if (usage !== null) bodies.push(...doubtedEntries(ports, model, usage));
  if (signal.aborted && stream.text !== '') {
    const parts = [{ type: 'text' as const, text: stream.text.toWellFormed() }];
    bodies.push({ type: 'assistantMessage', turn, step, model, parts, partial: true });
  }
  if (bodies.length > 0) await ports.commit(bodies);
}

/**
 * Deltas to observers, each with its place in the step's text, so that nobody shows one twice after a
 * resynchronisation.
 */
class LiveStream {
  readonly #ports: TurnPorts;
  readonly #step: number;
  #reasoningChars = 0;
  text = '';
  /** Where there was no response. */
  spent: Usage | null = null;

  constructor(ports: TurnPorts, step: number) {
    this.#ports = ports;
    this.#step = step;
  }

  take(part: Exclude<ModelPart, { type: 'response' }>): void {
    if (part.type !== 'spent') answerBegun(this.#ports.interceptors);
    const place = { turn: this.#ports.turn, step: this.#step };
    switch (part.type) {
      case 'textDelta':
        this.#ports.show({ type: part.type, ...place, offset: this.text.length, text: part.text });
        this.text += part.text;
        return;
      case 'reasoningDelta':
        this.#ports.show({ type: part.type, ...place, offset: this.#reasoningChars, text: part.text });
        this.#reasoningChars += part.text.length;
        return;
      case 'toolInputDelta':
        this.#ports.show({ type: part.type, ...place, call: part.call, tool: part.tool, text: part.text });
        return;
      case 'spent':
        this.spent = part.usage;
    }
  }
}
