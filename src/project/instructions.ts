/**
 * The AGENTS.md files that speak to a pod: of its project's folders, the nearest last. What is left out is
 * said.
 */
import { join } from 'node:path';
import { type ProjectReader, projectFileBytesMax, readProjectFile } from './project-file.ts';
import { foldersOf } from './project-folders.ts';

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
    if (found.encoding === null) {
      leftOut.push(`Left out, as it is text neither in UTF-8 nor in UTF-16 with its mark: ${path}`);
      continue;
    }
    if (found.isCut) leftOut.push(`Cut, as it is larger than ${projectFileBytesMax / 1024} KiB: ${path}`);
    files.push({ path, text: found.isCut ? `${found.text}\n(cut here)` : found.text });
  }
  return { files, leftOut };
}
