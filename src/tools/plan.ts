/** Plan: the list of what a model means to do. It touches nothing; who watches the pod sees how far it is. */
import * as z from 'zod';
import { planLine, planStates } from '../session/facts/plan.ts';
import { withoutHidden } from '../std/characters.ts';
import { once } from '../std/once.ts';
import { defineTool } from './define-tool.ts';
import { failed } from './input-path.ts';

const itemsMax = 50;
const textCharsMax = 300;

const input = once(() =>
  z.strictObject({
    items: z
      .array(
        z.strictObject({
          text: z.string().max(10_000).describe('What is to be done, in a few words.'),
          state: z.enum(planStates),
        }),
      )
      .max(itemsMax)
      .describe('All of them, in order: the list takes the place of the one before.'),
  }),
);

export const planTool = defineTool({
  name: 'Plan',
  description:
    'Keeps the list of what you mean to do, for work of several steps; the person and your parent see how far you are. Give the whole list each time: once before you begin, and when an item is begun or done. One item at a time is "doing".',
  input,
  order: 'parallel',
  needs: () => ({ kind: 'none' }),
  run({ items }) {
    const plan = items.map(({ text, state }) => ({ text: inOneLine(text), state }));
    const empty = plan.findIndex(({ text }) => text === '');
    if (empty >= 0)
      return Promise.resolve(
        failed(`Item ${empty + 1} says nothing: give each a few words. Nothing was changed.`),
      );
    return Promise.resolve({ text: planLine(plan) ?? 'The list is empty.', plan });
  },
});

function inOneLine(text: string): string {
  const line = withoutHidden(text).replaceAll(/\s+/g, ' ').trim();
  return line.length <= textCharsMax ? line : `${line.slice(0, textCharsMax).toWellFormed()}…`;
}
