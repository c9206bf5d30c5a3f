/**
 * A pod that waits for its paths: what has to be known of it beside that it begins nothing, and how its work
 * is cancelled, of which nothing has begun. Pure.
 */
import { begunAssignments, emitted } from '../../delivery/emit.ts';
import { settledView } from '../../delivery/settled.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { type Facts, sessionOf } from '../../session/facts/facts.ts';
import { waitGivenUp } from '../../session/facts/replay-children.ts';
import { closedApprovals } from './approval-facts.ts';
import { type Core, controlEntry } from './core.ts';

/** Nothing runs, and nothing is to. */
export function isWaitingForScope({ facts, live }: Core): boolean {
  return facts.scopeWait !== null && live.mode === 'idle';
}

/**
 * What a cancel ends of a pod that waits: queued runs, all of them for a person, for a parent its own that it
 * names; and a turn that was cut off before. Where no work of its own is left the wait is given up with it,
 * which the report of a settled one says. Empty where there is nothing of that.
 */
export function cancelledWaiting(
  core: Core,
  by: 'person' | 'parent',
  { assignments, isTurnMeant }: { assignments?: readonly string[] | undefined; isTurnMeant: boolean },
): EntryBody[] {
  const { facts, ports } = core;
  const isMeant = (id: string) => assignments === undefined || assignments.includes(id);
  const dropped = facts.queue.filter(({ submission }) => isMeant(submission));
  const endsTurn = facts.resumable !== null && isTurnMeant;
  if (dropped.length === 0 && !endsTurn && assignments !== undefined) return [];
  const left = facts.queue.length - dropped.length;
  // What it has begun, and is to hear the rest of, is gone on with once it has its paths.
  const isBegun = facts.resumable !== null || begunAssignments(facts).length > 0;
  const isOver = left === 0 && (!isBegun || endsTurn);
  const closes = [
    ...(endsTurn ? begunAssignments(facts) : []),
    ...dropped.filter(({ from }) => from.kind === 'parent').map(({ submission }) => submission),
  ];
  return [
    ...dropped.map(({ submission }): EntryBody => ({
      type: 'inputDropped',
      submission,
      reason: 'cancelled',
    })),
    ...(endsTurn ? [controlEntry(ports.newId(), 'cancel'), ...closedApprovals(facts, 'cancel')] : []),
    ...(isOver ? [{ type: 'scopeWait', state: 'over', reason: waitGivenUp } as const] : []),
    ...report(facts, { by, closes, isOver, turn: facts.lastTurn?.turn ?? ports.newId() }),
  ];
}

function report(
  facts: Facts,
  cancelled: { by: 'person' | 'parent'; closes: string[]; isOver: boolean; turn: string },
): EntryBody[] {
  const { by, closes, isOver, turn } = cancelled;
  if (sessionOf(facts).parent === null || (closes.length === 0 && !isOver)) return [];
  const { outstanding } = settledView(facts, { holding: true });
  return [
    emitted(facts, {
      kind: 'turnEnded',
      outcome: 'cancelled',
      by,
      turn,
      assignments: closes,
      outstanding,
      // What it had handed down before its paths were lost is still to be reported to it.
      settled: isOver && outstanding.length === 0,
      text: '',
      textChars: 0,
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
      durationMs: 0,
      hops: 0,
    }),
  ];
}

/** For the last word of one that is stopped. */
export function stillWaited({ scopeWait }: Facts): string | null {
  return scopeWait === null ? null : `it had begun nothing, as it waited for ${scopeWait.reason}`;
}
