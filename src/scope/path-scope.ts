/** What a pod may touch, as pure arithmetic on absolute paths. No disk here: links are resolved in `open-inside.ts`, which then asks these same questions. */
import { isAbsolute, resolve } from 'node:path';
import type { PathRight, PathScope } from '../session/entries.ts';

export type Narrowed =
  | { readonly ok: true; readonly scope: PathScope }
  | { readonly ok: false; readonly outside: readonly { right: PathRight; path: string }[] };

/** True when `path` is `root` or lies below it. Compared component by component: `/a/bc` is not below `/a/b`. Relative paths are below nothing. */
export function isBelow(root: string, path: string): boolean {
  if (!isAbsolute(root) || !isAbsolute(path)) return false;
  const above = components(root);
  const below = components(path);
  return above.every((name, index) => below[index] === name);
}

export function mayRead(scope: PathScope, path: string): boolean {
  return mayWrite(scope, path) || scope.read.some((root) => isBelow(root, path));
}

export function mayWrite(scope: PathScope, path: string): boolean {
  return scope.write.some((root) => isBelow(root, path));
}

/**
 * The part of `parent` that a child asks for. Every root of `wanted` must lie inside the parent's roots for the same right; otherwise the answer
 * lists each one that does not, relative ones included. Roots come back normalised and once each.
 */
export function narrow(parent: PathScope, wanted: PathScope): Narrowed {
  const outside = [
    ...wanted.read.filter((path) => !mayRead(parent, path)).map((path) => ({ right: 'read' as const, path })),
    ...wanted.write
      .filter((path) => !mayWrite(parent, path))
      .map((path) => ({ right: 'write' as const, path })),
  ];
  if (outside.length > 0) return { ok: false, outside };
  return { ok: true, scope: { read: normalised(wanted.read), write: normalised(wanted.write) } };
}

/** What the model reads when a right is missing: the path, the right, what the scope holds and what to do next. `realPath`: where links led, if elsewhere. */
export function denialText(
  scope: PathScope,
  right: PathRight,
  path: string,
  realPath: string = path,
): string {
  const leads = realPath === path ? '' : ` It leads to ${realPath}.`;
  const held =
    right === 'write'
      ? `write ${listed(scope.write)}`
      : `read ${listed([...new Set([...scope.read, ...scope.write])])}`;
  return `Denied: no right to ${right} ${path}.${leads} This pod may ${held}. Use a path inside that, or ask the parent for a wider scope.`;
}

function components(path: string): string[] {
  return resolve(path)
    .split('/')
    .filter((name) => name !== '');
}

function normalised(roots: readonly string[]): string[] {
  return [...new Set(roots.map((root) => resolve(root)))];
}

function listed(roots: readonly string[]): string {
  return roots.length === 0 ? 'nothing' : roots.join(', ');
}
