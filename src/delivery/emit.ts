/**
 * Numbers what goes into the outbox. The log is the outbox: an event is pending from its commit until an
 * acknowledgement at or above its number is committed.
 */
import type { SentPodEvent } from '../protocol/pod-event.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { Facts } from '../session/facts/facts.ts';

/**
 * The entry of the next event. At most one an append: the next number follows from what has been committed.
 */
export function emitted(facts: Facts, event: SentPodEvent): EntryBody {
  return {
    type: 'podEventEmitted',
    eventSeq: facts.outbox.emitted + 1,
    incarnation: facts.incarnation,
    event,
  };
}

/** Runs of the parent that this pod has begun and not closed; a queued one is not among them. */
export function begunAssignments(facts: Facts): string[] {
  return ownAssignments(facts, 'begun');
}

export function ownAssignments(facts: Facts, wanted: 'queued' | 'begun'): string[] {
  return [...facts.ownAssignments].filter(([, state]) => state === wanted).map(([id]) => id);
}
