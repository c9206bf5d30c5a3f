/** ListPods: the children and how they stand. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { Tree } from './tree.ts';

const input = once(() => z.strictObject({}));

export function listPodsTool(tree: Tree): Tool {
  return defineTool({
    name: 'ListPods',
    description:
      'List your children: name, status, what they work on. Not for waiting: you get a notice when one ends.',
    input,
    order: 'parallel',
    needs: () => ({ kind: 'none' }),
    run: () => tree.list(),
  });
}
