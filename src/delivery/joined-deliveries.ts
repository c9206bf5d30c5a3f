/** Rows of several pods of one tree, where sender and receiver each have one of the same event. Pure. */
import type { Delivery } from '../protocol/methods.ts';

/** How far an event has come; the receiver knows it better than the sender. */
const ranks: Readonly<Record<Delivery['state'], number>> = {
  committed: 0,
  sent: 1,
  waiting: 1,
  refused: 1,
  received: 2,
  consumed: 3,
  seen: 4,
  discarded: 4,
};

/** Each event once, as far as it has come, with the times that either end knows. */
export function joinedDeliveries(rows: readonly Delivery[]): Delivery[] {
  const joined = new Map<string, Delivery>();
  for (const row of rows) {
    // What a receiver wrote itself has no other end.
    const which = row.seq === null ? `at ${row.receivedAt}` : row.seq;
    const key = `${row.to} ${row.from} ${which}`;
    const other = joined.get(key);
    joined.set(key, other === undefined ? row : join(other, row));
  }
  return [...joined.values()];
}

function join(a: Delivery, b: Delivery): Delivery {
  const [less, more] = ranks[b.state] > ranks[a.state] ? [a, b] : [b, a];
  return {
    ...more,
    attempts: Math.max(less.attempts, more.attempts),
    committedAt: more.committedAt ?? less.committedAt,
    sentAt: more.sentAt ?? less.sentAt,
    receivedAt: more.receivedAt ?? less.receivedAt,
    consumedAt: more.consumedAt ?? less.consumedAt,
    seenAt: more.seenAt ?? less.seenAt,
  };
}
