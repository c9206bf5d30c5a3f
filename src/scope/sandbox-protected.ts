/**
 * The protected names as paths that a sandbox can mount over: those at the root's own level, and what stands there already by another spelling is not
 * looked for. File tools know them at every depth; below the first level a shell is not held from them. Pure.
 */
import { join } from 'node:path';
import type { PathScope } from '../session/entries.ts';
import { protectedNames, protection } from './protected-paths.ts';
import { componentsOf, covers, rootOf } from './roots.ts';

/** Obeyed in a person's home alone: elsewhere they are held where they exist, and nothing stands in for them. */
const inHomesAlone: readonly RegExp[] = [
  /^\.(?:bash|z|k|c|tc)/,
  /^\.(?:profile|inputrc|ssh|xprofile|xinitrc|xsessionrc|pam_environment|gitconfig|pypirc)$/,
  /^(?:\.config|Library)\//,
];

export interface Places {
  readonly home: string | undefined;
  exists(path: string): boolean;
}

/** Paths below the write roots of a scope that no shell may change, there yet or not. A root that is granted by a protected name itself is not among them. */
export function protectedPaths(scope: PathScope, places: Places): string[] {
  const roots = scope.write.filter((root) => rootOf(root)?.direct === false);
  return roots.flatMap((root) =>
    protectedNames
      .filter(
        (name) =>
          root === places.home ||
          !inHomesAlone.some((one) => one.test(name)) ||
          places.exists(join(root, name)),
      )
      .map((name) => join(root, name))
      .filter((path) => isHeld(scope, path)),
  );
}

/** As for file tools: every root that grants writing holds it. */
function isHeld(scope: PathScope, path: string): boolean {
  const parts = componentsOf(path) ?? [];
  return scope.write
    .map(rootOf)
    .filter((root) => root !== undefined && covers(root, parts))
    .every((root) => protection(parts, root?.base.length ?? 0) !== undefined);
}
