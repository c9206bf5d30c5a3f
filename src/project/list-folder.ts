/**
 * The names in a folder of a project, listed as Read opens: no link leads out of it, no deny covers it, and
 * not more than so many are looked at.
 */
import type { Dirent } from 'node:fs';
import { lstat, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { openInside } from '../scope/paths/open-inside.ts';
import { isBelow } from '../scope/paths/path-scope.ts';
import { systemCode } from '../std/system-code.ts';
import type { ProjectReader } from './project-file.ts';

export type Listed =
  | {
      readonly place: string;
      readonly names: readonly string[];
      readonly seen: number;
      readonly isCut: boolean;
    }
  | { readonly why: string };

export interface ListedFolder {
  /** The folder that the other is in, as a real path. */
  readonly base: string;
  readonly path: string;
  readonly entriesMax: number;
  readonly mayHold: (entry: Dirent) => boolean;
}

/** The names in it of what may be looked for, sorted; null where it is not there. */
export async function listFolder(
  reader: ProjectReader,
  { base, path, entriesMax, mayHold }: ListedFolder,
): Promise<Listed | null> {
  try {
    await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : { why: `cannot be read (${code})` };
  }
  try {
    const place = await realpath(path);
    if (!isBelow(base, place)) return { why: 'is or goes through a link that leads out' };
    const scope = { read: [base], write: [], deny: [...reader.deny] };
    const outputs = join(reader.home.state, 'none');
    const opened = await openInside({ scope, home: reader.home, outputs, programs: [] }, 'read', place);
    if (!opened.ok) return { why: opened.kind === 'denied' ? 'is denied for reading' : 'cannot be read' };
    await opened.handle.close();
    return opened.stats.isDirectory()
      ? { place, ...(await namesIn(place, { entriesMax, mayHold })) }
      : { why: 'is no folder' };
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return { why: code === 'ENOENT' ? 'is a link to nothing' : `cannot be read (${code})` };
  }
}

async function namesIn(
  place: string,
  { entriesMax, mayHold }: Pick<ListedFolder, 'entriesMax' | 'mayHold'>,
): Promise<{ names: string[]; seen: number; isCut: boolean }> {
  const names: string[] = [];
  let isCut = false;
  let seen = 0;
  for await (const entry of await opendir(place)) {
    seen += 1;
    isCut = seen > entriesMax;
    if (isCut) break;
    if (mayHold(entry)) names.push(entry.name);
  }
  return { names: names.sort(), seen: Math.min(seen, entriesMax), isCut };
}
