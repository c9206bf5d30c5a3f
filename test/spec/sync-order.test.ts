/**
 * The order of write, sync and answer in the real processes: strace sees each call, and what is said is said
 * behind the sync of what it rests on.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canInject } from '../support/capable.ts';
import { ofType } from '../support/audit.ts';
import { ProviderServer } from '../support/provider-server.ts';
import { TestHome, type TestPod, commandFile } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

/** A call of the trace: where it begins and where it has returned. */
interface Call {
  readonly process: string;
  readonly name: string;
  readonly text: string;
  readonly from: number;
  to: number;
}

/** Starts the root's process, and with it whatever it starts, under strace. */
async function traced(root: TestPod, environment: NodeJS.ProcessEnv = {}): Promise<() => Call[]> {
  const trace = join(home.path, 'trace');
  const output = openSync(root.folder.stderr, 'a');
  const calls = 'trace=pwrite64,fdatasync,fsync,write,writev,sendmsg';
  const process_ = spawn(
    'strace',
    ['-f', '-q', '-y', '-s', '65536', '-o', trace, '-e', calls, '-e', 'signal=none'].concat(
      process.execPath,
      commandFile,
      '__pod',
      root.folder.path,
    ),
    {
      env: { ...home.environment, ...environment, PODKIN_READY_FD: '3' },
      stdio: ['ignore', output, output, 'pipe'],
      cwd: '/',
    },
  );
  closeSync(output);
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  home.atClose(() => ended.then(() => undefined));
  const words = process_.stdio[3];
  if (words === null || words === undefined || !('setEncoding' in words)) throw new Error('no words');
  for await (const chunk of words) if (String(chunk).includes('\n')) break;
  return () => parsed(readFileSync(trace, 'utf8'));
}

function parsed(trace: string): Call[] {
  const calls: Call[] = [];
  const open = new Map<string, Call>();
  for (const [at, line] of trace.split('\n').entries()) {
    const begun = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (begun !== null) {
      const [, process_ = '', name = '', text = ''] = begun;
      const call = { process: process_, name, text, from: at, to: at };
      calls.push(call);
      if (text.endsWith('<unfinished ...>')) {
        call.to = Number.POSITIVE_INFINITY;
        open.set(process_, call);
      }
      continue;
    }
    const [, process_ = ''] = /^(\d+) +<\.\.\. \w+ resumed>/.exec(line) ?? [];
    const call = open.get(process_);
    if (call !== undefined) call.to = at;
    open.delete(process_);
  }
  return calls;
}

/**
 * The descriptor stands first among the arguments, with its file: another process may have the same number.
 */
const descriptorOf = ({ text }: Call) => /^(\d+<[^>]*>)/.exec(text)?.[1];

/**
 * `written` is committed, then synced, then `said`: asserts that the first of each stands in this order, and
 * that all three are there.
 */
function inOrder(calls: readonly Call[], written: RegExp, said: RegExp): void {
  const write = calls.find((call) => call.name === 'pwrite64' && written.test(call.text));
  const say = calls.find((call) => /^(write|writev|sendmsg)$/.test(call.name) && said.test(call.text));
  expect(write, `a pwrite of ${written}`).toBeDefined();
  expect(say, `a write of ${said}`).toBeDefined();
  if (write === undefined || say === undefined) return;
  const synced = calls.some(
    (call) =>
      call.name === 'fdatasync' &&
      descriptorOf(call) === descriptorOf(write) &&
      call.from > write.to &&
      call.to < say.from,
  );
  expect(synced, `a sync between line ${write.to} and line ${say.from} of the trace`).toBe(true);
}

const scenario = `
rules:
  - { pod: root, last: user, matches: go, call: [{ SpawnPod: { name: kid, task: "work" } }] }
  - { pod: root, last: user, matches: more, call: [{ SendToPod: { name: kid, message: "errand 4713" } }] }
  - { pod: kid, last: user, matches: slow, delayMs: 1500, say: "slow is done" }
  - { pod: kid, last: user, matches: hang, fail: hang }
  - { pod: kid, say: "kid is done" }
  - { say: "{{pod}} is done" }
`;

