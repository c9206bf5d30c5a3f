/**
 * The files and folders that a path which is being typed may go on with: what a search may tell of a folder,
 * opened as what was checked. Links are left out: where they lead is not looked into.
 */
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { deniedSearch } from './input-path.ts';
import { inSearchPlace } from './search-place.ts';
import type { ToolContext } from './tool.ts';

export interface Completion {
  /** As it is typed on, folders with a `/` at their end. */
  readonly text: string;
  readonly kind: 'file' | 'folder';
}

export interface CompletionLimits {
  readonly countMax: number;
  /** Why a rule keeps a folder from being read, or null. */
  readonly isRefused: (absolute: string) => Promise<string | null>;
}

/** Of a larger folder only so many entries count. */
const entriesMax = 10_000;

/** Sorted by name. Empty where there is nothing, or nothing that may be told. */
export async function fileCompletions(
  typed: string,
  context: ToolContext,
  { countMax, isRefused }: CompletionLimits,
): Promise<readonly Completion[]> {
  const end = typed.lastIndexOf('/') + 1;
  const [folder, begun] = [typed.slice(0, end), typed.slice(end)];
  const path = folder === '' ? '.' : folder;
  if (typed.includes('\0') || path.split('/').includes('..')) return [];
  if (deniedSearch(context, path) !== null) return [];
  return await inSearchPlace(context, path, async (place) => {
    if (!place.ok || !place.isDirectory || (await isRefused(place.realPath)) !== null) return [];
    const found = (await entriesIn(place.realPath, begun)).slice(0, countMax);
    const tellable = await place.tellable(found.map(({ name }) => join(place.realPath, name)));
    return found
      .filter(({ name }) => tellable.has(join(place.realPath, name)))
      .map(({ name, isFolder }) => ({
        text: `${folder}${name}${isFolder ? '/' : ''}`,
        kind: isFolder ? 'folder' : 'file',
      }));
  });
}

/** Hidden ones only where that is how it begins. A folder that cannot be read holds nothing. */
async function entriesIn(folder: string, begun: string): Promise<{ name: string; isFolder: boolean }[]> {
  const found: { name: string; isFolder: boolean }[] = [];
  const wanted = begun.toLowerCase();
  let count = 0;
  try {
    for await (const entry of await opendir(folder)) {
      count += 1;
      if (count > entriesMax) break;
      const { name } = entry;
      const isHidden = name.startsWith('.') && !begun.startsWith('.');
      if (name === '.git' || isHidden || !name.toLowerCase().startsWith(wanted)) continue;
      if (entry.isDirectory() || entry.isFile()) found.push({ name, isFolder: entry.isDirectory() });
    }
  } catch {
    return [];
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
