/**
 * A child that is spawned with `wait` for a path that another pod holds: the spawn returns at once, nothing
 * begins, and the path comes to it in its turn, whatever dies on the way.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Registry } from '../../src/scope/ownership/registry.ts';
import { ownIdentity } from '../../src/std/process-identity.ts';
import { ofType } from '../support/audit.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type RootOptions, TestHome, type TestPod, gone } from '../support/rig.ts';
import { eventually } from '../support/waiting.ts';
import { lookRules, seenEverywhere, untilGone, untilWaiting } from '../support/waiting-seen.ts';

const scenario = `rules:${lookRules}
  - { last: user, matches: '^hold (\\S+) (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: rest, write: ['{{match.2}}'] } }] }
  - { last: user, matches: '^queue (\\S+) (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: 'write {{match.2}}/{{match.1}}', write: ['{{match.2}}'], wait: true } }] }
  - { last: user, matches: '^pair (\\S+) (\\S+) (\\S+)', call: [{ SpawnPod: { name: '{{match.1}}', task: 'write {{match.2}}/{{match.1}}', write: ['{{match.2}}', '{{match.3}}'], wait: true } }] }
  - { last: user, matches: '^read', say: "Read." }
  - { last: user, matches: '^stop (\\S+)', call: [{ StopPod: { name: '{{match.1}}' } }] }
  - { last: user, matches: '^send (\\S+)', call: [{ SendToPod: { name: '{{match.1}}', message: rest } }] }
  - { last: user, matches: '^write (\\S+)', call: [{ Write: { path: '{{match.1}}', content: "by {{pod}}\\n" } }] }
  - { say: "Well." }
`;

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
  mkdirSync(join(home.work, 'a'));
  mkdirSync(join(home.work, 'b'));
});
afterEach(() => home.close());

function startRoot(name = 'root', more: RootOptions = {}): Promise<TestPod> {
  return home.startRoot({ name, scenario, limits: { sweepMs: 300, deathGraceMs: 200 }, ...more });
}

/** Has the pod make that call, and answers with its result. A notice may come with the words: once more. */
async function does(pod: TestPod, text: string): Promise<{ text: string; isError: boolean }> {
  for (;;) {
    const before = (await pod.entriesOf('toolResult')).length;
    const { submission } = await pod.run(text);
    let turn: string | undefined;
    const entries = await pod.until(`the result of "${text}"`, (all) => {
      turn = ofType(all, 'turnStarted').find(({ submissions }) => submissions.includes(submission))?.turn;
      const isOver = ofType(all, 'turnEnded').some((end) => end.turn === turn);
      return isOver || ofType(all, 'toolResult').length > before;
    });
    const result = ofType(entries, 'toolResult').at(before);
    if (result !== undefined) return result;
  }
}

async function holds(root: TestPod, name: string, path: string): Promise<TestPod> {
  expect(await does(root, `hold ${name} ${path}`)).toMatchObject({ isError: false });
  const child = await home.spawned(name);
  await child.untilSettled();
  return child;
}

async function queues(root: TestPod, name: string, path = 'a'): Promise<TestPod> {
  expect(await does(root, `queue ${name} ${path}`)).toMatchObject({
    isError: false,
    text: expect.stringContaining(`Pod "${name}" is there and waits for `) as unknown,
  });
  const child = await home.spawned(name);
  await untilWaiting(child, 'scope');
  return child;
}

const turnsOf = async (pod: TestPod) => (await pod.entriesOf('turnStarted')).length;
const waits = () => new Registry(home.home).held().waits.map(({ owner }) => owner.name);
const untilWaits = (...names: string[]) =>
  eventually(
    home.home.state,
    () => waits().join() === names.join(),
    `in the queue: ${names.join()}`,
    () => waits().join(),
  );

/** Its work is done: the file that it was to write. */
async function untilDone(pod: TestPod, path = 'a'): Promise<void> {
  const file = join(home.work, path, pod.name);
  await pod.until(`${pod.name} has written`, () => existsSync(file));
  expect(readFileSync(file, 'utf8')).toBe(`by ${pod.name}\n`);
  await pod.untilSettled();
}

