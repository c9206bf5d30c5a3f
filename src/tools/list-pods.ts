/** ListPods: the children and how they stand. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { type Tool, defineTool } from './tool.ts';
import type { Tree } from './tree.ts';

const input = once(() => z.strictObject({}));

export function listPodsTool(tree: Tree): Tool {
  return defineTool({
    name: 'ListPods',
    description:
      'List your children: name, status, what they work on. Not for waiting: you get a notice when one ends.',
    input,
    order: 'parallel',
    run: () => tree.list(),
  });
}
