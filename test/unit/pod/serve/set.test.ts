/** A person's `set` at a pod with a parent, whose mode is asked for meanwhile; and what is refused. */
import { expect, it } from 'vitest';
import type { ModesBelow } from '../../../../src/pod/children/modes-below.ts';
import { onParentMode } from '../../../../src/pod/machine/set-inputs.ts';
import type { ParentLink } from '../../../../src/pod/parent/link.ts';
import { narrow, set } from '../../../../src/pod/serve/set.ts';
import type { ParamsIn } from '../../../../src/protocol/methods.ts';
import { deferred } from '../../../../src/std/deferred.ts';
import { type Line, above } from '../../machine-rig.ts';
import { shellOf } from '../shell-rig.ts';

const strict: Line = { type: 'set', by: 'person', permissionMode: 'plan' };

interface Rig {
  lines?: Line[];
  isRoot?: boolean;
  /** What the parent answers, one after the other; none: it is not linked. */
  modes?: (string | undefined | Promise<string>)[];
  problem?: string;
}

function rigOf({ lines = [], isRoot = false, modes, problem }: Rig = {}) {
  const shell = shellOf(lines, isRoot ? {} : { parent: above });
  Object.assign(shell.pod.host, { work: { modelProblem: () => problem ?? null } });
  const asked: string[] = [];
  const left = [...(modes ?? [])];
  const call = async (method: string) => {
    asked.push(method);
    const permissionMode = await left.shift();
    return permissionMode === undefined ? {} : { permissionMode };
  };
  const parentLink = { client: modes === undefined ? null : { call } } as unknown as ParentLink;
  const narrowed: number[] = [];
  const modesBelow = { narrow: async (ms: number) => (narrowed.push(ms), ['leaf']) } as unknown as ModesBelow;
  const parts = { pod: shell.pod, parentLink: isRoot ? null : parentLink, modesBelow };
  const asks = (params: ParamsIn<'set'>) => set(parts, params, () => Promise.resolve());
  const modesSet = () =>
    shell.committed
      .flat()
      .flatMap((body) => (body.type === 'set' ? [`${body.by} ${body.permissionMode}`] : []));
  return { shell, asked, narrowed, parts, asks, modesSet };
}

it('[set.above] a stricter mode, and the one that holds, need nobody’s word', async () => {
  const { asks, asked, modesSet } = rigOf();
  expect(await asks({ mode: 'default' })).toMatchObject({ mode: 'default', unheard: ['leaf'] });
  expect(await asks({ mode: 'plan' })).toMatchObject({ mode: 'plan' });
  expect([asked, modesSet()]).toEqual([[], ['person plan']]);
});

it('[set.above] a freer one is asked of the parent, and refused beyond what that is in', async () => {
  const within = rigOf({ lines: [strict], modes: ['default'] });
  expect(await within.asks({ mode: 'default' })).toMatchObject({ mode: 'default' });
  expect([within.asked, within.modesSet()]).toEqual([['status'], ['person default']]);
  const beyond = rigOf({ lines: [strict], modes: ['dontAsk'] });
  await expect(beyond.asks({ mode: 'default', effort: 'low' })).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('"above" is in the mode dontAsk, and no pod is freer than its parent'),
  });
  // Nothing of it was set.
  expect([beyond.modesSet(), beyond.narrowed]).toEqual([[], []]);
});

it.each([
  ['is not linked', undefined],
  ['does not say it', [undefined]],
])('[set.above] where the parent %s, nothing is widened', async (_, modes) => {
  const { asks, modesSet } = rigOf({ lines: [strict], ...(modes === undefined ? {} : { modes }) });
  await expect(asks({ mode: 'default' })).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('podkin restore above'),
  });
  expect(modesSet()).toEqual([]);
});

it('[set.above] what the parent says meanwhile counts for more than its older answer', async () => {
  const answer = deferred<string>();
  const { shell, asks, asked, modesSet } = rigOf({ lines: [strict], modes: [answer.promise, 'plan'] });
  const setting = asks({ mode: 'acceptEdits' });
  await shell.clock.turn();
  // It was narrowed behind its answer, which comes last.
  shell.pod.input((core) => onParentMode(core, 'plan'));
  answer.resolve('acceptEdits');
  await expect(setting).rejects.toMatchObject({ code: 'forbidden' });
  expect([asked, modesSet()]).toEqual([['status', 'status'], []]);
});

it('[set.above] a root is in any mode that a person says', async () => {
  const { asks, modesSet } = rigOf({ isRoot: true });
  await asks({ mode: 'bypassPermissions' });
  expect(modesSet()).toEqual(['person bypassPermissions']);
});

it('[set.below] only a mode is brought to those below, and again where it is said again', async () => {
  const { asks, narrowed } = rigOf({ isRoot: true });
  expect(await asks({ effort: 'low' })).toMatchObject({ effort: 'low', unheard: [] });
  await asks({ mode: 'plan' });
  await asks({ mode: 'plan' });
  expect(narrowed).toEqual([5_000, 5_000]);
});

it('[set.below] a parent’s word narrows, and goes on to those below', async () => {
  const { parts, narrowed, modesSet } = rigOf();
  const params = { from: { instance: above.instance, token: 't' }, mode: 'plan', withinMs: 700 };
  expect(await narrow(parts, params, () => Promise.resolve())).toEqual({ mode: 'plan', unheard: ['leaf'] });
  expect([modesSet(), narrowed]).toEqual([['parent plan'], [700]]);
});

it('[set.command] without anything it says what holds', async () => {
  const { asks, shell } = rigOf({ isRoot: true });
  expect(await asks({})).toEqual({
    model: 'script/none',
    alternatives: [],
    mode: 'default',
    effort: null,
    unheard: [],
  });
  expect(shell.committed).toEqual([]);
});

it.each<[string, ParamsIn<'set'>, string]>([
  [
    'a mode',
    { mode: 'free' },
    '"free" is not one of plan, dontAsk, default, acceptEdits, bypassPermissions.',
  ],
  ['an effort', { effort: 'much' }, '"much" is not one of low, medium, high.'],
  ['a model', { model: 'a/b' }, 'It is not there. Nothing was changed.'],
  ['what is said of one', { model: 'a/b', models: { 'a/b': { price: 1 } } }, 'cannot be read'],
])('[set.model-refused] %s that cannot be', async (_, params, text) => {
  const { asks, shell } = rigOf({ isRoot: true, problem: 'It is not there' });
  await expect(asks(params)).rejects.toMatchObject({
    rpcCode: -32602,
    message: expect.stringContaining(text),
  });
  expect(shell.committed).toEqual([]);
});

it('[set.model-refused] a model without a price under a limit of the cost, until one is said', async () => {
  const bound: Line = { type: 'budgetBound', nanoUsd: 1_000_000 };
  const { asks } = rigOf({ isRoot: true, lines: [bound] });
  await expect(asks({ model: 'openai/some' })).rejects.toMatchObject({
    message: expect.stringContaining('[models."openai/some"] with inputPrice and outputPrice'),
  });
  const models = {
    'openai/some': { inputPrice: 1, outputPrice: 2 },
    'other/one': { inputPrice: 1, outputPrice: 2 },
  };
  expect(await asks({ model: ['openai/some', 'openai/gpt-5.4'], models })).toMatchObject({
    model: 'openai/some',
    alternatives: ['openai/gpt-5.4'],
  });
});
