/**
 * What a tree of real pods may spend: the bound holds over kills and restores, nobody is starved, and a
 * person raises it.
 */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundReached, statusOf } from '../../src/client/budget-bound.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { eventually } from '../support/waiting.ts';
import { readSpec } from '../../src/session/home/home.ts';
import { namesIn } from '../support/pod-folders.ts';
import { encodeLines } from '../../src/session/log/line.ts';

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

/** Its session entry and its spec with a limit of costs, as an older build wrote them. */
async function limited(pod: TestPod, cost: number): Promise<void> {
  const entries = (await pod.entries()).map((entry) => {
    if (entry.type !== 'session') return entry;
    const limits = { ...(entry.settings['limits'] as object), cost };
    return { ...entry, settings: { ...entry.settings, limits } };
  });
  writeFileSync(pod.folder.log, Buffer.concat(entries.map((entry) => encodeLines([entry]).bytes)));
  const spec = readSpec(pod.folder)!;
  const limits = { ...(spec.settings['limits'] as object), cost };
  writeFileSync(pod.folder.spec, JSON.stringify({ ...spec, settings: { ...spec.settings, limits } }));
}

async function treeSpent(): Promise<{ usd: number; beyond: number }> {
  const all = await Promise.all(namesIn(home.home).map((name) => spentOf(home.pod(name))));
  return {
    usd: all.reduce((sum, { usd }) => sum + usd, 0),
    beyond: all.reduce((sum, { dearest }) => sum + dearest, 0),
  };
}

const untilBound = (root: TestPod) =>
  eventually(
    root.folder.path,
    async () => {
      const status = await statusOf({ home: home.home, root: root.instance }, root);
      return status !== null && (await boundReached(home.home, status)) !== null;
    },
    'the bound is reached',
  );

it('[budget.tree] [budget.wait-reason] twelve pods share what there is, wait at the bound, and go on to the end once it is raised', async () => {
  const root = await home.startRoot({ limits: { cost: 12 }, scenario: twelve });
  await root.run('go');
  await untilBound(root);
  const status = await root.call('status', {});
  expect(status).toMatchObject({
    waiting: { kind: 'budget', reason: expect.stringContaining('podkin budget root') as string },
  });
  const doctor = await home.run(['doctor']);
  expect(doctor.stdout).toContain('root waits for the budget of its tree');
  expect(doctor.stdout).toContain('podkin budget root AMOUNT (or --tokens N) raises it');
  expect((await home.run(['ps'])).stdout).toMatch(/root .* \$\d+\.\d\d of \$12\.00 .* spending/);
  const { usd, beyond } = await treeSpent();
  expect(usd).toBeLessThanOrEqual(12 + beyond);
  expect(usd).toBeGreaterThan(6);
  const waiting = (await root.call('status', {})).waiting;
  expect((await home.run(['budget', 'root', '12.01'])).code).toBe(0);
  expect((await root.call('status', {})).waiting).toEqual({
    ...waiting,
    reason: waiting?.reason.replace('(12 USD)', '(12.01 USD)'),
  });
  const raised = await home.run(['budget', 'root', '1000', '--json']);
  expect(raised.code, raised.stderr).toBe(0);
  expect(JSON.parse(raised.stdout)).toMatchObject({ name: 'root', usd: { bound: 1000 }, tokens: null });
  await root.untilSettled();
  expect(namesIn(home.home)).toHaveLength(12);
  for (const name of namesIn(home.home)) {
    const ends = await home.pod(name).entriesOf('turnEnded');
    expect(ends.map(({ outcome }) => outcome)).not.toContain('limitReached');
  }
});

it('[budget.print-ends] with -p the tree ends at its bound, exit 5', async () => {
  const model = home.scenario(twelve);
  const ran = await home.run(['run', '-p', '--max-cost', '8', '--model', model, 'go']);
  expect(ran.stderr).toMatch(/8 USD\) leaves too little/);
  expect(ran.stderr).toMatch(/this run has spent \d+ tokens, \$\d+\.\d\d\)/);
  expect(ran.stderr).toContain('podkin restore root --tree, then podkin budget root AMOUNT');
  expect(ran.code).toBe(5);
});

