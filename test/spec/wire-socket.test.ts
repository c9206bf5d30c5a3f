/**
 * The socket on disk and the end of connections: who may enter, what is in the way, what is put back, and
 * that closing settles everything.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPodProcess } from '../../src/pod/process/start-process.ts';
import { homeOf, readSpec } from '../../src/session/home/home.ts';
import { createPodFolder } from '../../src/session/home/create-folder.ts';
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import { ConnectionClosed } from '../../src/transport/failures.ts';
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

async function stranger(pod: TestPod): Promise<RawWire> {
  const wire = (await rawWire(pod.socket)).listen();
  wires.push(wire);
  return wire;
}

const family = `rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: kid, task: wait } }] }
  - { pod: root, say: ok }
  - { pod: kid, say: done }
`;

describe('the socket file', () => {
  it('[socket.modes] the directory is 0700, the socket 0600, log and token 0600', async () => {
    const pod = await home.startRoot();
    expect(statSync(home.home.runtime).mode & 0o777).toBe(0o700);
    expect(lstatSync(pod.socket).isSocket()).toBe(true);
    expect(lstatSync(pod.socket).mode & 0o777).toBe(0o600);
    expect(statSync(pod.folder.path).mode & 0o777).toBe(0o700);
    for (const file of [pod.folder.log, pod.folder.token, pod.folder.spec, pod.folder.stderr]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    await pod.stop();
    expect(readdirSync(home.home.runtime).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  it('[socket.deleted] a deleted socket file is put back within the sweep; who is connected stays connected, and a child links again through it', async () => {
    const pod = await home.startRoot({ scenario: family, limits: { sweepMs: 200 } });
    const connected = await stranger(pod);
    rmSync(pod.socket);
    await eventually(home.home.runtime, () => existsSync(pod.socket), 'the socket file is back');
    expect(lstatSync(pod.socket).mode & 0o777).toBe(0o600);
    expect((await connected.call('status')).result).toMatchObject({ status: 'idle' });
    await pod.run('go');
    await home.spawned('kid');
    await pod.untilSettled();
    const linksBefore = linksIn(await pod.entriesOf('child'));
    rmSync(pod.socket);
    const kid = home.pod('kid');
    await kid.kill();
    await kid.start();
    const entries = await pod.until('the child links again', (all) => linksIn(all) > linksBefore);
    expect(
      entries.filter((entry) => entry.type === 'podEventReceived' && entry.event.kind === 'died'),
    ).toHaveLength(1);
  });

  function linksIn(entries: readonly { type: string; state?: unknown }[]): number {
    return entries.filter((entry) => entry.type === 'child' && entry.state === 'linked').length;
  }

  it('[socket.stale] the socket of a killed pod is replaced at its next start', async () => {
    const pod = await home.startRoot();
    await pod.kill();
    // Only the whole exit closes the listener: a dying process may still be listed, or still hold it.
    await pod.exit();
    expect(lstatSync(pod.socket).isSocket()).toBe(true);
    const refused = await connectAndSend(pod.socket, 'status', {});
    expect(refused).toMatchObject({ ok: false, failure: 'refusedConnection', delivered: 'no' });
    await pod.start();
    expect(await pod.call('status', {})).toMatchObject({ incarnation: 2 });
  });

  it('[socket.not-a-socket] a regular file in its place is left alone and named; a client is told that nobody listens', async () => {
    const pod = home.makeRoot();
    mkdirSync(home.home.runtime, { recursive: true, mode: 0o700 });
    writeFileSync(pod.socket, 'mine');
    await expect(pod.start()).rejects.toThrow(/is not a socket.*move it away/);
    expect(readFileSync(pod.socket, 'utf8')).toBe('mine');
    const told = await connectAndSend(pod.socket, 'status', {});
    expect(told).toMatchObject({ ok: false, failure: 'refusedConnection' });
    expect(told).toMatchObject({ message: expect.stringContaining('not a socket') });
    rmSync(pod.socket);
    await pod.start();
  });

  it('[socket.somebody-listens] a path at which somebody answers is never taken over', async () => {
    const pod = home.makeRoot();
    mkdirSync(home.home.runtime, { recursive: true, mode: 0o700 });
    const other = createServer();
    other.listen(pod.socket);
    await once(other, 'listening');
    await expect(pod.start()).rejects.toThrow(/another process already listens/);
    expect(lstatSync(pod.socket).isSocket()).toBe(true);
    await new Promise<void>((resolve) => {
      other.close(() => resolve());
    });
    await pod.start();
  });

  it('[socket.too-long] a home whose socket path would be cut is refused before anything listens, with what to do', async () => {
    const pod = home.makeRoot();
    const folder = join(home.path, 'x'.repeat(100));
    const long = { ...home.environment, PODKIN_HOME: folder };
    mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
    const moved = createPodFolder(homeOf(long), readSpec(pod.folder)!).folder;
    await expect(startPodProcess(moved, long).ready).rejects.toThrow(/at most 103 .*shorter/);
    expect(existsSync(join(folder, 'run'))).toBe(false);
  });

  it.each([
    ['open to others', (path: string) => chmodSync(path, 0o755), /others may enter.*chmod 700/],
    [
      'a file',
      (path: string) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, '');
      },
      /is not a directory.*move the file away/,
    ],
  ])('[socket.unsafe-dir] a runtime directory that is %s is refused clearly', async (_, spoil, message) => {
    const pod = home.makeRoot();
    mkdirSync(home.home.runtime, { recursive: true, mode: 0o700 });
    spoil(home.home.runtime);
    await expect(pod.start()).rejects.toThrow(message);
    rmSync(home.home.runtime, { recursive: true, force: true });
  });

  it('[socket.second-start] a second start of a running pod ends as alreadyRunning, names the process, and disturbs nothing', async () => {
    const pod = await home.startRoot();
    const { pid } = await pod.process();
    const connected = await stranger(pod);
    const inode = lstatSync(pod.socket).ino;
    const second = home.pod('root');
    await expect(second.start()).rejects.toMatchObject({
      code: 'alreadyRunning',
      message: expect.stringContaining(String(pid)),
    });
    expect(lstatSync(pod.socket).ino).toBe(inode);
    expect((await connected.call('status')).result).toMatchObject({ incarnation: 1 });
    expect(await pod.entriesOf('started')).toHaveLength(1);
  });
});

describe('closing', () => {
  it('[close.settles] the end of the pod settles every request in flight on its connections, in either role', async () => {
    const pod = await home.startRoot();
    const client = await pod.client();
    const inFlight = Array.from({ length: 50 }, () =>
      client.call('notify', { message: 'x', wake: false }).then(
        () => 'answered',
        (error: unknown) => (error instanceof ConnectionClosed ? 'closed' : String(error)),
      ),
    );
    const shutdown = client.call('shutdown', {});
    const late = client.call('status', {}).then(
      () => 'answered',
      (error: unknown) => (error instanceof ConnectionClosed ? 'closed' : String(error)),
    );
    await shutdown;
    expect(await Promise.all(inFlight)).toEqual(inFlight.map(() => 'answered'));
    expect(['answered', 'closed']).toContain(await late);
    expect((await client.connection.closed).kind).toBe('endedByPeer');
    await expect(client.call('status', {})).rejects.toThrow(ConnectionClosed);
    expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
    expect(await pod.entriesOf('inputReceived')).toHaveLength(50);
  });

  it('[close.killed] a killed pod settles them too: what was answered is in the log', async () => {
    const pod = await home.startRoot();
    const client = await pod.client();
    const outcomes = Array.from({ length: 200 }, (_, index) =>
      client.call('notify', { message: 'x', wake: false, submission: `n-${index}` }).then(
        ({ submission }) => submission,
        () => null,
      ),
    );
    await Promise.race(outcomes);
    await pod.kill();
    const answered = (await Promise.all(outcomes)).filter((submission) => submission !== null);
    const arrived = (await pod.entriesOf('inputReceived')).map((entry) => entry.submission);
    expect(answered.length).toBeGreaterThan(0);
    for (const submission of answered) expect(arrived).toContain(submission);
  });

  it('[close.pending-output] an answer of nearly a megabyte that a slow client is still reading arrives whole though the pod ends', async () => {
    const text = `${'x'.repeat(1_000)} `.repeat(900).trim();
    const pod = await home.startRoot({ scenario: `rules:\n  - say: "${text}"\n` });
    await pod.run('speak');
    await pod.untilSettled();
    const wire = await rawWire(pod.socket);
    wires.push(wire);
    const output = wire.request('readOutput', { maxChars: 1_000_000 });
    wire.request('shutdown');
    await pod.untilEntry('stopped');
    wire.listen();
    const answer = await wire.answer(output);
    expect(answer.result).toMatchObject({ truncated: false });
    expect(String(answer.result!['text'])).toContain(text);
    expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
  });

  it('[shutdown.grace] `graceMs` bounds how long a shutdown waits for children that do not answer', async () => {
    const pod = await home.startRoot({ scenario: family, limits: { stopGraceMs: 60_000 } });
    await pod.run('go');
    const kid = await home.spawned('kid');
    await pod.untilSettled();
    await kid.freeze();
    const startedAt = performance.now();
    await pod.call('shutdown', { graceMs: 300 });
    expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect(await kid.lock()).toBe('free');
    home.expectsNoSockets = false;
  });
});

const nobody = 65_534;
/** Only root can become somebody else, and that user must be able to reach node and the command. */
const canBeNobody =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, [commandFile, '--version'], { uid: nobody, gid: nobody, cwd: '/' }).status ===
    0;

