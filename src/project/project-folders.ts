/**
 * The folders of a project that speak to whoever works in it: the working directory and each one above it up
 * to the repository's root. Never from above that root or the person's home; without a repository only the
 * working directory.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
