/**
 * Who waits for which paths of a home, who is before whom, and whether a wait closes a circle. Pure;
 * `registry.ts` keeps the waits on disk, beside the claims, and each giver puts its own there.
 *
 * Invariants
 * - W1 Of two waits for one path the earlier one comes first, over all trees of the home; what is asked for
 *   without waiting comes behind both.
 * - W2 A wait counts while the process of its giver lives, which alone can end it: of a giver that is away it
 *   keeps its time, and keeps nobody else waiting.
 * - W3 Of the waits of a circle the latest sees that it closes it. All see the same circle, so one is enough.
 */
import type { PodRef } from '../../session/facts/entries.ts';
import { contested } from '../paths/narrow.ts';
import { type Claim, type StatusOf, counts, giverOf, inOneLine } from './claims.ts';

/** What its owner will hold: as a claim, of which nothing counts yet. `process` is null. */
export interface Wait extends Claim {
  /** When it came into the queue. */
  readonly since: string;
}

export interface Registered {
  readonly claims: readonly Claim[];
  readonly waits: readonly Wait[];
  readonly statusOf: StatusOf;
}

export interface Blocker {
  /** Root of the wait that is not free. */
  readonly path: string;
  readonly owner: PodRef;
  /** Instances of the pods above the owner, its tree's root first. */
  readonly above: readonly string[];
  /** `waits`: it came first. */
  readonly how: 'holds' | 'waits';
}

/** The waits with `wanted` in the place of all that `giver` had there; those of the dead are dropped. */
export function replacedWaits(
  waits: readonly Wait[],
  giver: string,
  wanted: readonly Wait[],
  statusOf: StatusOf,
): Wait[] {
  const others = waits.filter((wait) => giverOf(wait) !== giver && counts(wait, statusOf));
  return [...others, ...wanted].sort((a, b) => (isBefore(a, b) ? -1 : 1));
}

/** Names of later instances sort behind those of earlier ones. */
function isBefore(a: Wait, b: Wait): boolean {
  return a.since === b.since ? a.owner.instance < b.owner.instance : a.since < b.since;
}

/** Who holds a path of it, and who waits for one and came first. */
export function blockersOf(wait: Wait, { claims, waits, statusOf }: Registered): Blocker[] {
  const holders = claims.filter((claim) => claim.exclusive && counts(claim, statusOf));
  const earlier = waits.filter((other) => isBefore(other, wait) && counts(other, statusOf));
  return [...touching(wait, holders, 'holds'), ...touching(wait, earlier, 'waits')];
}

/** Who waits for what somebody else, who came later, is about to be given. */
export function waitersFor(claim: Claim, { waits, statusOf }: Registered): Blocker[] {
  const others = waits.filter((wait) => counts(wait, statusOf));
  return touching(claim, others, 'waits');
}

function touching(mine: Claim, others: readonly Claim[], how: Blocker['how']): Blocker[] {
  return others.flatMap((other): Blocker[] => {
    if (inOneLine(mine, other)) return [];
    const shared = contested(mine, other);
    return shared === null ? [] : [{ path: shared.mine, owner: other.owner, above: other.above, how }];
  });
}

/**
 * The pods of the circle that this wait closes, itself first; null where it closes none. One that waits needs
 * whoever keeps a path from it, and no pod is done before each one below it that waits.
 */
export function circleClosedBy(wait: Wait, registered: Registered): PodRef[] | null {
  const circle = circleThrough(wait, registered);
  if (circle === null) return null;
  const waits = registered.waits.filter(({ owner }) =>
    circle.some(({ instance }) => instance === owner.instance),
  );
  return waits.every((other) => other.owner.instance === wait.owner.instance || isBefore(other, wait))
    ? circle
    : null;
}

export function circleThrough(wait: Wait, registered: Registered): PodRef[] | null {
  const me = wait.owner.instance;
  const cameFrom = new Map<string, PodRef>();
  const open: PodRef[] = [wait.owner];
  for (let pod = open.shift(); pod !== undefined; pod = open.shift()) {
    for (const next of needs(pod, registered)) {
      if (next.instance === me) return wayTo(pod, cameFrom);
      if (cameFrom.has(next.instance)) continue;
      cameFrom.set(next.instance, pod);
      open.push(next);
    }
  }
  return null;
}

function needs({ instance }: PodRef, registered: Registered): PodRef[] {
  const counting = registered.waits.filter((wait) => counts(wait, registered.statusOf));
  const own = counting.find(({ owner }) => owner.instance === instance);
  const below = counting.filter(({ above }) => above.includes(instance)).map(({ owner }) => owner);
  return [...(own === undefined ? [] : blockersOf(own, registered).map(({ owner }) => owner)), ...below];
}

function wayTo(last: PodRef, cameFrom: ReadonlyMap<string, PodRef>): PodRef[] {
  const way: PodRef[] = [];
  for (let pod: PodRef | undefined = last; pod !== undefined; pod = cameFrom.get(pod.instance))
    way.unshift(pod);
  return way;
}
