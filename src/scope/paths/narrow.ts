/**
 * Handing scope down, pure: the part that a child gets, what the giver keeps, and whether two pods would
 * write in the same place.
 *
 * 1. What the narrowed scope allows, the giver's scope allows.
 * 2. No deny is lost: one of the giver's that touches a granted root goes along, and so does every one that
 * was asked for.
 * 3. A root that touches what another pod holds is not given.
 * 4. Narrowing what came out of narrowing, by itself, changes nothing.
 */
import type { PathRight, PathScope, ScopeDeny } from '../../session/facts/entries.ts';
import { caps, rootsFor } from './path-scope.ts';
import { protection } from './protected-paths.ts';
import { contains, covers, meets, normalRoot, type Root, rootOf } from './roots.ts';

/** A root that was asked for and cannot be given. */
export interface OutsideRoot {
  readonly right: PathRight;
  readonly path: string;
  /** What stands against it where a root would allow it. */
  readonly deny?: ScopeDeny;
  /** Why it is read-only for the parent itself: a child that got it as its root would be free of that. */
  readonly protected?: string;
}
export type Narrowed =
  | { readonly ok: true; readonly scope: PathScope }
  | { readonly ok: false; readonly outside: readonly OutsideRoot[] };

/**
 * The part of `parent`, its scope as it is now in force, that a child asks for. Every root of `wanted` must
 * lie inside the parent's roots for the same right and not be denied; otherwise the answer lists each one
 * that does not, relative ones included. Roots come back normalised and once each.
 */
export function narrow(parent: PathScope, wanted: PathScope): Narrowed {
  const outside = [
    ...wanted.read.flatMap((path) => problem(parent, 'read', path)),
    ...wanted.write.flatMap((path) => problem(parent, 'write', path)),
  ];
  if (outside.length > 0) return { ok: false, outside };
  const read = normalised(wanted.read);
  const write = normalised(wanted.write);
  const inherited = (parent.deny ?? []).filter((deny) =>
    // A deny of writing matters only where writing is given.
    (deny.right === 'write' ? write : [...read, ...write]).some((root) => touch(deny.path, root)),
  );
  return { ok: true, scope: withDenies({ read, write }, [...inherited, ...(wanted.deny ?? [])]) };
}

/**
 * The giver's scope once `roots` are another's to write: it may still read them. Roots absolute, `/*`
 * allowed.
 */
export function withoutWrite(scope: PathScope, roots: readonly string[]): PathScope {
  const handed = roots.map((path): ScopeDeny => ({ path, right: 'write' }));
  return withDenies({ read: scope.read, write: scope.write }, [...(scope.deny ?? []), ...handed]);
}

/** The first root of each list that touch the same path; null when the lists have no path in common. */
export function overlap(
  a: readonly string[],
  b: readonly string[],
): { readonly mine: string; readonly theirs: string } | null {
  for (const mine of a) {
    const theirs = b.find((root) => touch(mine, root));
    if (theirs !== undefined) return { mine, theirs };
  }
  return null;
}

/** What of a scope decides who may write where. */
export type WriteScope = Pick<PathScope, 'write' | 'deny'>;

/**
 * As `overlap`, minus what either of the two is denied inside its roots. Where a deny covers only a part of
 * what both have, that still counts.
 */
export function contested(
  a: WriteScope,
  b: WriteScope,
): { readonly mine: string; readonly theirs: string } | null {
  for (const mine of a.write) {
    const theirs = b.write.find(
      (root) => touch(mine, root) && !isTakenFrom(a, root) && !isTakenFrom(b, mine),
    );
    if (theirs !== undefined) return { mine, theirs };
  }
  return null;
}

/** A deny leaves nothing of `text` to this scope. */
function isTakenFrom(scope: WriteScope, text: string): boolean {
  const root = rootOf(text);
  return (scope.deny ?? []).some((deny) => {
    const denied = rootOf(deny.path);
    return root !== undefined && denied !== undefined && contains(denied, root);
  });
}

/** Why the root cannot be given, if so; an array to flatten. */
function problem(parent: PathScope, right: PathRight, path: string): OutsideRoot[] {
  const root = rootOf(path);
  const around = rootsFor(parent, right)
    .map(rootOf)
    .filter((outer) => outer !== undefined && root !== undefined && contains(outer, root));
  if (root === undefined || around.length === 0) return [{ right, path }];
  const deny = parent.deny?.find((one) => caps(one, right) && takesAway(one, root));
  if (deny !== undefined) return [{ right, path, deny }];
  const reasons = around.map((outer) => protection(root.base, outer?.base.length ?? 0));
  const why = right === 'write' && !reasons.includes(undefined) ? reasons[0] : undefined;
  return why === undefined ? [] : [{ right, path, protected: why }];
}

/**
 * The deny leaves nothing of the root, or not the path by which the root is named. Of what a pod holds not
 * even a part may lie in it: that part would be nobody's when it returns.
 */
function takesAway(deny: ScopeDeny, root: Root): boolean {
  const denied = rootOf(deny.path);
  if (denied === undefined) return false;
  if (deny.holder !== undefined) return meets(denied, root);
  return root.direct ? contains(denied, root) : covers(denied, root.base);
}

function touch(a: string, b: string): boolean {
  const [first, second] = [rootOf(a), rootOf(b)];
  return first !== undefined && second !== undefined && meets(first, second);
}

function withDenies(scope: PathScope, denies: readonly ScopeDeny[]): PathScope {
  const unique = new Map<string, ScopeDeny>();
  for (const { path, right } of denies) {
    const normal = normalRoot(path);
    unique.set(`${right} ${normal}`, { path: normal, right });
  }
  return unique.size === 0 ? scope : { ...scope, deny: [...unique.values()] };
}

function normalised(roots: readonly string[]): string[] {
  return [...new Set(roots.map(normalRoot))];
}
