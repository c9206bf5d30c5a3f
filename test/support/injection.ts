/** A real pod one of whose system calls fails, or is its last: strace stands between it and the kernel. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestPod, commandFile } from './rig.ts';

/** As strace names them; a pattern where its name is not the same on every processor. */
export const callSets = {
  pwrite: 'pwrite64',
  fdatasync: 'fdatasync',
  fsync: 'fsync',
  rename: '/^rename',
  connect: 'connect',
} as const;
export type CallName = keyof typeof callSets;

/** `kill`: SIGKILL in the place of the call. `takesNothing`: it answers 0 and nothing was done. */
export type Effect = 'kill' | 'takesNothing' | 'ENOSPC' | 'EIO' | 'ECONNREFUSED' | 'EAGAIN' | 'ENOENT';

export interface Fault {
  call: CallName;
  effect: Effect;
  /** The n-th time that a thread of the process makes this call. */
  nth: number;
}

export interface TracedPod {
  over(): boolean;
  ended: Promise<void>;
  /** The fault has befallen it. */
  fired(): boolean;
  /** The most that one thread has made of each call; once it has ended. */
  counts(): Record<CallName, number>;
}

/** The pod cannot go on: it ends by itself (I6, fail-stop). */
export function isFatal({ call, effect }: Fault): boolean {
  return effect === 'kill' || (effect === 'EIO' && (call === 'pwrite' || call === 'fdatasync'));
}

let traces = 0;

/**
 * Starts the pod's process with the fault, or only counting, and waits until it listens or has ended. What it
 * spawns is not traced.
 */
export async function startTraced(pod: TestPod, fault: Fault | null): Promise<TracedPod> {
  traces += 1;
  const trace = join(pod.home.path, `trace-${traces}`);
  const output = openSync(pod.folder.stderr, 'a');
  const set = fault === null ? Object.values(callSets).join(',') : callSets[fault.call];
  const inject = fault === null ? [] : ['-e', `inject=${set}:${injected(fault.effect)}:when=${fault.nth}`];
  const traced = spawn(
    'strace',
    // What it spawns is let go.
    ['-f', '--detach-on=execve', '-q', '-o', trace, '-e', `trace=${traceable(set)}`, '-e', 'signal=none']
      .concat(inject)
      .concat(process.execPath, commandFile, '__pod', pod.folder.path),
    {
      // One thread of the pool, because the count is each thread's own.
      env: { ...pod.home.environment, UV_THREADPOOL_SIZE: '1', PODKIN_READY_FD: '3' },
      stdio: ['ignore', output, output, 'pipe'],
      detached: true,
      cwd: '/',
    },
  );
  closeSync(output);
  let over = false;
  let killed = false;
  const ended = new Promise<void>((resolve) => {
    traced.once('exit', (_, signal) => {
      over = true;
      // strace ends as what it has traced.
      killed = signal === 'SIGKILL';
      resolve();
    });
  });
  pod.home.atClose(() => ended);
  const text = (): string => (existsSync(trace) ? readFileSync(trace, 'utf8') : '');
  if (!(await isReady(traced))) await ended;
  return {
    ended,
    over: () => over,
    fired: () => (fault?.effect === 'kill' ? killed : text().includes('(INJECTED)')),
    counts: () => countsOf(text()),
  };
}

/** strace takes one pattern, or names, but no pattern among names. */
function traceable(set: string): string {
  return set.includes(',') ? `/^(${set.replaceAll('/^', '').replaceAll(',', '|')})` : set;
}

function injected(effect: Effect): string {
  if (effect === 'kill') return 'signal=SIGKILL';
  return effect === 'takesNothing' ? 'retval=0' : `error=${effect}`;
}

/** Whether its first word is that it listens. */
async function isReady(traced: ChildProcess): Promise<boolean> {
  let said = '';
  const words = traced.stdio[3];
  if (words === null || words === undefined || !('setEncoding' in words)) return false;
  words.setEncoding('utf8');
  for await (const chunk of words) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  return said.includes('"ready"');
}

function countsOf(trace: string): Record<CallName, number> {
  const counts: Record<CallName, number> = { pwrite: 0, fdatasync: 0, fsync: 0, rename: 0, connect: 0 };
  const perThread = new Map<string, number>();
  for (const line of trace.split('\n')) {
    const [, thread, name] = /^(\d+)\s+([a-z]+)[a-z0-9]*\(/.exec(line) ?? [];
    if (thread === undefined || name === undefined) continue;
    const call = (Object.keys(counts) as CallName[]).find((known) => name.startsWith(known));
    if (call === undefined) continue;
    const count = (perThread.get(`${thread} ${call}`) ?? 0) + 1;
    perThread.set(`${thread} ${call}`, count);
    counts[call] = Math.max(counts[call], count);
  }
  return counts;
}
