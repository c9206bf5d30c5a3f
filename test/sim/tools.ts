/** In the place of the shell: works for a while, and may need a person's yes. */
import * as z from 'zod';
import { once } from '../../src/std/once.ts';
import { defineTool } from '../../src/tools/define-tool.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { imageOf } from './images.ts';
import type { SimProcess } from './process.ts';
import { ballast } from './prompts.ts';

const input = once(() => z.object({ command: z.enum(['ask', 'work']) }));

export function workTool(process: SimProcess): Tool {
  return defineTool({
    name: 'Bash',
    description: 'works',
    input,
    order: 'parallel',
    needs: ({ command }) =>
      command === 'ask' ? { kind: 'shell', command } : { kind: 'tree', name: 'nobody', writes: false },
    async run(_input, { call }) {
      const isCheck = call.startsWith('check-');
      if (!isCheck) process.world.order.callRuns(process, call);
      process.world.watch.executed(process, call);
      await process.later(process.world.random.delay(30), () => undefined);
      if (!isCheck) return { text: `done${ballast(process.world)}`, ...imageOf(process, call) };
      const exitCode = process.world.script.demands.exitOfCheck();
      process.world.hit(exitCode === 0 ? 'check.passed' : 'check.failed');
      return { text: 'checked', ended: { exitCode, isTimedOut: false } };
    },
  });
}
