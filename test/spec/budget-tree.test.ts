/** What a tree of real pods may spend: the bound holds over kills and restores, nobody is starved, and a person raises it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundReached } from '../../src/client/budget-bound.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { eventually } from '../support/waiting.ts';
import { podNames } from '../../src/session/home/home.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const kids = ['a', 'b', 'c', 'd'];
const spawns = (names: readonly string[]) =>
  names.map((name) => `{ SpawnPod: { name: ${name}, task: "look", write: [] } }`).join(', ');

/** Twelve pods: a root, four below it, and seven below those; each leaf makes five requests. */
const twelve = `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, call: [${spawns(kids)}] }
  - { pod: "a", last: user, call: [${spawns(['a1', 'a2'])}] }
  - { pod: "b", last: user, call: [${spawns(['b1', 'b2'])}] }
  - { pod: "c", last: user, call: [${spawns(['c1', 'c2'])}] }
  - { pod: "d", last: user, call: [${spawns(['d1'])}] }
  - { pod: "?1", times: 4, call: [{ Glob: { pattern: "*.txt" } }] }
  - { pod: "?2", times: 4, call: [{ Glob: { pattern: "*.txt" } }] }
  - { say: "{{pod}} is done." }
`;

async function spentOf(pod: TestPod): Promise<{ usd: number; dearest: number }> {
  const usages = [...(await pod.entriesOf('stepCompleted')), ...(await pod.entriesOf('requestFailed'))];
  const costs = usages.map(({ usage }) => usage.cost ?? 0);
  return { usd: costs.reduce((sum, cost) => sum + cost, 0), dearest: Math.max(0, ...costs) };
}

async function treeSpent(): Promise<{ usd: number; beyond: number }> {
  const all = await Promise.all(podNames(home.home).map((name) => spentOf(home.pod(name))));
  return {
    usd: all.reduce((sum, { usd }) => sum + usd, 0),
    beyond: all.reduce((sum, { dearest }) => sum + dearest, 0),
  };
}

const untilBound = (root: TestPod) =>
  eventually(
    root.folder.path,
    async () => (await boundReached(home.home, { name: root.name, instance: root.instance })) !== null,
    'the bound is reached',
  );

it('[budget.tree] twelve pods share what there is, wait at the bound, and go on to the end once it is raised', async () => {
  const root = await home.startRoot({ limits: { cost: 8 }, scenario: twelve });
  await root.run('go');
  await untilBound(root);
  const status = await root.call('status', {});
  expect(status).toMatchObject({
    waiting: { kind: 'budget', reason: expect.stringContaining('podkin budget root') as string },
  });
  const { usd, beyond } = await treeSpent();
  expect(usd).toBeLessThanOrEqual(8 + beyond);
  expect(usd).toBeGreaterThan(4);
  const raised = await home.run(['budget', 'root', '1000', '--json']);
  expect(raised.code, raised.stderr).toBe(0);
  expect(JSON.parse(raised.stdout)).toMatchObject({ name: 'root', usd: { bound: 1000 }, tokens: null });
  await root.untilSettled();
  expect(podNames(home.home)).toHaveLength(12);
  for (const name of podNames(home.home)) {
    const ends = await home.pod(name).entriesOf('turnEnded');
    expect(ends.map(({ outcome }) => outcome)).not.toContain('limitReached');
  }
});

it('[budget.print-ends] with -p the tree ends at its bound, exit 5', async () => {
  const model = home.scenario(twelve);
  const ran = await home.run(['run', '-p', '--max-cost', '8', '--model', model, 'go']);
  expect(ran.stderr).toMatch(/8 USD\) is used up/);
  expect(ran.code).toBe(5);
});

it('[budget.tree] kills in the middle of it change nothing: the bound holds, and everybody comes to an end', async () => {
  home.expectsNoSockets = false;
  const root = await home.startRoot({ limits: { cost: 40 }, scenario: twelve });
  await root.run('go');
  for (const name of ['a', 'b1']) {
    const pod = await home.spawned(name);
    await pod.untilEntry('budgetReserved');
    await pod.kill();
    await root.until(`${name} or its parent hears of it`, () => true);
    await pod.start();
  }
  await root.kill();
  await root.start();
  await untilBound(root);
  const { usd, beyond } = await treeSpent();
  expect(usd).toBeLessThanOrEqual(40 + beyond);
  expect((await home.run(['budget', 'root', '1000'])).code).toBe(0);
  await root.untilSettled();
  const after = await treeSpent();
  const shown = await root.call('budget', {});
  // What was reserved for requests that nobody heard the end of counts too.
  expect(1000 - (shown.usd?.held ?? 0)).toBeGreaterThanOrEqual(after.usd - 1e-6);
});

it('[budget.child-cap] at its own cap a child’s turn ends, and its parent hears of it', async () => {
  const root = await home.startRoot({
    scenario: `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "look", write: [], maxCost: 10 } }] }
  - { pod: kid, times: 20, call: [{ Glob: { pattern: "*.txt" } }] }
  - { say: "{{pod}} is done." }
`,
  });
  await root.run('go');
  const receipt = await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  expect(receipt.event).toMatchObject({ outcome: 'limitReached', reason: 'cost' });
  await root.untilSettled();
  const { usd, dearest } = await spentOf(home.pod('kid'));
  expect(usd).toBeLessThanOrEqual(10 + dearest);
  expect(usd).toBeGreaterThan(0);
});

it('[budget.tokens] --max-tokens bounds the tree of a model without a price', async () => {
  const model = home.scenario(twelve.replace(/price.*\n/, ''));
  const ran = await home.run(['run', '-p', '--max-tokens', '9000', '--model', model, 'go']);
  expect(ran.stderr).toMatch(/9000 tokens\) is used up/);
  expect(ran.code).toBe(5);
  const none = await home.run(['run', '-p', '--max-tokens', '0', '--model', model, 'go']);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringContaining('--max-tokens 0: give a whole number'),
  ]);
});
