/**
 * The roots that scopes are made of: `/a/b` is that path and all below it, `/a/b/*` what lies directly in
 * `/a/b`, neither the directory itself nor anything deeper. Pure, component by component. Absent: any other
 * pattern; a name that is really `*` at a path's end cannot be named.
 */
import { posix } from 'node:path';

export interface Root {
  /** The directory's or file's components. */
  readonly base: readonly string[];
  /** Only what lies directly in `base`. */
  readonly direct: boolean;
}

/** A path's components with `.` and `..` worked out. Undefined for a relative one, which lies nowhere. */
export function componentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  return posix
    .normalize(path)
    .split('/')
    .filter((name) => name !== '');
}

/** Undefined for a relative path: it grants nothing and denies nothing. */
export function rootOf(text: string): Root | undefined {
  const parts = componentsOf(text);
  if (parts === undefined) return undefined;
  return parts.at(-1) === '*' ? { base: parts.slice(0, -1), direct: true } : { base: parts, direct: false };
}

/** The same root in one spelling; a relative text stays as it is. */
export function normalRoot(text: string): string {
  const parts = componentsOf(text);
  return parts === undefined ? text : `/${parts.join('/')}`;
}

export function covers(root: Root, path: readonly string[]): boolean {
  if (root.direct && path.length !== root.base.length + 1) return false;
  return beginsWith(path, root.base);
}

/** Every path of `inner` is one of `outer`. */
export function contains(outer: Root, inner: Root): boolean {
  if (outer.direct) return inner.direct && sameBase(outer, inner);
  return beginsWith(inner.base, outer.base);
}

/** Some path is one of both. */
export function meets(a: Root, b: Root): boolean {
  if (a.direct && b.direct) return sameBase(a, b);
  if (a.direct) return meets(b, a);
  // A direct root's paths are one component longer than its base, so `/a/b` meets `/a/*`, and `/a/b/c` does
  // not.
  if (b.direct) return beginsWith(b.base, a.base) || covers(b, a.base);
  return beginsWith(a.base, b.base) || beginsWith(b.base, a.base);
}

function sameBase(a: Root, b: Root): boolean {
  return a.base.length === b.base.length && beginsWith(a.base, b.base);
}

function beginsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.length <= path.length && beginning.every((name, index) => path[index] === name);
}
