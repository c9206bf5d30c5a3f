/** ReadPodOutput: a child's texts from where the last read stopped. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { Tree } from './tree.ts';

const input = once(() => z.strictObject({ name: z.string().describe('Name of one of your children') }));

export function readPodOutputTool(tree: Tree): Tool {
  return defineTool({
    name: 'ReadPodOutput',
    description:
      'Read what one of your children has written since you last read it, and whether it is still working. Nothing is skipped: what is cut off comes with the next call. Not for waiting: you get a notice when it ends.',
    input,
    order: 'parallel',
    needs: ({ name }) => ({ kind: 'tree', name, writes: false }),
    run: ({ name }) => tree.readOutput(name),
  });
}
