/** A budget as a person reads it. Pure. */
import type { Result } from '../../protocol/methods.ts';
import type { BudgetUnit } from '../../session/facts/budget-entries.ts';
import { type BudgetFacts, usdOf, usedOf } from '../../session/facts/replay-budget.ts';
import { held, isGoverned } from './budget.ts';

type View = Result<'budget'>;

/** Units in which nothing bounds it are null. */
export function budgetView(budget: BudgetFacts): View {
  return { usd: shareOf(budget, 'nanoUsd', usdOf), tokens: shareOf(budget, 'tokens', (amount) => amount) };
}

function shareOf(budget: BudgetFacts, unit: BudgetUnit, shown: (amount: number) => number): View['usd'] {
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
