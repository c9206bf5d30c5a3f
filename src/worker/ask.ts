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
import type { EntryBody } from '../session/facts/entries.ts';
import type { Transcript } from '../session/facts/transcript.ts';
import { afterRequest, answerBegun, beforeRequest } from './interceptors.ts';
import { promptOf } from './prompt.ts';
import { systemPrompt } from './system-prompt.ts';
import type { TurnPorts, TurnResult } from './turn-ports.ts';

type Usage = ModelResponse['usage'];

export type Answer =
  | { kind: 'answered'; response: ModelResponse; seenThrough: number }
  | { kind: 'skipped' }
  | { kind: 'ended'; result: TurnResult };

export interface Asking {
  step: number;
  /** Looked at with the transcript of the first try. */
  skipIf(transcript: Transcript): boolean;
}

/** Throws the last `ModelFailure` when no further try can help. */
export async function ask(ports: TurnPorts, model: Model, asking: Asking): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    // Drained before every try: what arrives while a retry waits is in the next request.
    const { transcript, seenThrough } = await ports.preLlmRequest();
    if (attempt === 1 && asking.skipIf(transcript)) return { kind: 'skipped' };
    const stream = new LiveStream(ports, asking.step);
    try {
      ports.crashPoint('request.started');
      const request = await beforeRequest(ports.interceptors, requestOf(ports, transcript));
      const response = await readStream(model, request, stream);
      ports.crashPoint('response.received');
      afterRequest(ports.interceptors, { kind: 'answered' });
      return { kind: 'answered', response, seenThrough };
    } catch (error) {
      await commitUnanswered(ports, { step: asking.step, model: model.name, stream });
      if (ports.signal.aborted) return { kind: 'ended', result: { kind: 'cancelled' } };
      if (!(error instanceof ModelFailure)) throw error;
      refuseLongRest(ports, error);
      if (!error.transient || attempt >= triesFor(ports, error)) throw error;
      // Failed tries are paid for too.
      const limit = ports.limitReached();
      if (limit !== null) return { kind: 'ended', result: { kind: 'limitReached', reason: limit } };
      await backOff(ports, { step: asking.step, attempt, error });
    }
    const control = ports.control();
    if (control === 'cancel') return { kind: 'ended', result: { kind: 'cancelled' } };
    if (control === 'pause') return { kind: 'ended', result: { kind: 'paused' } };
  }
}

function triesFor(ports: TurnPorts, error: ModelFailure): number {
  return Math.min(ports.limits.requestTries, error.triesMax);
}

/** A turn does not wait for ever: it ends, and says what the provider wished. */
function refuseLongRest({ limits }: TurnPorts, error: ModelFailure): void {
  const retryAfterMs = error.retryAfterMs;
  if (!error.transient || retryAfterMs === undefined || retryAfterMs <= limits.retryAfterMaxMs) return;
  const advice = `It asks for ${duration(retryAfterMs)} of rest, and limits.retryAfterMaxMs allows ${duration(limits.retryAfterMaxMs)}: try again then, or raise that limit`;
  throw new ModelFailure(error.category, `${error.message}. ${advice}`, { transient: false });
}

function duration(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1_000)} seconds` : `${Math.ceil(ms / 60_000)} minutes`;
}

function requestOf(ports: TurnPorts, transcript: Transcript): ModelRequest {
  return {
    pod: ports.pod,
    system: systemPrompt(ports.promptFacts),
    ...promptOf(transcript),
    tools: ports.tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      inputSchema: tool.inputSchema(),
    })),
    signal: ports.signal,
  };
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
  if (stream.spent !== null) bodies.push({ type: 'requestFailed', turn, step, usage: stream.spent });
  if (signal.aborted && stream.text !== '') {
    const parts = [{ type: 'text' as const, text: stream.text.toWellFormed() }];
    bodies.push({ type: 'assistantMessage', turn, step, model, parts, partial: true });
  }
  if (bodies.length > 0) await ports.commit(bodies);
}

async function backOff(
  ports: TurnPorts,
  failed: { step: number; attempt: number; error: ModelFailure },
): Promise<void> {
  const { step, attempt, error } = failed;
  const { retryBaseMs, retryMaxMs } = ports.limits;
  const exponential = Math.min(retryMaxMs, retryBaseMs * 2 ** (attempt - 1));
  // Half fixed, half jitter: many pods that met the same limit do not come back together.
  const delayMs = Math.round(Math.max(error.retryAfterMs ?? 0, exponential * (0.5 + ports.random() / 2)));
  const text = `The model's provider failed (${error.category}: ${error.message}); try ${attempt + 1} of ${triesFor(ports, error)} in ${(delayMs / 1000).toFixed(1)} s.`;
  ports.show({ type: 'alert', level: 'warning', code: 'providerRetry', turn: ports.turn, step, text });
  afterRequest(ports.interceptors, { kind: 'failed', delayMs, why: text });
  await ports.wait(delayMs);
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
