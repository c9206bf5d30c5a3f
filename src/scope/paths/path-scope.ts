/**
 * What a pod may touch, as pure arithmetic on absolute paths: allowed is what a root covers, minus what a
 * deny covers. No disk here: links are
 * resolved in `open-inside.ts`, which then asks these same questions.
 *
 * 1. A deny wins over every allow, whichever was said first or is more exact.
 * 2. What may be written may be read. A deny of `write` leaves reading, a deny of `read` leaves nothing.
 */
import type { PathRight, PathScope, ScopeDeny } from '../../session/facts/entries.ts';
import { componentsOf, covers, rootOf } from './roots.ts';

/**
 * True when `path` is `root` or lies below it. Compared component by component: `/a/bc` is not below `/a/b`.
 * Relative paths are below nothing.
 */
export function isBelow(root: string, path: string): boolean {
  const base = componentsOf(root);
  const parts = componentsOf(path);
  return base !== undefined && parts !== undefined && covers({ base, direct: false }, parts);
}

export function mayRead(scope: PathScope, path: string): boolean {
  return isAllowed(scope, 'read', path) && deniedBy(scope, 'read', path) === undefined;
}

export function mayWrite(scope: PathScope, path: string): boolean {
  return isAllowed(scope, 'write', path) && deniedBy(scope, 'write', path) === undefined;
}

/** True when a root covers `path` for `right`, whatever is denied. */
export function isAllowed(scope: PathScope, right: PathRight, path: string): boolean {
  return rootsFor(scope, right).some((root) => isCovered(root, path));
}

/** The roots that grant `right`. */
export function rootsFor(scope: PathScope, right: PathRight): readonly string[] {
  return right === 'write' ? scope.write : [...scope.read, ...scope.write];
}

/** The deny that keeps `right` from `path`, if any. */
function deniedBy(scope: PathScope, right: PathRight, path: string): ScopeDeny | undefined {
  return scope.deny?.find((deny) => caps(deny, right) && isCovered(deny.path, path));
}

/** Without `read` there is no `write` either. */
export function caps(deny: ScopeDeny, right: PathRight): boolean {
  return deny.right === 'read' || right === 'write';
}

/**
 * What the model reads when a right is missing: the path, the right, what the scope holds and what to do
 * next. `realPath`: where links led, if elsewhere.
 */
export function denialText(
  scope: PathScope,
  right: PathRight,
  path: string,
  realPath: string = path,
): string {
  const deny = isAllowed(scope, right, realPath) ? deniedBy(scope, right, realPath) : undefined;
  if (deny !== undefined) return deniedText(deny, { right, path, realPath });
  return denial({ right, path, realPath }, `This pod may ${heldText(scope, right)}.`);
}

/** The same where a deny stands against it. */
export function deniedText(deny: ScopeDeny, asked: Asked): string {
  if (deny.holder !== undefined) {
    return denial(asked, `The pod "${deny.holder}" holds ${deny.path} for writing until it is stopped.`);
  }
  const what = deny.right === 'read' ? 'reading and writing' : 'writing';
  return denial(asked, `${deny.path} is denied to this pod for ${what}.`);
}

interface Asked {
  readonly right: PathRight;
  readonly path: string;
  readonly realPath: string;
}

function denial({ right, path, realPath }: Asked, why: string): string {
  const leads = realPath === path ? '' : ` It leads to ${realPath}.`;
  return `Denied: no right to ${right} ${path}.${leads} ${why} Use a path inside its scope, or ask whoever gave the task for a wider one.`;
}

function heldText(scope: PathScope, right: PathRight): string {
  return `${right} ${listed([...new Set(rootsFor(scope, right))])}`;
}

function isCovered(root: string, path: string): boolean {
  const parsed = rootOf(root);
  const parts = componentsOf(path);
  return parsed !== undefined && parts !== undefined && covers(parsed, parts);
}

function listed(roots: readonly string[]): string {
  return roots.length === 0 ? 'nothing' : roots.join(', ');
}
