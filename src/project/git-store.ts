/**
 * Where the objects of a repository are and of which kind, read by podkin itself: no git command, no link
 * followed, nothing believed that does not have git's form.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { gitSettings } from '../scope/paths/git-config-text.ts';
import { type ObjectFormat, objectFormats } from '../session/settings/worktree.ts';
import { type ProjectReader, readProjectFile } from './project-file.ts';

export interface GitStore {
  /** Folders with objects, real paths: its own first, then those that it takes from others. */
  readonly objects: readonly string[];
  readonly format: ObjectFormat;
}

/** As git bounds it, in all. */
const foldersMax = 20;
const settingsBytesMax = 256 * 1024;

/** A sentence's end where that cannot be said. Never rejects for what it finds. */
export async function readGitStore(reader: ProjectReader, store: string): Promise<GitStore | string> {
  const format = await formatOf(reader, store);
  if (format === null) return 'its settings cannot be read';
  const objects: string[] = [];
  for (const wanted = [`${store}/objects`]; wanted.length > 0;) {
    const folder = wanted.shift() ?? '';
    const real = await realpath(folder).catch(() => null);
    if (real === null) return `its objects are not all there: ${folder}`;
    if (objects.includes(real)) continue;
    objects.push(real);
    if (objects.length > foldersMax) return 'its objects are in too many places';
    const others = await alternatesOf(reader, real);
    if (others === null) return `what ${real}/info/alternates names cannot be read`;
    wanted.push(...others);
  }
  return { objects, format };
}

/** Null where the settings are none that podkin can read. */
async function formatOf(reader: ProjectReader, store: string): Promise<ObjectFormat | null> {
  const found = await readProjectFile(reader, store, 'config', settingsBytesMax);
  if (found.kind === 'missing') return 'sha1';
  if (found.kind !== 'text' || found.isCut || found.encoding !== 'utf-8') return null;
  const said = gitSettings(found.text).settings.findLast(
    ({ section, subsection, name }) =>
      section === 'extensions' && subsection === null && name === 'objectformat',
  );
  if (said === undefined) return 'sha1';
  return objectFormats.find((format) => format === said.values[0]?.toLowerCase()) ?? null;
}

async function alternatesOf(reader: ProjectReader, objects: string): Promise<string[] | null> {
  const found = await readProjectFile(reader, objects, 'info/alternates');
  if (found.kind === 'missing') return [];
  if (found.kind !== 'text' || found.isCut || found.encoding !== 'utf-8') return null;
  const lines = found.text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  // In quotes git writes a path with signs that nobody uses.
  return lines.some((line) => line.startsWith('"')) ? null : lines.map((line) => resolve(objects, line));
}
