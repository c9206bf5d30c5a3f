/** Write: a whole file, new or in the place of one that was read. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { replaceInside } from '../scope/replace-inside.ts';
import { openCurrent, unseen } from './current-file.ts';
import { hashOf, hashOfFile } from './file-content.ts';
import { absolutePath, accessOf, deniedWrite, failed, pathInput, refused } from './input-path.ts';
import { defineTool } from './tool.ts';

const input = once(() =>
  z.object({
    path: pathInput().describe('The file. Relative paths are taken from the working directory.'),
    content: z.string().describe('The whole new content.'),
  }),
);

export const writeTool = defineTool({
  name: 'Write',
  description:
    'Writes a whole file; directories that are missing are made. A file that exists must have been read as it is now. For a small change to a file use Edit.',
  input,
  order: 'alone',
  denied: (wanted, context) => deniedWrite(context, wanted.path),
  needs: (wanted, context) => ({ kind: 'edit', path: absolutePath(context, wanted.path) }),
  async run(wanted, context) {
    const path = absolutePath(context, wanted.path);
    const current = await openCurrent(accessOf(context), path);
    if (current !== 'absent' && !current.ok) return refused(current);
    if (current !== 'absent') {
      try {
        const { fileViews, signal } = context;
        // What was never read is refused without reading it through now.
        const hash =
          fileViews.seen(current.realPath) === undefined ? '' : await hashOfFile(current.handle, signal);
        const reason = unseen(fileViews, current, hash);
        if (reason !== null) return failed(reason);
      } finally {
        await current.handle.close();
      }
    }
    context.signal.throwIfAborted();
    const content = Buffer.from(wanted.content);
    const expected = current === 'absent' ? current : current.stats;
    const written = await replaceInside(accessOf(context), path, content, expected);
    if (!written.ok) return refused(written);
    context.fileViews.remember(written.realPath, hashOf(content));
    return { text: `${current === 'absent' ? 'Created' : 'Replaced'} ${path} (${content.length} bytes).` };
  },
});
