/** What `src/pod/children/child-log.ts` reads from a dead child's log. */
import type { Params } from '../../src/protocol/methods.ts';
import type { Entry } from '../../src/session/facts/entries.ts';

export interface PulledLog {
  events: Params<'podEvent'>[];
  incarnation: number;
}

/** In order, without a hole. */
export function readLog(
  entries: readonly Entry[],
  wanted: { instance: string; above: number; throughIncarnation: number },
): PulledLog {
  const log: PulledLog = { events: [], incarnation: 0 };
  for (const entry of entries) {
    if (entry.type === 'started') log.incarnation = entry.incarnation;
    if (entry.type !== 'podEventEmitted' || entry.eventSeq <= wanted.above) continue;
    if (entry.incarnation > wanted.throughIncarnation) continue;
    const { eventSeq: seq, incarnation, event } = entry;
    log.events.push({ from: { instance: wanted.instance, incarnation }, seq, event });
  }
  return log;
}
