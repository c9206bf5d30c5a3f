/**
 * Glob: the files, links and folders whose paths match a pattern, newest first. What `.gitignore` leaves out
 * stays out, and is named.
 */
import { lstatSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { compileGlob, globProblem, splitGlob } from '../std/glob.ts';
import { once } from '../std/once.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import { type FolderListing, FolderLister, ignoredNote } from './folder-listing.ts';
import { absolutePath, deniedSearch, failed, pathInput, pathPatternInput, refused } from './input-path.ts';
import { RipgrepMissing, ripgrepBasics, runRipgrep } from './ripgrep.ts';
import { inSearchPlace, notUtf8Note } from './search-place.ts';
import type { SearchPlace } from './search-place.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Paths in one answer. */
const pathsMax = 1000;
/**
 * Files asked for their time before something else has its turn: without waiting for each, which takes ten
 * times as long.
 */
const statsAtOnce = 256;

const input = once(() =>
  z.object({
    pattern: pathPatternInput().describe(
      'For example `**/*.ts` or `src/{a,b}*.json`. `*` stays inside a folder, `**` does not. A `/` at the end means folders only.',
    ),
    path: pathInput().optional().describe('The folder to look in; the working directory if not given.'),
  }),
);
type GlobInput = z.output<ReturnType<typeof input>>;

export const globTool = defineTool({
  name: 'Glob',
  description:
    'Finds files by a pattern on their path, newest first, hidden ones included; folders too, with a / behind, where the pattern has no **. Leaves out what .gitignore names, and says so; name an ignored folder as path to look into it. For what is in the files use Grep.',
  input,
  order: 'parallel',
  denied: (wanted, context) => deniedSearch(context, parted(wanted).path),
  needs: (wanted, context) => ({ kind: 'read', path: absolutePath(context, parted(wanted).path) }),
  async run(wanted, context) {
    const { path, pattern } = parted(wanted);
    if (pattern.split('/').includes('..')) {
      return failed('A pattern cannot hold `..`. Name the folder to look in as path.');
    }
    return await inSearchPlace(context, path, async (place) => {
      if (!place.ok) return refused(place);
      if (!place.isDirectory) return failed(`${path} is a file. Use Read, or name a folder.`);
      try {
        return await newestFirst(place, pattern, context);
      } catch (error) {
        if (error instanceof RipgrepMissing) return failed(error.message);
        throw error;
      }
    });
  },
});

/**
 * The folder to look in goes up to the first wildcard: so a link in it is followed, and a folder that is
 * ignored looked into, as it is named.
 */
function parted(wanted: GlobInput): { path: string; pattern: string } {
  const given = wanted.pattern.replace(/^(?:\.\/+)+(?=.)/, '').replace(/\/{2,}/g, '/');
  if (given.split('/').includes('..')) return { path: wanted.path ?? '.', pattern: given };
  const { base, rest } = splitGlob(given.endsWith('/') ? given.slice(0, -1) : given);
  const isOwn = base.startsWith('/') || base === '~' || base.startsWith('~/');
  const path = isOwn ? base : join(wanted.path ?? '.', base);
  return { path, pattern: given.endsWith('/') ? `${rest}/` : rest };
}

/** What a call is about to show, folders with a `/` at their end. */
interface Match {
  readonly path: string;
  readonly end: '' | '/';
}

async function newestFirst(place: SearchPlace, pattern: string, context: ToolContext): Promise<ToolAnswer> {
  const problem = globProblem(pattern);
  if (problem !== null) return failed(`The pattern ${problem}.`);
  const onlyFolders = pattern.endsWith('/');
  const matches = compileGlob(onlyFolders ? pattern.slice(0, -1) : pattern);
  const above = place.realPath === '/' ? 1 : place.realPath.length + 1;
  const fits = (path: string) => matches(path.slice(above));
  const lister = new FolderLister(place, context);
  const files: Match[] = [];
  const outcome = await runRipgrep({
    args: [...ripgrepBasics(place.realPath), '--files', '--null', '--glob=!.git', '--'],
    place: place.ripgrep,
    rights: context,
    recordEnd: 'nul',
    signal: context.signal,
    onRecord: (record) => {
      const path = place.found(record);
      lister.file(path);
      if (!onlyFolders && fits(path)) files.push({ path, end: '' });
      return true;
    },
  });
  const list = await lister.list();
  // With `**` folders would double every answer.
  const showsFolders = onlyFolders || !pattern.includes('**');
  const folders = list.folders
    .filter((path) => showsFolders && fits(path))
    .map((path): Match => ({ path, end: '/' }));
  const links = list.links
    .filter(({ path, isFolder }) => (isFolder || !onlyFolders) && fits(path))
    .map(({ path, isFolder }): Match => ({ path, end: isFolder ? '/' : '' }));
  const matching = [...files, ...folders, ...links];
  const tellable = await place.tellable(matching.map(({ path }) => path));
  const found = matching.filter(({ path }) => tellable.has(path));
  const notes = [
    ...(await leftOut(place, list, pattern)),
    ...(list.isWhole
      ? []
      : ['[There are too many folders to look for links and ignored files in all of them.]']),
    ...notUtf8Note(
      place,
      matching.map(({ path }) => path),
    ),
    ...(outcome.exitCode === 2 ? await trouble(place, outcome.stderr) : []),
  ];
  if (found.length === 0) {
    const none = `${onlyFolders ? 'No folder' : 'No file'} matches ${pattern} in ${place.shown(place.realPath)}.`;
    return { text: [none, ...notes].join('\n') };
  }
  const times = await modificationTimes(found.map(({ path }) => path));
  const time = ({ path }: Match) => times.get(path) ?? 0;
  const sorted = found
    .filter(({ path }) => times.has(path))
    .sort((a, b) => time(b) - time(a) || (a.path < b.path ? -1 : 1));
  const shown = sorted.slice(0, pathsMax).map(({ path, end }) => place.shown(path) + end);
  const left = sorted.length - shown.length;
  const more = left > 0 ? [`[and ${left} more. Use a narrower pattern or path to see them.]`] : [];
  return { text: [...shown, ...more, ...notes].join('\n') };
}

async function trouble(place: SearchPlace, stderr: string): Promise<string[]> {
  const complaints = await place.complaints(stderr);
  return complaints === '' ? [] : [`[Not everything could be read: ${complaints}]`];
}

/** Folders that were not looked into, where the pattern reaches into them, and files that it fits. */
async function leftOut(place: SearchPlace, list: FolderListing, pattern: string): Promise<string[]> {
  const plain = pattern.endsWith('/') ? pattern.slice(0, -1) : pattern;
  const matches = compileGlob(plain);
  const names = plain.split('/');
  const reaches = (path: string) => {
    const parts = relative(place.realPath, path).split('/');
    const depth = names.includes('**') ? Math.min(names.indexOf('**'), parts.length) : parts.length;
    const beginning = names.slice(0, depth).join('/');
    return (
      depth === 0 ||
      ((parts.length <= names.length || names.includes('**')) &&
        compileGlob(beginning)(parts.slice(0, depth).join('/')))
    );
  };
  return await ignoredNote(
    place,
    list.ignored.filter(({ path, isFolder }) =>
      isFolder ? reaches(path) : matches(relative(place.realPath, path)),
    ),
  );
}

/** Milliseconds by path; what has gone meanwhile is left out. */
async function modificationTimes(files: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (let from = 0; from < files.length; from += statsAtOnce) {
    for (const file of files.slice(from, from + statsAtOnce)) {
      try {
        const stats = lstatSync(file, { throwIfNoEntry: false });
        if (stats !== undefined) times.set(file, stats.mtimeMs);
      } catch (error) {
        if (errorCode(error) === undefined) throw error;
      }
    }
    await setImmediate();
  }
  return times;
}