describe.runIf(canBeNobody)('as an ordinary user', () => {
  /** Runs the command as that user, with the home of the test. */
  async function asUser(
    uid: number,
    args: string[],
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [commandFile, ...args], {
      uid,
      gid: uid,
      cwd: home.work,
      env: home.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => (stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (stderr += String(chunk)));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stdout, stderr };
  }

  it('[user.ordinary] a tree runs from task to result as a user who is not root, and everything is that user’s', async () => {
    // All of it is to be made by that user.
    rmSync(join(home.path, 'h'), { recursive: true });
    chownSync(home.path, nobody, nobody);
    chownSync(home.work, nobody, nobody);
    const model = home.scenario(family);
    const ran = await asUser(nobody, ['run', '-p', '--name', 'root', '--model', model, 'go']);
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringContaining('EACCES') });
    const pod = home.pod('root');
    for (const path of [pod.folder.log, home.pod('kid').folder.log, home.home.runtime]) {
      expect(statSync(path).uid).toBe(nobody);
    }
    expect(statSync(home.home.runtime).mode & 0o777).toBe(0o700);
  });

  it('[user.foreign-home] a home that is somebody else’s is refused with one clear sentence', async () => {
    chmodSync(home.path, 0o755);
    const pod = await home.startRoot();
    const before = readFileSync(pod.folder.log);
    const model = home.scenario(family);
    chmodSync(home.work, 0o777);
    const ran = await asUser(nobody, ['run', '-p', '--model', model, 'go']);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/permission|EACCES|another user|belongs to/i);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(readFileSync(pod.folder.log).equals(before)).toBe(true);
  });
});
