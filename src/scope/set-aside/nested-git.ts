/** Repositories directly in a root. Linux alone. */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { below, shownName } from '../paths/byte-path.ts';
import { withOwnerRights } from '../paths/owner-rights.ts';
import { isThere } from './stats-of.ts';

/** `.git` of folders directly in `root`. */
export function nestedGit(root: string): string[] {
  const found: string[] = [];
  eachNestedGit(root, root, (path) => found.push(path));
  return found;
}

/**
 * Of all folders, also those that their owner has closed where `opens` says so: a command opens them again.
 * `root` is read by the name `through`.
 */
export function eachNestedGit(
  root: string,
  through: string,
  act: (path: string, through: string) => void,
  opens = true,
): void {
  for (const entry of readdirSync(through, { withFileTypes: true, encoding: 'buffer' })) {
    const name = shownName(entry.name);
    if (!entry.isDirectory() || name === '.git') continue;
    const folder = below(through, entry.name);
    withOwnerRights(opens ? [folder] : [], () => {
      const fd = folderOf(folder);
      if (fd === null) return;
      try {
        const git = `/proc/self/fd/${fd}/.git`;
        if (isThere(git)) act(join(root, name, '.git'), git);
      } finally {
        closeSync(fd);
      }
    });
  }
}

/** Null for what is none (any more), and what is another user's and closed. */
function folderOf(path: Buffer): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
}
