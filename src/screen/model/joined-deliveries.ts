/** Events as both ends say them, each once. Pure. */
import type { Delivery } from '../../protocol/methods.ts';

const deliveriesMax = 1_000;

/** How far it has come; of two that say it, the one that knows more is believed. */
const progress: Readonly<Record<Delivery['state'], number>> = {
  committed: 0,
  waiting: 1,
  sent: 2,
  refused: 3,
  received: 4,
  consumed: 5,
  seen: 6,
  discarded: 7,
};

/** In the order of committing; of many the newest. */
export function joinedDeliveries(said: readonly Delivery[]): Delivery[] {
  const events = new Map<string, Delivery>();
  for (const one of said) {
    const key = JSON.stringify([one.from, one.to, one.seq, one.seq === null ? one.committedAt : null]);
    const known = events.get(key);
    events.set(key, known === undefined ? one : joined(known, one));
  }
  const timeOf = (one: Delivery): string => one.committedAt ?? one.receivedAt ?? '';
  const all = [...events.values()].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  return all.slice(-deliveriesMax);
}

function joined(one: Delivery, other: Delivery): Delivery {
  const [less, more] = progress[one.state] <= progress[other.state] ? [one, other] : [other, one];
  return {
    ...more,
    attempts: Math.max(less.attempts, more.attempts),
    reason: more.reason ?? (less.state === more.state ? less.reason : null),
    committedAt: less.committedAt ?? more.committedAt,
    sentAt: more.sentAt ?? less.sentAt,
    receivedAt: more.receivedAt ?? less.receivedAt,
    consumedAt: more.consumedAt ?? less.consumedAt,
    seenAt: more.seenAt ?? less.seenAt,
  };
}
