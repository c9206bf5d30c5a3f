/**
 * One pod watched from outside: subscribes to its socket and hands over its entries and live events, each
 * entry once and in order.
 */
import type { Entry } from '../session/facts/entries.ts';
import { type Client, clientOver } from '../transport/client.ts';
import { dial } from '../transport/dial.ts';
import type { CloseReason } from '../transport/failures.ts';
import { readLiveEvent, type ShownEvent } from '../protocol/live-events.ts';
import type { Result } from '../protocol/methods.ts';
import { uuidv7 } from '../std/uuid.ts';

/** As `protocol/live-events.ts` has them, with the log's own type for an entry. */
export type LiveEvent = ShownEvent | { type: 'entry'; entry: Entry };

/** Null for what a newer pod says and this program does not know. */
export function parseLiveEvent(params: unknown): LiveEvent | null {
  const event = readLiveEvent(params);
  if (event?.type !== 'entry') return event;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- seq, time and type are checked; readers pass over types they do not know
  return event as unknown as { type: 'entry'; entry: Entry };
}

export interface PodStreamOptions {
  /** Its socket. */
  readonly path: string;
  readonly instance: string;
  /** Entries at or below this seq have been seen; 0 for the whole history. */
  readonly since: number;
  readonly deltas: boolean;
  /** Of a history that would begin at its beginning no more than so many entries. */
  readonly last?: number;
  /** Called in order, never before `openPodStream` has fulfilled. Must not throw. */
  readonly onEvent: (event: LiveEvent) => void;
  /** Nobody waits for it any more: it rejects, and holds nothing. */
  readonly signal?: AbortSignal;
}

export interface PodStream {
  readonly header: Result<'subscribe'>;
  readonly client: Client;
  /** Fulfils when the connection is gone; no event comes after it. */
  readonly closed: Promise<CloseReason>;
  close(): void;
}

let ownWatcherId: string | null = null;

/** All connections of this process are those of one who watches. */
export function watcherId(): string {
  return (ownWatcherId ??= uuidv7());
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
  const giveUp = (): void => connection.destroy();
  options.signal?.addEventListener('abort', giveUp, { once: true });
  if (options.signal?.aborted === true) giveUp();
  try {
    const since = options.since === 0 ? {} : { since: { instance: options.instance, seq: options.since } };
    const header = await client.call(
      'subscribe',
      {
        ...since,
        deltas: options.deltas,
        watcher: watcherId(),
        ...(options.last === undefined ? {} : { last: options.last }),
      },
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
