/** Glob: the files whose paths match a pattern, newest first. What `.gitignore` leaves out stays out. */
import { lstat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative } from 'node:path';
import picomatch from 'picomatch';
import * as z from 'zod';
import { once } from '../std/once.ts';
import { errorCode } from '../scope/refusal.ts';
import { absolutePath, deniedSearch, failed, pathInput, refused } from './input-path.ts';
import { RipgrepMissing, ripgrepBasics, runRipgrep } from './ripgrep.ts';
import { inSearchPlace } from './search-place.ts';
import type { SearchPlace } from './search-place.ts';
import { defineTool } from './tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Paths in one answer. */
const pathsMax = 1000;
/** Files asked for their time at once. */
const statsAtOnce = 64;

const input = once(() =>
  z.object({
    pattern: pathInput().describe(
      'For example `**/*.ts` or `src/{a,b}*.json`. `*` stays inside a folder, `**` does not.',
    ),
    path: pathInput().optional().describe('The folder to look in; the working directory if not given.'),
  }),
);
type GlobInput = z.output<ReturnType<typeof input>>;

export const globTool = defineTool({
  name: 'Glob',
  description:
    'Finds files by a pattern on their path, newest first, hidden ones included. Leaves out what .gitignore names. For what is in the files use Grep.',
  input,
  order: 'parallel',
  denied: (wanted, context) => deniedSearch(context, parted(wanted).path),
  needs: (wanted, context) => ({ kind: 'read', path: absolutePath(context, parted(wanted).path) }),
  async run(wanted, context) {
    const { path, pattern } = parted(wanted);
    if (pattern.split('/').includes('..')) {
      return failed('A pattern can not hold `..`. Name the folder to look in as path.');
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

/** An absolute pattern is the folder up to its first wildcard and the pattern below it. */
function parted(wanted: GlobInput): { path: string; pattern: string } {
  if (!isAbsolute(wanted.pattern)) return { path: wanted.path ?? '.', pattern: wanted.pattern };
  const { base, glob } = picomatch.scan(wanted.pattern);
  if (glob === '') return { path: dirname(base), pattern: picomatch.scan(basename(base)).input };
  return { path: base === '' ? '/' : base, pattern: glob };
}

async function newestFirst(place: SearchPlace, pattern: string, context: ToolContext): Promise<ToolAnswer> {
  const matches = picomatch(pattern, { dot: true });
  const matching: string[] = [];
  const outcome = await runRipgrep({
    args: [...ripgrepBasics, '--files', '--null', '--glob=!.git', '--'],
    place: place.ripgrep,
    rights: context,
    recordEnd: 'nul',
    signal: context.signal,
    onRecord: (record) => {
      const file = place.found(record);
      if (matches(relative(place.realPath, file))) matching.push(file);
      return true;
    },
  });
  const told = await place.tellable(matching);
  const found = matching.filter((file) => told.has(file));
  const complaints = outcome.exitCode === 2 ? await place.complaints(outcome.stderr) : '';
  const trouble = complaints === '' ? '' : `\n[Not everything could be looked at: ${complaints}]`;
  if (found.length === 0)
    return { text: `No file matches ${pattern} in ${place.shown(place.realPath)}.${trouble}` };
  const times = await modificationTimes(found);
  const sorted = [...times].sort(([a, aTime], [b, bTime]) => bTime - aTime || (a < b ? -1 : 1));
  const shown = sorted.slice(0, pathsMax).map(([file]) => place.shown(file));
  const left = sorted.length - shown.length;
  const more = left > 0 ? `\n[and ${left} more. Use a narrower pattern or path to see them.]` : '';
  return { text: shown.join('\n') + more + trouble };
}

/** Milliseconds by path; what has gone meanwhile is left out. */
async function modificationTimes(files: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (let from = 0; from < files.length; from += statsAtOnce) {
    await Promise.all(
      files.slice(from, from + statsAtOnce).map(async (file) => {
        try {
          times.set(file, (await lstat(file)).mtimeMs);
        } catch (error) {
          if (errorCode(error) === undefined) throw error;
        }
      }),
    );
  }
  return times;
}
