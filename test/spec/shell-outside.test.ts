/** Commands outside of any sandbox: what they start is ended with them wherever it has gone, and named. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from '../../src/std/process-identity.ts';
import {
  commandMark,
  markVariable,
  markedProcesses,
  signalMarked,
} from '../../src/tools/marked-processes.ts';
import { capable } from '../support/capable.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

const shows = capable('environments of processes (/proc)', () => process.platform === 'linux');

/** Pids of processes whose command line says this. */
function running(words: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** A sleep that no other test has. */
const ownSleep = () => `sleep ${4_000 + Math.floor(Math.random() * 1_000_000) / 1_000}`;
const away = (command: string) => `setsid nohup ${command} >/dev/null 2>&1 &`;

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

async function rootThatRuns(command: string): Promise<TestPod> {
  const call = JSON.stringify({ command });
  const pod = await home.startRoot({
    permissionMode: 'bypassPermissions',
    scenario: `rules:\n  - { last: user, times: 1, call: [{ Bash: ${call} }] }\n  - { say: done }\n`,
  });
  await pod.run('go');
  return pod;
}

/** A pod whose command still runs, with `sleep` in a session of its own. */
async function rootAtWork(sleep: string): Promise<TestPod> {
  const pod = await rootThatRuns(`${away(sleep)} echo x > begun; ${sleep}1`);
  await home.untilFile('begun', 'x\n');
  await eventually(home.work, () => running(sleep).length === 1, 'it sleeps');
  return pod;
}

describe.skipIf(!shows)('a command outside of any sandbox', () => {
  it('[shell.outside] what it started in a session of its own is ended at its end and named to the model', async () => {
    const [polite, stubborn] = [ownSleep(), ownSleep()];
    const pod = await rootThatRuns(
      `${away(polite)} setsid bash -c 'trap "" TERM; ${stubborn}; true' >/dev/null 2>&1 & until pgrep -xf '${stubborn}' && pgrep -xf '${polite}'; do sleep 0.02; done >/dev/null; echo said`,
    );
    const { text } = await pod.untilEntry('toolResult');
    expect(text).toMatch(/^said\n\[The shell left processes in the background, which were ended: /);
    for (const one of [polite, stubborn]) {
      expect(text).toContain(one);
      expect(running(one)).toEqual([]);
    }
    await pod.untilSettled();
  });

  it.each(['', 'signal.signal(signal.SIGTERM, signal.SIG_IGN)'])(
    '[shell.outside-forking] what forks on all the while, each time under another number, is ended and named: %s',
    async (deaf) => {
      home.file(
        'on.py',
        `import os, signal, time\n${deaf}\nopen('on', 'w').close()\nend = time.time() + 30\nwhile time.time() < end:\n  if os.fork(): os._exit(0)\n  os.setsid()\n`,
      );
      const pod = await rootThatRuns(
        `python3 on.py >/dev/null 2>&1 & until [ -e on ]; do sleep 0.02; done; echo said`,
      );
      const { text } = await pod.untilEntry('toolResult');
      expect(text).toMatch(/^said\n\[The shell left processes in the background, which were ended: /);
      expect(text).toContain('on.py');
      expect(text).not.toContain('Still there');
      expect(await markedProcesses(commandMark(pod.instance, ''))).toEqual([]);
      await pod.untilSettled();
    },
  );

  it.each(['', 'os.setsid()'])(
    '[shell.outside-thread] what goes on in a second thread when its first has ended is ended and named: %s',
    async (apart) => {
      home.file(
        'thread.py',
        `import ctypes, os, platform, threading, time\n${apart}\ndef on():\n  time.sleep(0.1)\n  open('on', 'w').close()\n  time.sleep(300)\nthreading.Thread(target=on).start()\nctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)\n`,
      );
      const pod = await rootThatRuns(
        `python3 thread.py >/dev/null 2>&1 & until [ -e on ]; do sleep 0.02; done; echo said`,
      );
      const { text } = await pod.untilEntry('toolResult');
      expect(text).toMatch(/^said\n\[The shell left processes in the background, which were ended: /);
      expect(text).toContain('thread.py');
      expect(text).not.toContain('Still there');
      expect(await markedProcesses(commandMark(pod.instance, ''))).toEqual([]);
      await pod.untilSettled();
    },
  );

  it('[shell.outside] at the timeout too', async () => {
    const sleep = ownSleep();
    const call = JSON.stringify({ command: `${away(sleep)} ${sleep}1`, timeoutMs: 700 });
    const pod = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `rules:\n  - { last: user, times: 1, call: [{ Bash: ${call} }] }\n  - { say: done }\n`,
    });
    await pod.run('go');
    const { text } = await pod.untilEntry('toolResult');
    expect(text).toContain('Timed out after 700 ms');
    expect(text).toMatch(new RegExp(`which were ended: \\d+ \\("${sleep}"\\)\\.`));
    expect(running(sleep)).toEqual([]);
    await pod.untilSettled();
  });

  it('[shell.outside] a stop while it runs ends it', async () => {
    const sleep = ownSleep();
    const pod = await rootAtWork(sleep);
    const stopped = await home.run(['stop', pod.name]);
    expect(stopped).toMatchObject({ code: 0, stderr: 'root is stopped.\n' });
    for (const one of [sleep, `${sleep}1`]) expect(running(one)).toEqual([]);
    expect(readdirSync(join(pod.folder.path, 'groups'))).toEqual([]);
  });

  it('[shell.outside-death] after SIGKILL of the pod its next incarnation ends it, and an alert names it', async () => {
    const sleep = ownSleep();
    const pod = await rootAtWork(sleep);
    await pod.kill();
    expect(running(sleep)).toHaveLength(1);
    await pod.start();
    const alert = await pod.untilEntry('alert', ({ code }) => code === 'processesLeft');
    expect(alert.text).toMatch(/^Ended what its commands had left running: /);
    expect(alert.text).toContain(`("${sleep}")`);
    expect(alert.text).toContain(`("${sleep}1")`);
    for (const one of [sleep, `${sleep}1`]) expect(running(one)).toEqual([]);
    await pod.untilSettled();
  });

  it.each([['stop'], ['rm', '-f']])(
    '[shell.outside-death] after SIGKILL of the pod, "%s" ends it and says so',
    async (...command) => {
      const sleep = ownSleep();
      const pod = await rootAtWork(sleep);
      await pod.kill();
      const ran = await home.run([...command, pod.name]);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/^root: Ended what its commands had left running: /m);
      expect(ran.stderr).toContain(`("${sleep}")`);
      for (const one of [sleep, `${sleep}1`]) expect(running(one)).toEqual([]);
      home.expectsNoSockets = false;
    },
  );

  it('[shell.outside-unmarked] what has given up its environment is not found, as the documentation says', async () => {
    const sleep = ownSleep();
    const pod = await rootThatRuns(`env -i setsid ${sleep} >/dev/null 2>&1 & echo said`);
    await eventually(home.work, () => running(sleep).length === 1, 'it sleeps');
    expect((await pod.untilEntry('toolResult')).text).toBe('said');
    await pod.untilSettled();
    const [left = 0] = running(sleep);
    expect(left).toBeGreaterThan(1);
    process.kill(left, 'SIGKILL');
    await eventually(home.work, () => running(sleep).length === 0, 'it has ended');
  });

  it('[shell.outside] a pod that a command starts is no process of the command, and stays', async () => {
    const env = { ...process.env, ...home.environment, [markVariable]: 'other/call' };
    const pod = home.makeRoot();
    await pod.start(env);
    expect((await markedProcesses('other/')).map(({ pid }) => pid)).toEqual([]);
    expect(await pod.call('status', {})).toMatchObject({ status: 'idle' });
  });
});

describe.skipIf(!shows)('a mark', () => {
  const started = (mark: string): ChildProcess => {
    const child = spawn('sleep', ['600'], { env: { ...process.env, [markVariable]: mark }, stdio: 'ignore' });
    return child;
  };

  it('[shell.outside] is found by the whole of it or by the instance, never by a part', async () => {
    const instance = `unit-${process.pid}`;
    const child = started(commandMark(instance, 'one'));
    try {
      const pidsOf = async (mark: string) => (await markedProcesses(mark)).map(({ pid }) => pid);
      await eventually(home.work, async () => (await pidsOf(`${instance}/`)).length === 1, 'it runs');
      expect(await pidsOf(commandMark(instance, 'one'))).toEqual([child.pid]);
      expect(await pidsOf(commandMark(instance, 'on'))).toEqual([]);
      expect(await pidsOf(commandMark(instance, 'one2'))).toEqual([]);
      expect(await pidsOf(commandMark(instance.slice(0, -1), ''))).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('[shell.outside] a process that has taken over the number is not hit', async () => {
    const child = started('other/call');
    try {
      const identity = processIdentity(child.pid ?? 0);
      if (identity === null) throw new Error('it does not run');
      signalMarked(
        [{ pid: identity.pid, command: 'sleep', identity: { ...identity, startTime: '1' } }],
        'SIGKILL',
      );
      expect(processIdentity(identity.pid)).toEqual(identity);
      const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      signalMarked([{ pid: identity.pid, command: 'sleep', identity }], 'SIGKILL');
      expect(await ended).toBe('SIGKILL');
    } finally {
      child.kill('SIGKILL');
    }
  });
});
