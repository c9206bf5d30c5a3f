/**
 * The commands on pods that stay: a tree made with `-d`, looked at, steered, stopped, restored and forgotten
 * through the built command.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand, linesOf } from '../support/command-rig.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { type Ran, TestHome } from '../support/rig.ts';
import type { Entry } from '../../src/session/facts/entries.ts';

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

/** What a command prints as JSON; fails unless it ended well and said nothing else. */
async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const ran = await podkin(...args);
  expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(ran.stdout) as T;
}

const environment = { PODKIN_LIMITS_COALESCE_MS: '20', PODKIN_LIMITS_SWEEP_MS: '500' };

/** A root whose child answers, given its task and left to itself. */
async function detached(scenario: string, ...options: string[]): Promise<void> {
  const args = ['run', '-d', ...options, '--model', home.scenario(scenario), 'go'];
  const ran = await home.run(args, { environment });
  expect(ran, ran.stderr).toEqual({ code: 0, signal: null, stdout: 'root\n', stderr: '' });
}

const tree = `
rules:
  - { pod: root, last: user, matches: "^go$", call: [{ SpawnPod: { name: child, task: "work", write: [] } }] }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, matches: "mind this", say: "Noted." }
  - { pod: root, last: notification, say: "The child is done." }
  - { pod: root, last: user, matches: "again", say: "Once more." }
  - { pod: root, last: user, matches: "fail", fail: { kind: badRequest } }
  - { pod: root, last: user, matches: "hold", fail: hang }
  - { pod: child, say: "It is 42." }
`;

