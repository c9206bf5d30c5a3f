import { expect, it } from 'vitest';
import { planTool } from '../../../src/tools/plan.ts';
import { planLine } from '../../../src/session/facts/plan.ts';
import { call, contextIn } from './bench-context.ts';
import { machineOf, working } from '../machine-rig.ts';

const plan = async (items: { text: string; state: string }[]) =>
  await call(planTool, { items }, contextIn('/nowhere'));

it('[plan.list] the list is cleaned and bounded, and answered in a line', async () => {
  const items = [
    { text: 'read', state: 'done' },
    { text: ' write\u001B[31m \n tests\u202E ', state: 'doing' },
    { text: 'x'.repeat(900), state: 'todo' },
  ];
  const answer = await plan(items);
  expect(answer.text).toBe('1/3 write tests');
  expect(answer.plan?.map(({ text }) => text.length)).toEqual([4, 11, 301]);
  expect(await plan([{ text: '\u200B', state: 'todo' }])).toMatchObject({ isError: true });
  await expect(plan(Array.from({ length: 51 }, () => ({ text: 'x', state: 'todo' })))).rejects.toThrow();
  await expect(plan([{ text: 'x', state: 'later' }])).rejects.toThrow();
  expect((await plan([])).text).toBe('The list is empty.');
});

it.each([
  [[], null],
  [[['a', 'todo']], '0/1 a'],
  [
    [
      ['a', 'done'],
      ['b', 'todo'],
      ['c', 'doing'],
    ],
    '1/3 c',
  ],
  [
    [
      ['a', 'done'],
      ['b', 'done'],
    ],
    '2/2 done',
  ],
] as const)('[plan.list] %j is %s in a line', (items, line) => {
  expect(planLine(items.map(([text, state]) => ({ text, state })))).toBe(line);
});

it('[plan.kept] the newest list that was given stays in the facts, and a call that failed changes nothing', () => {
  const result = {
    type: 'toolResult',
    turn: 't',
    step: 1,
    call: 'c',
    tool: 'Plan',
    text: '',
    isError: false,
  } as const;
  const { core } = machineOf([
    ...working('t', 's'),
    { ...result, plan: [{ text: 'a', state: 'todo' }] },
    { ...result, plan: [{ text: 'b', state: 'doing' }] },
    { ...result, isError: true },
  ]);
  expect(core.facts.plan).toEqual([{ text: 'b', state: 'doing' }]);
});
