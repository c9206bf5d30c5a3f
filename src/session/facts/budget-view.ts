/** A budget as a person reads it. Pure. */
import type { Result } from '../../protocol/methods.ts';
import type { BudgetUnit } from './budget-entries.ts';
import { type BudgetFacts, held, isGoverned, usdOf, usedOf } from './replay-budget.ts';

type BudgetView = Result<'budget'>;

/** Units in which nothing bounds it are null. */
export function budgetView(budget: BudgetFacts): BudgetView {
  return { usd: shareOf(budget, 'nanoUsd', usdOf), tokens: shareOf(budget, 'tokens', (amount) => amount) };
}

function shareOf(
  budget: BudgetFacts,
  unit: BudgetUnit,
  shown: (amount: number) => number,
): BudgetView['usd'] {
  const facts = budget[unit];
  if (!isGoverned(facts)) return null;
  const { bound, spent, reserved, cap } = facts;
  return {
    bound: bound === null ? null : shown(bound),
    spent: shown(spent),
    reserved: shown(reserved),
    held: shown(held(facts)),
    lent: shown(usedOf(facts) - spent - reserved),
    cap: cap === null ? null : shown(cap),
  };
}

/** Null where nothing bounds it. */
export function budgetIfAny(budget: BudgetFacts): BudgetView | null {
  const view = budgetView(budget);
  return view.usd === null && view.tokens === null ? null : view;
}

/**
 * Something bounds what it may spend in dollars: `limits.cost` of its start too, unless that was taken away.
 */
export function isCostBound(cost: number | null, { nanoUsd }: BudgetFacts): boolean {
  return isGoverned(nanoUsd) || (cost !== null && !nanoUsd.isReset);
}