it('[budget.continue] what is said at the end of such a run goes on with it to its end', async () => {
  const model = home.scenario(`
price: { input: 3000, output: 1500 }
rules:
  - say: done all
`);
  const ran = await home.run(['run', '-p', '--max-cost', '0.01', '--model', model, 'go']);
  expect(ran.code).toBe(5);
  expect(ran.stderr).toContain('(0.01 USD) leaves too little for its next request');
  expect(ran.stderr).toContain(
    'To continue: podkin restore root --tree, then podkin budget root AMOUNT with more than before, then podkin run -c root.\n',
  );
  expect((await home.run(['restore', 'root', '--tree'])).code).toBe(0);
  expect((await home.run(['budget', 'root', '100'])).code).toBe(0);
  expect(await home.run(['run', '-p', '-c', 'root'])).toMatchObject({ code: 0, stdout: 'done all\n' });
  await home.run(['stop', 'root']);
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

it('[budget.command] is shown, set at the root alone, and refused in words that help', async () => {
  const root = await home.startRoot({
    scenario: `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "look", write: [] } }] }
  - { say: "{{pod}} is done." }
`,
  });
  const budget = (...args: string[]) => home.run(['budget', ...args]);
  expect(await budget('root')).toMatchObject({ code: 0, stdout: 'root: nothing bounds what it spends\n' });
  expect(JSON.parse((await budget('root', '--json')).stdout)).toEqual({
    name: 'root',
    usd: null,
    tokens: null,
  });
  for (const amount of ['0', 'abc', '1e3', '9000001', '5$'])
    expect(await budget('root', amount)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'is no bound: AMOUNT is US dollars, more than 0 and at most 9000000, or "none"',
      ) as string,
    });
  expect((await budget('root', '--tokens', '1.5')).code).toBe(2);
  expect((await budget('root', '--', '-5')).code).toBe(2);
  expect(await budget('rooot', '5')).toMatchObject({ code: 3 });
  expect((await budget('root', '500')).stdout).toMatch(/^root: \$500\.0000 for its tree: .* left\n$/);
  await root.run('go');
  await root.untilSettled();
  const shown = await budget('kid');
  expect(shown.stdout).toMatch(/^kid: a part of its parent's: \$\d+\.\d{4} used by itself, .* left\n$/);
  const refused = await budget('kid', '5');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('What a tree may spend is set at its root: "podkin budget root AMOUNT".');
  const listed = await home.run(['ps', '--json']);
  const views = JSON.parse(listed.stdout) as { name: string; budget: unknown }[];
  expect(views.find(({ name }) => name === 'root')?.budget).toMatchObject({
    usd: { bound: 500 },
    tokens: null,
  });
  expect((await home.run(['ps'])).stdout).toMatch(/BUDGET[\s\S]*\$\d+\.\d\d of \$500\.00/);
  const inspected = JSON.parse((await home.run(['inspect', 'kid'])).stdout) as { budget: unknown };
  expect(inspected.budget).toMatchObject({ usd: { bound: null } });
  expect((await budget('root', 'none')).stdout).toBe('root: nothing bounds what it spends\n');
  await root.stop();
  const dead = await budget('root', '5');
  expect(dead.code).toBe(1);
  expect(dead.stderr).toContain('podkin restore root');
});

it('[budget.not-running] of a pod that has stopped or died is what its log says, in podkin budget and ps -a', async () => {
  home.expectsNoSockets = false;
  const root = await home.startRoot({
    limits: { cost: 500 },
    scenario: `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "look", write: [] } }] }
  - { say: "{{pod}} is done." }
`,
  });
  const shown = async () => {
    const listed = JSON.parse((await home.run(['ps', '-a', '--json'])).stdout) as { budget: unknown }[];
    const budgets = await Promise.all(['kid', 'root'].map((name) => home.run(['budget', name, '--json'])));
    return { listed: listed.map(({ budget }) => budget), each: budgets.map(({ stdout }) => stdout) };
  };
  await root.run('go');
  await root.untilSettled();
  const living = await shown();
  expect(living.listed).toMatchObject([{ usd: { bound: null } }, { usd: { bound: 500 } }]);
  await (await home.spawned('kid')).kill();
  await root.kill();
  expect(await shown()).toEqual(living);
  const lent = (await root.entriesOf('budgetLent')).length;
  await root.start();
  // What the dead child held comes back, by its log.
  await root.until(
    'the lease of the child has ended',
    (entries) => entries.filter(({ type }) => type === 'budgetLent').length > lent,
  );
  await root.untilSettled();
  const back = (await home.run(['budget', 'root', '--json'])).stdout;
  await root.stop();
  expect((await home.run(['budget', 'root', '--json'])).stdout).toBe(back);
  expect((await home.run(['ps', '-a'])).stdout).toMatch(/root +stopped .* \$\d+\.\d\d of \$500\.00/);
});

it('[budget.none] once the bound is taken away nothing ends at the limit of the start: not the pod, not what it spawns then', async () => {
  const root = await home.startRoot({
    limits: { cost: 1 },
    scenario: `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, matches: "^spawn", call: [{ SpawnPod: { name: kid, task: "look", write: [] } }] }
  - { pod: kid, times: 3, call: [{ Glob: { pattern: "*.txt" } }] }
  - { say: "{{pod}} is done." }
`,
  });
  await root.run('go');
  await untilBound(root);
  expect((await home.run(['budget', 'root', 'none'])).code).toBe(0);
  await root.untilSettled();
  await root.kill();
  await root.start();
  for (const input of ['more', 'spawn']) {
    await root.run(input);
    await root.untilSettled();
  }
  expect((await spentOf(root)).usd).toBeGreaterThan(1);
  expect((await spentOf(home.pod('kid'))).usd).toBeGreaterThan(1);
  for (const pod of [root, home.pod('kid')]) {
    const ends = await pod.entriesOf('turnEnded');
    expect(new Set(ends.map(({ outcome }) => outcome))).toEqual(new Set(['finished']));
  }
});

/** As a build that knew no leases has left it: one pod with a limit, its child with the same. */
it('[budget.older] in a tree without leases each limit is its pod’s; once the root is restored it is the tree’s, with all that was spent', async () => {
  const root = await home.startRoot({
    scenario: `
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, matches: "^go", call: [{ SpawnPod: { name: kid, task: "look", write: [] } }] }
  - { pod: root, last: user, matches: "^again", call: [{ SendToPod: { name: kid, message: "look" } }] }
  - { pod: kid, times: 4, call: [{ Glob: { pattern: "*.txt" } }] }
  - { say: "{{pod}} is done." }
`,
  });
  await root.run('go');
  await root.untilSettled();
  const kid = home.pod('kid');
  await kid.stop();
  await root.stop();
  const before = await treeSpent();
  expect(
    [...(await root.entries()), ...(await kid.entries())].filter(({ type }) => type.startsWith('budget')),
  ).toEqual([]);
  const bound = Math.ceil(before.usd) + 1;
  for (const pod of [root, kid]) await limited(pod, bound);
  await root.start();
  await kid.start();
  await root.untilEntry('budgetLent');
  await root.untilSettled();
  const { usd } = await root.call('budget', {});
  const own = await spentOf(root);
  expect(usd?.bound).toBe(bound);
  expect(usd?.spent).toBeCloseTo(own.usd, 6);
  expect(usd?.lent).toBeCloseTo((await spentOf(kid)).usd, 6);
  await root.run('again and again');
  await untilBound(root);
  const after = await treeSpent();
  expect(after.usd).toBeLessThanOrEqual(bound + after.beyond);
  expect((await home.run(['budget', 'root', '1000'])).code).toBe(0);
  await root.untilSettled();
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

it('[budget.child-cap] a cap that is reached below ends no run: with -p the root hears of it and answers', async () => {
  const model = home.scenario(`
price: { input: 1000, output: 1000 }
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: "look", write: [], maxCost: 4 } }] }
  - { pod: root, last: notification, matches: "limit", say: "The kid has used up its part." }
  - { pod: kid, times: 20, call: [{ Glob: { pattern: "*.txt" } }] }
  - { say: "I wait." }
`);
  const ran = await home.run(['run', '-p', '--max-cost', '500', '--model', model, 'go']);
  expect(ran.stdout).toBe('The kid has used up its part.\n');
});

it('[budget.tokens] --max-tokens bounds the tree of a model without a price', async () => {
  const model = home.scenario(twelve.replace(/price.*\n/, ''));
  const ran = await home.run(['run', '-p', '--max-tokens', '9000', '--model', model, 'go']);
  expect(ran.stderr).toMatch(/9000 tokens\) leaves too little/);
  expect(ran.code).toBe(5);
  const none = await home.run(['run', '-p', '--max-tokens', '0', '--model', model, 'go']);
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringContaining('--max-tokens 0: give a whole number'),
  ]);
});
