/** Why a request waits for its budget, and what a person can do. */
import { usdOf } from '../../session/facts/replay-budget.ts';
import { governedUnits } from '../machine/budget.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';

/**
 * Of a wait that goes on the reason may be another by now: a person has set a bound that is too low still.
 */
export function noteWait(pod: Pod, parentLink: ParentLink | null, isWaiting: boolean): void {
  const { live } = pod.core;
  const reason = isWaiting ? reasonOf(pod, parentLink) : null;
  if (reason === (live.budget?.reason ?? null)) return;
  const since = live.budget?.since ?? pod.host.clock.wallTime();
  live.budget = reason === null ? null : { since, reason };
  pod.input((core) => core.ports.perform({ type: 'statusChanged' }));
}

function reasonOf({ session, facts }: Pod, parentLink: ParentLink | null): string {
  const { name, root } = session;
  if (parentLink === null)
    return `what the tree may spend (${boundText(facts.budget)}) leaves too little for its next request; "${raising(facts.budget, name)}" raises it`;
  if (!parentLink.linked)
    return 'its part of the budget leaves too little for its next request, and its parent is not there to give more';
  return `its part of the budget leaves too little for its next request, and there is no more to be had; "${raising(facts.budget, root.name)}" raises it`;
}

/** An amount alone is dollars. */
function raising(budget: Pod['facts']['budget'], root: string): string {
  const units = governedUnits(budget);
  const usd = units.includes('nanoUsd') ? ' AMOUNT' : '';
  return `podkin budget ${root}${usd}${units.includes('tokens') ? ' --tokens N' : ''}`;
}

function boundText({ nanoUsd: cost, tokens }: Pod['facts']['budget']): string {
  const texts = [
    ...(cost.bound === null ? [] : [`${usdOf(cost.bound)} USD`]),
    ...(tokens.bound === null ? [] : [`${tokens.bound} tokens`]),
  ];
  return texts.join(', ');
}
