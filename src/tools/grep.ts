/** Grep: what the files hold, by regular expression. */
import { z } from 'zod';
import { absolutePath, deniedRead, failed, pathInput, refused } from './input-path.ts';
import { RipgrepMissing, ripgrepBasics, runRipgrep } from './ripgrep.ts';
import { searchPlace } from './search-place.ts';
import type { SearchPlace } from './search-place.ts';
import { defineTool } from './tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Lines or files in one answer, when the call names no limit. */
const limitDefault = 250;
/** Characters of one answer, whatever the limit. */
const answerCharsMax = 50_000;
/** Bytes of one line that are shown. */
const lineBytesMax = 500;

const input = z.object({
  pattern: z
    .string()
    .min(1, 'a pattern can not be empty')
    .refine((pattern) => !pattern.includes('\0'), 'a pattern can not hold a NUL character')
    .describe('A regular expression in the syntax of ripgrep (Rust).'),
  path: pathInput.optional().describe('The file or folder to search; the working directory if not given.'),
  glob: pathInput
    .optional()
    .describe('Only files whose path matches, for example `*.ts`; with a `!` in front, all others.'),
  output: z
    .enum(['content', 'files', 'count'])
    .default('files')
    .describe('`files`: paths; `content`: the lines; `count`: matching lines of each file.'),
  ignoreCase: z.boolean().optional(),
  context: z.int().min(0).max(100).optional().describe('Lines around each match, for `content`.'),
  multiline: z.boolean().optional().describe('Let a match span lines; `.` then matches a line break too.'),
  limit: z.int().min(1).optional().describe(`At most so many lines or files; ${limitDefault} if not given.`),
});
type GrepInput = z.output<typeof input>;

export const grepTool = defineTool({
  name: 'Grep',
  description:
    'Searches the contents of files with ripgrep and gives paths, lines or counts. Leaves out what .gitignore names and binary files. For paths use Glob.',
  input,
  order: 'parallel',
  denied: (wanted, context) => deniedRead(context, wanted.path ?? '.'),
  needs: (wanted, context) => ({ kind: 'read', path: absolutePath(context, wanted.path ?? '.') }),
  async run(wanted, context) {
    const place = await searchPlace(context, wanted.path ?? '.');
    if (!place.ok) return refused(place);
    try {
      return await search(place, wanted, context);
    } catch (error) {
      if (error instanceof RipgrepMissing) return failed(error.message);
      throw error;
    }
  },
});

async function search(place: SearchPlace, wanted: GrepInput, context: ToolContext): Promise<ToolAnswer> {
  const limit = wanted.limit ?? limitDefault;
  const lines: string[] = [];
  let chars = 0;
  let cut = false;
  const outcome = await runRipgrep({
    args: argumentsOf(wanted, place.realPath),
    recordEnd: wanted.output === 'files' ? 'nul' : 'line',
    signal: context.signal,
    onRecord: (record) => {
      const line = wanted.output === 'files' ? place.shown(record) : shownRecord(place, record);
      cut = lines.length >= limit || (lines.length > 0 && chars + line.length > answerCharsMax);
      if (cut) return false;
      lines.push(line);
      chars += line.length + 1;
      return true;
    },
  });
  const wrong = outcome.exitCode === 2 ? outcome.stderr : '';
  if (lines.length === 0) {
    return wrong === '' ? { text: 'No match.' } : failed(`The search failed. ripgrep says: ${wrong}`);
  }
  const unit = wanted.output === 'content' ? 'lines' : 'files';
  const notes = [
    ...(cut
      ? [
          `[Only the first ${lines.length} ${unit}; there is more. Narrow the pattern, path or glob, or raise limit.]`,
        ]
      : []),
    ...(wrong === '' ? [] : [`[Not everything could be searched: ${wrong}]`]),
  ];
  return { text: [...lines, ...notes].join('\n') };
}

function argumentsOf(wanted: GrepInput, realPath: string): string[] {
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
    ...ripgrepBasics,
    '--null',
    '--with-filename',
    // One thread, but the same answer each time, and the first ones are known to be the first.
    '--sort=path',
    ...output[wanted.output],
    ...(wanted.ignoreCase === true ? ['--ignore-case'] : []),
    ...(wanted.multiline === true ? ['--multiline', '--multiline-dotall'] : []),
    ...(wanted.glob === undefined ? [] : [`--glob=${wanted.glob}`]),
    '--glob=!.git',
    '--',
    wanted.pattern,
    realPath,
  ];
}

/** `path NUL rest`, as ripgrep prints it, in the usual form: `path:12:text`, around matches `path-12-text`, for counts `path:3`. */
function shownRecord(place: SearchPlace, record: string): string {
  const end = record.indexOf('\0');
  if (end === -1) return record;
  const rest = record.slice(end + 1);
  const mark = /^\d+-/.test(rest) ? '-' : ':';
  return `${place.shown(record.slice(0, end))}${mark}${rest.endsWith('\r') ? rest.slice(0, -1) : rest}`;
}
