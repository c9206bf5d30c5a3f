/**
 * What the tables over the pure machines share: entries in short words, facts folded from them, and a core
 * whose commits and effects are recorded. The root of every log is `me`; `kid` is its child, `above` its
 * parent where it has one.
 */
import type { Params } from '../../src/protocol/methods.ts';
import type { PodEvent, SentPodEvent } from '../../src/protocol/pod-event.ts';
import type * as Entries from '../../src/session/facts/entries.ts';
import type { Facts } from '../../src/session/facts/facts.ts';
import { applyEntry, replay } from '../../src/session/facts/replay.ts';
import { type Limits, defaultLimits } from '../../src/session/settings/settings.ts';
import { type Core, type Effect, type Live, freshLive } from '../../src/pod/machine/core.ts';

type Body = Entries.EntryBody;
/** A body, or one with the time at which it was committed. */
export type Line = Body & { time?: string };
type Of<T extends Body['type']> = Extract<Body, { type: T }>;

const instanceOf = (last: number) => `0190a1b2-0000-7000-8000-${String(last).padStart(12, '0')}`;
export const me = { name: 'me', instance: instanceOf(1) };
export const kid = { name: 'kid', instance: instanceOf(2) };
export const sib = { name: 'sib', instance: instanceOf(3) };
export const above = { name: 'above', instance: instanceOf(9) };
export const person = { kind: 'person' } as const;
export const fromAbove = { kind: 'parent', ...above } as const;
export const free = { inputTokens: 0, outputTokens: 0, cost: 0 };
export const some = { inputTokens: 10, outputTokens: 5, cost: 0.5 };

/** When the entry with this number was committed, unless its line says otherwise. */
export const timeOf = (seq: number) =>
  new Date(Date.parse('2026-01-01T00:00:00.000Z') + seq * 1000).toISOString();

export function session(fields: Partial<Of<'session'>> = {}): Body {
  return {
    type: 'session',
    schema: 1,
    podkin: '0',
    ...me,
    parent: null,
    root: me,
    depth: 0,
    cwd: '/w',
    model: 'script/none',
    instructions: null,
    permissionMode: 'default',
    scope: { read: ['/w'], write: ['/w'] },
    settings: {},
    ...fields,
  };
}

export function started(incarnation: number): Of<'started'> {
  return {
    type: 'started',
    incarnation,
    pid: 100 + incarnation,
    startTime: '1',
    bootId: 'boot',
    podkin: '0',
  };
}
export const stopped = (incarnation: number): Of<'stopped'> => ({
  type: 'stopped',
  incarnation,
  reason: 'asked',
});

/** Seq 1 and 2 are the session and its first life: the first line given has seq 3. */
export function entriesOf(lines: readonly Line[], parent: Entries.PodRef | null = null): Entries.Entry[] {
  return [session({ parent }), started(1), ...lines].map((line, index) => ({
    seq: index + 1,
    time: timeOf(index + 1),
    ...line,
  }));
}
export const factsOf = (lines: readonly Line[], parent: Entries.PodRef | null = null): Facts =>
  replay(entriesOf(lines, parent));

export interface Machine {
  readonly core: Core;
  /** Each append. */
  readonly committed: Body[][];
  readonly performed: Effect[];
  /** What the log answers to the next appends; null where it takes them. */
  refusal: Error | null;
  nowMs: number;
  wallMs: number;
}

export interface MachineOptions {
  parent?: Entries.PodRef | null;
  limits?: Partial<Limits>;
  live?: Partial<Live>;
}

/**
 * A core over this log, at rest. Ids are `id-1`, `id-2` …; now is 1,000,000 ms, wall time that of 2026-01-01
 * 01:00.
 */
export function machineOf(lines: readonly Line[], options: MachineOptions = {}): Machine {
  const facts = factsOf(lines, options.parent ?? null);
  const committed: Body[][] = [];
  const performed: Effect[] = [];
  let ids = 0;
  const machine: Machine = {
    core: {
      facts,
      live: { ...freshLive(), ...options.live },
      limits: { ...defaultLimits, ...options.limits },
      ports: {
        commit(bodies) {
          if (machine.refusal !== null) throw machine.refusal;
          committed.push(bodies);
          for (const body of bodies) {
            const seq = facts.lastSeq + 1;
            applyEntry(facts, { seq, time: timeOf(seq), ...body });
          }
        },
        perform: (effect) => void performed.push(effect),
        now: () => machine.nowMs,
        wallMs: () => machine.wallMs,
        newId: () => `id-${(ids += 1)}`,
      },
    },
    committed,
    performed,
    refusal: null,
    nowMs: 1_000_000,
    wallMs: Date.parse('2026-01-01T01:00:00.000Z'),
  };
  return machine;
}

// Inputs and turns

export function input(
  kind: Of<'inputReceived'>['kind'],
  fields: Partial<Of<'inputReceived'>> = {},
): Of<'inputReceived'> {
  return {
    type: 'inputReceived',
    submission: kind,
    kind,
    wake: false,
    from: person,
    text: '',
    hops: 0,
    ...fields,
  };
}
export const run = (submission: string, fields: Partial<Of<'inputReceived'>> = {}) =>
  input('run', { submission, wake: true, text: `do ${submission}`, ...fields });
export const notice = (submission: string, fields: Partial<Of<'inputReceived'>> = {}) =>
  input('notice', { submission, wake: true, text: `see ${submission}`, ...fields });

