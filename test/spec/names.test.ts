/**
 * Two trees of one home whose children have the same names, in two directories; and homes of older builds.
 */
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podFolder, podPlaces } from '../../src/session/home/home.ts';
import { placeInTree } from '../../src/session/home/place.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  try {
    await promiseKept(home);
  } finally {
    await home.close();
  }
});

const scenario = `
rules:
  - { pod: kid, last: user, matches: "leaf", call: [{ SpawnPod: { name: leaf, task: "be a leaf", write: [] } }] }
  - { last: user, matches: "spawn (\\\\S+)", call: [{ SpawnPod: { name: "{{match.1}}", task: "work for {{pod}}", write: [] } }] }
  - { last: user, matches: "send (\\\\S+)", call: [{ SendToPod: { name: "{{match.1}}", message: "more for {{pod}}" } }] }
  - { last: user, matches: "stop (\\\\S+)", call: [{ StopPod: { name: "{{match.1}}" } }] }
  - say: "{{pod}} is done."
`;

interface Shown {
  name: string;
  path: string;
  status: string;
  parent: string | null;
}
const shown = async (): Promise<Shown[]> =>
  JSON.parse((await home.run(['ps', '-a', '--json'])).stdout) as Shown[];
const paths = async () => (await shown()).map(({ path }) => path).toSorted();
const statuses = async () =>
  Object.fromEntries((await shown()).map(({ path, status }) => [path, status] as const));

/** A tree in a directory of its own. */
async function tree(name: string, task = 'spawn kid'): Promise<void> {
  const cwd = join(home.work, `in-${name}`);
  mkdirSync(cwd, { recursive: true });
  const args = ['run', '-d', '--name', name, '--model', home.scenario(scenario), task];
  expect(await home.run(args, { cwd })).toMatchObject({ code: 0, stdout: `${name}\n` });
  expect(await home.run(['wait', name])).toMatchObject({ code: 0 });
}
const below = (root: string, name: string): TestPod => home.pod(placeInTree(home.pod(root).instance, name));
const asked = async (pod: TestPod) => (await pod.entriesOf('userMessage')).map(({ text }) => text);
const results = async (pod: TestPod) =>
  (await pod.entriesOf('toolResult')).map(({ isError, text }) => (isError ? text : 'done'));
const told = async (root: string, text: string) =>
  expect(await home.run(['send', '--wait', root, text])).toMatchObject({ code: 0 });

