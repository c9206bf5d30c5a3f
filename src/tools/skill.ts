/** Skill: the whole of a skill of which the prompt has the name and the description. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import type { Tool, ToolAnswer } from './tool.ts';

const input = once(() =>
  z.object({ name: z.string().min(1).max(200).describe('Its name, as it is listed.') }),
);

export function skillTool(open: (name: string) => Promise<ToolAnswer>): Tool {
  return defineTool({
    name: 'Skill',
    description:
      'Gives the instructions of a skill that is listed. Call it before you begin with what its description speaks of.',
    input,
    order: 'parallel',
    needs: ({ name }) => ({ kind: 'skill', name }),
    run: ({ name }) => open(name),
  });
}
