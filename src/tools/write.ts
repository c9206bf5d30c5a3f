/**
 * Write: a whole file, new or in the place of one that was read, whose encoding, byte order mark and line
 * ends it keeps.
 */
import { stat } from 'node:fs/promises';
import * as z from 'zod';
import { once } from '../std/once.ts';
import type { OpenedPath } from '../scope/paths/open-inside.ts';
import { errorCode } from '../scope/paths/refusal.ts';
import { replaceInside } from '../scope/paths/replace-inside.ts';
import { openCurrent, unseen } from './current-file.ts';
import { partMissing, wholeView } from './file-view.ts';
import { hashOf } from './file-content.ts';
import { absolutePath, accessOf, deniedWrite, failed, pathInput, refused } from './input-path.ts';
import { type TextForm, inForm, readThrough } from './text-form.ts';
import { defineTool } from './define-tool.ts';
import type { ToolContext } from './tool.ts';

const input = once(() =>
  z.object({
    path: pathInput().describe('The file. Relative paths are taken from the working directory.'),
    content: z.string().describe('The whole new content.'),
  }),
);

export const writeTool = defineTool({
  name: 'Write',
  description:
    'Writes a whole file; directories that are missing are made. A file that exists must have been read as it is now, all of it; its encoding, byte order mark and line ends are kept. For a small change to a file use Edit.',
  input,
  order: 'alone',
  whenTooLong: 'write a long file in parts, the first with Write and each next one with Edit',
  denied: (wanted, context) => deniedWrite(context, wanted.path),
  needs: (wanted, context) => ({ kind: 'edit', path: absolutePath(context, wanted.path) }),
  async run(wanted, context) {
    const path = absolutePath(context, wanted.path);
    const gone = await goneFolder(context.cwd);
    if (gone !== null) return failed(gone);
    const current = await openCurrent(accessOf(context), path);
    if (current !== 'absent' && !current.ok) return refused(current);
    const before = current === 'absent' ? { form: null } : await seenForm(current, context);
    if ('reason' in before) return failed(before.reason);
    context.signal.throwIfAborted();
    const content = inForm(wanted.content, before.form);
    if ('problem' in content) return failed(`${path} ${content.problem}`);
    const { bytes, notes } = content;
    const expected = current === 'absent' ? current : current.stats;
    const written = await replaceInside(accessOf(context), path, bytes, expected);
    if (!written.ok) return refused(written);
    context.fileViews.remember(written.realPath, wholeView(hashOf(bytes)));
    const done = `${current === 'absent' ? 'Created' : 'Replaced'} ${path} (${bytes.length} bytes).`;
    return { text: [done, ...notes].join(' ') };
  },
});

/** A project that was moved away is not made again, empty, where nobody works on it any more. */
async function goneFolder(cwd: string): Promise<string | null> {
  const isGone = await stat(cwd).then(
    () => false,
    (error: unknown) => errorCode(error) === 'ENOENT',
  );
  return isGone
    ? `Nothing was written: the working directory ${cwd} no longer exists; it was moved or removed. Do not make it again. Say so in your answer: a person has to put it back, or to start anew where the project is now.`
    : null;
}

/** How the file is stored, null for an empty one; or why it may not be replaced. Closes it. */
async function seenForm(
  current: OpenedPath,
  { fileViews, signal }: ToolContext,
): Promise<{ form: TextForm | null } | { reason: string }> {
  try {
    // What was never read is refused without reading it through now.
    const seen = fileViews.seen(current.realPath);
    const { hash, form } =
      seen !== undefined ? await readThrough(current.handle, signal) : { hash: '', form: null };
    const changed = unseen(fileViews, current, hash);
    const reason = changed ?? (seen === undefined ? null : partMissing(current.realPath, seen));
    return reason === null ? { form } : { reason };
  } finally {
    await current.handle.close();
  }
}
