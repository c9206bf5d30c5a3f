/**
 * The one table of what an observer is sent after `subscribe`, as `event` notifications. Who sends, who reads
 * and docs/protocol.md derive from it. A reader passes over a type that it does not know, and fields that it
 * does not know; so both may be added.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { isPlainDelta } from './fast-guards.ts';
import { closedApprovalSchema, approvalRequestSchema } from './approval.ts';
import { podName } from './names.ts';
import { podStatus } from './status-result.ts';
import { activityKind, treeChange } from './tree.ts';

/** Where in a turn a piece of text belongs. */
const place = once(() => z.object({ turn: z.string(), step: z.int() }));

const textAt = once(() =>
  place().extend({
    /** Place in the step's text, in UTF-16 units. */
    offset: z.int().min(0),
    text: z.string(),
  }),
);

export const liveEvents = {
  entry: {
    doc: 'The durable lane: one for each committed log entry, in order, without gap or overlap. All others are the live lane, come between entries, and are never repeated by them.',
    fields: once(() =>
      z.object({
        // A log's own room says what else is in an entry; a newer pod may write types that nobody here knows.
        entry: z.looseObject({ seq: z.int().min(1), time: z.string(), type: z.string() }),
      }),
    ),
  },
  textDelta: {
    doc: "The model's text as it comes; `offset` is the place in the step's text, in UTF-16 units. Only with `deltas`.",
    fields: textAt,
  },
  reasoningDelta: {
    doc: "The model's reasoning as it comes, with a place of its own count. Only with `deltas`.",
    fields: textAt,
  },
  toolInputDelta: {
    doc: "A tool call's input as it comes. Only with `deltas`.",
    fields: once(() => place().extend({ call: z.string(), tool: z.string(), text: z.string() })),
  },
  toolProgress: {
    doc: 'What a running tool has written since the last one. Only with `deltas`.',
    fields: once(() => z.object({ turn: z.string(), call: z.string(), text: z.string() })),
  },
  status: {
    doc: "The pod's status or its count of turns has changed.",
    fields: once(() => z.object({ status: podStatus(), turns: z.int() })),
  },
  live: {
    doc: 'The history has been sent, up to the entry `seq`: what comes now is news. Again each time that an observer has been `lagged` and has caught up.',
    fields: once(() => z.object({ seq: z.int().min(0) })),
  },
  activity: {
    doc: 'What the running turn is at, at most once a second and only where it has changed. Only without `deltas`. `outputTokens`: of the request that is being answered, as estimated from what has come.',
    fields: once(() =>
      z.object({
        turn: z.string(),
        kind: activityKind(),
        text: z.string(),
        since: z.string(),
        outputTokens: z.int().min(0),
      }),
    ),
  },
  treeChanged: {
    doc: 'Only after `tree` with `watch`: pods that have changed or are new, each whole, and instances of those that are not there any more.',
    fields: treeChange,
  },
  alert: {
    doc: 'Something for a person. With code `providerRetry` also turn and step, whose streamed text is void.',
    fields: once(() =>
      place()
        .partial()
        .extend({
          // Nothing for a person is lost because its level is a newer one.
          level: z.enum(['warning', 'error']).catch('error'),
          code: z.string(),
          text: z.string(),
          /** The parent has refused this pod for good, with this code. */
          refusal: z.string().optional(),
        }),
    ),
  },
  deliveryChanged: {
    doc: 'The link to the parent: its phase, an event that was sent, or the events through which all are received. With `from`: an event of that child, `received` by this pod, `consumed` by its turn, `seen` by its model.',
    fields: once(() =>
      z.union([
        z.object({ link: z.enum(['waiting', 'linking', 'linked', 'refused']) }),
        z.object({ seq: z.int(), state: z.literal('sent'), attempts: z.int() }),
        z.object({ through: z.int(), state: z.literal('received') }),
        z.object({
          from: podName(),
          /** Null for `died`, which the receiver wrote. */
          seq: z.int().nullable(),
          kind: z.string(),
          state: z.enum(['received', 'consumed', 'seen', 'discarded']),
        }),
      ]),
    ),
  },
  approvalRequested: {
    doc: 'This pod or one below it waits for the approval of a person. Sent again behind the history while it is open.',
    fields: approvalRequestSchema,
  },
  approvalAnswered: {
    doc: 'That request is closed; `by` is `person` where somebody answered it, `unlinked` where its pod is not to be reached from here: if it waits still, it is requested again once the pod is linked.',
    fields: closedApprovalSchema,
  },
  compactionStarted: {
    doc: 'A request for a summary is sent, because the conversation no longer fits or somebody asked for it; tokens as estimated.',
    fields: once(() =>
      z.object({ turn: z.string(), why: z.string(), tokens: z.number(), window: z.number() }),
    ),
  },
  compactionEnded: {
    doc: 'It is over: `done`, `failed` (nothing is changed; `reason` says why) or `stopped` by a control or a limit. `tokens`: of the next request, as estimated.',
    fields: once(() =>
      z.object({
        turn: z.string(),
        outcome: z.string(),
        tokens: z.number(),
        reason: z.string().optional(),
      }),
    ),
  },
  lagged: {
    doc: 'This observer has fallen behind: `from` is the seq of the entry at which the stream goes on from the log.',
    fields: once(() => z.object({ from: z.int() })),
  },
  toolCalled: {
    doc: 'Only to the connection that offers this tool: the model calls it, and nobody else is asked. `answerTool` answers; when the connection ends the call is answered as interrupted.',
    fields: once(() => z.object({ call: z.string(), tool: z.string(), input: z.json() })),
  },
  toolCallEnded: {
    doc: 'Only to the connection that was sent `toolCalled`: its turn was ended, and no answer is taken any more.',
    fields: once(() => z.object({ call: z.string() })),
  },
  shutdown: {
    doc: 'The pod stops.',
    fields: once(() => z.object({ reason: z.string() })),
  },
} as const satisfies Record<string, LiveEventSpec>;

interface LiveEventSpec {
  readonly doc: string;
  readonly fields: () => z.ZodType;
}

type LiveEventType = keyof typeof liveEvents;
export type LiveEvent = {
  [T in LiveEventType]: { type: T } & z.output<ReturnType<(typeof liveEvents)[T]['fields']>>;
}[LiveEventType];

/** What a pod sends on the live lane. Entries go out as the bytes of the log. */
export type ShownEvent = Exclude<LiveEvent, { type: 'entry' }>;

/** Null for a type that is not known here, and for one that lacks what its type has. */
export function readLiveEvent(params: unknown): LiveEvent | null {
  if (typeof params !== 'object' || params === null || !('type' in params)) return null;
  const { type } = params;
  if (!isKnown(type)) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the schema would give back
  if (isPlainDelta(params)) return params as LiveEvent;
  const fields = liveEvents[type].fields().safeParse(params);
  if (!fields.success) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fields are those of this very type
  return { type, ...fields.data } as LiveEvent;
}

function isKnown(type: unknown): type is LiveEventType {
  return typeof type === 'string' && Object.hasOwn(liveEvents, type);
}
