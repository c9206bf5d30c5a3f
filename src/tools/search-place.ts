/**
 * Where Glob and Grep look: checked, opened and kept open, so that ripgrep works in the very directory that
 * was checked, and what it finds is told only
 * where the pod may read. Ripgrep follows no links. What is left: a link swapped in below, in the instant
 * between ripgrep's look at a directory and its
 * opening of a file there, can make a file outside count as a match.
 */
import { existsSync, lstatSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Rules, denialOf, mayReadAllIn } from '../scope/paths/access.ts';
import { mayShow, openToSearch, rulesNow } from '../scope/paths/open-inside.ts';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import type { Refusal } from '../scope/paths/refusal.ts';
import { absolutePath, accessOf, shownPath } from './input-path.ts';
import type { RipgrepPlace } from './ripgrep.ts';
import type { ToolContext } from './tool.ts';

export interface SearchPlace {
  readonly ok: true;
  /** Absolute, links resolved. */
  readonly realPath: string;
  readonly isDirectory: boolean;
  /** What ripgrep is given. */
  readonly ripgrep: RipgrepPlace;
  /** The absolute path of what ripgrep names. */
  found(record: string): string;
  /**
   * A found absolute path by the name under which the model asked, short where it lies in the working
   * directory.
   */
  shown(found: string): string;
  /** False where the scope says so already; `tellable` also asks the disk. */
  isAllowed(found: string): boolean;
  /** Those of the found paths that may be told. */
  tellable(found: Iterable<string>): Promise<ReadonlySet<string>>;
  /** Ripgrep's complaints without those about places that may not be told. */
  complaints(stderr: string): Promise<string>;
}

/** Calls `search` with the place while it is open. */
export async function inSearchPlace<T>(
  context: ToolContext,
  path: string,
  search: (place: SearchPlace | Refusal) => Promise<T>,
): Promise<T> {
  const asked = absolutePath(context, path);
  const opened = await openToSearch(accessOf(context), asked);
  if (!opened.ok) return await search(opened);
  try {
    const rules = await rulesNow(accessOf(context));
    return await search(placeAt(context, asked, { opened, rules }));
  } finally {
    await opened.handle.close();
  }
}

function placeAt(
  context: ToolContext,
  asked: string,
  { opened, rules }: { opened: OpenedPath; rules: Rules },
): SearchPlace {
  const { realPath } = opened;
  const isDirectory = opened.stats.isDirectory();
  // As ripgrep names what it finds in `./`, without a join for each of a hundred thousand.
  const below = realPath === '/' ? '' : realPath;
  const found = (record: string) => {
    if (!isDirectory) return realPath;
    return record.startsWith('./') ? below + record.slice(1) : join(realPath, record);
  };
  const shown = (path: string) => shownPath(context.cwd, join(asked, relative(realPath, path)));
  const tellable = async (paths: Iterable<string>) => await tellableOf(rules, paths);
  return {
    ok: true,
    realPath,
    isDirectory,
    ripgrep: isDirectory ? { directory: directoryOf(opened) } : { file: opened.handle.fd },
    found,
    shown,
    isAllowed: (path) => denialOf(rules, { right: 'read', path, realPath: path }) === undefined,
    tellable,
    complaints: async (stderr) => {
      const lines = stderr.split('\n').map((text) => ({ text, path: complained(text) }));
      const shown = await tellable(lines.flatMap(({ path }) => (path === undefined ? [] : [found(path)])));
      return lines
        .filter(({ path }) => path === undefined || shown.has(found(path)))
        .map(({ text }) => text)
        .join('\n')
        .trim();
    },
  };
}

/** By the descriptor where the system can name it: a link that is swapped in above leads nowhere else. */
export function directoryOf({ handle, realPath }: Pick<OpenedPath, 'handle' | 'realPath'>): string {
  const byDescriptor = `/proc/self/fd/${handle.fd}`;
  return process.platform === 'linux' && existsSync(byDescriptor) ? byDescriptor : realPath;
}

/** The path in one of ripgrep's complaints: `rg: ./a/b: Permission denied (os error 13)`. */
function complained(line: string): string | undefined {
  return /^rg: (\.\/.*): [^:]*$/.exec(line)?.[1];
}

async function tellableOf(rules: Rules, found: Iterable<string>): Promise<ReadonlySet<string>> {
  const folders = new Map<string, 'none' | 'each' | 'all'>();
  const shown = new Set<string>();
  for (const path of new Set(found)) {
    const folder = dirname(path);
    let may = folders.get(folder);
    if (may === undefined) {
      may = (await isReal(folder)) ? (mayReadAllIn(rules, folder) ? 'all' : 'each') : 'none';
      folders.set(folder, may);
    }
    if (may === 'all' || (may === 'each' && (await mayShow(rules, path)))) shown.add(path);
  }
  return shown;
}

/** No link has been swapped in on the way to it. */
async function isReal(folder: string): Promise<boolean> {
  try {
    return (await realpath(folder)) === folder;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}

/** Asked about, of the names that a decoder has put its sign into. */
const namelessAsked = 1_000;

/**
 * What was found under a name that is no UTF-8: no tool can be given it, so that it is said and not passed
 * over.
 */
export function notUtf8Note(place: SearchPlace, found: readonly string[]): string[] {
  const marked = [...new Set(found.filter((path) => path.includes('\uFFFD')))].slice(0, namelessAsked);
  const [first, ...more] = marked.filter((path) => place.isAllowed(path) && !isNamed(path));
  if (first === undefined) return [];
  const which = more.length === 0 ? 'One path' : `${more.length + 1} paths`;
  return [
    `[${which} found here cannot be named to a tool, because a name in it is not UTF-8 (as ${place.shown(first)}). Rename it with a command first.]`,
  ];
}

/** Something is there by this very name. */
function isNamed(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}