async function untilReason(pod: TestPod, reason: string): Promise<void> {
  const now = async () => (await pod.call('status', {})).waiting?.reason;
  await eventually(
    pod.folder.path,
    async () => (await now()) === reason,
    reason,
    async () => String(await now()),
  );
}

async function waitsOf(pod: TestPod): Promise<string[]> {
  const all = await pod.entriesOf('scopeWait');
  return all.map(({ child, state, reason }) =>
    [child?.name, state, state === 'over' ? reason : null].filter(Boolean).join(' '),
  );
}

const reportsOf = async (root: TestPod, name: string) =>
  (await root.entriesOf('podEventReceived'))
    .filter(({ from }) => from.name === name)
    .map(({ event }) => event);
const noticesOf = async (root: TestPod) => (await root.entriesOf('systemItem')).map(({ item }) => item.body);

const firstText =
  'Pod "y" is there and waits for a, which root/x holds. It begins as soon as it has its paths; they are free when whoever has them is stopped or has died. You will get a notice when it finishes, fails, stops or dies. If you have nothing else to do, end your turn now.';

describe('a child that waits for a path', () => {
  it('[scope.wait] the spawn returns at once and says for what; nothing begins until the holder is stopped, then all of its work is done', async () => {
    const root = await startRoot();
    const holder = await holds(root, 'x', 'a');
    expect(await does(root, 'queue y a')).toMatchObject({ isError: false, text: firstText });
    const waiter = await home.spawned('y');
    await untilWaiting(waiter, 'scope');
    expect(await turnsOf(waiter)).toBe(0);
    expect(waits()).toEqual(['y']);
    expect(await does(holder, 'write a/x')).toMatchObject({ isError: false });
    await does(root, 'stop x');
    await untilDone(waiter);
    await untilGone(waiter);
    expect(waits()).toEqual([]);
    await root.untilSettled();
    expect(await reportsOf(root, 'y')).toMatchObject([{ kind: 'turnEnded', outcome: 'finished' }]);
    expect(await waitsOf(root)).toEqual(['y waits', 'y over granted']);
    await promiseKept(home);
  });

  it('[scope.wait-order] three get it in the order of asking: as the holder is killed, as the next is killed, as that is stopped', async () => {
    const root = await startRoot();
    const holder = await holds(root, 'x', 'a');
    const [one, two, three] = [
      await queues(root, 'one'),
      await queues(root, 'two'),
      await queues(root, 'three'),
    ];
    expect(waits()).toEqual(['one', 'two', 'three']);
    await untilReason(two, 'a, which root/x holds; a, for which root/one waits and came first');
    await holder.kill();
    await untilDone(one);
    expect([await turnsOf(two), await turnsOf(three)]).toEqual([0, 0]);
    await untilReason(two, 'a, which root/one holds');
    await one.kill();
    await untilDone(two);
    await untilReason(three, 'a, which root/two holds');
    await does(root, 'stop two');
    await untilDone(three);
    expect(waits()).toEqual([]);
    await promiseKept(home);
  });

  it('[scope.wait-seen] everybody who looks reads for what and who has it: ps, status, inspect, logs, ListPods and ReadPodOutput', async () => {
    const root = await startRoot();
    await holds(root, 'x', 'a');
    const waiter = await queues(root, 'y');
    const seen = await seenEverywhere(home, waiter, root);
    const entry = (await root.entriesOf('scopeWait')).find(({ child }) => child?.name === 'y');
    expect(seen).toEqual({ kind: 'scope', since: entry?.time, until: null, reason: 'a, which root/x holds' });
    const logs = await home.run(['logs', 'y']);
    expect(logs.stdout).toContain('— waits for a, which root/x holds');
    await does(root, 'stop x');
    await untilDone(waiter);
  });

  it('[scope.wait-trees] the holder may be of another tree: its death with that of its parent grants, and what is asked for meanwhile without waiting comes behind', async () => {
    const other = await startRoot('other');
    const holder = await holds(other, 'x', 'a');
    const root = await startRoot();
    expect(await does(root, 'pair y a b')).toMatchObject({
      isError: false,
      text: expect.stringContaining('waits for a, which other/x holds.') as unknown,
    });
    const waiter = await home.spawned('y');
    await untilWaiting(waiter, 'scope');
    for (const pod of [root, other]) {
      expect(await does(pod, 'hold z b')).toMatchObject({
        isError: true,
        text: expect.stringContaining(
          `The pod "y" waits for ${join(home.work, 'b')} and gets it first.`,
        ) as unknown,
      });
    }
    const behind = await queues(other, 'z', 'b');
    await untilReason(behind, 'b, for which root/y waits and came first');
    await other.kill();
    await holder.kill();
    await untilDone(waiter);
    expect(await turnsOf(behind)).toBe(0);
    await other.start();
    await untilReason(behind, 'b, which root/y holds');
    await does(root, 'stop y');
    await untilDone(behind, 'b');
    await promiseKept(home);
  });
});

