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

/** What a pod is, and what it works on. */
function shapesOfWork(): Shapes {
  const call = { turn: z.string(), step: count(), call: z.string(), tool: z.string() };
  const item = z.union([
    z.looseObject({
      kind: z.literal('podEvent'),
      from: identity(),
      seq: count().nullable(),
      event: event(),
    }),
    z.looseObject({ kind: z.string().refine((kind) => kind !== 'podEvent') }),
  ]);
  return {
    session: z.looseObject({
      schema: count(),
      name: z.string(),
      instance: z.string(),
      parent: ref().nullable(),
      depth: count(),
    }),
    started: z.looseObject({
      incarnation: count(),
      pid: count(),
      startTime: z.string(),
      bootId: z.string(),
    }),
    inputReceived: z.looseObject({ kind: z.string() }),
    turnStarted: z.looseObject({ turn: z.string() }),
    toolCall: z.looseObject(call),
    toolResult: z.looseObject({
      ...call,
      interrupted: z.boolean().optional(),
      stopped: z.looseObject({ instance: z.string(), incarnation: count() }).optional(),
    }),
    systemItem: z.looseObject({ turn: z.string(), item }),
    stepCompleted: z.looseObject({ seenThrough: count() }),
    turnEnded: z.looseObject({ turn: z.string(), outcome: z.string() }),
    interrupted: z.looseObject({ turn: z.string().nullable() }),
    stopped: z.looseObject({ incarnation: count() }),
  };
}

/** What passes between pods. */
function shapesOfDelivery(): Shapes {
  return {
    assignment: z.looseObject({ assignment: z.string(), child: ref(), state: z.enum(['open', 'closed']) }),
    podEventEmitted: z.looseObject({ eventSeq: count(), incarnation: count(), event: event() }),
    podEventAcked: z.looseObject({ through: count() }),
    podEventReceived: z.looseObject({
      from: identity(),
      eventSeq: count().nullable(),
      event: event(),
      reads: z.boolean(),
      closes: z.array(z.string()),
    }),
    child: z.looseObject({ child: ref(), state: z.string(), incarnation: count().optional() }),
    approval: z.discriminatedUnion('state', [
      z.looseObject({ state: z.literal('asked'), request: z.string(), call: z.string() }),
      z.looseObject({
        state: z.literal('answered'),
        request: z.string(),
        decision: z.enum(['allow', 'deny', 'allowAlways']),
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

const shapes = once((): Shapes => ({ ...shapesOfWork(), ...shapesOfDelivery() }));

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
