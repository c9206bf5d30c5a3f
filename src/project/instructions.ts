/**
 * The files that speak to a pod: the person's own AGENTS.md, then those of the project's folders, the nearest
 * last; those of folders deeper down when they are first touched; what each of them imports before it. What
 * is left out is said.
 */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { realOrFuturePath } from '../scope/paths/real-path.ts';
import { type InstructionFile, importsOf } from './imports.ts';
import { type ProjectReader, projectFileBytesMax, readProjectFile } from './project-file.ts';
import { foldersOf, foldersOnTheWay } from './project-folders.ts';

/** The first that a folder has is read, and no other. */
const fileNames = ['AGENTS.md', 'CLAUDE.md'] as const;

export interface Instructions {
  /** The nearest last. */
  readonly files: readonly InstructionFile[];
  /** One sentence for each file that is not there as it stands on the disk. */
  readonly leftOut: readonly string[];
}

export const noInstructions: Instructions = { files: [], leftOut: [] };

export interface ProjectPlace {
  readonly cwd: string;
  /** Null where nobody's is known. */
  readonly personHome: string | null;
}

/** What holds for all that is done in the working directory; null: the person's own alone. */
export async function readInstructions(
  reader: ProjectReader,
  place: ProjectPlace | null,
): Promise<Instructions> {
  const project = place === null ? [] : await foldersOf(place.cwd, place.personHome);
  const own = await realpath(reader.home.config).catch(() => null);
  return joined([
    ...(own === null || project.includes(own) ? [] : [await fileIn(reader, own, ['AGENTS.md'])]),
    ...(await Promise.all(project.map((folder) => fileIn(reader, folder)))),
  ]);
}

/**
 * In a step between the working directory and what is touched; those farther away come with a later touch.
 */
const foldersMax = 32;

/**
 * What holds beside that for a path that is touched: of the folders on the way to it, inside of the same
 * project. `known` says which files need not be read again.
 */
export async function readInstructionsFor(
  reader: ProjectReader,
  { cwd, personHome }: ProjectPlace,
  touched: { readonly path: string; readonly known: (path: string) => boolean },
): Promise<Instructions> {
  const folder = await folderOf(touched.path);
  const folders = folder === null ? [] : await foldersOnTheWay({ cwd, personHome, folder, most: foldersMax });
  const missing = folders.filter((one) => !fileNames.some((name) => touched.known(join(one, name))));
  return joined(await Promise.all(missing.map((one) => fileIn(reader, one))));
}

/** Where it really is, and for a file the folder that it is or will be in. */
async function folderOf(path: string): Promise<string | null> {
  try {
    const real = await realOrFuturePath(path);
    if (real === undefined) return null;
    const isFolder = await lstat(real).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    return isFolder ? real : dirname(real);
  } catch {
    return null;
  }
}

async function fileIn(
  reader: ProjectReader,
  folder: string,
  names: readonly string[] = fileNames,
): Promise<Instructions> {
  for (const name of names) {
    const path = join(folder, name);
    const found = await readProjectFile(reader, folder, name);
    switch (found.kind) {
      case 'missing':
        continue;
      case 'denied':
        return leftOut(`Left out, as it is denied for reading: ${path}`);
      case 'leftOut':
        return leftOut(`Left out, as it ${found.why}: ${path}`);
      case 'text': {
        if (found.encoding === null)
          return leftOut(`Left out, as it is text neither in UTF-8 nor in UTF-16 with its mark: ${path}`);
        const own = { path, text: found.isCut ? `${found.text}\n(cut here)` : found.text };
        const cut = `Cut, as it is larger than ${projectFileBytesMax / 1024} KiB: ${path}`;
        const imports = await importsOf(own, folder, (one) => readProjectFile(reader, folder, one));
        return {
          files: [...imports.files, own],
          leftOut: [...(found.isCut ? [cut] : []), ...imports.leftOut],
        };
      }
    }
  }
  return noInstructions;
}

function leftOut(text: string): Instructions {
  return { files: [], leftOut: [text] };
}

/** What two of them have is there once, at the later place. */
function joined(found: readonly Instructions[]): Instructions {
  const files = found.flatMap((one) => one.files);
  return {
    files: files.filter(({ path }, at) => files.findLastIndex((one) => one.path === path) === at),
    leftOut: found.flatMap((one) => one.leftOut),
  };
}

/** Whoever reads the very file needs no second copy of it. */
export function isInstructionFile(path: string): boolean {
  return fileNames.some((name) => name === basename(path));
}
