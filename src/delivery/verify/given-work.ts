/**
 * Work that one pod gave to another, by both logs: the child holds it or somebody has closed it (R3). By
 * time, because a run may be on its way, and only of pods that run: one that is restored settles what is
 * open.
 */
import type { Finding } from './finding.ts';
import type { LogView } from './log.ts';

/** A run is tried again and a doubt settled by a new link within less. */
const settledWithinMs = 60_000;

export function checkGivenWork(parent: LogView, child: LogView, nowMs: number): Finding[] {
  return [...unheld(parent, child, nowMs), ...unreported(child, nowMs)];
}

/** Of what the child has never accepted its next link tells, or its end. */
function unheld(parent: LogView, child: LogView, nowMs: number): Finding[] {
  const record = parent.children.get(child.instance);
  if (!parent.alive || record === undefined) return [];
  const parentSince = parent.incarnations.at(-1)?.startedAt ?? '';
  const ends = parent.senders.get(child.instance)?.terminals;
  const hasEnded = child.incarnations.every(({ incarnation }) => ends?.has(incarnation) === true);
  return [...parent.given].flatMap(([id, given]): Finding[] => {
    if (given.child.instance !== child.instance || child.accepted.has(id)) return [];
    if (!hasEnded && record.linkedAt <= given.time) return [];
    const sinceMs = Math.max(...[given.time, record.linkedAt, parentSince].map((at) => Date.parse(at) || 0));
    if (!(nowMs - sinceMs > settledWithinMs)) return [];
    const text = `assignment ${id} is open for "${child.name}", whose log does not know it, and nobody has closed it`;
    return [{ rule: 'R3', pod: parent.name, text, count: 1, fresh: true }];
  });
}

/** A pod at rest has reported on everything that it began. */
function unreported(child: LogView, nowMs: number): Finding[] {
  if (!child.alive || child.owed.length === 0) return [];
  if (!(nowMs - Date.parse(child.lastAt) > settledWithinMs)) return [];
  const text = `assignment(s) ${child.owed.join(', ')} were begun, nothing is left to do, and nothing was reported`;
  return [{ rule: 'R3', pod: child.name, text, count: child.owed.length, fresh: true }];
}
