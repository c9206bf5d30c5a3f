/**
 * One pod watched from outside: subscribes to its socket and hands over its entries and live events, each
 * entry once and in order.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import type { JsonValue } from '../std/json.ts';
import type { Entry } from '../session/facts/entries.ts';
import { type Client, clientOver } from '../transport/client.ts';
import { dial } from '../transport/dial.ts';
import type { CloseReason } from '../transport/failures.ts';
import { closedQuestionSchema, questionSchema } from '../protocol/approval.ts';
import type { Result } from '../protocol/methods.ts';

const liveEventSchema = once(() => {
  const text = z.string();
  const place = { turn: text, step: z.int() };
  return z.discriminatedUnion('type', [
    // The rest of an entry is not looked at here: unknown types and fields are passed on.
    z.object({
      type: z.literal('entry'),
      entry: z.looseObject({ seq: z.int().min(1), time: text, type: text }),
    }),
    z.object({ type: z.literal('textDelta'), ...place, offset: z.int().min(0), text }),
    z.object({ type: z.literal('reasoningDelta'), ...place, offset: z.int().min(0), text }),
    z.object({ type: z.literal('toolInputDelta'), ...place, call: text, tool: text, text }),
    z.object({ type: z.literal('toolProgress'), turn: text, call: text, text }),
    z.object({
      type: z.literal('status'),
      status: text,
      settled: z.boolean().optional(),
      attention: text.nullish(),
    }),
    z.object({
      type: z.literal('alert'),
      level: text,
      code: text,
      text,
      turn: text.optional(),
      step: z.int().optional(),
    }),
    questionSchema().extend({ type: z.literal('approvalRequested') }),
    closedQuestionSchema().extend({ type: z.literal('approvalAnswered') }),
    z.object({ type: z.literal('lagged') }),
    z.object({ type: z.literal('shutdown'), reason: text.nullish() }),
  ]);
});

type Parsed = z.infer<ReturnType<typeof liveEventSchema>>;
/** An `event` notification, as far as it is known here. */
export type LiveEvent = Exclude<Parsed, { type: 'entry' }> | { type: 'entry'; entry: Entry };

/** Null for what a newer pod says and this program does not know. */
export function parseLiveEvent(params: unknown): LiveEvent | null {
  const parsed = liveEventSchema().safeParse(params);
  if (!parsed.success) return null;
  if (parsed.data.type !== 'entry') return parsed.data;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- seq, time and type are checked; readers pass over types they do not know
  return { type: 'entry', entry: parsed.data.entry as { [field: string]: JsonValue } as unknown as Entry };
}

export interface PodStreamOptions {
  /** Its socket. */
  readonly path: string;
  readonly instance: string;
  /** Entries at or below this seq have been seen; 0 for the whole history. */
  readonly since: number;
  readonly deltas: boolean;
  /** Called in order, never before `openPodStream` has fulfilled. Must not throw. */
  readonly onEvent: (event: LiveEvent) => void;
}

export interface PodStream {
  readonly header: Result<'subscribe'>;
  readonly client: Client;
  /** Fulfils when the connection is gone; no event comes after it. */
  readonly closed: Promise<CloseReason>;
  close(): void;
}

const dialTimeoutMs = 2_000;
const subscribeTimeoutMs = 10_000;

/** Throws as `dial` and `Client.call` do. */
export async function openPodStream(options: PodStreamOptions): Promise<PodStream> {
  let seen = options.since;
  /** What comes in the same read as the answer waits until the caller has the header. */
  let early: LiveEvent[] | null = [];
  const hand = (event: LiveEvent): void => {
    if (event.type === 'entry') {
      if (event.entry.seq <= seen) return;
      seen = event.entry.seq;
    }
    options.onEvent(event);
  };
  const connection = await dial(options.path, {
    timeoutMs: dialTimeoutMs,
    onEvent: (method, params) => {
      const event = method === 'event' ? parseLiveEvent(params) : null;
      if (event === null) return;
      if (early === null) hand(event);
      else early.push(event);
    },
  });
  const client = clientOver(connection);
  try {
    const since = options.since === 0 ? {} : { since: { instance: options.instance, seq: options.since } };
    const header = await client.call(
      'subscribe',
      { ...since, deltas: options.deltas },
      { timeoutMs: subscribeTimeoutMs },
    );
    if (header.reset) seen = 0;
    const flush = (): void => {
      const waiting = early ?? [];
      early = null;
      for (const event of waiting) hand(event);
    };
    setImmediate(flush);
    // A connection that ended at once has not had its turn of the loop yet.
    const closed = connection.closed.then((reason) => {
      if (early !== null) flush();
      return reason;
    });
    return { header, client, closed, close: () => connection.destroy() };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