describe('two trees', () => {
  it('[names.two-trees] may have children of one name: each works for its own, hears from it and ends with it', async () => {
    await tree('one');
    await tree('two');
    expect(await paths()).toEqual(['one', 'one/kid', 'two', 'two/kid']);
    await told('two', 'send kid');
    expect(await asked(below('one', 'kid'))).toEqual(['work for one']);
    expect(await asked(below('two', 'kid'))).toEqual(['work for two', 'more for two']);
    const receipts = await home.pod('two').entriesOf('podEventReceived');
    expect(new Set(receipts.map(({ from }) => from.instance))).toEqual(
      new Set([below('two', 'kid').instance]),
    );
    await told('one', 'stop kid');
    expect(await statuses()).toEqual({ one: 'idle', 'one/kid': 'stopped', two: 'idle', 'two/kid': 'idle' });
    expect(await home.run(['stop', 'two'])).toMatchObject({ code: 0 });
    expect(await statuses()).toMatchObject({ one: 'idle', 'two/kid': 'stopped', two: 'stopped' });
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  });

  it('[names.ambiguous] a name of both lists the paths and does nothing; each path means its pod', async () => {
    await tree('one');
    await tree('two');
    const before = await statuses();
    const commands = [
      ['logs', 'kid'],
      ['inspect', 'kid'],
      ['send', 'kid', 'more'],
      ['notify', 'kid', 'more'],
      ['attach', 'kid'],
      ['wait', 'kid'],
      ['pause', 'kid'],
      ['cancel', 'kid'],
      ['compact', 'kid'],
      ['budget', 'kid', '1'],
      ['deliveries', 'kid'],
      ['events', 'kid'],
      ['stop', 'one', 'kid'],
      ['kill', 'kid'],
      ['restore', 'kid'],
      ['rm', '-f', 'kid'],
      ['run', '-c', 'kid', 'more'],
    ];
    for (const command of commands) {
      const ran = await home.run(command);
      expect([command, ran.code, ran.stdout]).toEqual([command, 2, '']);
      expect(ran.stderr).toContain('one/kid, two/kid');
    }
    expect(await statuses()).toEqual(before);
    expect(await asked(below('one', 'kid'))).toEqual(['work for one']);

    expect((await home.run(['logs', 'one/kid'])).stdout).toContain('work for one');
    expect(await home.run(['send', '--wait', 'two/kid', 'hello'])).toMatchObject({ code: 0 });
    expect(await asked(below('two', 'kid'))).toEqual(['work for two', 'hello']);
    expect(JSON.parse((await home.run(['inspect', 'two/kid'])).stdout)).toMatchObject({
      path: 'two/kid',
      instance: below('two', 'kid').instance,
    });
    expect(await below('two', 'kid').call('status', {})).toMatchObject({ name: 'kid', path: 'two/kid' });
    const deliveries = await home.run(['deliveries', '--json', 'one/kid']);
    expect(JSON.parse(deliveries.stdout)).toMatchObject([{ from: 'kid', to: 'one' }]);
    expect(await home.run(['pause', 'one/kid'])).toMatchObject({ code: 0 });
    expect(await home.run(['resume', 'one/kid'])).toMatchObject({ code: 0 });
    expect(await home.run(['stop', 'one/kid'])).toMatchObject({ code: 0 });
    expect(await statuses()).toMatchObject({ 'one/kid': 'stopped', 'two/kid': 'idle' });
    expect((await home.run(['send', 'one/kid', 'x'])).stderr).toContain('podkin restore one/kid');
    expect(await home.run(['restore', 'one/kid'])).toMatchObject({ code: 0, stdout: 'kid\n' });
    expect(await home.run(['kill', 'one/kid'])).toMatchObject({ code: 0 });
    expect((await home.run(['logs', 'one/kit'])).stderr).toContain('did you mean "one/kid"');
    home.expectsNoSockets = false;
    expect(await home.run(['wait', 'one'])).toMatchObject({ code: 0 });
    expect(await home.run(['rm', 'one/kid'])).toMatchObject({ code: 0 });
    // Only one tree has it now.
    expect(await home.run(['send', '--wait', 'kid', 'alone'])).toMatchObject({ code: 0 });
    expect((await asked(below('two', 'kid'))).at(-1)).toBe('alone');
  });

  it('[names.root] the name of a root means the root', async () => {
    await tree('one');
    await tree('kid', 'alone');
    expect(await paths()).toEqual(['kid', 'one', 'one/kid']);
    expect(await home.run(['stop', 'kid'])).toMatchObject({ code: 0 });
    expect(await statuses()).toEqual({ kid: 'stopped', one: 'idle', 'one/kid': 'idle' });
    expect(await home.run(['rm', 'kid'])).toMatchObject({ code: 0 });
    expect(await home.run(['stop', 'kid'])).toMatchObject({ code: 0 });
    // It hears of the end of its child.
    expect(await home.run(['wait', 'one'])).toMatchObject({ code: 0 });
    expect(await statuses()).toEqual({ one: 'idle', 'one/kid': 'stopped' });
  });

  it('[names.in-tree] no name twice in a tree: not that of its root, nor of a pod deeper down', async () => {
    await tree('one');
    await told('kid', 'leaf');
    for (const name of ['one', 'kid', 'leaf']) await told('one', `spawn ${name}`);
    const taken = (name: string) => `There is a pod "${name}" already; choose another name.`;
    expect(await results(home.pod('one'))).toEqual(['done', taken('one'), taken('kid'), taken('leaf')]);
    expect(await paths()).toEqual(['one', 'one/kid', 'one/kid/leaf']);
    expect(await home.run(['logs', 'one/kid/leaf'])).toMatchObject({ code: 0 });
    expect(await home.run(['logs', 'one/leaf'])).toMatchObject({ code: 3 });
    expect(await home.run(['logs', 'kid/leaf'])).toMatchObject({ code: 3 });
  });
});

