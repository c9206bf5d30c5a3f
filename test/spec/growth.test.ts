/** What has ended, is linked or was removed costs a pod nothing, and stays in no list. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { probeLock } from '../../src/session/lock/lock.ts';
import { capable } from '../support/capable.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  home.expectsNoSockets = false;
});
afterEach(() => home.close());

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: work } }] }
  - { pod: root, last: user, matches: '^list', call: [{ ListPods: {} }] }
  - { say: "Well." }
`;

async function listed(root: TestPod): Promise<string> {
  const before = (await root.entriesOf('toolResult')).length;
  await root.run('list');
  await root.until('it has listed', (entries) => {
    return entries.filter(({ type }) => type === 'toolResult').length > before;
  });
  return (await root.entriesOf('toolResult')).at(-1)?.text ?? '';
}

it('[growth.removed-child] a child that a person has removed is in no list of its parent any more, and its parent’s log says so', async () => {
  const root = await home.startRoot({ scenario });
  for (const name of ['kid', 'sister']) {
    await root.run(`spawn ${name}`);
    await home.spawned(name);
    await root.untilEntry(
      'podEventReceived',
      ({ from, event }) => from.name === name && event.kind === 'turnEnded',
    );
    await root.untilSettled();
  }
  const kid = home.pod('kid');
  const { instance } = kid;
  await kid.stop();
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'shutDown');
  // Read by its model: what is asked next is then the newest that it has.
  await root.untilSettled();
  expect(await listed(root)).toMatch(/^kid: stopped; .*\nsister: idle; /);
  expect(await home.run(['rm', 'kid'])).toMatchObject({ code: 0 });
  // At once, whether its parent has heard of it or not.
  expect(JSON.parse((await home.run(['ps', '--json'])).stdout)).toMatchObject([
    { name: 'root', children: ['sister'] },
    { name: 'sister' },
  ]);
  const inspected: unknown = JSON.parse((await home.run(['inspect', 'root'])).stdout);
  expect(inspected).toMatchObject({ children: ['sister'], childPods: [{ name: 'sister' }] });
  expect(await listed(root)).toMatch(/^sister: idle; [^\n]*$/);
  const removed = await root.untilEntry('child', ({ state }) => state === 'removed');
  expect(removed.child).toEqual({ name: 'kid', instance });
  expect((await root.call('status', {})).children.map(({ name }) => name)).toEqual(['sister']);
  expect((await home.run(['verify'])).code).toBe(0);
});

it('[growth.removed-many] as many as were removed while it slept are forgotten at its next look, in one append', async () => {
  const root = home.makeRoot({ scenario });
  const children = await fakeChildren(home, root, 40);
  await root.start();
  for (const child of children) await endInOrder(child);
  await root.until('all have ended', (all) => ends(all) === 40);
  await root.untilSettled();
  // Not in the middle of a look, for which it borrows the locks of those that have ended.
  await eventually(home.work, () => frozenBetweenLooks(root, children), 'it sleeps between two looks');
  // Its parent cannot be asked meanwhile; its log is read.
  const ran = await home.run(['rm', ...children.map(({ name }) => name)]);
  expect(ran.stderr).toBe('');
  expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^(child\d+\n){40}$/) });
  await root.thaw();
  await root.until('all are forgotten', (all) => {
    return all.filter((entry) => entry.type === 'child' && entry.state === 'removed').length === 40;
  });
  expect((await root.call('status', {})).children).toEqual([]);
});

it('[growth.listed] of the children that have ended ListPods names the newest, and how many there are', async () => {
  const root = home.makeRoot({ scenario });
  const children = await fakeChildren(home, root, 25);
  await root.start();
  for (const child of children) await endInOrder(child);
  await root.until('all have ended', (all) => ends(all) === 25);
  await root.untilSettled();
  const lines = (await listed(root)).split('\n');
  expect(lines).toHaveLength(21);
  expect(lines[0]).toMatch(/^child6: stopped; /);
  expect(lines[20]).toBe('5 more have ended before; their names still work.');
});

it('[growth.restored-unlinked] what a child says in an incarnation that never linked is taken in, also when it is one of many that have ended', async () => {
  const root = home.makeRoot({ scenario, limits: { sweepMs: 100 } });
  const children = await fakeChildren(home, root, 40);
  await root.start();
  for (const child of children) await endInOrder(child);
  await root.until('all have ended', (all) => ends(all) === 40);
  const late = children.at(-3)!;
  await late.beginAgain();
  late.emit(late.turnEnded('finished', { assignments: [], text: 'Said to nobody.' }));
  await late.end();
  const receipt = await root.untilEntry('podEventReceived', ({ from, event }) => {
    return from.instance === late.instance && event.kind === 'turnEnded';
  });
  expect(receipt.event).toMatchObject({ text: 'Said to nobody.' });
  await root.untilEntry('podEventReceived', ({ from, event }) => {
    return from.instance === late.instance && event.kind === 'died' && from.incarnation === 2;
  });
});

async function frozenBetweenLooks(root: TestPod, children: readonly FakeChild[]): Promise<boolean> {
  await root.freeze();
  for (const { instance, folder } of children) {
    if ((await probeLock({ instance, folder: folder.path })) === 'free') continue;
    await root.thaw();
    return false;
  }
  return true;
}

async function endInOrder(child: FakeChild): Promise<void> {
  await child.link();
  await child.report(child.shutDown());
  await child.end();
}

function ends(all: readonly { type: string }[]): number {
  return all.filter((entry) => 'event' in entry && entry.type === 'podEventReceived').length;
}

const hasProc = capable('the table of processes below /proc', () => existsSync('/proc/self/fd'));

it.runIf(hasProc)(
  '[growth.no-watch] no pod holds an instance of inotify for its parent, linked or not; its parent’s return is seen at once all the same',
  async () => {
    const root = await home.startRoot({
      scenario,
      limits: { reconnectMaxMs: 60_000, reconnectBaseMs: 60_000 },
    });
    await root.run('spawn kid');
    const kid = await home.spawned('kid');
    await kid.untilEntry('podEventAcked');
    const { pid } = await kid.process();
    expect(inotifyOf(pid)).toEqual([]);
    await root.kill();
    const isDown = async () => (await kid.call('status', {})).attention === 'parentDown';
    await eventually(kid.folder.path, isDown, 'it has noticed');
    expect(inotifyOf(pid)).toEqual([]);
    await root.start();
    const startedAt = performance.now();
    const isBack = async () => (await kid.call('status', {})).attention === null;
    await eventually(kid.folder.path, isBack, 'it is linked again');
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(inotifyOf(pid)).toEqual([]);
  },
);

function inotifyOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).includes('inotify');
    } catch {
      return false;
    }
  });
}

it('[growth.run-too-long] a task that no log could hold is refused before a pod is made for it', async () => {
  const ran = await home.run(['run', '-p', '--model', home.scenario(scenario), '-'], {
    input: 'x'.repeat(9 * 1024 * 1024),
  });
  expect(ran).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/stdin holds more than the 1 MiB that can be taken: put it into a file/),
  });
  expect(existsSync(join(home.home.state, 'pods'))).toBe(false);
});

it('[growth.pending] what is pending is told from what the pod knows, as the whole list tells it', async () => {
  const root = home.makeRoot({ scenario });
  const [child] = await fakeChildren(home, root, 1);
  await root.start();
  await child!.link();
  await root.call('pause', {});
  await child!.report(child!.turnEnded('finished'));
  await child!.report(child!.scopeReport());
  const whole = await root.call('deliveries', {});
  const pending = await root.call('deliveries', { pendingOnly: true });
  const received = whole.filter(({ state }) => state === 'received');
  // Whom it tells apart inside is not of the protocol.
  expect(received).toMatchObject(pending);
  expect(received).toHaveLength(pending.length);
  expect(pending).toMatchObject([
    { from: 'child1', seq: 1, kind: 'turnEnded', state: 'received', reason: 'the pod is paused' },
  ]);
  await root.call('resume', {});
  await root.untilSettled();
  expect(await root.call('deliveries', { pendingOnly: true })).toEqual([]);
});
