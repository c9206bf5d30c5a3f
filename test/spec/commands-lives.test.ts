/**
 * The commands that end pods and bring them back: stop, kill, restore, rm, with what they refuse and what the
 * looking commands say meanwhile.
 */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TreeWatch } from '../../src/client/tree-watch.ts';
import { RunningCommand, livingPods, resultOf, socketsOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Ran, TestHome, eventually } from '../support/rig.ts';
import { gone } from '../support/waiting.ts';

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

const podkin = (...args: string[]): Promise<Ran> => home.run(args);

interface Listed {
  name: string;
  status: string;
  pid: number | null;
  attention: string | null;
  pendingOut: number;
  incarnation: number;
}
const listed = async (...args: string[]): Promise<Listed[]> =>
  JSON.parse((await podkin('ps', '--json', ...args)).stdout) as Listed[];

const environment = { PODKIN_LIMITS_COALESCE_MS: '20', PODKIN_LIMITS_SWEEP_MS: '300' };

const chain = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: child, last: user, matches: "^work$", call: [{ SpawnPod: { name: grandchild, task: "dig", write: [] } }] }
  - { pod: child, last: user, matches: "slowly", delayMs: 300, say: "Slowly done." }
  - { last: tool, say: "I wait." }
  - { pod: grandchild, say: "Dug." }
  - { last: notification, say: "{{pod}} has heard." }
