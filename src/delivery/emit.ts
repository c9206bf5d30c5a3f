/**
 * Numbers what goes into the outbox. The log is the outbox: an event is pending from its commit until an
 * acknowledgement at or above its number is committed.
 */
import type { SentPodEvent } from '../protocol/pod-event.ts';
import { type BudgetLeaseEntry, type BudgetUnit, budgetUnits } from '../session/facts/budget-entries.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import type { Facts } from '../session/facts/facts.ts';
import { type BudgetFacts, usedOf } from '../session/facts/replay-budget.ts';

/**
 * The entry of the next event. At most one an append: the next number follows from what has been committed.
 * `back`: what is returned of a budget in the same append.
 */
export function emitted(facts: Facts, event: SentPodEvent, back: BudgetLeaseEntry | null = null): EntryBody {
  const budget = budgetTotals(facts.budget, back);
  return {
    type: 'podEventEmitted',
    eventSeq: facts.outbox.emitted + 1,
    incarnation: facts.incarnation,
    event: budget === undefined ? event : { ...event, budget },
  };
}

type Totals = NonNullable<SentPodEvent['budget']>;

/** What this pod holds of its parent's budget and has used of it; nothing where that is under no bound. */
export function budgetTotals(budget: BudgetFacts, back: BudgetLeaseEntry | null): Totals | undefined {
  const totals: { [unit in BudgetUnit]?: NonNullable<Totals[BudgetUnit]> } = {};
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    if (facts.lease !== null) totals[unit] = { ...(back?.[unit] ?? facts.lease), used: usedOf(facts) };
  }
  return Object.keys(totals).length === 0 ? undefined : totals;
}

/** Runs of the parent that this pod has begun and not closed; a queued one is not among them. */
export function begunAssignments(facts: Facts): string[] {
  return ownAssignments(facts, 'begun');
}

export function ownAssignments(facts: Facts, wanted: 'queued' | 'begun'): string[] {
  return [...facts.ownAssignments].filter(([, state]) => state === wanted).map(([id]) => id);
}
