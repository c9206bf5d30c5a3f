/**
 * Who gets to see what: the table of delivery §3 as one pure function. A receipt's row is decided once, when
 * it is committed, and stands in the entry.
 */
import type { PodEvent } from '../protocol/pod-event.ts';
import type { ChildFacts } from '../session/facts/facts.ts';

export interface Row {
  /** The model reads it; otherwise the receipt is its final state. */
  reads: boolean;
  wakes: boolean;
}

const silent: Row = { reads: false, wakes: false };
const shownAndWakes: Row = { reads: true, wakes: true };

/** What is known of a receipt beside its event. */
export interface EventContext {
  /** The incarnation that the event speaks of. */
  incarnation: number;
  /** This pod is ending its own tree. Its model did not ask for that, so work that ends with it is read. */
  asked: boolean;
  /** The event closes assignments. */
  closes: boolean;
}

export function rowOf(event: PodEvent, child: ChildFacts, context: EventContext): Row {
  const known = (context.asked && !context.closes) || context.incarnation <= child.stopReported;
  switch (event.kind) {
    case 'turnEnded':
      return event.outcome === 'finished' && !event.settled ? silent : shownAndWakes;
    case 'errored':
    case 'unreachable':
      return shownAndWakes;
    case 'died':
      return event.restored || known ? silent : shownAndWakes;
    case 'shutDown':
      return known ? silent : shownAndWakes;
    case 'scopeSubDelegated':
      return silent;
  }
}