`;

/** Root, child and grandchild, all idle. */
async function settledChain(more: NodeJS.ProcessEnv = {}): Promise<void> {
  const argv = ['run', '-d', '--model', home.scenario(chain), 'go'];
  const ran = await home.run(argv, { environment: { ...environment, ...more } });
  expect(ran, ran.stderr).toMatchObject({ code: 0, stdout: 'root\n' });
  expect(await podkin('wait', 'root')).toMatchObject({ code: 0 });
}

describe('ending and bringing back', () => {
  it('[commands.stop] stop ends a tree from the deepest up, and restore --tree brings all of it back and passes over what runs', async () => {
    await settledChain();
    const stopped = await podkin('stop', 'root');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    for (const name of ['root', 'child', 'grandchild'])
      expect(stopped.stderr).toContain(`${name} is stopped.`);
    expect(await livingPods(home)).toEqual([]);
    expect(socketsOf(home)).toEqual([]);
    const ends = await Promise.all(
      ['grandchild', 'child', 'root'].map(async (name) => {
        const [end, ...more] = await home.pod(name).entriesOf('stopped');
        expect(more).toEqual([]);
        return Date.parse(end!.time);
      }),
    );
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect(await listed()).toEqual([]);
    expect((await listed('-a')).map(({ name, status, pid }) => [name, status, pid])).toEqual([
      ['child', 'stopped', null],
      ['grandchild', 'stopped', null],
      ['root', 'stopped', null],
    ]);
    expect(await podkin('wait', 'root')).toMatchObject({ code: 0 });
    expect(await podkin('send', 'root', 'hello')).toMatchObject({
      code: 1,
      stderr: 'podkin: "root" is not running: "podkin restore root" starts it again from its log\n',
    });
    expect(await podkin('stop', 'root')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('was not running'),
    });

    expect(await podkin('restore', 'child')).toMatchObject({ code: 0, stdout: 'child\n' });
    const restored = await podkin('restore', 'root', '--tree');
    expect(restored).toMatchObject({ code: 0, stdout: 'root\ngrandchild\n' });
    expect(restored.stderr).toContain('child is running already.');
    expect(await podkin('restore', 'root')).toMatchObject({ code: 1, stdout: '' });
    expect(await podkin('wait', 'root')).toMatchObject({ code: 0 });
    expect((await listed()).map(({ name, status, incarnation }) => [name, status, incarnation])).toEqual([
      ['child', 'idle', 2],
      ['grandchild', 'idle', 2],
      ['root', 'idle', 2],
    ]);
  });

  it('[commands.stop-frozen] stop asks those below a pod that does not answer, in order, and kills that one', async () => {
    home.expectsNoSockets = false;
    await settledChain({ PODKIN_LIMITS_SHUT_DOWN_ACK_MS: '200' });
    await home.pod('root').freeze();
    const stopped = await podkin('stop', '--timeout', '4', 'root');
    expect(stopped).toMatchObject({ code: 0, stdout: '' });
    expect(stopped.stderr.split('\n').sort()).toEqual([
      '',
      'child is stopped.',
      'grandchild is stopped.',
      'root did not stop when asked and was killed (SIGKILL).',
    ]);
    expect(await livingPods(home)).toEqual([]);
    for (const name of ['grandchild', 'child'])
      expect(await home.pod(name).entriesOf('stopped')).toHaveLength(1);
  });

  it('[commands.kill] kill ends one pod at once, its parent is told that it died, and every command says how it stands', async () => {
    home.expectsNoSockets = false;
    await settledChain();
    const killed = await podkin('kill', 'child');
    expect(killed).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('podkin restore child'),
    });
    const died = await home
      .pod('root')
      .untilEntry('systemItem', ({ item }) => item.kind === 'podEvent' && item.event.kind === 'died');
    expect(died.item).toMatchObject({
      from: { name: 'child', incarnation: 1 },
      event: { signal: 'SIGKILL' },
    });
    await podkin('wait', 'root');
    expect(await listed()).toMatchObject([
      { name: 'child', status: 'dead', pid: null },
      { name: 'grandchild', status: 'idle', attention: 'parentDown' },
      { name: 'root', status: 'idle' },
    ]);
    expect((await podkin('ps')).stderr).toContain('podkin restore child');
    expect(await podkin('wait', 'child')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it died'),
    });
    expect(await podkin('kill', 'child')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not running'),
    });
    const doctor = await podkin('doctor');
    expect(doctor.stdout).toMatch(/child died\n.*podkin restore child/);
    expect(await podkin('verify')).toMatchObject({ code: 0 });
    expect(await podkin('restore', 'child')).toMatchObject({ code: 0, stdout: 'child\n' });
    expect(await podkin('send', 'child', 'slowly', '--wait')).toMatchObject({
      code: 0,
      stdout: 'Slowly done.\n',
    });
  });

  it('[commands.rm] rm refuses what runs and what is owed, says how to go on, and forgets the rest', async () => {
    home.expectsNoSockets = false;
    await settledChain();
    const running = await podkin('rm', 'grandchild');
    expect(running).toMatchObject({ code: 1, stdout: '' });
    expect(running.stderr).toBe(
      'podkin: "grandchild" is running: "podkin stop grandchild" first, or "podkin rm -f grandchild"\n',
    );
    expect(existsSync(home.pod('grandchild').folder.log)).toBe(true);

    // Below a dead pod something lives: by instance, not by who answers.
    const child = await home.pod('child').process();
    await podkin('kill', 'root');
    await podkin('kill', 'child');
    await gone(child);
    const below = await podkin('rm', 'child');
    expect(below).toMatchObject({ code: 1, stdout: '' });
    expect(below.stderr).toMatch(/"child" stays: "grandchild" below it is running .*podkin rm -f child/);

    // Its death is owed to a parent that does not run, and its child's farewell to itself.
    await podkin('stop', 'grandchild');
    const owed = await podkin('rm', 'child');
    expect(owed).toMatchObject({ code: 1, stdout: '' });
    expect(owed.stderr).toMatch(
      /"child" stays: its death has not been reported to its parent "root".*podkin restore root.*1 event\(s\) of its child "grandchild" wait for it.*podkin rm -f child/,
    );
    await podkin('restore', 'root');
    const root = await home.pod('root').process();
    const forced = await podkin('rm', '-f', 'child');
    expect(forced).toMatchObject({ code: 0, stdout: 'grandchild\nchild\n' });
    expect(forced.stderr).toMatch(/Discarded: event \d+ of "grandchild" for "child": shut down/);
    expect(existsSync(home.pod('child').folder.path)).toBe(false);
    // What is above is not touched, and was told of the death.
    expect(await home.pod('root').process()).toEqual(root);
    await home.pod('root').untilSettled();
    expect(await listed()).toMatchObject([{ name: 'root', status: 'idle' }]);
    await podkin('stop', 'root');
    expect(await podkin('rm', 'root')).toMatchObject({ code: 0, stdout: 'root\n' });
    expect(await listed('-a')).toEqual([]);
    expect(socketsOf(home)).toEqual([]);
  });

  it('[commands.name-again] a name that was removed can be used again, one that was not is refused', async () => {
    const model = home.scenario('rules:\n  - say: "ok"\n');
    const run = () =>
      podkin('run', '-p', '--output-format', 'json', '--name', 'mine', '--model', model, 'go');
    const first = resultOf(await run());
    const refused = await run();
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('podkin run -c mine'),
    });
    expect(await podkin('rm', 'mine')).toMatchObject({ code: 0 });
    const second = resultOf(await run());
    expect(second).toMatchObject({ status: 'done', name: 'mine' });
    expect(second.instance).not.toBe(first.instance);
  });
});

describe('a run that does not end by itself', () => {
  const busy = `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: root, say: "I wait." }
  - { pod: child, fail: hang }
