/** SendToPod: another run for a child that exists. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import type { Tool } from './tool.ts';
import type { Tree } from './tree.ts';

const input = once(() =>
  z.strictObject({
    name: z.string().describe('Name of one of your children'),
    message: z.string().min(1).describe('What it is to do next'),
  }),
);

export function sendToPodTool(tree: Tree): Tool {
  return defineTool({
    name: 'SendToPod',
    description:
      'Give one of your children something more to do. If it is working, this waits for its turn; if its process has ended, it is started again from its log. You get a notice when it is done.',
    input,
    order: 'parallel',
    needs: ({ name }) => ({ kind: 'tree', name, writes: false }),
    run: (request, context) => tree.send(request, context),
  });
}
