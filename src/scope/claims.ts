/**
 * Who owns what across all pods of a home, as arithmetic on claims: who may claim, and what a claim takes from everybody else. Pure; `registry.ts` keeps
 * them on disk.
 *
 * Invariants
 * - G1 Two living exclusive claims overlap only where one owner gave the other its part.
 * - G2 A claim counts while its owner's process lives, or the one that made it, which then is bound to take it back.
 * - G3 A giver's claims are replaced together: they are what its log says, and nothing else of its is left.
 */
import type { PodRef } from '../session/entries.ts';
import type { ProcessIdentity } from '../std/process-identity.ts';
import { overlap } from './narrow.ts';

export interface Claim {
  readonly owner: PodRef;
  /** Who gave it: the owner itself for a root. */
  readonly giver: PodRef;
  /** Roots as in `PathScope.write`. */
  readonly write: readonly string[];
  /** A root that was given no path of its own shares its directory with other roots; everything else is exclusive. */
  readonly exclusive: boolean;
  /** The process that made the claim, and the owner's where one is known. */
  readonly maker: ProcessIdentity;
  readonly process: ProcessIdentity | null;
}

export type IsAlive = (process: ProcessIdentity) => boolean;

/** A path that can not be claimed, because it is somebody's. */
export interface Conflict {
  readonly claim: Claim;
  readonly path: string;
  readonly owner: PodRef;
  /** The owner's root that stands against it. */
  readonly theirs: string;
}

export function counts(claim: Claim, isAlive: IsAlive): boolean {
  return (claim.process !== null && isAlive(claim.process)) || isAlive(claim.maker);
}

/** The claims with `wanted` in the place of all that `giver` had claimed. What conflicts is left out and named; claims of the dead are dropped. */
export function replaced(
  claims: readonly Claim[],
  giver: string,
  wanted: readonly Claim[],
  isAlive: IsAlive,
): { claims: Claim[]; conflicts: Conflict[] } {
  const others = claims.filter((claim) => claim.giver.instance !== giver && counts(claim, isAlive));
  const conflicts: Conflict[] = [];
  const kept: Claim[] = [];
  for (const claim of wanted) {
    const conflict = conflictOf(claim, [...others, ...kept]);
    if (conflict === null) kept.push(claim);
    else conflicts.push(conflict);
  }
  return { claims: [...others, ...kept], conflicts };
}

function conflictOf(claim: Claim, standing: readonly Claim[]): Conflict | null {
  if (!claim.exclusive) return null;
  const above = aboveOf(standing, claim);
  for (const other of standing) {
    if (!other.exclusive || other.owner.instance === claim.owner.instance) continue;
    if (above.has(other.owner.instance)) continue;
    const shared = overlap(claim.write, other.write);
    // What stands below this owner already was given out of its own part.
    if (shared === null || aboveOf(standing, other).has(claim.owner.instance)) continue;
    return { claim, path: shared.mine, owner: other.owner, theirs: shared.theirs };
  }
  return null;
}

/** Roots that somebody else's claim keeps from this pod, with the holder's name. What the pod gave itself is not among them: its own log tells that. */
export function heldByOthers(
  claims: readonly Claim[],
  me: { instance: string; root: string },
  isAlive: IsAlive,
): { path: string; holder: string }[] {
  const own = claims.find((claim) => claim.owner.instance === me.instance);
  const above = own === undefined ? new Set<string>() : aboveOf(claims, own);
  above.add(me.instance).add(me.root);
  return claims
    .filter((claim) => claim.exclusive && !above.has(claim.owner.instance))
    .filter((claim) => claim.giver.instance !== me.instance && counts(claim, isAlive))
    .flatMap((claim) => claim.write.map((path) => ({ path, holder: claim.owner.name })));
}

/** The owners out of whose part this claim was given, up to the root. */
function aboveOf(claims: readonly Claim[], claim: Claim): Set<string> {
  const above = new Set<string>();
  let giver = claim.giver.instance;
  while (!above.has(giver) && giver !== claim.owner.instance) {
    above.add(giver);
    giver = claims.find((one) => one.owner.instance === giver)?.giver.instance ?? giver;
  }
  return above;
}

/** For people and models: whose the path is, and how it becomes free. */
export function conflictText({ path, owner, theirs }: Conflict): string {
  return `${path} is held for writing by the pod "${owner.name}" (${theirs}); stop that pod first, or use another path.`;
}