`;

  /** A run whose root waits for a child that waits for its provider. */
  async function busyRun(): Promise<RunningCommand> {
    home.expectsNoSockets = false;
    const command = new RunningCommand(home, ['run', '--model', home.scenario(busy), 'go']);
    await (await home.spawned('child')).untilEntry('turnStarted');
    await home.pod('root').untilEntry('turnEnded');
    return command;
  }

  it('[commands.root-dies] a root that dies ends the run with 1 and what to do next, and nothing of its tree goes on', async () => {
    const command = await busyRun();
    // The system's word for a write to a socket whose other end is gone, which comes if the run writes in
    // this moment: it is not the output's reader.
    command.signal('SIGPIPE');
    await home.pod('root').kill();
    const ran = await command.ended;
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/root has ended: its process died[^]*podkin run -c root/);
    expect(await livingPods(home)).toEqual([]);
  });

  it('[cli.wait-broken-off] a pod whose newest turn a stop has broken off is not done, also when it runs again', async () => {
    const root = await home.startRoot({
      scenario: 'rules: [{ last: user, matches: hold, fail: hang }, { say: done }]',
    });
    await root.run('go');
    await root.untilSettled();
    await root.run('hold');
    await root.untilEntry('turnStarted', ({ seq }) => seq > 8);
    for (const steps of [['stop'], ['stop', 'restore']]) {
      await podkin(steps.at(-1) ?? '', 'root');
      const waited = await podkin('wait', 'root');
      expect([waited.code, waited.stderr]).toEqual([
        1,
        expect.stringContaining('stopped before its work was done'),
      ]);
    }
    expect(await podkin('send', '--wait', 'root', 'again')).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(await podkin('wait', 'root')).toMatchObject({ code: 0 });
  });

  it('[cli.silent-said] attach and events say that a pod runs and does not answer, and wait keeps its timeout', async () => {
    const root = await home.startRoot({ scenario: 'rules: [{ say: done }]' });
    await root.freeze();
    try {
      const attach = new RunningCommand(home, ['attach', 'root']);
      await attach.until('it says so', ({ stderr }) => stderr.includes('does not answer'));
      const startedMs = performance.now();
      expect((await podkin('wait', '--timeout', '1', 'root')).code).toBe(124);
      // The time of a subscription that nobody answers is ten seconds.
      expect(performance.now() - startedMs).toBeLessThan(8_000);
      const events = await podkin('events', 'root');
      expect([events.code, events.stderr]).toEqual([1, expect.stringContaining('does not answer')]);
      attach.signal('SIGINT');
      await attach.ended;
    } finally {
      await root.thaw();
    }
  });

  it('[commands.same-signal] a signal that comes twice at once, as from timeout, is one, and ends the tree in order', async () => {
    const command = await busyRun();
    command.signal('SIGTERM');
    command.signal('SIGTERM');
    const ended = await command.ended;
    expect(ended.code).toBe(143);
    expect(ended.stderr).not.toContain('by force');
    for (const name of ['root', 'child']) expect(await home.pod(name).entriesOf('stopped')).toHaveLength(1);
  });

  it('[commands.second-signal] a second Ctrl-C does not wait for a tree that does not answer', async () => {
    const command = await busyRun();
    await home.pod('root').freeze();
    command.signal('SIGINT');
    await command.until('the first is taken', ({ stdout }) => stdout.includes('once more to kill'));
    expect(await livingPods(home)).toEqual(['child', 'root']);
    const askedMs = performance.now();
    // Again and again, as people do: what comes with the first is the same wish.
    const insisting = setInterval(() => command.signal('SIGINT'), 20);
    const forced = command.until('it is heard', ({ stderr }) => stderr.includes('Ended by force'));
    await forced.finally(() => clearInterval(insisting));
    expect(await command.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('Ended by force: '),
    });
    // Well below the time that a tree is given to end by itself.
    expect(performance.now() - askedMs).toBeLessThan(10_000);
    expect(await livingPods(home)).toEqual([]);
  });

  it('[commands.watch-closes] a watch that is closed while it connects to a pod lets go of it', async () => {
    const root = await home.startRoot({ scenario: busy });
    await root.run('go');
    const child = await home.spawned('child');
    await child.untilEntry('turnStarted');
    await root.untilEntry('turnEnded');
    await child.freeze();
    const watch = new TreeWatch({ home: home.home, deltas: false, onEvent: () => undefined });
    await watch.start('root', root.instance);
    // Met, and asked for its history; frozen, it cannot answer yet.
    await eventually(home.work, () => watch.pods.length === 2, 'the child is met');
    const closed = watch.close();
    await child.thaw();
    await closed;
  });

  it.each([
    ['-p', (ran: Ran) => ran.stderr],
    ['no option', (ran: Ran) => ran.stdout],
  ] as const)(
    '[commands.wake-budget] a tree past its wake budget ends the run with 5, and with %s the alert is shown once',
    async (option, shownBy) => {
      const model = home.scenario(`
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: root, last: notification, call: [{ SendToPod: { name: child, message: "more" } }] }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: child, say: "Done." }
`);
      const args = ['run', ...(option === '-p' ? ['-p'] : []), '--model', model, 'go'];
      const ran = await home.run(args, { environment: { ...environment, PODKIN_LIMITS_HOPS: '1' } });
      expect(ran.code, ran.stderr).toBe(5);
      expect(shownBy(ran).match(/^.*! .*wake budget/gm)).toHaveLength(1);
      expect(ran.stderr).toContain('stopped at a limit: the wake budget is used up');
    },
  );
});

it.each([
  [['inspect', 'nobody']],
  [['logs', 'nobody']],
  [['send', 'nobody', 'x']],
  [['notify', 'nobody', 'x']],
  [['wait', 'nobody']],
  [['attach', 'nobody']],
  [['events', 'nobody']],
  [['deliveries', 'nobody']],
  [['pause', 'nobody']],
  [['stop', 'nobody']],
  [['kill', 'nobody']],
  [['restore', 'nobody']],
  [['rm', 'nobody']],
])('[commands.no-such-pod] %j is status 3 with a sentence on stderr', async (args) => {
  const ran = await home.run(args);
  expect(ran).toMatchObject({ code: 3, stdout: '' });
  expect(ran.stderr).toMatch(/^podkin: there is no pod "nobody"/);
});
