/** Why a request waits for its budget, and what a person can do. */
import { usdOf } from '../../session/facts/replay-budget.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';

export function reasonOf({ session, facts }: Pod, parentLink: ParentLink | null): string {
  const { name, root } = session;
  if (parentLink === null)
    return `what the tree may spend (${boundText(facts.budget)}) is used up; "podkin budget ${name} AMOUNT" raises it`;
  if (!parentLink.linked)
    return 'its part of the budget is used up, and its parent is not there to give more';
  return `its part of the budget is used up, and there is no more to be had; "podkin budget ${root.name} AMOUNT" raises it`;
}

function boundText({ nanoUsd: cost, tokens }: Pod['facts']['budget']): string {
  const texts = [
    ...(cost.bound === null ? [] : [`${usdOf(cost.bound)} USD`]),
    ...(tokens.bound === null ? [] : [`${tokens.bound} tokens`]),
  ];
  return texts.join(', ');
}
