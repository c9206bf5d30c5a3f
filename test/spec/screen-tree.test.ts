/** A tree as its pods report it up their links, to whoever watches any of them. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ReportedPod } from '../../src/protocol/tree.ts';
import { uuidv7 } from '../../src/std/uuid.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { eventually, TestHome, type TestPod } from '../support/rig.ts';
import { TreeSeen } from '../support/tree-seen.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

const three = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: middle, task: "work", write: [] } }] }
  - { pod: middle, last: user, call: [{ SpawnPod: { name: leaf, task: "work", write: [] } }] }
  - { pod: leaf, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - { say: "{{pod}} is done." }
`;

async function family(): Promise<{ root: TestPod; middle: TestPod; leaf: TestPod }> {
  const root = await home.startRoot({ permissionMode: 'bypassPermissions', scenario: three });
  await root.run('go');
  const leaf = await home.spawned('leaf');
  await leaf.untilEntry('toolCall');
  return { root, middle: home.pod('middle'), leaf };
}

it('[screen.tree-rows] who watches the root sees each pod below it, where it is, what it is at and what it has used', async () => {
  const { root, middle, leaf } = await family();
  const seen = await TreeSeen.of(root);
  const works = await seen.until('leaf', ({ activity }) => activity?.kind === 'tool');
  expect(works).toMatchObject({
    instance: leaf.instance,
    parent: middle.instance,
    path: 'root/middle/leaf',
    depth: 2,
    status: 'running',
    settled: false,
    outcome: null,
    activity: { text: expect.stringMatching(/^Bash until/) },
  });
  expect(works.own?.tokens).toBeGreaterThan(0);
  await seen.until('middle', ({ activity }) => activity?.text === 'children: leaf');
  expect(seen.rows.get('root')).toMatchObject({ parent: null, path: 'root', depth: 0 });
  home.file('go');
  await root.untilSettled();
  for (const pod of [root, middle, leaf]) {
    const row = await seen.until(
      pod.name,
      ({ status, settled, pendingOut }) => status === 'idle' && settled && pendingOut === 0,
    );
    const { usage, pending } = await pod.call('status', {});
    expect(row).toMatchObject({ outcome: 'finished', hasFailed: false, activity: null });
    expect(pending.outgoing).toBe(0);
    await seen.until(pod.name, ({ own }) => own?.tokens === usage.inputTokens + usage.outputTokens);
  }
});

it('[screen.tree-once] asked once, a pod answers with what those below it say at that moment', async () => {
  const { root, middle } = await family();
  const { rows, omitted, watching } = await root.call('tree', {});
  expect(rows.map(({ path }) => path)).toEqual(['root', 'root/middle', 'root/middle/leaf']);
  expect(rows[2]?.activity?.text).toMatch(/^Bash until/);
  expect([omitted, watching]).toEqual([0, 0]);
  const below = await middle.call('tree', {});
  expect(below.rows.map(({ path, depth }) => [path, depth])).toEqual([
    ['root/middle', 1],
    ['root/middle/leaf', 2],
  ]);
  home.file('go');
  await root.untilSettled();
});

it('[screen.r22] [screen.tree-death] a death two levels below is seen with its signal within a second', async () => {
  home.expectsNoSockets = false;
  const { root, leaf } = await family();
  const seen = await TreeSeen.of(root);
  await seen.until('leaf', ({ status }) => status === 'running');
  const killedAt = performance.now();
  await leaf.kill();
  const row = await seen.until('leaf', ({ status }) => status === 'dead');
  expect(performance.now() - killedAt).toBeLessThan(1_000);
  expect(row).toMatchObject({ outcome: 'died: SIGKILL', hasFailed: true, activity: null });
  expect(row.own?.tokens).toBeGreaterThan(0);
  home.file('go');
});

it('[screen.tree-quiet] changes come at most twice a second, and none while nothing changes or nobody watches', async () => {
  const root = home.makeRoot();
  const [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
  await root.start();
  await child.link();
  expect(child.noticed).toEqual([]);
  const seen = await TreeSeen.of(root);
  await eventually(root.folder.path, () => child.noticed.length === 1, 'the child is asked');
  for (let tokens = 1; tokens <= 40; tokens += 1) {
    await child.say('reportTree', {
      all: true,
      gone: [],
      rows: [rowOf(child, { own: { tokens, cost: 0 } })],
    });
    await pause(50);
  }
  await seen.until(child.name, ({ own }) => own?.tokens === 40);
  expect(seen.changes.length).toBeGreaterThan(2);
  // What it was asked for a moment before a second began may come within it.
  expect(seen.mostInASecond()).toBeLessThanOrEqual(3);
  const before = seen.changes.length;
  await child.say('reportTree', {
    all: true,
    gone: [],
    rows: [rowOf(child, { own: { tokens: 40, cost: 0 } })],
  });
  await pause(1_200);
  expect(seen.changes).toHaveLength(before);
  seen.close();
  await eventually(root.folder.path, () => child.noticed.length === 2, 'the child is let go');
  expect(child.noticed).toEqual([{ wanted: true }, { wanted: false }]);
});

it('[screen.tree-claims] a child speaks of what is below it alone, and of nobody by another name', async () => {
  const root = home.makeRoot();
  const [child, other] = (await fakeChildren(home, root, 2)) as [FakeChild, FakeChild];
  await root.start();
  await child.link();
  await other.link();
  const seen = await TreeSeen.of(root);
  const below = rowOf(child, { instance: uuidv7(), parent: child.instance, name: 'below' });
  const lower = { ...below, instance: uuidv7(), parent: below.instance, name: 'lower' };
  const claims = [
    { ...below, instance: uuidv7(), parent: other.instance, name: 'others' },
    { ...below, instance: uuidv7(), parent: root.instance, name: 'sibling' },
    { ...below, instance: uuidv7(), parent: uuidv7(), name: 'nobodys' },
    { ...below, instance: other.instance, parent: child.instance, name: 'stolen' },
    { ...below, instance: root.instance, parent: child.instance, name: 'above' },
  ];
  const own = rowOf(child, { name: 'renamed', parent: uuidv7() });
  await child.say('reportTree', { all: true, rows: [lower, own, below, ...claims], gone: [] });
  await seen.until('lower', ({ path }) => path === `root/${child.name}/below/lower`);
  expect([...seen.rows.keys()].toSorted()).toEqual(
    ['root', child.name, other.name, 'below', 'lower'].toSorted(),
  );
  expect(seen.rows.get(child.name)).toMatchObject({ parent: root.instance, depth: 1 });
  await other.say('reportTree', {
    all: true,
    rows: [rowOf(other), { ...below, parent: other.instance }],
    gone: [],
  });
  await child.say('reportTree', { all: false, rows: [], gone: [lower.instance] });
  await eventually(root.folder.path, () => !seen.rows.has('lower'), 'lower is gone');
  expect(seen.rows.get('below')).toMatchObject({ parent: child.instance });
  const tooLong = child.say('reportTree', {
    all: true,
    rows: [rowOf(child, { model: 'x'.repeat(301) })],
    gone: [],
  });
  await expect(tooLong).rejects.toThrow();
  const stranger = root.call('reportTree', { all: true, rows: [], gone: [] });
  await expect(stranger).rejects.toThrow('This connection is not the link of that child');
});

it('[screen.tree-unlinked] with its link a child takes away what is known below it, and brings it back', async () => {
  const root = home.makeRoot();
  const [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
  await root.start();
  const seen = await TreeSeen.of(root);
  await child.link();
  const below = rowOf(child, { instance: uuidv7(), parent: child.instance, name: 'below' });
  await eventually(root.folder.path, () => child.noticed.length === 1, 'the child is asked');
  await child.say('reportTree', { all: true, rows: [rowOf(child), below], gone: [] });
  await seen.until('below', ({ status }) => status === 'running');
  await child.unlink();
  await seen.until('below', ({ status, activity }) => status === 'unreachable' && activity === null);
  await seen.until(child.name, ({ status }) => status === 'unreachable');
  await child.link();
  await eventually(root.folder.path, () => child.noticed.length === 2, 'the child is asked again');
  await child.say('reportTree', { all: true, rows: [rowOf(child), below], gone: [] });
  await seen.until('below', ({ status }) => status === 'running');
});

it('[screen.tree-older] a child of an older build, which reports nothing, has a row by what its parent knows', async () => {
  const root = home.makeRoot();
  const [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
  await root.start();
  await child.link();
  const { rows } = await root.call('tree', {});
  expect(rows[1]).toMatchObject({ name: child.name, status: 'running', own: null, outcome: null });
});

function rowOf(child: FakeChild, fields: Partial<ReportedPod> = {}): ReportedPod {
  return {
    instance: child.instance,
    parent: uuidv7(),
    name: child.name,
    status: 'running',
    settled: false,
    activity: { kind: 'request', text: 'answers', since: '2026-01-01T00:00:00.000Z' },
    attention: null,
    outcome: null,
    hasFailed: false,
    model: 'fake',
    own: { tokens: 1, cost: 0 },
    context: null,
    pendingIn: 0,
    pendingOut: 0,
    since: null,
    ...fields,
  };
}
