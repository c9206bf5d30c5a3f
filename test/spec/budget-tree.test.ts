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
