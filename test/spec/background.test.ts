/** Commands in the background of real pods: how they end, and who hears of it. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestHome, commandFile, eventually } from '../support/rig.ts';

const hasSandbox = existsSync('/usr/bin/bwrap');
if (!hasSandbox) console.warn('NOT TESTED: bubblewrap is not installed, so no command ran inside a sandbox');

/** Processes whose command line is this, wherever they run. */
function running(words: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
      } catch {
        return false;
      }
    });
}

const ownSleep = () => `sleep ${3_000 + Math.floor(Math.random() * 1_000_000) / 1_000}`;
const server = (sleep: string) =>
  JSON.stringify({ command: `echo listening; ${sleep} & wait`, background: true });
const starts = (sleep: string) =>
  `rules:\n  - { last: user, times: 1, call: [{ Bash: ${server(sleep)} }] }\n  - { say: "ready" }\n`;

const places = [
  { where: 'inside a sandbox', skip: !hasSandbox, sandbox: 'real' },
  { where: 'outside of one', skip: false, sandbox: { program: '/nowhere/bwrap' } },
] as const;

describe.each(places.filter(({ skip }) => !skip))('a server $where', ({ sandbox }) => {
  async function started() {
    const home = new TestHome();
    onTestFinished(() => home.close());
    const sleep = ownSleep();
    const options = { permissionMode: 'bypassPermissions', sandbox };
    const pod = await home.startRoot({ ...options, scenario: starts(sleep) });
    await pod.run('go');
    await pod.untilSettled();
    await eventually(home.work, () => running(sleep).length === 1, 'the server');
    return { home, pod, sleep };
  }

  it('[background.settled] [background.ends] [background.known-end] outlives its turn, ends with a stop of its pod, and the next turn reads so', async () => {
    const { pod, sleep } = await started();
    const status = await pod.call('status', {});
    expect(status).toMatchObject({ settled: true, commands: [{ name: 'command-1' }] });
    await pod.stop();
    expect(running(sleep)).toEqual([]);
    expect(await pod.untilEntry('commandEnded')).toMatchObject({
      how: 'withPod',
      tail: 'listening\n',
      wakes: false,
    });
    await pod.start();
    await pod.run('again');
    await pod.untilSettled();
    const entries = await pod.entries();
    const told = entries.filter((one) => one.type === 'systemItem' && one.item.kind === 'command');
    expect(told).toHaveLength(1);
  });

  it('[background.ends] [background.known-end] is gone when its pod was killed, is not started again, and that is read once', async () => {
    const { home, pod, sleep } = await started();
    await pod.kill();
    if (sandbox === 'real') await eventually(home.work, () => running(sleep).length === 0, 'the end');
    // Outside of any sandbox nothing ends it but the next incarnation, or whoever stops the pod.
    await pod.start();
    expect(running(sleep)).toEqual([]);
    await pod.kill();
    await pod.start();
    await pod.run('again');
    await pod.untilSettled();
    const entries = await pod.entries();
    const ends = entries.filter(({ type }) => type === 'commandEnded');
    const told = entries.filter((one) => one.type === 'systemItem' && one.item.kind === 'command');
    expect([ends.length, told.length]).toEqual([1, 1]);
    expect(entries.filter(({ type }) => type === 'commandStarted')).toHaveLength(1);
    expect(entries.filter(({ type }) => type === 'turnStarted')).toHaveLength(2);
  });
});

it('[background.known-end] one that ends by itself wakes its pod, with the end of its output', async () => {
  const home = new TestHome();
  onTestFinished(() => home.close());
  const build = JSON.stringify({ command: 'read line < go; echo built $line; exit 4', background: true });
  const pod = await home.startRoot({
    permissionMode: 'bypassPermissions',
    scenario: `rules:\n  - { last: user, call: [{ Bash: { command: "mkfifo go" } }, { Bash: ${build} }] }\n  - { last: notification, say: "heard {{lastText}}" }\n  - { say: "waiting" }\n`,
  });
  await pod.run('go');
  await pod.untilSettled();
  await promisify(execFile)('sh', ['-c', 'echo fine > go'], { cwd: home.work });
  const heard = await pod.untilEntry('assistantMessage', ({ parts }) =>
    parts.some((part) => part.text.includes('heard')),
  );
  expect(heard.parts.map((part) => part.text).join('')).toMatch(/exit code 4[^]*built fine/);
});

it('[background.scope] a path that it may write is given to no child until it has ended', async () => {
  const home = new TestHome();
  onTestFinished(() => home.close());
  const sleep = ownSleep();
  const spawn = JSON.stringify({ name: 'kid', task: 'x', write: ['.'] });
  const pod = await home.startRoot({
    permissionMode: 'bypassPermissions',
    scenario: `rules:\n  - { pod: root, last: user, times: 1, call: [{ Bash: ${server(sleep)} }, { SpawnPod: ${spawn} }, { StopCommand: { name: command-1 } }, { SpawnPod: ${spawn} }] }\n  - { say: "done" }\n`,
  });
  await pod.run('go');
  await pod.untilSettled();
  const entries = await pod.entries();
  const results = entries.flatMap((one) => (one.type === 'toolResult' ? [one] : []));
  expect(results.filter(({ tool }) => tool === 'SpawnPod').map(({ denied }) => denied === true)).toEqual([
    true,
    false,
  ]);
  expect(results.find(({ denied }) => denied)?.text).toContain('"command-1" runs in the background');
  expect(running(sleep)).toEqual([]);
});

it('[background.settled] run ends what runs on, and says so', async () => {
  const home = new TestHome();
  onTestFinished(() => home.close());
  const sleep = ownSleep();
  const args = [
    'run',
    '-p',
    '--permission-mode',
    'bypassPermissions',
    '--model',
    home.scenario(starts(sleep)),
  ];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [commandFile, ...args, 'go'], {
    cwd: home.work,
    env: home.environment,
  });
  expect(stdout).toBe('ready\n');
  expect(stderr).toContain(`Ended with the tree, in the background: root: echo listening; ${sleep}`);
  expect(running(sleep)).toEqual([]);
});