describe('a tree that stays', () => {
  it('[commands.look] ps, inspect, logs, deliveries, verify and doctor tell of one tree the same, as data on stdout', async () => {
    await detached(tree);
    expect(await podkin('wait', 'root')).toEqual({
      code: 0,
      signal: null,
      stdout: 'root: finished\n',
      stderr: '',
    });

    const listed = await json<Record<string, unknown>[]>('ps', '--json');
    expect(listed).toMatchObject([
      {
        name: 'child',
        status: 'idle',
        parent: 'root',
        children: [],
        pendingIn: 0,
        pendingOut: 0,
        attention: null,
      },
      { name: 'root', status: 'idle', parent: null, children: ['child'], turns: 2, incarnation: 1, cost: 0 },
    ]);
    const root = home.pod('root');
    const { pid } = await root.process();
    const inspected = await json('inspect', 'root');
    expect(inspected).toMatchObject({
      ...listed[1],
      pid,
      settled: true,
      socket: root.socket,
      log: root.folder.log,
    });
    expect(inspected).toMatchObject({
      scope: { read: [home.work], write: [home.work] },
      limits: { coalesceMs: 20 },
    });

    const ran = await podkin('logs', 'root', '--json');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(linesOf<Entry>(ran.stdout)).toEqual(await root.entries());
    const tail = await podkin('logs', 'root', '--json', '--tail', '2');
    expect(linesOf<Entry>(tail.stdout)).toEqual((await root.entries()).slice(-2));
    expect((await podkin('logs', 'root')).stdout).toMatch(
      /go[^]*SpawnPod[^]*child finished[^]*The child is done\./,
    );

    const deliveries = await json<Record<string, unknown>[]>('deliveries', '--json');
    expect(deliveries).toMatchObject([
      { from: 'child', to: 'root', seq: 1, kind: 'turnEnded', state: 'seen' },
    ]);
    expect(await json<unknown[]>('deliveries', 'root', '--json')).toEqual(deliveries);
    expect(await json('verify', '--json')).toMatchObject({
      pods: 2,
      events: 1,
      lost: 0,
      duplicated: 0,
      outOfOrder: 0,
      unseen: 0,
      undeclaredDeaths: 0,
      violations: [],
    });
    const findings = await json<{ check: string; level: string }[]>('doctor', '--json');
    expect(findings.filter(({ level }) => level === 'failure')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['node', 'pods', 'logs', 'deliveries']),
    );

    const table = await podkin('ps', '--tree');
    expect(table.stdout).toMatch(/^NAME[^]*\nroot +idle[^]*\n└─ child +idle/);
    expect((await podkin('ps', '-q')).stdout).toBe('child\nroot\n');
    for (const { stdout } of [
      table,
      await podkin('doctor'),
      await podkin('deliveries'),
      await podkin('verify'),
    ]) {
      expect(stdout).not.toContain('\u001B');
    }
  });

  it('[commands.send] send and notify reach a pod; --wait prints the answer to what was sent and its status', async () => {
    await detached(tree);
    await podkin('wait', 'root');
    expect(await podkin('send', 'root', 'again', '--wait')).toMatchObject({
      code: 0,
      stdout: 'Once more.\n',
    });
    expect(await podkin('notify', 'root', 'mind this', '--wait')).toMatchObject({
      code: 0,
      stdout: 'Noted.\n',
    });
    const failed = await podkin('send', 'root', 'fail', '--wait');
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/root: failed: .*badRequest/);
    const plain = await podkin('send', 'root', 'again');
    expect(plain).toEqual({ code: 0, signal: null, stdout: '', stderr: 'root has started.\n' });
    expect(await podkin('wait', 'root', 'child')).toMatchObject({ code: 0 });
  });

  it('[commands.steer] pause, resume and cancel act on the running turn and answer where the pod stands', async () => {
    await detached(tree);
    await podkin('wait', 'root');
    const root = home.pod('root');
    await podkin('send', 'root', 'hold');
    await root.untilStatus('running');
    const timedOut = await podkin('wait', 'root', '--timeout', '0.2');
    expect(timedOut).toMatchObject({ code: 124, stdout: '' });
    expect(timedOut.stderr).toContain('root: timed out, root is running');
    expect(await podkin('cancel', 'root')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^root: \w+\n$/),
    });
    await root.untilEntry('turnEnded', ({ outcome }) => outcome === 'cancelled');
    expect(await podkin('wait', 'root')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cancelled'),
    });

    expect(await podkin('pause', 'root')).toMatchObject({ code: 0, stdout: 'root: paused\n' });
    const queued = await podkin('send', 'root', 'again');
    expect(queued).toMatchObject({ code: 0, stderr: 'root has queued it.\n' });
    expect(await json<unknown[]>('ps', '--json')).toContainEqual(
      expect.objectContaining({ name: 'root', status: 'paused' }),
    );
    expect(await podkin('resume', 'root')).toMatchObject({ code: 0 });
    expect(await podkin('wait', 'root')).toMatchObject({ code: 0, stdout: 'root: finished\n' });
    expect(await podkin('cancel', 'root')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^podkin: "root" refuses: /),
    });
    expect(await podkin('resume', 'root')).toMatchObject({ code: 1 });
  });

  it('[commands.wait-limit] wait answers 5 where a limit ended the work', async () => {
    await detached('rules:\n  - { say: "again", call: [{ ListPods: {} }] }\n', '--max-steps', '2');
    expect(await podkin('wait', 'root')).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining('steps'),
    });
  });

  it('[commands.follow] logs -f and events go on with what happens, one object a line', async () => {
    await detached(tree);
    await podkin('wait', 'root');
    const root = home.pod('root');
    const logs = new RunningCommand(home, ['logs', 'root', '-f', '--json', '--tail', '1']);
    await logs.until('the last entry', ({ stdout }) => stdout.endsWith('\n'));
    const before = (await root.entries()).length;
    const one = new RunningCommand(home, ['events', 'root']);
    const all = new RunningCommand(home, ['events']);
    // They show what happens from when they have joined, and do not say when that is.
    const saw = ({ stdout }: RunningCommand) => stdout.includes('"type":"turnEnded"');
    while (!saw(one) || !saw(all)) await podkin('send', 'root', 'again', '--wait');
    const last = (await root.entries()).at(-1)!.seq;
    await logs.until('the last entry', ({ stdout }) => stdout.includes(`{"seq":${last},`));
    expect(linesOf<Entry>(logs.stdout)).toEqual((await root.entries()).slice(before - 1));
    for (const { stdout } of [one, all]) {
      const events = linesOf<{ pod: string; instance: string; type: string }>(stdout);
      expect(new Set(events.map(({ pod }) => pod))).toEqual(new Set(['root']));
      expect(events.some(({ type }) => type === 'entry')).toBe(true);
    }
    all.signal('SIGINT');
    await all.ended;
    await podkin('stop', 'root');
    expect(await one.ended).toMatchObject({ code: 0 });
    await podkin('rm', 'child', 'root');
    expect(await logs.ended).toMatchObject({ code: 0 });
  });
});
