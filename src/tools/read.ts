/**
 * Read: the lines of a text file, with their numbers, or an image. What it has read of a text once, Write and
 * Edit may change.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { once } from '../std/once.ts';
import { openInside } from '../scope/paths/open-inside.ts';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { viewAfterRead } from './file-view.ts';
import { numbered, piecesOf } from './file-content.ts';
import { removedOutputHint } from './kept-outputs.ts';
import { absolutePath, accessOf, deniedRead, failed, pathInput, refused } from './input-path.ts';
import { lineWindow } from './line-window.ts';
import type { WindowResult } from './line-window.ts';
import { readImage } from './read-image.ts';
import { formNotes, formScanner, isBinary, isProbablyUnmarked } from './text-form.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** Above this a file is read only by a range that was asked for. */
const wholeFileBytesMax = 10 * 1024 * 1024;
/**
 * Above this not even by range: the lines before a range have to be counted, and a file that grows for ever
 * has no end.
 */
const rangeFileBytesMax = 4 * 1024 * 1024 * 1024;
/** Characters of lines in one answer; the rest is for the next call. */
const answerCharsMax = 100_000;
const limitDefault = 2000;

const input = once(() =>
  z.object({
    path: pathInput().describe('The file. Relative paths are taken from the working directory.'),
    offset: z.int().min(1).optional().describe('Number of the first line to read, from 1.'),
    limit: z.int().min(1).optional().describe(`How many lines to read; ${limitDefault} if not given.`),
  }),
);
type ReadInput = z.output<ReturnType<typeof input>>;

export const readTool = defineTool({
  name: 'Read',
  description:
    'Reads a text file and gives its lines with their numbers, or shows an image (PNG, JPEG, GIF, WebP). Texts above 10 MB need offset or limit. A file must have been read before Write or Edit may change it. For the names in a directory use Glob.',
  input,
  order: 'parallel',
  denied: (wanted, context) => deniedRead(context, wanted.path),
  needs: (wanted, context) => ({ kind: 'read', path: absolutePath(context, wanted.path) }),
  async run(wanted, context) {
    const path = absolutePath(context, wanted.path);
    const opened = await openInside(accessOf(context), 'read', path);
    if (!opened.ok) {
      const answer = refused(opened);
      return { ...answer, text: answer.text + removedOutputHint(path, context.outputDir) };
    }
    try {
      if (opened.stats.isDirectory()) return failed(`${path} is a directory. Use Glob to see what is in it.`);
      const image = await readImage(opened, path, wanted.path);
      return image ?? (await readLines(opened, path, wanted, context));
    } finally {
      await opened.handle.close();
    }
  },
});

async function readLines(
  opened: OpenedPath,
  path: string,
  wanted: ReadInput,
  context: ToolContext,
): Promise<ToolAnswer> {
  const size = Number(opened.stats.size);
  if (size > wholeFileBytesMax && wanted.offset === undefined && wanted.limit === undefined) {
    return failed(
      `${path} has ${size} bytes, too many to read at once. Give offset and limit for a range of lines, or look with Grep.`,
    );
  }
  if (size > rangeFileBytesMax) return tooLarge(path, size);
  const offset = wanted.offset ?? 1;
  const window = lineWindow({ offset, limit: wanted.limit ?? limitDefault, charsMax: answerCharsMax });
  const hash = createHash('sha256');
  const scanner = formScanner();
  let bytes = 0;
  for await (const piece of piecesOf(opened.handle, context.signal)) {
    if (bytes === 0 && isBinary(piece)) return notText(path, size, piece);
    hash.update(piece);
    window.add(scanner.add(piece));
    bytes += piece.length;
    if (bytes > rangeFileBytesMax) return tooLarge(path, bytes);
  }
  const result = window.end();
  const { fileViews } = context;
  const read = {
    hash: hash.digest('hex'),
    total: result.total,
    shown: { from: offset, to: offset + result.lines.length - 1 },
    cut: result.cut,
  };
  fileViews.remember(opened.realPath, viewAfterRead(fileViews.seen(opened.realPath), read));
  if (bytes === 0) return { text: `${path} is empty.` };
  return shown(result, { offset, path, notes: formNotes(scanner.end()) });
}

function notText(path: string, size: number, beginning: Buffer): ToolAnswer {
  const more = isProbablyUnmarked(beginning)
    ? ' It looks like UTF-16 without a byte order mark: make it UTF-8 with a command first.'
    : ' Read shows text only, and Write and Edit leave the file alone.';
  return failed(`${path} is a binary file of ${size} bytes, of unknown kind.${more}`);
}

function tooLarge(path: string, bytes: number): ToolAnswer {
  return failed(
    `${path} has ${bytes} bytes; Read takes up to ${rangeFileBytesMax}, also by range. Look for what you need with Grep.`,
  );
}

function shown(
  { lines, total }: WindowResult,
  { offset, path, notes }: { offset: number; path: string; notes: readonly string[] },
): ToolAnswer {
  if (lines.length === 0)
    return failed(`${path} has ${total} lines; there is no line ${offset}. Give a smaller offset.`);
  const last = offset + lines.length - 1;
  const more = last < total ? [`Go on with offset ${last + 1}.`] : [];
  const part = offset === 1 && last === total ? [] : [`Lines ${offset} to ${last} of ${total}.`, ...more];
  const below = [...part, ...notes];
  const text = numbered(lines, offset);
  return { text: below.length === 0 ? text : `${text}\n[${below.join(' ')}]` };
}
