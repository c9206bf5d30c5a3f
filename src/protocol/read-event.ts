/**
 * Takes in what a child reports as far as it can be read. No outcome is refused for its details: a field that
 * does not fit is taken at its neutral value and named in `unread`, so that the model and people are told.
 * Pure.
 */
import { isTraceparent } from './traceparent.ts';
import type * as z from 'zod';
import { leaseReportsSchema } from './budget.ts';
import { instanceId, podNamePattern } from './names.ts';
import {
  type SentPodEvent,
  checkReport,
  eventBounds,
  pathScopeSchema,
  resultReport,
  sentPodEvent,
  switchedReport,
  turnEndedEvent,
  worktreeReport,
} from './pod-event.ts';

type TurnEnded = Extract<SentPodEvent, { kind: 'turnEnded' }>;
type TurnReport = Omit<TurnEnded, 'kind' | 'outcome' | 'reason' | 'unread'>;

/** Null where the value is no event at all, or one that only the parent's side writes. */
export function readSentEvent(value: unknown): SentPodEvent | null {
  const strict = sentPodEvent().safeParse(value);
  if (strict.success) return ofReceiver(strict.data);
  if (!isObject(value)) return null;
  const { kind } = value;
  if (typeof kind !== 'string' || kind === 'died' || kind === 'unreachable') return null;
  const fields = new Fields(value);
  switch (kind) {
    case 'turnEnded':
      return turnEnded(fields);
    case 'errored': {
      const event = { kind, error: errorOf(fields), ...turnReport(fields) } as const;
      return { ...event, unread: fields.unread };
    }
    case 'shutDown':
      return shutDown(fields);
    default: {
      const scoped = kind === 'scopeSubDelegated' ? scopeReport(fields) : null;
      return scoped ?? unreadEvent('unread', { category: 'unknownEvent', message: strange(kind) });
    }
  }
}

/**
 * What is left of an event that no line of a log could hold: its kind and outcome, the beginning of its text,
 * and no lists.
 */
export function lessened(event: SentPodEvent): SentPodEvent {
  if (event.kind === 'scopeSubDelegated')
    return { ...event, scope: { read: [], write: [] }, unread: ['scope'] };
  const lists = { assignments: [], outstanding: [] };
  const clip = (text: string): string => text.slice(0, 2_000).toWellFormed();
  if (event.kind === 'shutDown') {
    return { ...event, ...lists, notStarted: [], unread: ['assignments', 'notStarted', 'outstanding'] };
  }
  const less = { ...lists, text: clip(event.text) };
  const unread = ['assignments', 'outstanding', 'text'];
  if (event.kind === 'errored') return { ...event, ...less, unread };
  const { check, result, ...rest } = event;
  const tested = check === undefined ? {} : { check: { ...check, tail: clip(check.tail) } };
  return { ...rest, ...tested, ...less, unread: [...unread, ...(result === undefined ? [] : ['result'])] };
}

/** Stands in the place of an event of which nothing can be read. It closes nothing. */
export function unreadEvent(turn: string, error: { category: string; message: string }): SentPodEvent {
  return {
    kind: 'errored',
    error,
    turn,
    assignments: [],
    outstanding: [],
    settled: false,
    text: '',
    textChars: 0,
    usage: { inputTokens: 0, outputTokens: 0, cost: null },
    durationMs: 0,
    hops: 0,
  };
}

/** Only a receiver says what it could not read. */
function ofReceiver(event: SentPodEvent): SentPodEvent {
  if (event.unread === undefined) return event;
  const { unread: _unread, ...said } = event;
  return said;
}

function strange(kind: string): string {
  const shown = JSON.stringify(kind.slice(0, 64).toWellFormed());
  return `it said something of a kind (${shown}) that this version of podkin does not know; run both with one version`;
}

/** A turn that ended, nobody can tell how, is told as a failure: it must not pass for finished. */
function turnEnded(fields: Fields): SentPodEvent {
  const report = turnReport(fields);
  const outcome = turnEndedEvent().shape.outcome.safeParse(fields.value['outcome']);
  if (!outcome.success) {
    fields.unread.push('outcome');
    const error = { category: 'unknownOutcome', message: 'how its turn ended cannot be read' };
    return { kind: 'errored', error, ...report, unread: fields.unread };
  }
  const said = {
    ...fields.reason(),
    ...fields.optional('check', checkReport()),
    ...fields.optional('result', resultReport()),
  };
  return { kind: 'turnEnded', outcome: outcome.data, ...said, ...report, unread: fields.unread };
}

function turnReport(fields: Fields): TurnReport {
  const { value } = fields;
  const outstanding = fields.names('outstanding');
  const text = fields.text('text');
  const by = value['by'];
  if (by !== undefined && by !== 'person' && by !== 'parent') fields.unread.push('by');
  return {
    turn: fields.text('turn', eventBounds.nameCharsMax),
    assignments: fields.names('assignments'),
    ...(by === 'person' || by === 'parent' ? { by } : {}),
    outstanding,
    settled: fields.flag('settled', outstanding.length === 0),
    text,
    textChars: fields.count('textChars', text.length),
    usage: usageOf(fields),
    ...fields.optional('switched', switchedReport()),
    durationMs: fields.amount('durationMs'),
    hops: fields.count('hops', 0),
    ...(isTraceparent(value['trace']) ? { trace: value['trace'] } : {}),
    ...fields.optional('worktree', worktreeReport()),
    ...fields.budget(),
  };
}

