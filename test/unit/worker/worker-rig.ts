/**
 * A turn whose pod and model answer as they are told to; what it asks, commits, shows and waits for is
 * recorded.
 */
import type { Model, ModelPart, ModelRequest, ModelResponse } from '../../../src/model/port.ts';
import type { Entry, EntryBody } from '../../../src/session/facts/entries.ts';
import { type HistoryEntry, sessionOf } from '../../../src/session/facts/facts.ts';
import { type Transcript, transcriptOf } from '../../../src/session/facts/transcript.ts';
import { defaultLimits } from '../../../src/session/settings/settings.ts';
import { worker } from '../../../src/worker/drive-turn.ts';
import type { TurnPorts } from '../../../src/worker/turn-ports.ts';
import { contextIn } from '../tools/bench-context.ts';
import { asked, factsOf } from '../machine-rig.ts';

/**
 * Deltas, then a response; or what is thrown behind the deltas; or nothing more, as of a stream that was cut.
 */
export interface Reply {
  deltas?: ModelPart[];
  response?: Partial<ModelResponse>;
  throws?: unknown;
  /** Aborts the turn before what is thrown. */
  aborts?: boolean;
}

export interface TurnOptions extends Partial<Omit<TurnPorts, 'limits' | 'control' | 'limitReached'>> {
  history?: EntryBody[];
  limits?: Partial<TurnPorts['limits']>;
  /** What is answered one after the other; the last again and again. */
  control?: ReturnType<TurnPorts['control']>[];
  limitReached?: (string | null)[];
  seenThrough?: number;
  resumed?: boolean;
  abort?: AbortController;
}

export const promptFacts: TurnPorts['promptFacts'] = {
  session: sessionOf(factsOf([])),
  project: [],
  guidance: [],
};
export const usage = { inputTokens: 3, outputTokens: 2, cost: null };
export const says = (text: string): Reply => ({ response: { parts: [{ type: 'text', text }] } });
export const calls = (...parts: ModelResponse['parts']): Reply => ({
  response: { parts, finishReason: 'toolCalls' },
});
export const part = (call: string, fields: object = {}) => ({
  type: 'toolCall' as const,
  call,
  tool: 'Echo',
  input: {},
  ...fields,
});

export function turnOf(replies: readonly Reply[], options: TurnOptions = {}) {
  const {
    history = [asked('t1', 'r1')],
    limits,
    control = ['none'],
    limitReached = [null],
    ...ports
  } = options;
  const { seenThrough = 4, resumed = false, abort = new AbortController(), ...over } = ports;
  const requests: ModelRequest[] = [];
  const committed: EntryBody[][] = [];
  const shown: Parameters<TurnPorts['show']>[0][] = [];
  const waited: [number, string][] = [];
  const points: string[] = [];
  let reason = '';
  const model: Model = {
    name: 'a/b',
    async *stream(request) {
      requests.push(request);
      const reply = replies[Math.min(requests.length, replies.length) - 1] ?? {};
      for (const delta of reply.deltas ?? []) {
        await Promise.resolve();
        yield delta;
      }
      if (reply.aborts === true) abort.abort();
      if ('throws' in reply) throw reply.throws;
      if (reply.response !== undefined)
        yield { type: 'response', response: { parts: [], finishReason: 'stop', usage, ...reply.response } };
    },
  };
  const turn: TurnPorts = {
    turn: 't1',
    pod: 'me',
    promptFacts,
    tools: [],
    model: () => Promise.resolve(model),
    preLlmRequest: () =>
      Promise.resolve({ transcript: transcriptFrom([...history, ...committed.flat()]), seenThrough }),
    commit: (bodies) => Promise.resolve(void committed.push(bodies)),
    isOpen: () => true,
    control: answersOf(control),
    signal: abort.signal,
    limits: { ...defaultLimits, ...limits },
    isAwaited: () => true,
    limitReached: answersOf(limitReached),
    toolContext: (call) => contextIn('/nowhere', { call, signal: abort.signal }),
    interceptors: [
      {
        afterRequest: (outcome) => {
          if (outcome.kind === 'failed') reason = outcome.why;
        },
      },
    ],
    show: (event) => void shown.push(event),
    crashPoint: (name) => void points.push(name),
    after: (delayMs, act) => void setTimeout(act, delayMs),
    random: () => Math.random(),
    wait: (delayMs) => Promise.resolve(void waited.push([delayMs, reason])),
    ...over,
  };
  return {
    ports: turn,
    model,
    requests,
    committed,
    shown,
    waited,
    points,
    abort,
    run: () => worker.driveTurn(turn, { resumed }),
  };
}

function answersOf<T>(answers: readonly T[]): () => T {
  let next = 0;
  return () => {
    const answer = answers[Math.min(next, answers.length - 1)];
    next += 1;
    return answer as T;
  };
}

const inHistory = new Set(['userMessage', 'assistantMessage', 'toolCall', 'toolResult', 'systemItem']);

/** The entries of these that stand in a history, numbered. */
export function historyOf(bodies: readonly EntryBody[]): HistoryEntry[] {
  return bodies
    .map((body, index): Entry => ({ seq: index + 1, time: '', ...body }))
    .filter((entry): entry is HistoryEntry => inHistory.has(entry.type));
}

export function transcriptFrom(bodies: readonly EntryBody[]): Transcript {
  return transcriptOf({ history: historyOf(bodies), quarantined: new Set() }, '');
}
