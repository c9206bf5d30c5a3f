/**
 * What podkin itself reads from a project, opened as the Read tool opens: whoever made the project may have
 * put anything in its place. A regular file of this user's or root's, that no link leads out of the folder
 * that was looked at and no deny covers; bounded. Nothing here waits for anything.
 */
import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScopeDeny } from '../session/facts/entries.ts';
import type { Home } from '../session/home/places.ts';
import { isBelow } from '../scope/paths/path-scope.ts';
import { openInside } from '../scope/paths/open-inside.ts';
import { type BoundedText, isOurs, readBounded } from '../std/bounded-file.ts';
import { systemCode } from '../std/system-code.ts';

export const projectFileBytesMax = 32 * 1024;

/**
 * Whose denies count. The roots of a scope do not matter here: a project's own files speak to whoever works
 * in it.
 */
export interface ProjectReader {
  readonly home: Home;
  readonly deny: readonly ScopeDeny[];
}

export type ProjectText =
  | ({ readonly kind: 'text' } & BoundedText)
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' }
  /** `why` is the end of a sentence about it. */
  | { readonly kind: 'leftOut'; readonly why: string };

/**
 * `folder` is the real path of the one that is looked at, `name` the file's path in it. Never rejects for
 * what it finds there.
 */
export async function readProjectFile(
  reader: ProjectReader,
  folder: string,
  name: string,
  bytesMax = projectFileBytesMax,
): Promise<ProjectText> {
  const path = join(folder, name);
  try {
    const found = await placeOf(path, folder);
    return typeof found === 'string' ? await read(reader, { folder, bytesMax }, found) : found;
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    return leftOut(`cannot be read (${code})`);
  }
}

/** Where it really is, if that is in the folder. */
async function placeOf(path: string, folder: string): Promise<string | ProjectText> {
  try {
    await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return { kind: 'missing' };
    if (code === 'ENOTDIR') return leftOut('cannot be there, as what should be its folder is none');
    throw error;
  }
  try {
    const place = await realpath(path);
    if (!isBelow(folder, place)) return leftOut('is or goes through a link that leads out of its folder');
    return (await lstat(place)).isFile() ? place : leftOut('is no regular file');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return leftOut('is a link to nothing');
    throw error;
  }
}

async function read(
  reader: ProjectReader,
  { folder, bytesMax }: { folder: string; bytesMax: number },
  place: string,
): Promise<ProjectText> {
  const scope = { read: [folder], write: [], deny: [...reader.deny] };
  // Nobody's outputs: what is there would be read whatever is denied.
  const outputs = join(reader.home.state, 'none');
  const opened = await openInside({ scope, home: reader.home, outputs, programs: [] }, 'read', place);
  if (!opened.ok) {
    if (opened.kind === 'missing') return { kind: 'missing' };
    if (opened.kind === 'denied') return { kind: 'denied' };
    return leftOut(opened.kind === 'changed' ? 'was replaced while it was opened' : 'cannot be read');
  }
  const { handle, stats } = opened;
  try {
    if (!stats.isFile()) return leftOut('is no regular file');
    if (!isOurs(stats.uid)) return leftOut(`belongs to another user (${stats.uid})`);
    return { kind: 'text', ...(await readBounded(handle, bytesMax)) };
  } finally {
    await handle.close();
  }
}

function leftOut(why: string): ProjectText {
  return { kind: 'leftOut', why };
}