describe.runIf(canInject())('what is said rests on a sync', { timeout: 60_000 }, () => {
  it('[sync.before-answer] a run, a notice, an event and its receipt are said behind the sync of what they rest on, and a new log has its name on disk first', async () => {
    const root = home.makeRoot({ scenario });
    const calls = await traced(root);
    await root.run('go');
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await home.pod('kid').untilEntry('podEventAcked');
    await root.untilSettled();
    await root.call('notify', { message: 'mind this', submission: 'told', wake: false });
    await root.stop();
    const all = calls();
    const ready = all.find((call) => call.name === 'write' && call.text.includes('\\"ready\\"'));
    const named = all.find((call) => call.name === 'fsync' && call.text.includes(`<${root.folder.path}>`));
    expect(named?.to).toBeLessThan(ready?.from ?? -1);
    inOrder(all, /inputReceived[^]*"kind\\":\\"run/, /accepted\\":\\"started/);
    inOrder(all, /inputReceived[^]*"kind\\":\\"notice/, /submission\\":\\"told/);
    inOrder(all, /podEventEmitted[^]*turnEnded/, /method\\":\\"podEvent/);
    inOrder(all, /podEventReceived[^]*turnEnded/, /outcome\\":\\"accepted/);
  });

  it('[sync.before-request] what a provider is asked stands on disk: an input, and a notice as the item that the model reads', async () => {
    const provider = await ProviderServer.start('anthropic', () => ({ say: 'Well.' }));
    home.atClose(() => provider.stop());
    const root = home.makeRoot({ model: provider.model });
    const calls = await traced(root, provider.environment);
    await root.run('input 4711');
    await root.untilSettled();
    await root.call('notify', { message: 'notice 4712', wake: true });
    await root.until('it has read it', (all) => ofType(all, 'turnEnded').length === 2);
    await root.stop();
    inOrder(calls(), /\\"userMessage\\"[^]*input 4711/, /input 4711/);
    inOrder(calls(), /\\"systemItem\\"[^]*notice 4712/, /notice 4712/);
  });

  it('[sync.before-run-below] a run is sent to a child behind the sync of its assignment, and in a later incarnation a receipt is answered behind its own', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('go');
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await root.untilSettled();
    await root.kill();
    const calls = await traced(root);
    // A text that comes into a running turn is not the last of a user's.
    await root.untilSettled();
    await root.run('more');
    await home.pod('kid').untilEntry('userMessage', ({ text }) => text.includes('errand 4713'));
    await root.until('its report', (all) => ofType(all, 'podEventReceived').length === 2);
    await root.untilSettled();
    await root.stop();
    inOrder(calls(), /\\"assignment\\"[^]*errand 4713/, /method\\":\\"run[^]*errand 4713/);
    inOrder(calls(), /podEventReceived[^]*turnEnded/, /outcome\\":\\"accepted/);
  });

  it('[sync.before-call] a call that a person has allowed runs behind the sync of their yes', async () => {
    const root = home.makeRoot({
      permissions: { ask: ['Write'] },
      scenario: `
rules:
  - { last: user, call: [{ Write: { path: marker, content: "mark 4714" } }] }
  - { say: done }
`,
    });
    const calls = await traced(root);
    await root.run('go');
    const asked = await root.untilEntry('approval', ({ state }) => state === 'asked');
    await root.call('approve', { request: asked.request, decision: 'allow' });
    await home.untilFile('marker', 'mark 4714');
    await root.untilSettled();
    await root.stop();
    inOrder(calls(), /\\"state\\":\\"answered/, /mark 4714/);
  });

  it('[sync.before-link] a child that comes back to its parent tells of an end only behind its sync', async () => {
    const root = home.makeRoot({ scenario: scenario.replace('task: "work"', 'task: "slow"') });
    const calls = await traced(root);
    await root.run('go');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.kill();
    await kid.untilEntry('podEventEmitted');
    await root.start();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await root.untilSettled();
    await kid.stop();
    const all = calls();
    const emitted = all.find(({ name, text }) => name === 'pwrite64' && text.includes('podEventEmitted'));
    const since = all.filter(({ from }) => from >= (emitted?.from ?? Infinity));
    inOrder(since, /podEventEmitted[^]*turnEnded/, /method\\":\\"link/);
  });

  it('[sync.before-taking-in] what a dead child left, and what a log held at its opening, is synced before anything follows from it', async () => {
    const root = home.makeRoot({ scenario: scenario.replace('task: "work"', 'task: "hang"') });
    await root.start();
    await root.run('go');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.until('the turn is over', (all) => ofType(all, 'turnEnded').length === 1);
    await root.kill();
    const calls = await traced(root);
    await kid.kill();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    await root.untilSettled();
    await root.stop();
    const all = calls();
    const began = all.find(({ name, text }) => name === 'pwrite64' && text.includes('\\"started\\"'));
    const synced = (path: string) =>
      all.find(({ name, text }) => name === 'fsync' && text.includes(`<${path}>`))?.to ?? Infinity;
    expect(synced(root.folder.log)).toBeLessThan(began?.from ?? -1);
    const told = all.find(({ name, text }) => name === 'pwrite64' && /podEventReceived[^]*died/.test(text));
    expect(synced(kid.folder.log)).toBeLessThan(told?.from ?? -1);
  });
});
