/**
 * Whether this pod's log has lost what a child was told is safe: by a damaged line, or an old copy put back.
 */
import { assignmentsOf } from '../../delivery/inbox.ts';
import type { Params } from '../../protocol/methods.ts';
import type { Facts } from '../../session/facts/facts.ts';

/**
 * The child holds more for acknowledged than is received here. One that does not say so: it has emitted more,
 * and work that is open here is none that it knows. `sure`: assignments that its message may not know yet.
 */
export function hasLostReceipts(
  facts: Facts,
  { child: { instance }, assignments, emitted = 0, acked = 0 }: Params<'link'>,
  sure: ReadonlySet<string>,
): boolean {
  const received = facts.children.get(instance)?.received ?? 0;
  if (acked > received) return true;
  if (emitted <= received) return false;
  const known = new Set([...assignments.open, ...assignments.closed, ...sure]);
  return assignmentsOf(facts, instance).some((id) => !known.has(id));
}
