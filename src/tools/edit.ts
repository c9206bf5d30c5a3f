/**
 * Edit: an exact piece of a file's text for another one. Everything else in the file, line ends, byte order
 * mark and encoding included, stays as it is.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { replaceInside } from '../scope/paths/replace-inside.ts';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { openCurrent, unseen } from './current-file.ts';
import { viewAfterEdit, wholeView } from './file-view.ts';
import { applyEdit, changedLines, movedLines } from './edit-match.ts';
import { hashOf } from './file-content.ts';
import { absolutePath, accessOf, deniedWrite, failed, pathInput, refused } from './input-path.ts';
import { decoded, encoded } from './text-form.ts';
import { defineTool } from './define-tool.ts';
import type { ToolAnswer, ToolContext } from './tool.ts';

/** A file is edited in memory; above this it is not. */
const editBytesMax = 32 * 1024 * 1024;

const input = once(() =>
  z.object({
    path: pathInput().describe('The file. Relative paths are taken from the working directory.'),
    old: z
      .string()
      .min(1, 'old cannot be empty; Write makes new files')
      .describe('The text to replace, exactly as it stands in the file.'),
    new: z.string().describe('The text to put in its place.'),
    all: z.boolean().optional().describe('Replace every place; without it `old` must stand there once.'),
  }),
);
type EditInput = z.output<ReturnType<typeof input>>;

export const editTool = defineTool({
  name: 'Edit',
  description:
    'Replaces an exact piece of text in a file. The file must have been read as it is now, and `old` must be unique in it unless `all` is set.',
  input,
  order: 'alone',
  denied: (wanted, context) => deniedWrite(context, wanted.path),
  needs: (wanted, context) => ({ kind: 'edit', path: absolutePath(context, wanted.path) }),
  async run(wanted, context) {
    const path = absolutePath(context, wanted.path);
    const current = await openCurrent(accessOf(context), path);
    if (current === 'absent')
      return failed(`${path} does not exist. Check the name, or use Write to make it.`);
    if (!current.ok) return refused(current);
    try {
      return await edit(current, path, wanted, context);
    } finally {
      await current.handle.close();
    }
  },
});

async function edit(
  current: OpenedPath,
  path: string,
  wanted: EditInput,
  context: ToolContext,
): Promise<ToolAnswer> {
  if (current.stats.size > editBytesMax) {
    return failed(
      `${path} has ${current.stats.size} bytes; Edit takes up to ${editBytesMax}. Change it with a command.`,
    );
  }
  const bytes = await current.handle.readFile();
  const reason = unseen(context.fileViews, current, hashOf(bytes));
  if (reason !== null) return failed(reason);
  const stored = decoded(bytes);
  if (stored === undefined)
    return failed(`${path} is not UTF-8 text, so Edit leaves it alone. Change it with a command.`);
  const outcome = applyEdit(stored.text, { old: wanted.old, new: wanted.new, all: wanted.all ?? false });
  if (!outcome.ok) return failed(`${path}: ${outcome.problem}`);
  context.signal.throwIfAborted();
  const content = encoded(outcome.text, stored.encoding);
  const written = await replaceInside(accessOf(context), path, content, current.stats);
  if (!written.ok) return refused(written);
  const seen = context.fileViews.seen(current.realPath) ?? wholeView('');
  const moved = { hash: hashOf(content), ...movedLines(stored.text, outcome) };
  context.fileViews.remember(written.realPath, viewAfterEdit(seen, moved));
  const count = outcome.places.length;
  return {
    text: `Changed ${path} in ${count === 1 ? 'one place' : `${count} places`}:\n${changedLines(outcome)}`,
  };
}