describe('one that waits', () => {
  it('[scope.wait-ends] stopped, killed, cancelled or removed leaves nothing of its wait, and its parent reads that it had begun nothing', async () => {
    const root = await startRoot();
    await holds(root, 'x', 'a');
    const names = ['asked', 'person', 'killed', 'cancelled', 'removed'];
    const pods: TestPod[] = [];
    for (const name of names) pods.push(await queues(root, name));
    const last = await queues(root, 'last');
    expect(await does(root, 'stop asked')).toMatchObject({
      text: 'Pod "asked" has shut down. It had begun nothing: it waited for a, which root/x holds.',
    });
    await home.run(['stop', 'person']);
    await pods[2]?.kill();
    await untilWaits('cancelled', 'removed', 'last');
    await home.run(['cancel', 'cancelled']);
    await home.run(['rm', '-f', 'removed']);
    await untilWaits('last');
    await root.until('all are read', (all) => ofType(all, 'systemItem').length >= 5);
    const told = (await noticesOf(root)).join('\n');
    expect(told).toContain('it had begun nothing, as it waited for a, which root/x holds');
    expect(told).toContain('Pod "killed" died (SIGKILL).');
    expect(told).toContain('What is known of it: "it had begun nothing, as it waited for its paths"');
    expect(told).toContain('Pod "cancelled" was cancelled by a person.');
    await does(root, 'stop x');
    await untilDone(last);
    for (const name of names) expect(existsSync(join(home.work, 'a', name))).toBe(false);
    expect((await pods[3]!.call('status', {})).waiting).toBe(null);
    await promiseKept(home);
  });

  it('[scope.wait-restored] killed and restored it is in the queue again, behind those who waited on; its work is done in the end', async () => {
    const root = await startRoot();
    await holds(root, 'x', 'a');
    const [one, two] = [await queues(root, 'one'), await queues(root, 'two')];
    await one.kill();
    await untilWaits('two');
    await one.start();
    await untilWaits('two', 'one');
    await untilReason(one, 'a, which root/x holds; a, for which root/two waits and came first');
    await does(root, 'stop x');
    await untilDone(two);
    expect(await turnsOf(one)).toBe(0);
    await does(root, 'stop two');
    await untilDone(one);
    await promiseKept(home);
  });

  it('[scope.wait-parent] keeps its place over a death of its parent, and keeps nobody else from it meanwhile', async () => {
    const root = await startRoot();
    const other = await startRoot('other');
    const holder = await holds(other, 'x', 'a');
    const first = await queues(root, 'first');
    const second = await queues(other, 'second');
    await root.kill();
    // Nobody could give it on.
    await untilReason(second, 'a, which other/x holds');
    await root.start();
    await untilWaits('first', 'second');
    await untilReason(second, 'a, which other/x holds; a, for which root/first waits and came first');
    await holder.kill();
    await untilDone(first);
    expect(await turnsOf(second)).toBe(0);
    await first.kill();
    await untilDone(second);
    await promiseKept(home);
  });

  it('[scope.wait-parent] and the next one gets it while that parent is away', async () => {
    const root = await startRoot();
    const other = await startRoot('other');
    const holder = await holds(other, 'x', 'a');
    const first = await queues(root, 'first');
    const second = await queues(other, 'second');
    await root.kill();
    await holder.kill();
    await untilDone(second);
    expect(await turnsOf(first)).toBe(0);
    await root.start();
    await untilReason(first, 'a, which other/second holds');
    await second.kill();
    await untilDone(first);
    await promiseKept(home);
  });

  it.each(['wait.granted', 'wait.over'])(
    '[scope.wait-crash] its parent dies at %s: the next start goes on, and nobody else gets it',
    async (point) => {
      const root = home.makeRoot({ scenario, limits: { sweepMs: 300, deathGraceMs: 200 } });
      await root.start({ PODKIN_CRASH_AT: `root:${point}:1` });
      const dead = await root.process();
      const holder = await holds(root, 'x', 'a');
      const [one, two] = [await queues(root, 'one'), await queues(root, 'two')];
      await holder.kill();
      await gone(dead);
      expect([await turnsOf(one), await turnsOf(two)]).toEqual([0, 0]);
      await root.start();
      await untilDone(one);
      expect(await turnsOf(two)).toBe(0);
      await untilReason(two, 'a, which root/one holds');
      expect((await waitsOf(root)).filter((line) => line.startsWith('one'))).toEqual([
        'one waits',
        'one over granted',
      ]);
      await promiseKept(home);
    },
  );

  it('[scope.wait-circle] is refused where its wait would close a circle, with who is in it, and nothing of it is left', async () => {
    const root = await startRoot();
    const x = await holds(root, 'x', 'a');
    expect(await does(x, 'hold deep a/deep')).toMatchObject({ isError: false });
    const deep = await home.spawned('deep');
    await deep.untilSettled();
    const registry = new Registry(home.home);
    const claim = registry.claims().find(({ owner }) => owner.name === 'deep');
    // As another tree would have it: below "deep", and for what "x" holds.
    const maker = ownIdentity();
    const owner = { name: 'theirs', instance: '01890000-0000-7000-8000-000000000000' };
    const wait = { ...claim!, owner, above: [deep.instance], write: [join(home.work, 'a/other')], deny: [] };
    await registry.update((claims) => ({
      claims,
      waits: [{ ...wait, maker, process: null, since: '2020-01-01T00:00:00.000Z' }],
      answer: null,
    }));
    const refused = await does(x, 'queue w a/deep');
    expect(refused).toMatchObject({
      isError: true,
      text: 'To wait would close a circle, in which nobody ever got anything: "w" → "deep" → "theirs" → "x" → "w". Give it other paths, or spawn it once one of these has ended.',
    });
    expect(existsSync(home.pod('w').folder.path)).toBe(false);
    // Its parent's log says so at once, and the registry with the next word of that.
    await eventually(
      home.path,
      () => waits().join() === 'theirs',
      'nothing of it is left',
      () => waits().join(),
    );
    await registry.update((claims) => ({ claims, waits: [], answer: null }));
  });
});

