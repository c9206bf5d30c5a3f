/**
 * The `.git` that a command is about to write and that is read-only for its pod for nothing but its name:
 * what a person may open by granting that very path.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PathScope } from '../../session/facts/entries.ts';
import { isOurs } from '../../std/bounded-file.ts';
import { gitWrites } from './git-writes.ts';
import { protectionReason } from '../paths/access.ts';
import { mayWrite } from '../paths/path-scope.ts';

export interface GitRights {
  readonly scope: PathScope;
  /** It may be written all the same. Asked of what a command is about to write alone. */
  readonly isOpen: (git: string) => boolean;
}

/**
 * Null where there is none: no git command that writes, a `.git` that is a file or a link (what it leads to
 * is elsewhere), one outside of the scope, denied, or open already.
 */
export async function heldGit(
  command: string,
  cwd: string,
  { scope, isOpen }: GitRights,
): Promise<string | null> {
  for (const folder of gitWrites(command, cwd)) {
    const git = await gitAbove(folder);
    // A grant lifts no deny.
    if (git === null || !mayWrite(scope, git)) continue;
    if (protectionReason(scope, git) !== undefined && !isOpen(git)) return git;
  }
  return null;
}

/** Of the repository that git would find; null where there is none, or it is none of a plain folder. */
async function gitAbove(start: string): Promise<string | null> {
  for (let folder = await realpath(start).catch(() => start); ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    const found = await lstat(git).catch(() => null);
    if (found !== null) return found.isDirectory() && isOurs(found.uid) ? git : null;
    if (folder === dirname(folder)) return null;
  }
}
