/**
 * What ripgrep does not tell: folders, links, and what was left out because a file like .gitignore names it.
 * Looks into the folders in which ripgrep has found files, each opened as what was checked.
 */
import { readdir } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { checkInside, openExact } from '../scope/paths/open-inside.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import { accessOf } from './input-path.ts';
import { type SearchPlace, directoryOf } from './search-place.ts';
import type { ToolContext } from './tool.ts';

/** Folders that are looked into, and files whose names are kept for it. */
const foldersMax = 2_000;
const filesMax = 200_000;
/** Entries looked at for a file, in a folder where ripgrep has found none. */
const entriesMax = 1_000;

/** Named in an answer, and asked whether they may be. */
const ignoredShown = 5;
const ignoredAsked = 200;

/** Real absolute paths below a place. */
export interface FolderListing {
  readonly folders: readonly string[];
  /** Those that lead to what may be read. `isFolder`: what they lead to. */
  readonly links: readonly { readonly path: string; readonly isFolder: boolean }[];
  /** Files and folders that were left out, folders without what is in them. */
  readonly ignored: readonly { readonly path: string; readonly isFolder: boolean }[];
  /** False where there are too many folders to look into all. */
  readonly isWhole: boolean;
}

/** Takes note of the files that ripgrep finds, and looks around them afterwards. */
export class FolderLister {
  readonly #place: SearchPlace;
  readonly #context: ToolContext;
  /** Names of files by their folder; folders that only hold folders too. */
  readonly #known = new Map<string, Set<string>>();
  #files = 0;

  constructor(place: SearchPlace, context: ToolContext) {
    this.#place = place;
    this.#context = context;
    this.#known.set(place.realPath, new Set());
  }

  file(path: string): void {
    this.#files += 1;
    if (this.#files > filesMax) return;
    const end = path.lastIndexOf('/');
    this.#folder(path.slice(0, end) || '/').add(path.slice(end + 1));
  }

  async list(): Promise<FolderListing> {
    const folders = [...this.#known.keys()];
    const links: FolderListing['links'][number][] = [];
    const ignored: FolderListing['ignored'][number][] = [];
    const empty: string[] = [];
    for (const folder of folders.slice(0, foldersMax)) {
      this.#context.signal.throwIfAborted();
      const names = this.#known.get(folder) ?? new Set();
      for (const entry of await entriesOf(folder)) {
        const path = join(folder, entry.name);
        if (entry.name === '.git' || names.has(entry.name)) continue;
        if (entry.isSymbolicLink()) {
          const isFolder = await this.#leadsToFolder(path);
          if (isFolder !== null) links.push({ path, isFolder });
        } else if (entry.isDirectory()) {
          if (this.#known.has(path)) continue;
          if (await holdsFile(path)) ignored.push({ path, isFolder: true });
          else empty.push(path);
        } else if (entry.isFile()) ignored.push({ path, isFolder: false });
      }
    }
    return {
      folders: [...folders.slice(1), ...empty],
      links,
      ignored: this.#files > filesMax ? [] : ignored,
      isWhole: folders.length <= foldersMax && this.#files <= filesMax,
    };
  }

  #folder(path: string): Set<string> {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const names = new Set<string>();
    if (!relative(this.#place.realPath, path).startsWith('..')) {
      // Its own first, so that a folder stands before what is in it.
      this.#folder(dirname(path));
      this.#known.set(path, names);
    }
    return names;
  }

  /** Null where a link leads out of what may be read, or nowhere. */
  async #leadsToFolder(path: string): Promise<boolean | null> {
    const checked = await checkInside(accessOf(this.#context), 'read', path);
    if (!checked.ok) return null;
    try {
      const opened = await openExact(checked.realPath, path);
      if (!opened.ok) return null;
      await opened.handle.close();
      return opened.stats.isDirectory();
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      return null;
    }
  }
}

/** Names a few of what was left out, where it may be told. */
export async function ignoredNote(place: SearchPlace, ignored: FolderListing['ignored']): Promise<string[]> {
  const tellable = await place.tellable(ignored.slice(0, ignoredAsked).map(({ path }) => path));
  const shown = ignored.filter(({ path }) => tellable.has(path));
  if (shown.length === 0) return [];
  const names = shown
    .slice(0, ignoredShown)
    .map(({ path, isFolder }) => place.shown(path) + (isFolder ? '/' : ''));
  const left = ignored.length - Math.min(ignored.length, ignoredAsked) + shown.length - names.length;
  const more = left > 0 ? ` and ${left} more` : '';
  return [
    `[Left out, because .gitignore or a file like it names them: ${names.join(', ')}${more}. To look there, name it as path.]`,
  ];
}

/** Also true where that cannot be told. */
async function holdsFile(folder: string): Promise<boolean> {
  const open = [folder];
  for (let seen = 0; open.length > 0;) {
    const at = open.pop() ?? folder;
    const entries = (await entriesOf(at)).filter(({ name }) => name !== '.git');
    seen += entries.length + 1;
    if (seen > entriesMax || entries.some((entry) => entry.isFile())) return true;
    open.push(...entries.filter((entry) => entry.isDirectory()).map((entry) => join(at, entry.name)));
  }
  return false;
}

/** None where the folder has been moved, or may not be looked at. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const opened = await openExact(folder, folder);
    if (!opened.ok) return [];
    try {
      if (!opened.stats.isDirectory() || opened.realPath !== folder) return [];
      return await readdir(directoryOf(opened), { withFileTypes: true });
    } finally {
      await opened.handle.close();
    }
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return [];
  }
}
