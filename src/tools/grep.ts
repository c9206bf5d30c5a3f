/** Grep: what the files hold, by regular expression. */
import * as z from 'zod';
import { readingsOf } from '../std/glob.ts';
import { once } from '../std/once.ts';
import { FolderLister, ignoredNote } from './folder-listing.ts';
import { absolutePath, deniedSearch, failed, pathInput, refused } from './input-path.ts';
import { RipgrepMissing, ripgrepBasics, runRipgrep } from './ripgrep.ts';
import { inSearchPlace, notUtf8Note } from './search-place.ts';
import type { SearchPlace } from './search-place.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Lines or files in one answer, when the call names no limit. */
const limitDefault = 250;
/** Characters of one answer, whatever the limit. */
const answerCharsMax = 50_000;
/** Bytes of one line that are shown. */
const lineBytesMax = 500;

const input = once(() =>
  z.object({
    pattern: z
      .string()
      .min(1, 'a pattern cannot be empty')
      .refine((pattern) => !pattern.includes('\0'), 'a pattern cannot hold a NUL character')
      .describe('A regular expression in the syntax of ripgrep (Rust).'),
    path: pathInput()
      .optional()
      .describe('The file or folder to search; the working directory if not given.'),
    glob: z
      .string()
      .min(1, 'a glob cannot be empty')
      .refine((glob) => !glob.includes('\0'), 'a glob cannot hold a NUL character')
      .refine(
        (glob) => !/^!?~(?:\/|$)/.test(glob),
        'a glob is taken from `path`: name the folder in the home there',
      )
      .optional()
      .describe('Only files whose path matches, for example `*.ts`; with a `!` in front, all others.'),
    output: z
      .enum(['content', 'files', 'count'])
      .default('files')
      .describe('`files`: paths; `content`: the lines; `count`: matching lines of each file.'),
    ignoreCase: z.boolean().optional(),
    context: z.int().min(0).max(100).optional().describe('Lines around each match, for `content`.'),
    multiline: z.boolean().optional().describe('Let a match span lines; `.` then matches a line break too.'),
    limit: z
      .int()
      .min(1)
      .optional()
      .describe(`At most so many lines or files; ${limitDefault} if not given.`),
  }),
);
type GrepInput = z.output<ReturnType<typeof input>>;

export const grepTool = defineTool({
  name: 'Grep',
  description:
    'Searches the contents of files with ripgrep and gives paths, lines or counts. Leaves out binary files and what .gitignore names, and says the latter; name an ignored folder as path to search it. For paths use Glob.',
  input,
  order: 'parallel',
  denied: (wanted, context) => deniedSearch(context, wanted.path ?? '.'),
  needs: (wanted, context) => ({ kind: 'read', path: absolutePath(context, wanted.path ?? '.') }),
  async run(wanted, context) {
    return await inSearchPlace(context, wanted.path ?? '.', async (place) => {
      if (!place.ok) return refused(place);
      try {
        return await search(place, wanted, context);
      } catch (error) {
        if (error instanceof RipgrepMissing) return failed(error.message);
        throw error;
      }
    });
  },
});

/** One record of ripgrep's; `path` is null for the line between groups of lines. */
interface Found {
  readonly path: string | null;
  readonly line: string;
}

