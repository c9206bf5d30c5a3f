/**
 * The order of write, sync and answer in the real processes: strace sees each call, and what is said is said
 * behind the sync of what it rests on.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canInject } from '../support/capable.ts';
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
async function traced(root: TestPod): Promise<() => Call[]> {
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
      env: { ...home.environment, PODKIN_READY_FD: '3' },
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

/** The descriptor stands first among the arguments. */
const descriptorOf = ({ text }: Call) => /^(\d+)/.exec(text)?.[1];

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
});
