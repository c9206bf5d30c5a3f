/**
 * The state of one pod: a living one answers itself, of a dead one the log is read. "No answer" is not
 * "dead": that needs a free lock and no process.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusResult } from '../protocol/status-result.ts';
import type { Totals } from '../session/facts/totals.ts';
import { hasEndedElsewhere } from '../session/home/ended-elsewhere.ts';
import { hostOf } from '../session/home/host-places.ts';
import { probeLock } from '../session/lock/lock.ts';
import { emptyFacts } from '../session/facts/facts.ts';
import { closingTotals, readTotals, totalsOf } from '../session/log/totals.ts';
import { monotonicMs } from '../std/clock.ts';
import { isRunning, type ProcessIdentity } from '../std/process-identity.ts';
import { systemCode } from '../std/system-code.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { statusElsewhere, statusOf } from '../pod/process/process-status.ts';
import type { FoundPod } from './find-pod.ts';

export type ProbedPod =
  | { readonly kind: 'live'; readonly status: StatusResult }
  /** Its lock is held or its process runs, and it does not answer. Its log may say that it has stopped. */
  | {
      readonly kind: 'silent';
      readonly totals: Totals;
      /** Started in another network namespace and not to be reached: whether it runs is not known. */
      readonly elsewhere: boolean;
    }
  | { readonly kind: 'ended'; readonly totals: Totals }
  | UnreadablePod;

/** It does not answer, and its log cannot be read: its totals are those of an empty one. In lists only. */
export interface UnreadablePod {
  readonly kind: 'unreadable';
  readonly totals: Totals;
  /** Something of it runs, by its lock. */
  readonly isHeld: boolean;
  readonly why: string;
  /** Of the system; null where the file is there and is no log. */
  readonly code: string | null;
}

/** A pod answers in milliseconds; this long, and it is busy, frozen or gone. */
export const probeDeadlineMs = 1_500;

/** Throws the file system's error where the log cannot be read. */
export function probePod(pod: FoundPod): Promise<ProbedPod> {
  return probeBy(pod, (totals) => holdsOn(pod, totals.started));
}

async function probeBy(
  pod: FoundPod,
  isHeld: (totals: Totals) => boolean | Promise<boolean>,
): Promise<ProbedPod> {
  const { socket } = pod;
  // Most pods of a home have stopped, and this costs far less than a connection that fails.
  if (existsSync(socket)) {
    const answer = await connectAndSend(socket, 'status', {}, { deadlineMs: probeDeadlineMs });
    if (answer.ok && answer.result.instance === pod.instance) return { kind: 'live', status: answer.result };
  }
  if (hostOf(pod.spec) !== null) {
    const totals = existsSync(pod.folder.log) ? await readTotals(pod.folder.log) : totalsOf(emptyFacts());
    return hasEndedElsewhere(pod.folder)
      ? { kind: 'ended', totals }
      : { kind: 'silent', totals, elsewhere: true };
  }
  const totals = await readTotals(pod.folder.log);
  if (await isHeld(totals)) return { kind: 'silent', totals, elsewhere: false };
  const elsewhere = !totals.stopped && (await statusOf(pod.home, pod)) === 'unknown';
  return elsewhere ? { kind: 'silent', totals, elsewhere } : { kind: 'ended', totals };
}

/**
 * As `probePod`, for a list of pods: one that has ended in order and whose process is gone has ended, and
 * neither its socket nor its lock is asked. Whoever holds them by now is an incarnation that has not begun:
 * it answers nobody before its own first entry is on disk.
 */
export async function probeInList(pod: FoundPod): Promise<ProbedPod> {
  try {
    return await probeReadable(pod);
  } catch (error) {
    // Removed meanwhile, or what cannot be: the caller's.
    if (!(error instanceof Error) || !existsSync(pod.folder.path)) throw error;
    const totals = totalsOf(emptyFacts());
    const isHeld = await holdsOn(pod, null);
    return { kind: 'unreadable', totals, isHeld, why: error.message, code: systemCode(error) ?? null };
  }
}

async function probeReadable(pod: FoundPod): Promise<ProbedPod> {
  const closing = closingTotals(pod.folder.log);
  if (closing !== null && hostOf(pod.spec) === null && !processRuns(closing.started))
    return { kind: 'ended', totals: closing };
  return await probeBy(pod, ({ started, stopped }) =>
    stopped ? processRuns(started) : holdsOn(pod, started),
  );
}

/**
 * The process of the newest incarnation that the log tells of; null before the first, and on another machine:
 * a number of there says nothing here.
 */
export async function processOf(pod: FoundPod): Promise<ProcessIdentity | null> {
  if (hostOf(pod.spec) !== null) return null;
  return (await readTotals(pod.folder.log)).started;
}

/**
 * Whether something of the pod still runs: the lock is held, the process of its newest incarnation lives, or
 * it answers out of another network namespace.
 */
export async function holdsOn(pod: FoundPod, newest: ProcessIdentity | null): Promise<boolean> {
  if (hostOf(pod.spec) !== null) return !hasEndedElsewhere(pod.folder);
  if (processRuns(newest) || (await lockHeld(pod))) return true;
  return (await statusElsewhere(pod)) === 'alive';
}

/** It was started in another network namespace, and whether it runs cannot be found out from here. */
export async function isOutOfReach(pod: FoundPod): Promise<boolean> {
  const probed = await probePod(pod).catch(() => null);
  return probed?.kind === 'silent' && probed.elsewhere;
}

/** Whether something of the pod runs, or may run where only its socket could answer. */
export async function isPodRunning(pod: FoundPod): Promise<boolean> {
  return goesOn(pod, await processOf(pod));
}

/**
 * As `holdsOn`, and of an incarnation in another container: there only its socket answers. Not known is no
 * end.
 */
async function goesOn(pod: FoundPod, newest: ProcessIdentity | null): Promise<boolean> {
  if (hostOf(pod.spec) !== null) return !hasEndedElsewhere(pod.folder);
  if (await holdsOn(pod, newest)) return true;
  if (newest === null || (await statusOf(pod.home, pod)) === 'dead') return false;
  return !(await readTotals(pod.folder.log)).stopped;
}

function processRuns(process: ProcessIdentity | null): boolean {
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
 * one, so it has to poll.
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
