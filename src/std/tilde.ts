/**
 * `~` at the beginning of a path that no shell has read: the home of the user, or a problem that is said;
 * never a folder of that name.
 */
import { join } from 'node:path';

/**
 * The path from the home where it is `~` or begins with `~/`; any other as it is, and all where no home is
 * known.
 */
export function fromTilde(path: string, home: string | null): string {
  return home !== null && isOfHome(path) ? join(home, path.slice(1)) : path;
}

/**
 * What is wrong with a `~` at the beginning, as the end of a sentence that begins with the path; null when
 * nothing is.
 */
export function tildeProblem(path: string, home: string | null): string | null {
  if (!path.startsWith('~')) return null;
  if (!isOfHome(path)) {
    return 'begins with ~ and a name, and no home of another user is looked up here: write the path in full, or with ./ in front for a file of that name';
  }
  return home === null ? 'begins with ~, and no home of the user is known: write the path in full' : null;
}

function isOfHome(path: string): boolean {
  return path === '~' || path.startsWith('~/');
}
