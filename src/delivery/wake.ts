/**
 * The wake rule, in its only place (delivery §5, I4). A level, not an edge: the controller asks after every
 * input, and whatever was missed before is found then. Pure.
 */
import type { Facts } from '../session/facts/facts.ts';
import { wakeWorthy } from './settled.ts';

export interface WakeBudget {
  /** Counted notification turns a minute. */
  turnsPerMinute: number;
  /** Longest chain of turns that cause events that cause turns. */
  hopsMax: number;
}

export type Wake =
  | { kind: 'nothing' }
  /** Start `runForNotification`; `counted` spends one of the minute's turns. */
  | { kind: 'now'; counted: boolean }
  | OverBudget;

/**
 * Out of budget: wake-worthy items stay committed. `refillAtMs` is null where only a person's input helps.
 */
export interface OverBudget {
  kind: 'overBudget';
  why: 'turnsPerMinute' | 'hops';
  items: number;
  refillAtMs: number | null;
}

const minuteMs = 60_000;

/**
 * `spentAtMs`: when the counted turns of the last minute began, oldest first. Asked only of a pod that is
 * idle and not paused.
 */
export function wakeRule(
  facts: Facts,
  budget: WakeBudget,
  spentAtMs: readonly number[],
  nowMs: number,
): Wake {
  const hops = wakeWorthy(facts).map((item) => item.hops);
  if (hops.length === 0) return { kind: 'nothing' };
  if (hops.every((count) => count >= budget.hopsMax)) {
    return { kind: 'overBudget', why: 'hops', items: hops.length, refillAtMs: null };
  }
  if (hasOwnReport(facts)) return { kind: 'now', counted: false };
  const recent = spentAtMs.filter((at) => at > nowMs - minuteMs);
  const oldest = recent[0];
  if (oldest !== undefined && recent.length >= budget.turnsPerMinute) {
    return { kind: 'overBudget', why: 'turnsPerMinute', items: hops.length, refillAtMs: oldest + minuteMs };
  }
  return { kind: 'now', counted: true };
}

/**
 * A report that closed an assignment of this pod: it asked for that itself, so it costs hops but none of the
 * minute's turns.
 */
function hasOwnReport(facts: Facts): boolean {
  return wakeWorthy(facts).some(
    (item) => 'content' in item && item.content.kind === 'podEvent' && item.content.closes.length > 0,
  );
}

/** The hops of a turn that takes in what waits now. */
export function notificationHops(facts: Facts): number {
  return Math.max(0, ...wakeWorthy(facts).map((item) => item.hops)) + 1;
}