describe('a crash at the rename', () => {
  it.each(['name.drafted', 'name.won'])(
    '[names.crash] at %s the name is won or it is free, and the restart uses it',
    async (point) => {
      home.expectsNoSockets = false;
      const root = home.makeRoot({ scenario });
      await root.start({ PODKIN_CRASH_AT: `root:${point}` });
      await root.run('spawn kid').catch(() => undefined);
      await root.exit();
      const left = podPlaces(home.home);
      expect(left).toEqual(point === 'name.won' ? [placeInTree(root.instance, 'kid'), 'root'] : ['root']);
      await root.start();
      await root.untilSettled();
      expect(readdirSync(join(home.home.state, 'pods')).filter((name) => name.startsWith('.'))).toEqual([]);
      await root.run('spawn kid');
      await root.untilSettled();
      expect(podPlaces(home.home)).toEqual([placeInTree(root.instance, 'kid'), 'root']);
      expect((await results(root)).at(-1)).toBe('done');
      expect(await asked(home.pod('kid'))).toEqual(['work for root']);
    },
  );
});

describe('the home of an older build', () => {
  it('[names.old-place] its children stay beside the roots, go on there, and keep their names in their tree', async () => {
    await tree('one');
    expect(await home.run(['stop', 'one'])).toMatchObject({ code: 0 });
    // As older builds made them.
    renameSync(below('one', 'kid').folder.path, podFolder(home.home, 'kid').path);
    await tree('two');
    expect(await home.run(['restore', '--tree', 'one'])).toMatchObject({ code: 0 });
    expect(await home.run(['wait', 'one'])).toMatchObject({ code: 0 });
    expect(await paths()).toEqual(['one', 'one/kid', 'two', 'two/kid']);
    await told('one', 'send kid');
    expect(await asked(home.pod('kid'))).toEqual(['work for one', 'more for one']);
    expect(await asked(below('two', 'kid'))).toEqual(['work for two']);
    for (const name of ['kid', 'other']) await told('one', `spawn ${name}`);
    expect((await results(home.pod('one'))).slice(-2)).toEqual([
      'There is a pod "kid" already; choose another name.',
      'done',
    ]);
    expect((await home.run(['logs', 'kid'])).stderr).toContain('one/kid, two/kid');
    expect(
      (await home.run(['run', '-d', '--name', 'kid', '--model', home.scenario(scenario), 'go'])).stderr,
    ).toContain('podkin rm -f one/kid');
    // Its death is found where it is.
    home.expectsNoSockets = false;
    await home.pod('kid').kill();
    await home.pod('one').untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    // Its model reads of it first: what is said beside a notice is not the newest.
    expect(await home.run(['wait', 'one'])).toMatchObject({ code: 0 });
    await told('one', 'send kid');
    expect((await asked(home.pod('kid'))).length).toBe(3);
    const places = [
      placeInTree(home.pod('one').instance, 'other'),
      placeInTree(home.pod('two').instance, 'kid'),
    ];
    expect(podPlaces(home.home).toSorted()).toEqual(['kid', 'one', 'two', ...places].toSorted());
    expect(await home.run(['stop', 'one/kid'])).toMatchObject({ code: 0 });
    expect(await home.run(['rm', 'one/kid'])).toMatchObject({ code: 0 });
    expect(await paths()).toEqual(['one', 'one/other', 'two', 'two/kid']);
    expect(await home.run(['verify'])).toMatchObject({ code: 0 });
  });
});
