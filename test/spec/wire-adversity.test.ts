/**
 * A receiver that stands still, has no descriptors left, or loses its starter: late is allowed, lost is not,
 * and nobody is declared dead who lives.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import { megabyte, receiptsIn, writeHistory } from '../support/big-history.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { type RawWire, rawWire } from '../support/raw-wire.ts';
import { TestHome, type TestPod, commandFile, eventually } from '../support/rig.ts';

let home: TestHome;
let wires: RawWire[];
beforeEach(() => {
  home = new TestHome();
  wires = [];
});
afterEach(async () => {
  for (const wire of wires) wire.socket.destroy();
  await home.close();
});

const working = { settled: false, outstanding: ['below'], assignments: [] };
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function deathsAt(pod: TestPod): Promise<string[]> {
  const received = await pod.entriesOf('podEventReceived');
  return received
    .filter((entry) => entry.event.kind === 'died' || entry.event.kind === 'unreachable')
    .map((entry) => `${entry.from.name} ${entry.event.kind}`);
}

describe('a parent that stands still', () => {
  it('[adversity.stopped] twenty events each of fifty children, sent to a stopped parent: all thousand there once and in order when it goes on', async () => {
    const pod = home.makeRoot({ limits: { children: 100 } });
    const children = await fakeChildren(home, pod, 50);
    await pod.start();
    for (const child of children) await child.link();
    await pod.freeze();
    const answers = children.map((child) =>
      Promise.all(upTo(20).map(() => child.send(child.emit(child.turnEnded('finished', working))))),
    );
    const meanwhile = await connectAndSend(pod.socket, 'status', {}, { deadlineMs: 100 });
    expect(meanwhile).toMatchObject({ ok: false, failure: 'timedOut', delivered: 'unknown' });
    expect(children.map((child) => child.acked)).toEqual(children.map(() => 0));
    await pod.thaw();
    for (const sent of await Promise.all(answers)) {
      expect(sent.map((answer) => answer.received)).toEqual(upTo(20));
    }
    const entries = await pod.entries();
    for (const child of children) expect(receiptsIn(entries, child.instance)).toEqual(upTo(20));
    expect(entries.filter((entry) => entry.type === 'podEventReceived')).toHaveLength(1_000);
    expect(await deathsAt(pod)).toEqual([]);
    for (const child of children) await child.end();
  });

  it('[adversity.stopped-for-real] a real child that reports to a stopped parent keeps its report visible as pending, and delivers it once', async () => {
    const scenario = `rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: wait } }] }
  - { pod: root, say: ok }
  - { pod: kid, call: [{ Bash: { command: "while [ ! -e go ]; do sleep 0.02; done" } }], times: 1 }
  - { pod: kid, say: done }
`;
    const pod = await home.startRoot({ scenario, permissionMode: 'bypassPermissions' });
    await pod.run('go');
    const kid = await home.spawned('kid');
    await kid.untilEntry('toolCall');
    await pod.freeze();
    writeFileSync(join(home.work, 'go'), '');
    await kid.untilEntry('podEventEmitted');
    expect((await kid.call('status', {})).pending.outgoing).toBe(1);
    const pending = async () => (await kid.call('deliveries', { direction: 'out', pendingOnly: true }))[0];
    // Committed comes first, for as long as its own disk takes.
    await eventually(kid.folder.path, async () => (await pending())?.state !== 'committed', 'it is sent');
    expect(await pending()).toMatchObject({
      from: 'kid',
      to: 'root',
      seq: 1,
      kind: 'turnEnded',
      reason: expect.any(String),
    });
    await pod.thaw();
    await pod.untilSettled();
    const received = await pod.entriesOf('podEventReceived');
    expect(received.map((entry) => entry.eventSeq)).toEqual([1]);
  });

  it('[adversity.blocked] while a parent’s event loop is blocked for seconds everything waits, and afterwards nobody was declared dead or out of reach', async () => {
    // A regular expression that tries every way to split the letters: the loop stands still meanwhile.
    const block = `rules:
  - { matches: "^(a+)+$", say: never }
  - say: ok
`;
    const pod = home.makeRoot({
      scenario: block,
      limits: { deathGraceMs: 50, sweepMs: 100, unreachableMs: 1_000, children: 100 },
    });
    const children = await fakeChildren(home, pod, 5);
    await pod.start();
    for (const child of children) await child.link();
    const talk = { over: false };
    // Each says its next word when the last was answered: one is under way whenever the loop stands still, as
    // a heartbeat would be.
    const talking = children.map(async (child) => {
      while (!talk.over) await child.send(child.emit(child.turnEnded('finished', working)));
    });
    const startedAt = performance.now();
    await pod.run(`${'a'.repeat(27)}!`);
    await pod.untilEntry('turnEnded');
    const tookMs = performance.now() - startedAt;
    talk.over = true;
    await Promise.all(talking);
    expect(tookMs, 'it was not blocked: make the expression worse').toBeGreaterThan(2_000);
    expect(await deathsAt(pod)).toEqual([]);
    const entries = await pod.entries();
    for (const child of children)
      expect(receiptsIn(entries, child.instance)).toEqual(upTo(child.emitted.length));
    for (const child of children) await child.end();
  });
});

describe('descriptors', () => {
  it('[adversity.descriptors] a pod with no descriptor left keeps its log, its links and whoever is connected, and takes connections again when some are free', async () => {
    const pod = home.makeRoot();
    const [child] = await fakeChildren(home, pod, 1);
    const limited = spawn(
      '/bin/sh',
      ['-c', 'ulimit -n 56; exec "$0" "$@"', process.execPath, commandFile, '__pod', pod.folder.path],
      { env: home.environment, stdio: 'ignore', detached: true, cwd: '/' },
    );
    await eventually(home.home.runtime, () => existsSync(pod.socket), 'the pod listens').catch(async () => {
      throw new Error(readFileSync(pod.folder.stderr, 'utf8'));
    });
    await child!.link();
    const connected = (await rawWire(pod.socket)).listen();
    wires.push(connected);
    for (let count = 0; count < 80; count += 1) {
      const wire = await rawWire(pod.socket).catch(() => null);
      if (wire !== null) wires.push(wire.listen());
    }
    // Past the limit a connection is dropped without an answer: the sender knows that it does not know.
    const told = await connectAndSend(
      pod.socket,
      'notify',
      { message: 'x', wake: false },
      { deadlineMs: 500 },
    );
    expect(told.ok).toBe(false);
    expect((await connected.call('status')).result).toMatchObject({ status: 'idle' });
    await child!.report(child!.turnEnded('finished', working));
    expect((await connected.call('notify', { message: 'y', wake: false, submission: 'y' })).result).toEqual({
      submission: 'y',
    });
    for (const wire of wires.splice(1)) wire.socket.destroy();
    await eventually(
      home.home.runtime,
      async () => (await connectAndSend(pod.socket, 'status', {}, { deadlineMs: 500 })).ok,
      'connections are taken again',
    );
    expect((await pod.entriesOf('inputReceived')).map((entry) => entry.submission)).toEqual(['y']);
    expect(receiptsIn(await pod.entries(), child!.instance)).toEqual([1]);
    expect(await deathsAt(pod)).toEqual([]);
    await child!.end();
    const exited = once(limited, 'exit');
    await pod.stop();
    await exited;
  });
});

describe('a starter that goes', () => {
  /** A shell that starts a pod as a user would and then waits; all in a process group of its own. */
  async function startFromShell(): Promise<{ pod: TestPod; group: number; exited: Promise<unknown> }> {
    const model = home.scenario('rules:\n  - say: done\n');
    const shell = spawn(
      '/bin/sh',
      ['-c', '"$0" "$@" && echo started && exec cat', process.execPath, commandFile].concat([
        'run',
        '-d',
        '--name',
        'root',
        '--model',
        model,
        'go',
      ]),
      { cwd: home.work, env: home.environment, detached: true, stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const exited = once(shell, 'exit');
    let said = '';
    for await (const chunk of shell.stdout) {
      said += String(chunk);
      if (said.includes('started')) break;
    }
    return { pod: home.pod('root'), group: shell.pid!, exited };
  }

  it.each(['SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    '[adversity.group] a pod outlives %s to the process group of its starter, and goes on working and writing',
    async (signal) => {
      const { pod, group, exited } = await startFromShell();
      process.kill(-group, signal);
      await exited;
      await pod.untilSettled();
      await pod.run('again');
      const ended = await pod.until(
        'two turns',
        (all) => all.filter((entry) => entry.type === 'turnEnded').length === 2,
      );
      expect(ended.some((entry) => entry.type === 'stopped')).toBe(false);
      expect((await pod.call('status', {})).incarnation).toBe(1);
    },
  );

  it.runIf(process.platform === 'linux')(
    '[adversity.stdio] a pod holds no pipe or terminal of its starter: its output goes to its own file',
    async () => {
      const { pod, group, exited } = await startFromShell();
      const { pid } = await pod.process();
      const target = (fd: number) => readlinkSync(`/proc/${pid}/fd/${fd}`);
      expect(target(0)).toBe('/dev/null');
      expect([target(1), target(2)]).toEqual([pod.folder.stderr, pod.folder.stderr]);
      process.kill(-group, 'SIGKILL');
      await exited;
      await pod.stop();
    },
  );
});

describe('output under way', () => {
  it('[adversity.pipe] a command whose reader is slow writes all of several megabytes before it exits', async () => {
    const pod = home.makeRoot();
    const entries = await writeHistory(pod, 4 * megabyte);
    const child = spawn(process.execPath, [commandFile, 'logs', 'root', '--json'], {
      env: home.environment,
      cwd: home.work,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    let lines = 0;
    for await (const chunk of child.stdout) {
      lines += String(chunk).split('\n').length - 1;
      // Each piece only after somebody else has been heard.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await exit).toEqual([0, null]);
    expect(lines).toBe(entries);
  });
});
