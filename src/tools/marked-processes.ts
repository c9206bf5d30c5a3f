/**
 * What commands outside of any sandbox have started, also where it has left its process group (`setsid`, a
 * daemon): it carries the command's mark in its environment. Linux alone shows that. Not found: what was
 * started without that environment (`env -i`), has written over it, or was started by somebody else on the
 * command's behalf (a service, `at`).
 */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../std/clock.ts';
import { readProcessFile, readProcessFileNow } from '../std/process-file.ts';
import { type ProcessIdentity, processIdentity } from '../std/process-identity.ts';
import { signalProcess } from '../std/signal-process.ts';
import { type GroupMember, commandIn } from './group-members.ts';

export const markVariable = 'PODKIN_CALL';

export interface MarkedProcess extends GroupMember {
  readonly identity: ProcessIdentity;
}

/** Of one call of a pod; with `call` empty, what the marks of all its calls begin with. */
export function commandMark(instance: string, call: string): string {
  return `${instance}/${call}`;
}

/**
 * Those with exactly this mark, or with one that begins with it where it ends with a slash. Never this
 * process itself. What forks on all the while has another number by the time that it is looked at: numbers
 * that were given out meanwhile are looked at until there is no new one. `meet` hears of each of those at
 * once.
 */
export async function markedProcesses(
  mark: string,
  meet?: (one: MarkedProcess) => void,
): Promise<MarkedProcess[]> {
  if (process.platform !== 'linux') return [];
  const newest = newestPid();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.filter((pid) => pid !== process.pid).map((pid) => inspectProcess(pid, mark)),
  );
  return [...found.filter((one) => one !== null), ...startedSince(newest, mark, meet)];
}

/** So long at most: others may start processes without an end. */
const chaseMs = 100;

/**
 * Whoever runs when no number is left to look at was looked at while it ran: had it ended before, its child
 * had a newer one. Not so where numbers begin anew at their end; the next look sees those.
 */
function startedSince(
  newest: number,
  mark: string,
  meet: ((one: MarkedProcess) => void) | undefined,
): MarkedProcess[] {
  const met: MarkedProcess[] = [];
  const endMs = monotonicMs() + chaseMs;
  for (let pid = newest + 1, last = newestPid(); pid <= last && monotonicMs() < endMs; pid += 1) {
    const one = inspectProcessNow(pid, mark);
    if (one !== null) {
      met.push(one);
      meet?.(one);
    }
    if (pid === last) last = newestPid();
  }
  return met;
}

/** The number that this namespace has given out last; 0 where that is not told. */
function newestPid(): number {
  return Number(/(\d+)\s*$/.exec(readNow('/proc/loadavg'))?.[1] ?? 0);
}

/** Threads have numbers of the same kind. */
function inspectProcessNow(pid: number, mark: string): MarkedProcess | null {
  if (pid === process.pid || !carries(readProcessFileNow(pid, 'environ'), mark)) return null;
  const identity = processIdentity(pid);
  const isLeader = new RegExp(`^Tgid:\\s*${pid}$`, 'm').test(readNow(`/proc/${pid}/status`));
  if (identity === null || !isLeader || !carries(readProcessFileNow(pid, 'environ'), mark)) return null;
  return { pid, command: commandIn(readProcessFileNow(pid, 'cmdline')), identity };
}

function readNow(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Asks with SIGTERM where there is a grace, then insists until `killMs` are over. Answers with all that were
 * met.
 */
export async function endMarked(
  mark: string,
  times: { readonly graceMs: number; readonly killMs: number },
): Promise<GroupMember[]> {
  const met = new Map<number, MarkedProcess>();
  const findMarked = async (meet?: (one: MarkedProcess) => void): Promise<MarkedProcess[]> => {
    const now = await markedProcesses(mark, meet);
    for (const one of now) met.set(one.pid, one);
    return now;
  };
  if (times.graceMs > 0) {
    signalMarked(await findMarked(), 'SIGTERM');
    await untilNone(() => findMarked(), times.graceMs);
  }
  const kill = async (): Promise<MarkedProcess[]> => {
    const left = await findMarked((one) => signalMarked([one], 'SIGKILL'));
    signalMarked(left, 'SIGKILL');
    return left;
  };
  await untilNone(kill, times.killMs);
  return [...met.values()];
}

/** Those that are still the same process. */
export function signalMarked(marked: readonly MarkedProcess[], signal: NodeJS.Signals): void {
  for (const { identity } of marked) {
    try {
      signalProcess(identity, signal, { group: false });
    } catch {
      // It runs as another user by now, and takes no signal of ours.
    }
  }
}

/** No event tells of the end of a process that is not our child. */
async function untilNone(findMarked: () => Promise<readonly MarkedProcess[]>, timeMs: number): Promise<void> {
  const endMs = monotonicMs() + timeMs;
  for (
    let stepMs = 1;
    (await findMarked()).length > 0 && monotonicMs() < endMs;
    stepMs = Math.min(stepMs * 2, 50)
  ) {
    await pause(stepMs);
  }
}

/**
 * The identity is taken before the look that counts: whoever has the number after it has another start time,
 * and no signal reaches it.
 */
async function inspectProcess(pid: number, mark: string): Promise<MarkedProcess | null> {
  if (!carries(await readProcessFile(pid, 'environ'), mark)) return null;
  const identity = processIdentity(pid);
  if (identity === null || !carries(await readProcessFile(pid, 'environ'), mark)) return null;
  return { pid, command: commandIn(await readProcessFile(pid, 'cmdline')), identity };
}

function carries(environment: string, mark: string): boolean {
  const wanted = `\0${markVariable}=${mark}${mark.endsWith('/') ? '' : '\0'}`;
  return `\0${environment}`.includes(wanted);
}
