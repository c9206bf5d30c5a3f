/**
 * Repositories that a pod has made itself: which of them its commands may write now. Each is judged before a
 * command begins, so that what a person has changed in one is not held against the pod's next command.
 */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import type { FolderPlace } from '../../session/facts/repository-entries.ts';
import { protectionReason } from '../paths/access.ts';
import { mayWrite } from '../paths/path-scope.ts';
import { gitProblem } from './git-judgement.ts';
import { statsOf } from './stats-of.ts';

/** Where the repositories are, and which folder each was when it was made. */
export type MadeRepositories = ReadonlyMap<string, FolderPlace>;

/** Undefined for what is no folder. */
export function folderPlace(path: string): FolderPlace | undefined {
  const stats = statsOf(path);
  if (stats?.isDirectory() !== true) return undefined;
  return { dev: String(stats.dev), ino: String(stats.ino), made: String(stats.birthtimeNs) };
}

/**
 * Those that are in the scope and read-only for their name alone, still the same, and lead git nowhere;
 * `only` of them where one is named.
 */
export function ownGit(made: MadeRepositories, scope: PathScope, only?: string): string[] {
  return [...made.keys()].filter(
    (path) =>
      (only === undefined || path === only) &&
      mayWrite(scope, path) &&
      protectionReason(scope, path) !== undefined &&
      isSame(made.get(path), path) &&
      gitProblem(path) === null,
  );
}

function isSame(was: FolderPlace | undefined, path: string): boolean {
  const now = folderPlace(path);
  const isThere = now !== undefined && was !== undefined && isInPlace(path);
  return isThere && now.dev === was.dev && now.ino === was.ino && now.made === was.made;
}

/** No link leads there. */
function isInPlace(path: string): boolean {
  try {
    return realpathSync(dirname(path)) === dirname(path);
  } catch {
    return false;
  }
}