export function begun(turn: string, fields: Partial<Of<'turnStarted'>> = {}): Of<'turnStarted'> {
  return { type: 'turnStarted', turn, kind: 'run', submissions: [], hops: 0, cause: 'person', ...fields };
}
export function asked(
  turn: string,
  submission: string,
  from: Entries.InputSource = person,
): Of<'userMessage'> {
  return { type: 'userMessage', turn, submission, from, text: `do ${submission}` };
}
/** A run, and the turn that has begun with it. */
export const working = (turn: string, submission: string, from: Entries.InputSource = person): Body[] => [
  run(submission, { from }),
  begun(turn, { submissions: [submission], cause: from.kind === 'parent' ? 'parent' : 'person' }),
  asked(turn, submission, from),
];
export function said(turn: string, text: string, step = 1): Of<'assistantMessage'> {
  return { type: 'assistantMessage', turn, step, model: 'script/none', parts: [{ type: 'text', text }] };
}
export function called(turn: string, call: string, tool = 'Bash', step = 1): Of<'toolCall'> {
  return { type: 'toolCall', turn, step, call, tool, input: {} };
}
export function result(turn: string, call: string, fields: Partial<Of<'toolResult'>> = {}): Of<'toolResult'> {
  return { type: 'toolResult', turn, step: 1, call, tool: 'Bash', text: 'ok', isError: false, ...fields };
}
export function completed(
  turn: string,
  seenThrough: number,
  fields: Partial<Of<'stepCompleted'>> = {},
): Of<'stepCompleted'> {
  return { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage: some, seenThrough, ...fields };
}
export function ended(
  turn: string,
  outcome: Entries.TurnOutcome = 'finished',
  fields: Partial<Of<'turnEnded'>> = {},
): Of<'turnEnded'> {
  return {
    type: 'turnEnded',
    turn,
    outcome,
    settled: true,
    outstanding: [],
    usage: free,
    durationMs: 1,
    ...fields,
  };
}
export const interrupted = (turn: string): Of<'interrupted'> => ({
  type: 'interrupted',
  turn,
  reason: 'died',
  calls: [],
});

// Children

export function child(
  ref: Entries.PodRef,
  state: Entries.ChildState,
  fields: Partial<Of<'child'>> = {},
): Of<'child'> {
  return { type: 'child', child: ref, state, ...fields };
}
export const linked = (ref: Entries.PodRef, incarnation = 1) => child(ref, 'linked', { incarnation });
export function assigned(
  assignment: string,
  ref: Entries.PodRef = kid,
  fields: Partial<Of<'assignment'>> = {},
): Of<'assignment'> {
  return {
    type: 'assignment',
    assignment,
    child: ref,
    state: 'open',
    text: `do ${assignment}`,
    turn: 't1',
    ...fields,
  };
}
export function received(
  eventSeq: number | null,
  event: PodEvent,
  fields: Partial<Of<'podEventReceived'>> = {},
): Of<'podEventReceived'> {
  const from = { ...kid, incarnation: 1 };
  return { type: 'podEventReceived', from, eventSeq, event, reads: true, wakes: true, closes: [], ...fields };
}
export function itemOf(turn: string, eventSeq: number | null, event: PodEvent): Of<'systemItem'> {
  const from = { ...kid, incarnation: 1 };
  return { type: 'systemItem', turn, item: { kind: 'podEvent', from, seq: eventSeq, event, body: 'read' } };
}
export const noticeItem = (turn: string, submission: string): Of<'systemItem'> => ({
  type: 'systemItem',
  turn,
  item: { kind: 'notice', submission, from: person, body: 'read' },
});
export function linkOf(
  ref: Entries.PodRef,
  fields: { incarnation?: number; emitted?: number; open?: string[]; closed?: string[] } = {},
): Params<'link'> {
  const { incarnation = 1, open = [], closed = [], emitted } = fields;
  return {
    child: { ...ref, incarnation, pid: 7, startTime: '8', bootId: 'b' },
    token: 'token',
    protocol: 1,
    assignments: { open, closed },
    ...(emitted === undefined ? {} : { emitted }),
  };
}

// The outbox

export function sent(eventSeq: number, event: SentPodEvent): Of<'podEventEmitted'> {
  return { type: 'podEventEmitted', eventSeq, incarnation: 1, event };
}
export const acked = (through: number): Of<'podEventAcked'> => ({ type: 'podEventAcked', through });

// Events

const report = {
  turn: 'kid-turn',
  assignments: [],
  outstanding: [],
  settled: true,
  text: 'done',
  textChars: 4,
  usage: free,
  durationMs: 1,
  hops: 0,
};
type Event<K extends PodEvent['kind']> = Extract<PodEvent, { kind: K }>;
export const finished = (fields: Partial<Event<'turnEnded'>> = {}): Event<'turnEnded'> => ({
  ...report,
  kind: 'turnEnded',
  outcome: 'finished',
  ...fields,
});
export const errored = (fields: Partial<Event<'errored'>> = {}): Event<'errored'> => ({
  ...report,
  kind: 'errored',
  error: { category: 'rateLimit', message: 'no more' },
  ...fields,
});
export const shutDown = (fields: Partial<Event<'shutDown'>> = {}): Event<'shutDown'> => ({
  kind: 'shutDown',
  reason: 'asked',
  assignments: [],
  notStarted: [],
  outstanding: [],
  ...fields,
});
export const died = (fields: Partial<Event<'died'>> = {}): Event<'died'> => ({
  kind: 'died',
  signal: 'SIGKILL',
  assignments: [],
  outstanding: [],
  restored: false,
  ...fields,
});
export const unreachable: Event<'unreachable'> = { kind: 'unreachable', sinceMs: 60_000 };
export const scopeReport = (by: Entries.PodRef, seq: number): Event<'scopeSubDelegated'> => ({
  kind: 'scopeSubDelegated',
  to: sib,
  by,
  scope: { read: [], write: ['/w/a'] },
  origin: { instance: by.instance, seq },
});