async function search(place: SearchPlace, wanted: GrepInput, context: ToolContext): Promise<ToolAnswer> {
  const limit = wanted.limit ?? limitDefault;
  const found: Found[] = [];
  let chars = 0;
  let cut = false;
  const outcome = await runRipgrep({
    args: argumentsOf(wanted, place),
    place: place.ripgrep,
    rights: context,
    recordEnd: wanted.output === 'files' ? 'nul' : 'line',
    signal: context.signal,
    onRecord: (record) => {
      const one = foundIn(place, record, wanted.output);
      if (one.path !== null && !place.isAllowed(one.path)) return true;
      cut = found.length >= limit || (found.length > 0 && chars + one.line.length > answerCharsMax);
      if (cut) return false;
      found.push(one);
      chars += one.line.length + 1;
      return true;
    },
  });
  const lines = await tellableLines(place, found);
  const nameless = notUtf8Note(
    place,
    found.flatMap(({ path }) => (path === null ? [] : [path])),
  );
  const wrong = outcome.exitCode === 2 ? await place.complaints(outcome.stderr) : '';
  if (lines.length === 0) {
    const none = ['No match.', ...nameless, ...(await leftOut(place, context))].join('\n');
    return wrong === '' ? { text: none } : failed(`The search failed. ripgrep says: ${wrong}`);
  }
  const unit = wanted.output === 'content' ? 'lines' : 'files';
  const notes = [
    ...(cut
      ? [
          `[Only the first ${lines.length} ${unit}; there is more. Narrow the pattern, path or glob, or raise limit.]`,
        ]
      : []),
    ...nameless,
    ...(cut ? [] : await leftOut(place, context)),
    ...(wrong === '' ? [] : [`[Not everything could be searched: ${wrong}]`]),
  ];
  return { text: [...lines, ...notes].join('\n') };
}

/** Files and folders that were not searched; where a part was enough, that is no matter. */
async function leftOut(place: SearchPlace, context: ToolContext): Promise<string[]> {
  if (!place.isDirectory) return [];
  const lister = new FolderLister(place, context);
  await runRipgrep({
    args: [...ripgrepBasics(place.realPath), '--files', '--null', '--glob=!.git', '--'],
    place: place.ripgrep,
    rights: context,
    recordEnd: 'nul',
    signal: context.signal,
    onRecord: (record) => {
      lister.file(place.found(record));
      return true;
    },
  });
  return await ignoredNote(place, (await lister.list()).ignored);
}

/** Without what may not be told, and without the separators that it leaves behind. */
async function tellableLines(place: SearchPlace, found: readonly Found[]): Promise<string[]> {
  const tellable = await place.tellable(found.flatMap(({ path }) => (path === null ? [] : [path])));
  const kept = found.filter(({ path }) => path === null || tellable.has(path));
  return kept
    .filter(
      ({ path }, at) => path !== null || (at > 0 && at < kept.length - 1 && kept[at - 1]?.path !== null),
    )
    .map(({ line }) => line);
}

function argumentsOf(wanted: GrepInput, place: SearchPlace): string[] {
  const output = {
    files: ['--files-with-matches'],
    count: ['--count'],
    content: [
      '--line-number',
      '--no-heading',
      `--max-columns=${lineBytesMax}`,
      '--max-columns-preview',
      `--context=${wanted.context ?? 0}`,
    ],
  };
  return [
    ...ripgrepBasics(place.realPath),
    '--null',
    // A line ends before its CR too.
    '--crlf',
    '--with-filename',
    // One thread, but the same answer each time, and the first ones are known to be the first.
    '--sort=path',
    ...output[wanted.output],
    ...(wanted.ignoreCase === true ? ['--ignore-case'] : []),
    ...(wanted.multiline === true ? ['--multiline', '--multiline-dotall'] : []),
    ...globsOf(wanted.glob).map((glob) => `--glob=${glob}`),
    '--glob=!.git',
    '--',
    wanted.pattern,
  ];
}

/** A name with brackets is meant by its letters too. */
function globsOf(glob: string | undefined): string[] {
  if (glob === undefined) return [];
  const not = glob.startsWith('!') ? '!' : '';
  return readingsOf(glob.slice(not.length)).map((one) => not + one);
}

/**
 * `path NUL rest`, as ripgrep prints it, in the usual form: `path:12:text`, around matches `path-12-text`,
 * for counts `path:3`.
 */
function foundIn(place: SearchPlace, record: string, output: GrepInput['output']): Found {
  const end = output === 'files' ? record.length : record.indexOf('\0');
  if (end === -1) return { path: null, line: record };
  const path = place.found(record.slice(0, end));
  if (output === 'files') return { path, line: place.shown(path) };
  const rest = record.slice(end + 1);
  const mark = /^\d+-/.test(rest) ? '-' : ':';
  return { path, line: `${place.shown(path)}${mark}${rest.endsWith('\r') ? rest.slice(0, -1) : rest}` };
}
