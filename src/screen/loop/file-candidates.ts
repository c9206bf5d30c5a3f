/**
 * Files, folders and pods behind an `@` that is being typed. A pod that runs answers itself: by its rights,
 * its denies and the pods that it knows. For `+ new`, and for one that is not running, its directory is read
 * here: names for the person who types; what the pod may read of them is decided when the text is sent. No
 * link is followed.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { asTyped, isTyped, typedPath } from '../../protocol/typed-path.ts';
import type { Candidates } from '../input/offers.ts';
import type { Watching } from '../ports.ts';
import { clean } from '../text.ts';

const candidatesMax = 50;
/** Of a text, the end: more of it decides nothing, and costs the wire. */
const askedCharsMax = 4_096;

export interface OfferedBy {
  /** In which `+ new` starts a root; empty where it is not known. */
  readonly folder: string;
  readonly watching: Pick<Watching, 'tree' | 'call' | 'folderOf'>;
}

/** To that pod, or to `+ new` (null). */
export async function offered(
  text: string,
  instance: string | null,
  { folder, watching }: OfferedBy,
): Promise<Candidates | null> {
  const own = instance === null ? null : await runningCandidates(text, instance, watching);
  if (own !== null) return own;
  const directory = instance === null ? folder : watching.folderOf(instance);
  return directory === null || directory === '' ? null : fileCandidates(text, directory);
}

/** Null where the pod does not answer, or is an older one: then its folder is read. */
export async function runningCandidates(
  text: string,
  instance: string,
  watching: Pick<Watching, 'tree' | 'call'>,
): Promise<Candidates | null> {
  const row = watching.tree.rows.find((one) => one.instance === instance);
  if (row === undefined || row.status === 'dead' || row.status === 'stopped') return null;
  const before = text.length - Math.min(text.length, askedCharsMax);
  try {
    const found = await watching.call(instance, 'complete', { text: text.slice(before) });
    const candidates = found.candidates.filter(({ text: one }) => clean(one) === one && isTyped(one));
    return { from: found.from + before, to: found.to + before, candidates };
  } catch {
    return null;
  }
}
const entriesMax = 10_000;

/** `text`: up to the caret. Null where nothing is to be offered, or nothing can be read. */
export function fileCandidates(text: string, directory: string): Candidates | null {
  const typed = typedPath(text);
  if (typed === null) return null;
  const { from, path } = typed;
  if (path.startsWith('/') || path.split('/').includes('..')) return null;
  const slash = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, slash);
  const begun = path.slice(slash);
  const found = entriesOf(directory, folder)
    .filter(({ name }) => name.startsWith(begun) && (begun !== '' || !name.startsWith('.')))
    // What a name hides would be typed for the person.
    .filter(({ name }) => clean(name) === name)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const candidates = found.flatMap(({ name, isFolder }) => {
    const text = asTyped(`${folder}${name}${isFolder ? '/' : ''}`);
    return text === null ? [] : [{ text, kind: isFolder ? ('folder' as const) : ('file' as const) }];
  });
  return { from, to: text.length, candidates: candidates.slice(0, candidatesMax) };
}

function entriesOf(directory: string, folder: string): { name: string; isFolder: boolean }[] {
  try {
    let at = directory;
    for (const part of folder.split('/').filter((one) => one !== '')) {
      at = join(at, part);
      if (!lstatSync(at).isDirectory()) return [];
    }
    return readdirSync(at, { withFileTypes: true })
      .slice(0, entriesMax)
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch {
    return [];
  }
}
