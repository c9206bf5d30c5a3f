/**
 * How one pod stands: a living one answers itself, of a dead one its log tells. "No answer" is not "dead": that needs a free lock and no process.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusResult } from '../protocol/methods.ts';
import type { Facts } from '../session/facts.ts';
import { foldLog } from '../session/fold-log.ts';
import { probeLock } from '../session/lock.ts';
import { monotonicMs } from '../std/clock.ts';
import { isAlive, type ProcessIdentity } from '../std/process-identity.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import type { FoundPod } from './find-pod.ts';

export type PodSight =
  | { readonly kind: 'live'; readonly status: StatusResult }
  /** Somebody holds its lock, or its process runs, and it does not answer: `ending` where it has said its last. */
  | { readonly kind: 'silent'; readonly facts: Facts; readonly ending: boolean }
  | { readonly kind: 'ended'; readonly facts: Facts };

/** A pod answers in milliseconds; this long, and it is busy, frozen or gone. */
export const probeDeadlineMs = 1_500;

/** Throws the file system's error where the log can not be read. */
export async function sightOf(pod: FoundPod, deadlineMs: number = probeDeadlineMs): Promise<PodSight> {
  // Most pods of a home have stopped, and a look is far cheaper than a connection that fails.
  if (existsSync(pod.socket)) {
    const answer = await connectAndSend(pod.socket, 'status', {}, { deadlineMs });
    if (answer.ok) return { kind: 'live', status: answer.result };
  }
  const facts = await foldLog(pod.folder.log);
  return (await holdsOn(pod, facts))
    ? { kind: 'silent', facts, ending: facts.stopped }
    : { kind: 'ended', facts };
}

/** The process of the newest life that the log tells of; null before the first. */
export function processOf(facts: Facts): ProcessIdentity | null {
  const { started } = facts;
  return started === null ? null : { pid: started.pid, startTime: started.startTime, bootId: started.bootId };
}

/** Whether something of the pod still runs: the lock is held, or the process of its newest life lives. */
export async function holdsOn(pod: FoundPod, facts: Facts): Promise<boolean> {
  const identity = processOf(facts);
  if (identity !== null && isAlive(identity) === 'alive') return true;
  return lockHeld(pod);
}

async function lockHeld(pod: FoundPod): Promise<boolean> {
  try {
    return (await probeLock({ instance: pod.instance, folder: pod.folder.path })) === 'held';
  } catch {
    // The folder has vanished: the pod was removed.
    return false;
  }
}

const exitPollMs = 25;

/** Whether the pod's process is gone and its lock free within the time. The processes are no children of this one, so it has to look again and again. */
export async function exitWithin(pod: FoundPod, timeoutMs: number): Promise<boolean> {
  const until = monotonicMs() + timeoutMs;
  const facts = await foldLog(pod.folder.log);
  while (await holdsOn(pod, facts)) {
    if (monotonicMs() >= until) return false;
    await pause(exitPollMs);
  }
  return true;
}
