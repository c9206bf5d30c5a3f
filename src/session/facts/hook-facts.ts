/**
 * Which hooks are still to run for entries of this log: of `podEvent` in the log of whoever received it, of
 * `treeSettled` in the root's. Pure, a part of the fold; `replay.ts` alone calls it.
 *
 * Invariants
 * - K1 A hook is due for an entry from its commit to the `hookDone` that names both, over restarts.
 * - K2 Nothing is due for an entry that was committed before the hook was configured.
 * - K3 What is no longer configured is not due.
 */
import { hooksIn, isMeant } from './hooks.ts';
import type { PodEventReceivedEntry } from './delivery-entries.ts';
import type { Entry, TurnEndedEntry } from './entries.ts';
import type { Facts } from './facts.ts';
import type { HookDoneEntry } from './hook-entries.ts';

export function noteReceived(facts: Facts, { seq, event }: Entry<PodEventReceivedEntry>): void {
  noteDue(facts, 'podEvent', { seq, subject: event.kind });
}

export function noteTurnEnd(facts: Facts, { seq, settled, outcome }: Entry<TurnEndedEntry>): void {
  if (settled && facts.session?.parent === null) noteDue(facts, 'treeSettled', { seq, subject: outcome });
}

/** Other hooks are configured from now on. */
export function noteHooks(facts: Facts): void {
  if (facts.hooksDue.length === 0) return;
  const known = new Set(hooksIn(facts.session?.settings ?? {}).map(({ id }) => id));
  facts.hooksDue = facts.hooksDue.filter(({ hook }) => known.has(hook));
}

export function applyHookDone(facts: Facts, { hook, identity }: Entry<HookDoneEntry>): void {
  facts.hooksDue = facts.hooksDue.filter((due) => due.hook !== hook || due.seq !== identity.seq);
}

function noteDue(
  facts: Facts,
  event: 'podEvent' | 'treeSettled',
  { seq, subject }: { seq: number; subject: string },
): void {
  for (const hook of hooksIn(facts.session?.settings ?? {})) {
    if (hook.event === event && isMeant(hook, subject)) facts.hooksDue.push({ hook: hook.id, seq });
  }
}
