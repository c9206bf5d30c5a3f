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
const toldAndWakes: Row = { reads: true, wakes: true };

/**
 * `incarnation` is the one that the event speaks of; `asked`: this pod asked for its end, as StopPod does or
 * because it stops itself.
 */
export function rowOf(
  event: PodEvent,
  child: ChildFacts,
  told: { incarnation: number; asked: boolean },
): Row {
  const asked = told.asked || told.incarnation <= child.stopTold;
  switch (event.kind) {
    case 'turnEnded':
      return event.outcome === 'finished' && !event.settled ? silent : toldAndWakes;
    case 'errored':
    case 'unreachable':
      return toldAndWakes;
    case 'died':
      return event.restored || asked ? silent : toldAndWakes;
    case 'shutDown':
      return asked ? silent : toldAndWakes;
    case 'scopeSubDelegated':
      return silent;
  }
}
