/**
 * The AGENTS.md files that speak to a pod: of its working directory and of each folder above it up to the repository's root, the nearest last. Never from
 * above that root or the person's home; without a repository only the working directory's. What is left out is said.
 */
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isOurs } from '../std/bounded-file.ts';
import { type ProjectReader, projectFileBytesMax, readProjectFile } from './project-file.ts';

const fileName = 'AGENTS.md';

export interface Instructions {
  /** The nearest last. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** One sentence for each file that is not there as it stands on the disk. */
  readonly leftOut: readonly string[];
}

export const noInstructions: Instructions = { files: [], leftOut: [] };

/** `personHome` is null where nobody's is known. */
export async function readInstructions(
  reader: ProjectReader,
  cwd: string,
  personHome: string | null,
): Promise<Instructions> {
  const files: { path: string; text: string }[] = [];
  const leftOut: string[] = [];
  for (const folder of await foldersOf(cwd, personHome)) {
    const path = join(folder, fileName);
    const found = await readProjectFile(reader, folder, fileName);
    if (found.kind === 'denied') leftOut.push(`Left out, as it is denied for reading: ${path}`);
    if (found.kind === 'leftOut') leftOut.push(`Left out, as it ${found.why}: ${path}`);
    if (found.kind !== 'text') continue;
    if (found.isCut) leftOut.push(`Cut, as it is larger than ${projectFileBytesMax / 1024} KiB: ${path}`);
    files.push({ path, text: found.isCut ? `${found.text}\n(cut here)` : found.text });
  }
  return { files, leftOut };
}

/** Real paths, the outermost first. A repository that begins above the home speaks from the home on. */
async function foldersOf(cwd: string, personHome: string | null): Promise<string[]> {
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
