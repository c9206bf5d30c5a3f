/** StopCommand: ends a command in the background, and all that it started. */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { howItEnded } from '../session/facts/command-words.ts';
import { unknownCommand } from './background/known-commands.ts';
import { defineTool } from './define-tool.ts';
import { failed } from './input-path.ts';

const input = once(() =>
  z.strictObject({ name: z.string().max(100).describe('As the call that started it said: command-1 …') }),
);

export const stopCommandTool = defineTool({
  name: 'StopCommand',
  description:
    'Ends a command that runs in the background, with all that it started, and gives the end of its output.',
  input,
  order: 'alone',
  needs: () => ({ kind: 'none' }),
  async run({ name }, { commands }) {
    const ended = (await commands?.stop(name)) ?? null;
    if (ended === null) return failed(unknownCommand(commands?.facts, name));
    const { notes, tail } = ended;
    return {
      text: [
        `"${name}" ${howItEnded(ended)}.`,
        ...notes.map((note) => `[${note}]`),
        ...(tail === '' ? [] : ['The end of its output:', tail]),
      ].join('\n'),
    };
  },
});