describe('a tree in which nothing works any more but a wait for paths', () => {
  const idle = `rules:
  - { pod: root, last: user, matches: '^both', call: [{ SpawnPod: { name: one, task: first, write: ['a'] } }, { SpawnPod: { name: two, task: second, write: ['a'], wait: true } }] }
  - { say: "Well." }
`;
  it('[scope.wait-standstill] run -p ends with 5 and says who waits for what, and who holds it', async () => {
    home.file('idle.yaml', idle);
    const ran = await home.run([
      'run',
      '-p',
      '--model',
      'script/idle.yaml',
      '--output-format',
      'json',
      'both',
    ]);
    expect(ran).toMatchObject({ code: 5 });
    expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({
      status: 'limit',
      reason: expect.stringContaining('two waits for a, which root/one holds'),
    });
  });

  it('[scope.wait-standstill] so does wait; what another tree holds is waited for', async () => {
    const root = await home.startRoot({ scenario: idle });
    await root.run('both');
    const two = await home.spawned('two');
    await two.untilEntry('scopeWait');
    await untilWaiting(two, 'scope');
    const waited = await home.run(['wait', 'root']);
    expect(waited).toMatchObject({ code: 5 });
    expect(waited.stdout + waited.stderr).toContain('two waits for a, which root/one holds');
    const other = await startRoot('other');
    expect(await does(other, 'queue kid a')).toMatchObject({ isError: false });
    await untilWaiting(await home.spawned('kid'), 'scope');
    const timed = await home.run(['wait', 'other', '--timeout', '2']);
    expect(timed.stdout + timed.stderr).toContain('timed out');
  });
});
