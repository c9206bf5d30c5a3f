/**
 * Who owns what across all pods of a home, as arithmetic on claims: who may claim, and what a claim takes
 * from everybody else. Pure; `registry.ts` keeps
 * them on disk.
 *
 * Invariants
 * - G1 Two living exclusive claims overlap only where one owner gave the other its part.
 * - G2 A claim counts while its owner's process lives, or the one that made it, which then is bound to take
 *   it back; and where neither is known.
 * - G3 A giver's claims are replaced together: they are what its log says, and nothing else of its is left.
 */
import type { PathScope, PodRef, ScopeDeny } from '../../session/facts/entries.ts';
import type { Namespaces } from '../../std/namespaces.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { contested } from '../paths/narrow.ts';

export interface Claim {
  readonly owner: PodRef;
  /**
   * Instances of the pods out of whose part it was given, the tree's root first, its giver last; empty for a
   * root.
   */
  readonly above: readonly string[];
  /** Roots as in `PathScope.write`, and what is denied inside of them. */
  readonly write: readonly string[];
  readonly deny: readonly ScopeDeny[];
  /**
   * A root that was given no path of its own shares its directory with other roots; everything else is
   * exclusive.
   */
  readonly exclusive: boolean;
  /** The process that made the claim, and the owner's where one is known. */
  readonly maker: ProcessIdentity;
  readonly process: ProcessIdentity | null;
  /** The maker's: its pid says nothing in others. Earlier builds name none. */
  readonly namespaces?: Namespaces | undefined;
}

/** `unknown`: it was started in another container and cannot be asked. */
export type OwnerStatus = 'alive' | 'dead' | 'unknown';
export type StatusOf = (claim: Claim) => OwnerStatus;

/** A path that cannot be claimed, because it is somebody's. */
export interface Conflict {
  readonly claim: Claim;
  readonly path: string;
  readonly owner: PodRef;
  /** The owner's root that stands against it. */
  readonly theirs: string;
  /** False where nobody can tell from here whether the owner runs. */
  readonly isKnown: boolean;
}

/** Whether a process of the claim is seen; those of other namespaces cannot be. */
export function seenAlive(
  { process, maker }: Claim,
  isAlive: (process: ProcessIdentity) => boolean,
): boolean {
  return (process !== null && isAlive(process)) || isAlive(maker);
}

export function counts(claim: Claim, statusOf: StatusOf): boolean {
  return statusOf(claim) !== 'dead';
}

/** Who made the claim: a root its own. */
export function giverOf({ above, owner }: Claim): string {
  return above.at(-1) ?? owner.instance;
}

/**
 * The claims with `wanted` in the place of all that `giver` had claimed. What conflicts is left out and
 * named; claims of the dead are dropped.
 */
export function replaced(
  claims: readonly Claim[],
  giver: string,
  wanted: readonly Claim[],
  statusOf: StatusOf,
): { claims: Claim[]; conflicts: Conflict[] } {
  const others = claims.filter((claim) => giverOf(claim) !== giver && counts(claim, statusOf));
  const conflicts: Conflict[] = [];
  const kept: Claim[] = [];
  for (const claim of wanted) {
    const conflict = conflictOf(claim, [...others, ...kept], statusOf);
    if (conflict === null) kept.push(claim);
    else conflicts.push(conflict);
  }
  return { claims: [...others, ...kept], conflicts };
}

function conflictOf(claim: Claim, kept: readonly Claim[], statusOf: StatusOf): Conflict | null {
  for (const other of kept) {
    if (!claim.exclusive || !other.exclusive || inOneLine(claim, other)) continue;
    const shared = contested(claim, other);
    if (shared === null) continue;
    const isKnown = statusOf(other) !== 'unknown';
    return { claim, path: shared.mine, owner: other.owner, theirs: shared.theirs, isKnown };
  }
  return null;
}

/** One was given out of the other's part, or they are one pod's. */
export function inOneLine(one: Claim, other: Claim): boolean {
  const [a, b] = [one.owner.instance, other.owner.instance];
  return a === b || one.above.includes(b) || other.above.includes(a);
}

/**
 * Roots that somebody else's claim keeps from this pod, with the holder's name. What the pod gave itself is
 * not among them: its own log tells that. Nor is what its own exclusive claim leaves free, however wide the
 * other's roots are.
 */
export function heldByOthers(
  claims: readonly Claim[],
  me: { instance: string; above: readonly string[] },
  statusOf: StatusOf,
): { path: string; holder: string }[] {
  const own = claims.find((claim) => claim.owner.instance === me.instance);
  const isAbove = (instance: string) => instance === me.instance || me.above.includes(instance);
  return claims
    .filter((claim) => claim.exclusive && !isAbove(claim.owner.instance))
    .filter((claim) => giverOf(claim) !== me.instance && counts(claim, statusOf))
    .filter((claim) => own?.exclusive !== true || contested(own, claim) !== null)
    .flatMap((claim) => claim.write.map((path) => ({ path, holder: claim.owner.name })));
}

/** As a pod's session tells it. */
export interface ClaimingPod {
  readonly instance: string;
  readonly parent: PodRef | null;
  readonly root: PodRef;
}

/** Its own claim knows it; before there is one, what every pod knows of its tree. The tree's root first. */
export function podsAbove(
  claims: readonly Claim[],
  { instance, parent, root }: ClaimingPod,
): readonly string[] {
  if (parent === null) return [];
  const own = claims.find(({ owner }) => owner.instance === instance);
  return own?.above ?? [...new Set([root.instance, parent.instance])];
}

/**
 * The scope in force of a living pod: `byLog`, minus what others hold. A child writes only where its parent's
 * claim for it stands.
 */
export function scopeBesideOthers(
  byLog: PathScope,
  pod: ClaimingPod,
  registry: { readonly claims: readonly Claim[]; readonly statusOf: StatusOf },
): PathScope {
  if (byLog.write.length === 0) return byLog;
  const { claims, statusOf } = registry;
  const me = { instance: pod.instance, above: podsAbove(claims, pod) };
  const held: ScopeDeny[] = heldByOthers(claims, me, statusOf).map((other) => ({ ...other, right: 'write' }));
  const own = claims.find(({ owner }) => owner.instance === pod.instance);
  const write = pod.parent === null ? byLog.write : byLog.write.filter((root) => own?.write.includes(root));
  const deny = [...(byLog.deny ?? []), ...held];
  return { read: byLog.read, write, ...(deny.length === 0 ? {} : { deny }) };
}

/**
 * How long one who claims a path waits for commands of others that may write there: what ends within seconds
 * is no reason to refuse.
 */
export const writersWaitMs = 5_000;

/** For people and models: a command that began before the claim may write there until it ends. */
export function writersText(write: readonly string[], writers: readonly PodRef[]): string {
  const names = [...new Set(writers.map(({ name }) => `"${name}"`))].join(', ');
  return `A command of the pod ${names} is running that can write in ${write.join(', ')}; try again when it has ended, stop that pod, or use another path.`;
}

/** For people and models: whose the path is, and how it becomes free. */
export function conflictText({ path, owner: { name }, theirs, isKnown }: Conflict): string {
  const held = `${path} is held for writing by the pod "${name}" (${theirs})`;
  if (isKnown) return `${held}; stop that pod first, or use another path.`;
  return `${held}, and whether that pod runs is not known: it was started in another container or network namespace, and its socket cannot be reached from here. Look there, or use another path; when nothing runs it any more, "podkin restore --force ${name}" starts it here, where it can be stopped and removed.`;
}
