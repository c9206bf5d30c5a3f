/** What turns of another agent cost, under limits. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FakeStep } from '../support/fake-agent.ts';
import { eventually, type TestPod } from '../support/rig.ts';
import { EngineRig, receivedOf, turnEnds } from '../support/engine-rig.ts';

let rig: EngineRig;
beforeEach(() => {
  rig = new EngineRig();
});
afterEach(async () => {
  expect(await rig.close()).toEqual([]);
});

const says: readonly FakeStep[] = [{ say: 'done' }];
const counted: readonly FakeStep[] = [
  { say: 'done' },
  { end: 'end_turn', usage: { inputTokens: 1_000, outputTokens: 500 } },
];
const untilItWaits = (pod: TestPod) =>
  eventually(
    pod.folder.path,
    async () => (await pod.call('status', {})).waiting?.kind === 'budget',
    'it waits for its budget',
  );
const spent = async (name: string) => {
  const ends = await turnEnds(rig.home.pod(name));
  return ends.map(({ usage }) => usage.cost);
};

it('[engine.costs] costPerTurn is charged for each turn, and the bound holds the next one back', async () => {
  const pod = await rig.root({ turns: [says] }, { limits: { cost: 0.6 }, engine: { costPerTurn: 0.25 } });
  await pod.run('one');
  await turnEnds(pod);
  await pod.run('two');
  await turnEnds(pod, 2);
  expect(await spent('root')).toEqual([0.25, 0.25]);
  await pod.run('three');
  await untilItWaits(pod);
  expect(rig.prompts()).toHaveLength(2);
  expect((await rig.home.run(['budget', 'root', '1'])).code).toBe(0);
  await turnEnds(pod, 3);
  expect(await pod.entriesOf('budgetReserved')).toMatchObject([
    { nanoUsd: 250_000_000 },
    { nanoUsd: 250_000_000 },
    { nanoUsd: 250_000_000 },
  ]);
});

it('[engine.costs] what a prompt takes is on disk before it is sent, and spent where the pod dies with it', async () => {
  const pod = await rig.root(
    { turns: [[{ call: { id: 'c' } }, { stall: true }], says] },
    { limits: { cost: 10 }, engine: { costPerTurn: 1 } },
  );
  await pod.run('one');
  await pod.untilEntry('toolCall');
  const types = (await pod.entries()).map(({ type }) => type);
  expect(types.indexOf('budgetReserved')).toBeLessThan(types.indexOf('enginePrompt'));
  await pod.kill();
  await pod.start();
  await turnEnds(pod);
  expect(await pod.entriesOf('budgetReserved')).toHaveLength(2);
  const { stdout } = await rig.home.run(['budget', 'root', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ usd: { bound: 10, spent: 2 } });
});

it('[engine.costs] price is charged for the tokens that it reports, of which a limit holds by whole turns', async () => {
  const pod = await rig.root(
    { turns: [counted] },
    { limits: { cost: 0.01 }, engine: { price: { input: 2, output: 10 } } },
  );
  await pod.run('one');
  await turnEnds(pod);
  expect((await spent('root'))[0]).toBeCloseTo(0.007);
  await pod.run('two');
  await untilItWaits(pod);
  expect(rig.prompts()).toHaveLength(1);
});

it('[engine.costs] one that reports no tokens is not asked a second time under a limit of them, nor by its price', async () => {
  const pod = await rig.root(
    { turns: [says] },
    { limits: { cost: 5 }, engine: { price: { input: 2, output: 10 } } },
  );
  await pod.run('one');
  await turnEnds(pod);
  await pod.run('two');
  const [, second] = await turnEnds(pod, 2);
  expect(second).toMatchObject({ outcome: 'errored', error: { category: 'configuration' } });
  expect(second?.error?.message).toContain('costPerTurn');
  expect((await rig.home.run(['budget', 'root', 'none', '--tokens', '100000'])).code).toBe(0);
  await pod.run('three');
  const [, , third] = await turnEnds(pod, 3);
  expect(third?.error?.message).toContain('limit of tokens');
  expect(rig.prompts()).toHaveLength(1);
});

it('[engine.costs] a child takes of its parent’s, gives back at its end, and is refused where nobody says its cost', async () => {
  const root = await rig.parent({ turns: [says] }, { limits: { cost: 5 }, engine: { costPerTurn: 0.5 } });
  await root.run('go');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  await root.untilSettled();
  expect(await spent('worker')).toEqual([0.5]);
  await root.run('stop');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
  await root.untilSettled();
  const { stdout } = await rig.home.run(['budget', 'root', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ usd: { bound: 5, spent: 0, lent: 0.5, held: 4.5 } });
  expect((await receivedOf(root, 'turnEnded')).length).toBe(1);
});

it('[engine.refused] a child whose cost nobody has said is not made under a limit of the cost', async () => {
  const root = await rig.parent({ turns: [says] }, { limits: { cost: 5 } });
  await root.run('go');
  const result = await root.untilEntry('toolResult');
  expect(result).toMatchObject({ tool: 'SpawnPod', isError: true });
  expect(result.text).toContain('costPerTurn');
});
