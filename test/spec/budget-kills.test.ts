/**
 * A tree of twelve real pods under a bound, against a provider that counts for itself, over kills at random
 * instants and at the points of a lease. With 20 runs (BUDGET_RUNS) and more, in every tenth a parent stays
 * away for minutes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundReached, statusOf } from '../../src/client/budget-bound.ts';
import { namesIn } from '../support/pod-folders.ts';
import { isRunning } from '../../src/std/process-identity.ts';
import { Random } from '../sim/random.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';
import { type SmallReply, type SmallRequest, SmallWindow } from '../support/small-window.ts';
import { patienceMs, pause } from '../support/waiting.ts';

let home: TestHome;
let provider: SmallWindow;
beforeEach(() => {
  home = new TestHome();
  home.expectsNoSockets = false;
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

const runs = sizeOf('BUDGET_RUNS', { short: 1, full: 20 });
const outputTokens = 20;
const points = ['budget.reserved', 'lease.granted', 'lease.returned', 'event.committed'];
const below: Readonly<Record<string, readonly string[]>> = {
  root: ['a', 'b', 'c', 'd'],
  a: ['a1', 'a2'],
  b: ['b1', 'b2'],
  c: ['c1', 'c2'],
  d: ['d1'],
};
const everybody = ['root', ...Object.values(below).flat()];
const searches = 20;

/**
 * Who has pods below it makes them one by one; a leaf searches twenty times. Decided by what the prompt
 * holds: a request may be lost.
 */
function reply({ pod, prompt }: SmallRequest): SmallReply {
  const results = prompt.filter(({ role }) => role === 'result').length;
  const next = below[pod]?.[results];
  if (next !== undefined) return { call: ['SpawnPod', { name: next, task: 'search', write: [] }] };
  const isLeaf = below[pod] === undefined;
  return isLeaf && results < searches ? { call: ['Glob', { pattern: '*.txt' }] } : { say: `${pod} is done.` };
}

const asked = (): number => provider.requests.reduce((sum, { tokens }) => sum + tokens + outputTokens, 0);
/** The dearest request of each pod, together: no more than these may be under way. */
function underWay(): number {
  const dearest = new Map<string, number>();
  for (const { pod, tokens } of provider.requests)
    dearest.set(pod, Math.max(dearest.get(pod) ?? 0, tokens + outputTokens));
  return [...dearest.values()].reduce((sum, tokens) => sum + tokens, 0);
}

async function isAtBound(root: TestPod): Promise<boolean> {
  const status = await statusOf({ home: home.home, root: root.instance }, root);
  return status !== null && (await boundReached(home.home, status)) !== null;
}

async function living(name: string): Promise<boolean> {
  return isRunning(await home.pod(name).process());
}

/** Left unused in the whole tree. */
async function unused(): Promise<number> {
  const all = await Promise.all(everybody.map((name) => home.pod(name).call('budget', {})));
  return all.reduce((sum, { tokens }) => sum + Math.max(0, tokens?.held ?? 0), 0);
}

async function shares(): Promise<string> {
  const all = await Promise.all(everybody.map((name) => home.pod(name).call('budget', {})));
  return all.map(({ tokens }, at) => `${everybody[at]} ${JSON.stringify(tokens)}`).join('\n');
}

async function largestReservation(): Promise<number> {
  const all = await Promise.all(everybody.map((name) => home.pod(name).entriesOf('budgetReserved')));
  return Math.max(...all.flat().map(({ tokens }) => tokens ?? 0));
}

