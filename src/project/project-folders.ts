/**
 * The folders of a project that speak to whoever works in it: the working directory and each one above it up
 * to the repository's root. Never from above that root or the person's home; without a repository only the
 * working directory. Those deeper down, and beside it in the same repository, speak to whoever touches them.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isBelow } from '../scope/paths/path-scope.ts';
import { isOurs } from '../std/bounded-file.ts';

/** Real paths, the outermost first. A repository that begins above the home speaks from the home on. */
export async function foldersOf(cwd: string, personHome: string | null): Promise<string[]> {
  const start = await realOr(cwd);
  const top = personHome === null ? null : await realOr(personHome);
  const folders: string[] = [];
  let isAboveHome = false;
  for (let folder = start; ; folder = dirname(folder)) {
    if (!isAboveHome) folders.unshift(folder);
    if (await isRepository(folder)) return folders;
    if (folder === dirname(folder)) return [start];
    isAboveHome ||= folder === top;
  }
}

/** Other people's code that is kept in a project, and git's own: nobody there speaks for it. */
const passedOver = new Set(['.git', 'node_modules', 'bower_components', 'site-packages', 'vendor']);

/**
 * Those between the project's own (`foldersOf`) and `folder`, a real path, with it; the outermost first, and
 * of many the nearest.
 */
export async function foldersOnTheWay(way: {
  readonly cwd: string;
  readonly personHome: string | null;
  readonly folder: string;
  readonly most: number;
}): Promise<string[]> {
  const above = await foldersOf(way.cwd, way.personHome);
  const [top] = above;
  if (top === undefined || !isBelow(top, way.folder)) return [];
  if (
    relative(top, way.folder)
      .split('/')
      .some((name) => passedOver.has(name))
  )
    return [];
  const folders: string[] = [];
  for (let one = way.folder; !above.includes(one) && folders.length < way.most; one = dirname(one)) {
    folders.unshift(one);
  }
  return folders;
}

/** A `.git` that another user has put into a shared folder makes no repository of it. */
async function isRepository(folder: string): Promise<boolean> {
  try {
    return isOurs((await lstat(join(folder, '.git'))).uid);
  } catch {
    return false;
  }
}

async function realOr(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