function usageOf(fields: Fields): TurnReport['usage'] {
  const usage = fields.part('usage');
  const cost = usage.value['cost'] === null ? null : usage.amount('cost', null);
  const [inputTokens, outputTokens] = [usage.count('inputTokens', 0), usage.count('outputTokens', 0)];
  return { inputTokens, outputTokens, cost };
}

function errorOf(fields: Fields): { category: string; message: string } {
  const error = fields.part('error');
  const category = error.text('category', eventBounds.nameCharsMax);
  const message = error.text('message');
  return {
    category: category === '' ? 'unknown' : category,
    message: message === '' ? 'what went wrong cannot be read' : message,
  };
}

function shutDown(fields: Fields): SentPodEvent {
  const by = fields.value['by'];
  const known = by === 'person' || by === 'parent' || by === 'signal';
  if (by !== undefined && !known) fields.unread.push('by');
  return {
    kind: 'shutDown',
    ...fields.reason(),
    ...(known ? { by } : {}),
    assignments: fields.names('assignments'),
    notStarted: fields.names('notStarted'),
    outstanding: fields.names('outstanding'),
    ...fields.optional('worktree', worktreeReport()),
    ...fields.budget(),
    unread: fields.unread,
  };
}

/** Null where it does not say which pods it is about: then there is nothing to take note of. */
function scopeReport(fields: Fields): SentPodEvent | null {
  const [to, by, origin] = [fields.part('to'), fields.part('by'), fields.part('origin')];
  const [toInstance, byInstance, originInstance] = [to.instance(), by.instance(), origin.instance()];
  const seq = origin.count('seq', 0);
  if (toInstance === null || byInstance === null || originInstance === null || seq === 0) return null;
  return {
    kind: 'scopeSubDelegated',
    to: { name: to.podName(), instance: toInstance },
    by: { name: by.podName(), instance: byInstance },
    scope: fields.take('scope', pathScopeSchema(), { read: [], write: [] }),
    origin: { instance: originInstance, seq },
    ...fields.budget(),
    unread: fields.unread,
  };
}

/** The fields of one object, each read on its own. */
class Fields {
  readonly value: Record<string, unknown>;
  readonly unread: string[];
  readonly #at: string;

  constructor(value: Record<string, unknown>, unread: string[] = [], at = '') {
    this.value = value;
    this.unread = unread;
    this.#at = at;
  }

  take<T>(name: string, schema: z.ZodType<T>, neutral: T): T {
    const read = schema.safeParse(this.value[name]);
    return read.success ? read.data : this.#neutral(name, neutral);
  }

  /** What is too long is cut. */
  text(name: string, charsMax: number = eventBounds.textCharsMax): string {
    const value = this.value[name];
    if (typeof value !== 'string') return this.#neutral(name, '');
    return value.length <= charsMax ? value : this.#neutral(name, value.slice(0, charsMax).toWellFormed());
  }

  /** Of a list, what can be read. */
  names(name: string): string[] {
    const value = this.value[name];
    if (!Array.isArray(value)) return this.#neutral(name, []);
    const { nameCharsMax, namesMax } = eventBounds;
    const read = value.filter((one): one is string => typeof one === 'string' && one.length <= nameCharsMax);
    return read.length === value.length && read.length <= namesMax
      ? read
      : this.#neutral(name, read.slice(0, namesMax));
  }

  flag(name: string, neutral: boolean): boolean {
    const value = this.value[name];
    return typeof value === 'boolean' ? value : this.#neutral(name, neutral);
  }

  count(name: string, neutral: number): number {
    const value = this.value[name];
    const fits = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    return fits ? value : this.#neutral(name, neutral);
  }

  amount(name: string): number;
  amount(name: string, neutral: null): number | null;
  amount(name: string, neutral: number | null = 0): number | null {
    const value = this.value[name];
    const fits = typeof value === 'number' && Number.isFinite(value) && value >= 0;
    return fits ? value : this.#neutral(name, neutral);
  }

  /** An object in it; what is none has no fields. */
  part(name: string): Fields {
    const value = this.value[name];
    return new Fields(isObject(value) ? value : {}, this.unread, `${this.#at}${name}.`);
  }

  reason(): { reason?: string } {
    return this.value['reason'] === undefined ? {} : { reason: this.text('reason') };
  }

  budget(): Pick<TurnReport, 'budget'> {
    const budget = this.value['budget'];
    if (budget === undefined) return {};
    const read = leaseReportsSchema().safeParse(budget);
    return read.success ? { budget: read.data } : this.#neutral('budget', {});
  }

  /** What cannot be read is left out. */
  optional<N extends string, T>(name: N, schema: z.ZodType<T>): { [K in N]?: T } {
    const value = this.value[name];
    if (value === undefined) return {};
    const read = schema.safeParse(value);
    const found: { [K in N]?: T } = {};
    if (read.success) found[name] = read.data;
    else this.#neutral(name, null);
    return found;
  }

  instance(): string | null {
    return this.take<string | null>('instance', instanceId(), null);
  }

  podName(): string {
    const value = this.value['name'];
    return typeof value === 'string' && podNamePattern.test(value) ? value : this.#neutral('name', 'unknown');
  }

  #neutral<T>(name: string, neutral: T): T {
    this.unread.push(`${this.#at}${name}`);
    return neutral;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
