/**
 * What commands outside of any sandbox have started, also where it has left its process group (`setsid`, a
 * daemon): it carries the command's mark in its environment. Linux alone shows that. Not found: what was
 * started without that environment (`env -i`), has written over it, or was started by somebody else on the
 * command's behalf (a service, `at`).
 */
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../std/clock.ts';
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
 * process itself.
 */
export async function markedProcesses(mark: string): Promise<MarkedProcess[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.filter((pid) => pid !== process.pid).map((pid) => lookAt(pid, mark)));
  return found.filter((one) => one !== null);
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
  const look = async (): Promise<MarkedProcess[]> => {
    const now = await markedProcesses(mark);
    for (const one of now) met.set(one.pid, one);
    return now;
  };
  if (times.graceMs > 0) {
    signalMarked(await look(), 'SIGTERM');
    await untilNone(look, times.graceMs);
  }
  const kill = async (): Promise<MarkedProcess[]> => {
    const left = await look();
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
async function untilNone(look: () => Promise<readonly MarkedProcess[]>, timeMs: number): Promise<void> {
  const endMs = monotonicMs() + timeMs;
  for (
    let stepMs = 1;
    (await look()).length > 0 && monotonicMs() < endMs;
    stepMs = Math.min(stepMs * 2, 50)
  ) {
    await pause(stepMs);
  }
}

/**
 * The identity is taken before the look that counts: whoever has the number after it has another start time,
 * and no signal reaches it.
 */
async function lookAt(pid: number, mark: string): Promise<MarkedProcess | null> {
  if (!carries(await readOf(pid, 'environ'), mark)) return null;
  const identity = processIdentity(pid);
  if (identity === null || !carries(await readOf(pid, 'environ'), mark)) return null;
  return { pid, command: commandIn(await readOf(pid, 'cmdline')), identity };
}

function carries(environment: string, mark: string): boolean {
  const wanted = `\0${markVariable}=${mark}${mark.endsWith('/') ? '' : '\0'}`;
  return `\0${environment}`.includes(wanted);
}

/** Empty for another user's process, and for one that has ended. */
async function readOf(pid: number, file: 'environ' | 'cmdline'): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
