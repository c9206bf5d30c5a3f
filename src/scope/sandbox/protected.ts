/**
 * Which of the protected paths a shell is held from. A repository's `.git` as a whole, not only its hooks and
 * settings: a `commondir` in it, which git obeys as soon as it is there, leads to settings anywhere, and
 * nothing can stand in for that file without breaking git.
 */
import { join } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { hookPaths } from '../paths/git-hooks.ts';
import { isBelow } from '../paths/path-scope.ts';
import { isCrowded, protectedBelow } from '../paths/protected-below.ts';
import { linkTargets, wayOf } from '../paths/protected-links.ts';
import { protection } from '../paths/protected-paths.ts';
import { componentsOf, covers, rootOf } from '../paths/roots.ts';

/**
 * Obeyed in a person's home alone: elsewhere they are held where they exist, and nothing stands in for them.
 * Not so for what shells and git read at their start: any folder may be somebody's `HOME` or `ZDOTDIR`.
 */
const inHomesAlone: readonly RegExp[] = [
  /^\.(?:ssh|rhosts|shosts|xprofile|xinitrc|xsession|xsessionrc|xserverrc|pam_environment|forward|procmailrc)$/,
  /^\.(?:pypirc|login|logout|wgetrc|curlrc|gemrc|condarc|terraformrc|hgrc|jjconfig\.toml|codeium)$/,
  /^\.(?:direnv|lessfilter|lesskey|emacs\.elc?|spacemacs|spacemacs\.d|doom\.d|sbclrc|clisprc\.lisp|guile|wezterm\.lua)$/,
  /^(?:\.config\/(?!mise|lefthook)|Library\/|\.local\/|\.m2\/|\.gradle\/|\.ipython\/|\.julia\/|\.cargo\/(?:bin|env|credentials))/,
];

export interface Places {
  readonly home: string | undefined;
  exists(path: string): boolean;
}

/**
 * Paths below the write roots of a scope that no shell may change, there yet or not. A root that is granted
 * by a protected name itself is not among them; one with more in it than can be held is, as a whole.
 */
export function protectedPaths(scope: PathScope, places: Places): string[] {
  const roots = scope.write.filter((root) => rootOf(root)?.direct === false);
  const hooks = hookPaths(scope);
  const named = roots.flatMap((root) => {
    if (isCrowded(root)) return [];
    const matters = (path: string) =>
      root === places.home ||
      places.exists(path) ||
      !inHomesAlone.some((one) => one.test(path.slice(root.length + 1)));
    const paths = new Set([join(root, '.git'), ...protectedBelow(root).map((path) => wholeGit(root, path))]);
    return [...paths].filter((path) => matters(path) && isHeld(scope, path));
  });
  // What a denied name leads through: replaced, the name would be something else.
  const through = (scope.deny ?? [])
    .flatMap(({ path }) => wayOf(path).links)
    .filter((link) => scope.write.some((root) => root !== link && isBelow(root, link)));
  return [
    ...new Set([
      ...roots.filter(isCrowded),
      ...named,
      ...hooks,
      ...through,
      ...linkTargets(scope).map(({ path }) => path),
    ]),
  ];
}

/** Below the root: one that lies in a `.git` itself was granted. */
function wholeGit(root: string, path: string): string {
  return root + path.slice(root.length).replace(/((?:^|\/)\.git)\/.*$/, '$1');
}

/** As for file tools: every root that grants writing holds it. */
function isHeld(scope: PathScope, path: string): boolean {
  const parts = componentsOf(path) ?? [];
  return scope.write
    .map(rootOf)
    .filter((root) => root !== undefined && covers(root, parts))
    .every((root) => protection(parts, root?.base.length ?? 0) !== undefined);
}
