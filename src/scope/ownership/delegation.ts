/**
 * Who may write where, as a pod's own log tells it: what it has handed down, and when that returns. Pure.
 *
 * Invariants
 * - S1 A path is writable for at most one of a pod and its children: from the reservation on it is the
 *   child's, from the end of the child's newest incarnation
 *   on the pod's again.
 * - S2 Each delegation is reclaimed once: with the receipt of that end, or with the child's undoing or
 *   removal, in the same append.
 * - S3 What returns is what was handed down. Denies of the pod's own scope stand in the session and are never
 *   lifted by it.
 * - S4 A child that waits for a path holds none: it gets all of them in one append. Its wait ends once: when
 *   it has them, or with what would return them.
 */
import type { PodEvent } from '../../protocol/pod-event.ts';
import type { ChildEntry, EntryBody, PathScope, PodRef, ScopeDeny } from '../../session/facts/entries.ts';
import { type ChildFacts, type Facts, sessionOf } from '../../session/facts/facts.ts';
import { waitGivenUp } from '../../session/facts/replay-children.ts';
import { restrictedScope } from '../../session/facts/restrictions.ts';
import { contested, narrow } from '../paths/narrow.ts';

/**
 * This pod's scope by its own log: what it was given, minus what was denied since and what its children hold.
 */
export function scopeByLog(facts: Facts): PathScope {
  const base = restrictedScope(widenedScope(facts), facts.restrictions);
  const held: ScopeDeny[] = [...facts.children.values()].flatMap((child) =>
    (child.holds?.write ?? []).map((path) => ({ path, right: 'write', holder: child.name })),
  );
  return held.length === 0 ? base : { ...base, deny: [...(base.deny ?? []), ...held] };
}

/** With what a person has added to it: what is denied in it stays denied. */
function widenedScope(facts: Facts): PathScope {
  const scope = facts.granted ?? sessionOf(facts).scope;
  return facts.widened.length === 0 ? scope : { ...scope, write: [...scope.write, ...facts.widened] };
}

/**
 * Goes into the append that reserves the child. Nothing where there is nothing to write in: to read is not
 * exclusive.
 */
export function delegation(child: { name: string; instance: string }, scope: PathScope): EntryBody[] {
  if (scope.write.length === 0) return [];
  const { name, instance } = child;
  return [{ type: 'scope', change: 'delegated', child: { name, instance }, scope }];
}

/**
 * What the end of an incarnation returns, for the append of its receipt. An incarnation that a later one has
 * followed returns nothing: the later one holds it.
 */
export function reclaimAtEnd(child: ChildFacts, event: PodEvent, incarnation: number): EntryBody[] {
  const ends = event.kind === 'shutDown' || (event.kind === 'died' && !event.restored);
  if (ends && incarnation >= child.incarnation) return returned(child, event.kind);
  return isCancelled(event) && incarnation === child.incarnation ? waitOver(child, waitGivenUp) : [];
}

/** Said by a child that had begun nothing: it waits for nothing any more. */
function isCancelled(event: PodEvent): boolean {
  return event.kind === 'turnEnded' && event.outcome === 'cancelled' && event.settled;
}

/** A child that is nobody's any more, with what it held. */
export function forgotten(
  facts: Facts,
  child: ChildEntry['child'],
  end: { state: 'undone' | 'removed'; reason?: string },
): EntryBody[] {
  const known = facts.children.get(child.instance);
  const back = known === undefined ? [] : returned(known, end.state);
  return [...back, { type: 'child', child, ...end }];
}

function returned(child: ChildFacts, reason: string): EntryBody[] {
  return [...reclaim(child, reason), ...waitOver(child, reason)];
}

export function reclaim({ name, instance, holds }: ChildFacts, reason: string): EntryBody[] {
  if (holds === null) return [];
  return [{ type: 'scope', change: 'reclaimed', child: { name, instance }, scope: holds, reason }];
}

export function waitOver({ name, instance, waitsSince }: ChildFacts, reason: string): EntryBody[] {
  return waitsSince === null ? [] : [{ type: 'scopeWait', state: 'over', child: { name, instance }, reason }];
}

/** Goes into the append that reserves the child, in the place of a delegation. */
export function beginsToWait({ name, instance }: PodRef): EntryBody {
  return { type: 'scopeWait', state: 'waits', child: { name, instance } };
}

/**
 * A child that is back after its end was told holds what it held before, as far as this pod can still give
 * it. For the append of its link. The last link of an incarnation whose end stands here already, made to hear
 * that it was heard, brings nobody back.
 */
export function regrant(facts: Facts, child: ChildFacts, incarnation: number): EntryBody[] {
  if (
    incarnation <= child.terminal ||
    child.holds !== null ||
    child.waitsSince !== null ||
    child.scope === null ||
    child.scope.write.length === 0
  )
    return [];
  return child.isToWait ? [beginsToWait(child)] : grant(facts, child);
}

/** All that it was to get, as far as this pod can give it now. */
export function grant(facts: Facts, child: ChildFacts): EntryBody[] {
  if (child.scope === null) return [];
  return delegation(child, givable(scopeByLog(facts), child.scope, child.own));
}

/**
 * Root by root: one that is another's by now does not cost the child the others. What may be read was never
 * taken away.
 */
function givable(now: PathScope, wanted: PathScope, own: readonly string[]): PathScope {
  const parts = wanted.write.map((path) =>
    own.includes(path)
      ? { ok: true as const, scope: { read: [], write: [path], deny: [] } }
      : narrow(now, { read: [], write: [path] }),
  );
  const given = parts.flatMap((part) => (part.ok ? [part.scope] : []));
  const deny = [...(wanted.deny ?? []), ...given.flatMap((scope) => scope.deny ?? [])];
  return {
    read: wanted.read,
    write: given.flatMap((scope) => scope.write),
    ...(deny.length === 0 ? {} : { deny: deny.map(({ path, right }) => ({ path, right })) }),
  };
}

/** What the child is told at its link. What is denied here by now is denied there too. */
export function inForce({ restrictions }: Facts, child: ChildFacts): PathScope | null {
  if (child.scope === null) return null;
  return restrictedScope(child.holds ?? { ...child.scope, write: [] }, restrictions);
}

/** Names of the children that wait for something of what this one holds. */
export function waitersFor(facts: Facts, instance: string): string[] {
  const holds = facts.children.get(instance)?.holds ?? null;
  if (holds === null) return [];
  return [...facts.children.values()]
    .filter(
      ({ waitsSince, scope }) => waitsSince !== null && scope !== null && contested(scope, holds) !== null,
    )
    .map(({ name }) => name);
}
