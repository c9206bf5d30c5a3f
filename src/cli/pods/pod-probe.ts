/**
 * How one pod stands: a living one answers itself, of a dead one its log tells. "No answer" is not "dead":
 * that needs a free lock and no process.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusResult } from '../../protocol/methods.ts';
import type { Totals } from '../../session/facts/entries.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { closingTotals, readTotals } from '../../session/log/totals.ts';
import { monotonicMs } from '../../std/clock.ts';
import { isRunning, type ProcessIdentity } from '../../std/process-identity.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { lifeElsewhere, lifeOf } from '../../pod/process/life.ts';
import type { FoundPod } from './find-pod.ts';

export type ProbedPod =
  | { readonly kind: 'live'; readonly status: StatusResult }
  /**
   * Somebody holds its lock, or its process runs, and it does not answer: it is ending where it has said its
   * last.
   */
  | {
      readonly kind: 'silent';
      readonly totals: Totals;
      /** Started in another network namespace and not to be reached: whether it runs is not known. */
      readonly elsewhere: boolean;
    }
  | { readonly kind: 'ended'; readonly totals: Totals };

/** A pod answers in milliseconds; this long, and it is busy, frozen or gone. */
export const probeDeadlineMs = 1_500;

/** Throws the file system's error where the log cannot be read. */
export function probePod(pod: FoundPod): Promise<ProbedPod> {
  return look(pod, (totals) => holdsOn(pod, totals.started));
}

async function look(
  pod: FoundPod,
  isHeld: (totals: Totals) => boolean | Promise<boolean>,
): Promise<ProbedPod> {
  const { socket } = pod;
  // Most pods of a home have stopped, and a look is far cheaper than a connection that fails.
  if (existsSync(socket)) {
    const answer = await connectAndSend(socket, 'status', {}, { deadlineMs: probeDeadlineMs });
    if (answer.ok && answer.result.instance === pod.instance) return { kind: 'live', status: answer.result };
  }
  const totals = await readTotals(pod.folder.log);
  if (await isHeld(totals)) return { kind: 'silent', totals, elsewhere: false };
  const elsewhere = !totals.stopped && (await lifeOf(pod.home, pod)) === 'unknown';
  return elsewhere ? { kind: 'silent', totals, elsewhere } : { kind: 'ended', totals };
}

/**
 * As `probePod`, for a list of pods: one that has ended in order and whose process is gone has ended, and
 * neither its socket nor its lock is asked. Whoever
 * holds them by now is a life that has not begun: it answers nobody before its own first entry is on disk.
 */
export async function probeInList(pod: FoundPod): Promise<ProbedPod> {
  const closing = closingTotals(pod.folder.log);
  if (closing !== null && !runs(closing.started)) return { kind: 'ended', totals: closing };
  return await look(pod, ({ started, stopped }) => (stopped ? runs(started) : holdsOn(pod, started)));
}

/** The process of the newest life that the log tells of; null before the first. */
export async function processOf(pod: FoundPod): Promise<ProcessIdentity | null> {
  return (await readTotals(pod.folder.log)).started;
}

/**
 * Whether something of the pod still runs: the lock is held, the process of its newest life lives, or it
 * answers out of another network namespace.
 */
export async function holdsOn(pod: FoundPod, newest: ProcessIdentity | null): Promise<boolean> {
  if (runs(newest) || (await lockHeld(pod))) return true;
  return (await lifeElsewhere(pod.home, pod)) === 'alive';
}

/** What a person has to know where it cannot be found out whether a pod runs; null where it can. */
export async function notKnown(pod: FoundPod): Promise<string | null> {
  const sight = await probePod(pod).catch(() => null);
  if (sight?.kind !== 'silent' || !sight.elsewhere) return null;
  return elsewhere(pod.name);
}

export function elsewhere(name: string): string {
  return `Whether "${name}" runs is not known: it was started in another container or network namespace, and its socket cannot be reached from here. Look there; when nothing runs it any more, "podkin restore --force ${name}" starts it here`;
}

/** As `holdsOn`, and of a life in another container: there only its socket answers. Not known is no end. */
export async function goesOn(pod: FoundPod, newest: ProcessIdentity | null): Promise<boolean> {
  if (await holdsOn(pod, newest)) return true;
  if (newest === null || (await lifeOf(pod.home, pod)) === 'dead') return false;
  return !(await readTotals(pod.folder.log)).stopped;
}

function runs(process: ProcessIdentity | null): boolean {
  return process !== null && isRunning(process);
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

/**
 * Whether the pod's process is gone and its lock free within the time. The processes are no children of this
 * one, so it has to look again and again.
 */
export async function exitWithin(pod: FoundPod, timeoutMs: number): Promise<boolean> {
  const until = monotonicMs() + timeoutMs;
  const newest = await processOf(pod);
  while (await goesOn(pod, newest)) {
    if (monotonicMs() >= until) return false;
    await pause(exitPollMs);
  }
  return true;
}
