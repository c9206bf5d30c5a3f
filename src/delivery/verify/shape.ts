/**
 * Whether an entry has the fields that the oracle reads. A line with a right checksum may still come from
 * another program or a broken one; what does
 * not fit is told and passed over, so that the checks behind it need not doubt a field.
 */
import * as z from 'zod';
import { once } from '../../std/once.ts';
import type { Entry, EntryBody } from '../../session/facts/entries.ts';

type Shapes = Partial<Record<EntryBody['type'], z.ZodType>>;

const count = once(() => z.int().min(0));
const ref = once(() => z.looseObject({ name: z.string(), instance: z.string() }));
const identity = once(() => ref().extend({ incarnation: count() }));
const event = once(() => z.looseObject({ kind: z.string() }));
const names = once(() => z.array(z.string()));

/** As a receiver noted it: what it could not read it left out. */
const receivedEvent = once(() =>
  z.looseObject({
    kind: z.string(),
    outcome: z.string().optional(),
    turn: z.string().optional(),
    settled: z.boolean().optional(),
    restored: z.boolean().optional(),
    assignments: names().optional(),
    outstanding: names().optional(),
    text: z.string().optional(),
    unread: names().optional(),
    error: z.looseObject({ category: z.string(), message: z.string() }).optional(),
  }),
);
const source = once(() => z.looseObject({ kind: z.string() }));
const usage = once(() => z.looseObject({ inputTokens: z.number(), outputTokens: z.number() }));

const itemKinds: ReadonlySet<string> = new Set(['podEvent', 'notice', 'assignment']);

/** What a pod is, and what it accepted. */
function shapesOfWork(): Shapes {
  return {
    session: z.looseObject({
      schema: count(),
      name: z.string(),
      instance: z.string(),
      parent: ref().nullable(),
      depth: count(),
      permissionMode: z.string(),
      settings: z.looseObject({}),
    }),
    started: z.looseObject({
      incarnation: count(),
      pid: count(),
      startTime: z.string(),
      bootId: z.string(),
    }),
    inputReceived: z.looseObject({
      submission: z.string(),
      kind: z.string(),
      wake: z.boolean(),
      from: source(),
      text: z.string(),
    }),
    inputDropped: z.looseObject({ submission: z.string(), reason: z.string() }),
    userMessage: z.looseObject({
      turn: z.string(),
      submission: z.string(),
      from: source(),
      text: z.string(),
    }),
    interrupted: z.looseObject({ turn: z.string().nullable() }),
    stopped: z.looseObject({ incarnation: count() }),
  };
}

/** What it did in its turns. */
function shapesOfTurns(): Shapes {
  const call = { turn: z.string(), step: count(), call: z.string(), tool: z.string() };
  const part = z.union([
    z.looseObject({ type: z.literal('text'), text: z.string() }),
    z.looseObject({ type: z.string().refine((type) => type !== 'text') }),
  ]);
  const item = z.union([
    z.looseObject({
      kind: z.literal('podEvent'),
      from: identity(),
      seq: count().nullable(),
      event: receivedEvent(),
      body: z.string(),
    }),
    z.looseObject({ kind: z.literal('notice'), submission: z.string(), body: z.string() }),
    z.looseObject({ kind: z.literal('assignment'), assignment: z.string(), body: z.string() }),
    z.looseObject({ kind: z.string().refine((kind) => !itemKinds.has(kind)) }),
  ]);
  return {
    turnStarted: z.looseObject({ turn: z.string(), kind: z.string(), submissions: names() }),
    assistantMessage: z.looseObject({ turn: z.string(), step: count(), parts: z.array(part) }),
    toolCall: z.looseObject(call),
    toolResult: z.looseObject({
      ...call,
      isError: z.boolean(),
      denied: z.boolean().optional(),
      interrupted: z.boolean().optional(),
      stopped: z.looseObject({ instance: z.string(), incarnation: count() }).optional(),
      readOutput: z.looseObject({ instance: z.string(), coversTurn: z.string().nullable() }).optional(),
    }),
    systemItem: z.looseObject({ turn: z.string(), item }),
    stepCompleted: z.looseObject({ turn: z.string(), step: count(), seenThrough: count() }),
    turnEnded: z.looseObject({
      turn: z.string(),
      outcome: z.string(),
      settled: z.boolean(),
      outstanding: names(),
      usage: usage(),
    }),
  };
}

/** What passes between pods. */
function shapesOfDelivery(): Shapes {
  return {
    assignment: z.looseObject({
      assignment: z.string(),
      child: ref(),
      state: z.enum(['open', 'closed']),
      text: z.string(),
      tell: z.boolean().optional(),
    }),
    podEventEmitted: z.looseObject({ eventSeq: count(), incarnation: count(), event: event() }),
    podEventAcked: z.looseObject({ through: count() }),
    podEventReceived: z.looseObject({
      from: identity(),
      eventSeq: count().nullable(),
      event: receivedEvent(),
      reads: z.boolean(),
      wakes: z.boolean(),
      closes: names(),
      readAt: count().optional(),
    }),
    child: z.looseObject({ child: ref(), state: z.string(), incarnation: count().optional() }),
    approval: z.discriminatedUnion('state', [
      z.looseObject({
        state: z.literal('asked'),
        request: z.string(),
        call: z.string(),
        tool: z.string(),
        summary: z.string(),
        always: z.looseObject({ tool: z.string(), exact: z.string().nullable() }),
      }),
      z.looseObject({
        state: z.literal('answered'),
        request: z.string(),
        decision: z.enum(['allow', 'deny', 'allowAlways']),
        by: z.string(),
        call: z.string().optional(),
      }),
      z.looseObject({ state: z.literal('taken'), request: z.string(), call: z.string() }),
    ]),
    scope: z.looseObject({
      change: z.enum(['delegated', 'reclaimed', 'granted']),
      child: ref().optional(),
      scope: z.looseObject({ write: z.array(z.string()) }),
    }),
    alert: z.looseObject({
      refusal: z.string().optional(),
      refuses: z.looseObject({ child: ref(), code: z.string() }).optional(),
    }),
    discarded: z.looseObject({ through: count() }),
  };
}

const shapes = once((): Shapes => ({ ...shapesOfWork(), ...shapesOfTurns(), ...shapesOfDelivery() }));

/** True for types that nothing here reads. */
export function fits(entry: Entry): boolean {
  const known = shapes();
  const shape = Object.hasOwn(known, entry.type) ? known[entry.type] : undefined;
  return shape === undefined || shape.safeParse(entry).success;
}

/** The part of a tombstone that the oracle reads. */
export const tombstoneShape = once(() =>
  z.looseObject({
    name: z.string(),
    instance: z.string(),
    received: z.record(z.string(), count()),
    emitted: count(),
    acked: count(),
    discarded: z.boolean(),
  }),
);
