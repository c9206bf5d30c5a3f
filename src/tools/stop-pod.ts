/** StopPod: asks a child to end, waits for its exit, insists if need be. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { Tree } from './tree.ts';

const input = once(() => z.strictObject({ name: z.string().describe('Name of one of your children') }));

export function stopPodTool(tree: Tree): Tool {
  return defineTool({
    name: 'StopPod',
    description:
      'End one of your children and the pods below it. Its log stays readable; its unfinished work does not go on.',
    input,
    order: 'parallel',
    needs: ({ name }) => ({ kind: 'tree', name, writes: false }),
    run: ({ name }) => tree.stop(name),
  });
}