interface Killing {
  readonly killed: Set<string>;
  readonly random: Random;
  readonly armed: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** At a random instant, or where it comes to a point of the budget soon; away for a while, and back. */
async function killOne({ random, armed, environment, killed }: Killing, awayMs: number): Promise<void> {
  const name = everybody[random.int(everybody.length)]!;
  const pod = home.pod(name);
  killed.add(name);
  const process_ = await pod.process();
  if (random.chance(0.5)) {
    writeFileSync(armed, `${name}:${points[random.int(points.length)]}\n`);
    const deadlineAt = performance.now() + 700;
    while (isRunning(process_) && performance.now() < deadlineAt) await pause(10);
    writeFileSync(armed, '');
  } else await pause(random.int(300));
  if (isRunning(process_)) await pod.kill();
  await pause(awayMs);
  await pod.start(environment);
}

it.each(Array.from({ length: runs }, (_, index) => index + 1))(
  '[budget.tree-of-twelve] [budget.lowered] run %i: never asked for more than the bound and what was under way, nobody starves, and it goes on once raised',
  { timeout: patienceMs * 10 },
  async (seed) => {
    const random = new Random(seed, 13);
    provider = await SmallWindow.start(200_000, reply);
    const armed = join(home.path, 'armed');
    writeFileSync(armed, '');
    const environment = { ...provider.environment, PODKIN_CRASH_AT: `@${armed}` };
    const root = await home.startRoot({
      model: provider.model,
      models: provider.settings,
      limits: { pods: 12, children: 8, wakesPerMinute: 1_000_000, quarantineDeaths: 1_000_000 },
      environment,
    });
    await root.call('budget', { tokens: 10_000_000 });
    await root.run('go');
    for (const name of everybody) await (await home.spawned(name)).untilEntry('started');
    // Lowered: what was lent under the higher bound comes back, and everybody waits.
    await root.call('budget', { tokens: asked() });
    await eventually(root.folder.path, () => isAtBound(root), 'a lower bound is reached', shares);
    await eventually(
      root.folder.path,
      async () => (await unused()) < (await largestReservation()),
      'what was lent is taken back',
      shares,
    );
    const bound = asked() + 20_000 + random.int(60_000);
    await root.call('budget', { tokens: bound });
    const killed = new Set<string>();
    const kills = 3 + random.int(4);
    const away = runs >= 20 && seed % 10 === 0 ? 130_000 : 0;
    for (let kill = 0; kill < kills; kill += 1) {
      await killOne({ random, armed, environment, killed }, kill === 1 && away > 0 ? away : random.int(600));
      expect(asked()).toBeLessThanOrEqual(bound + underWay());
    }
    for (const name of everybody) if (!(await living(name))) await home.pod(name).start(environment);
    await eventually(
      root.folder.path,
      () => isAtBound(root),
      'the bound is reached',
      async () => JSON.stringify(await root.call('status', {})),
    );
    expect(asked()).toBeLessThanOrEqual(bound + underWay());
    expect(asked()).toBeGreaterThan(bound / 2);
    const one = await largestReservation();
    await eventually(root.folder.path, async () => (await unused()) < one, 'nobody holds what another lacks');
    const raised = await home.run(['budget', 'root', '--tokens', '10000000']);
    expect(raised.code, raised.stderr).toBe(0);
    await root.untilSettled();
    for (const name of everybody) {
      // Of those below a pod that died, the root has no work open.
      await home.pod(name).untilSettled();
      const ends = await home.pod(name).entriesOf('turnEnded');
      expect(ends.map(({ outcome }) => outcome)).not.toContain('limitReached');
      // Whoever died has no work any more that its parent does not give it anew.
      if (!killed.has(name)) expect(ends.at(-1)).toMatchObject({ outcome: 'finished' });
    }
    expect(namesIn(home.home)).toHaveLength(12);
  },
);

it('[budget.away] a pod whose parent is away goes on with what it holds, then waits, visibly, and goes on when it is back', async () => {
  provider = await SmallWindow.start(200_000, ({ pod, prompt }) => {
    const results = prompt.filter(({ role }) => role === 'result').length;
    const next = { root: ['a'], a: ['a1'] }[pod]?.[results];
    if (next !== undefined) return { call: ['SpawnPod', { name: next, task: 'search', write: [] }] };
    return pod === 'a1' && results < 30 ? { call: ['Glob', { pattern: '*.txt' }] } : { say: 'Done.' };
  });
  const root = await home.startRoot({
    model: provider.model,
    models: provider.settings,
    environment: provider.environment,
  });
  await root.call('budget', { tokens: 100_000 });
  await root.run('go');
  const leaf = await home.spawned('a1');
  await leaf.untilEntry('stepCompleted');
  await home.pod('a').kill();
  const before = provider.requests.filter(({ pod }) => pod === 'a1').length;
  let status = await leaf.call('status', {});
  await eventually(
    leaf.folder.path,
    async () => (status = await leaf.call('status', {})).waiting?.kind === 'budget',
    'it waits',
  );
  expect(status.waiting?.reason).toBe(
    'its part of the budget leaves too little for its next request, and its parent is not there to give more',
  );
  expect(provider.requests.filter(({ pod }) => pod === 'a1').length).toBeGreaterThan(before);
  expect(asked()).toBeLessThanOrEqual(100_000 + underWay());
  expect(await leaf.entriesOf('turnEnded')).toEqual([]);
  await home.pod('a').start(provider.environment);
  await root.call('budget', { tokens: 10_000_000 });
  // Its spawner's death ended that work for the root, not for the leaf.
  expect(await leaf.untilEntry('turnEnded')).toMatchObject({ outcome: 'finished' });
  await root.untilSettled();
});
