/**
 * Takes a spawn back that has not come to its first run: nobody of it lives on, and its name is free again
 * (delivery §6).
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { forgotten } from '../../scope/ownership/delegation.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import type { PodFolder } from '../../session/home/home.ts';
import type { HeldLock } from '../../session/lock/lock.ts';
import type { Host } from '../host.ts';
import type { Pod } from '../pod.ts';
import { gone } from '../process/stop-process.ts';
import { isHomeHere } from './removed-child.ts';
import { worktreesOf } from '../pod-worktrees.ts';
import { demandsOf } from '../../session/settings/demands.ts';
import type { Worktree } from '../../session/settings/worktree.ts';

const goneWithinMs = 5_000;
const forgetAgainMs = 1_000;
const retryAfterMs = 20;
const askAgainMs = 5_000;

/**
 * Ends the process if there is one and forgets the child. A process that nobody has noted (this pod died
 * between starting it and committing that) is found by the lock that it holds; one that has not come to its
 * lock yet finds no folder and ends by itself.
 */
export async function undoSpawn(pod: Pod, child: PodRef, reason: string): Promise<void> {
  const { home } = pod.host;
  if (!(await isUndoneElsewhere(pod, child))) {
    // It counts until its host has said that nothing of it is there.
    pod.host.clock.after(askAgainMs, () => {
      if (pod.core.live.mode === 'stopping' || !pod.facts.children.has(child.instance)) return;
      undoSpawn(pod, child, reason).catch((error: unknown) => pod.host.self.complain(String(error)));
    });
    return;
  }
  await end(pod.host, pod.facts.children.get(child.instance)?.process ?? null);
  // Its folder is away with the home, and would come back with a child that nobody knows: the next start
  // undoes it.
  if (!(await homeReturned(pod))) return;
  const { folder, instance } = pod.placed(child);
  const socket = home.socketOf({ instance, folder });
  // The name may be another's by now: only the instance that was reserved is removed.
  const spec = home.spec(folder);
  if (spec?.instance === child.instance) {
    await discardClone(pod, child, demandsOf(spec.settings).worktree);
    await remove(pod, child, folder);
  }
  // Killed, it could not take its socket along.
  home.removeSocket(socket);
  forget(pod, child, reason);
}

/** True on this machine. */
async function isUndoneElsewhere(pod: Pod, { name, instance }: PodRef): Promise<boolean> {
  const host = pod.facts.children.get(instance)?.host ?? null;
  if (host === null) return true;
  const { session } = pod;
  const there = { name, instance, root: session.root.instance, parent: session.instance };
  try {
    await pod.host.others?.discard(host, there);
    return true;
  } catch {
    return false;
  }
}

/** It never began: nothing was done there. */
async function discardClone(pod: Pod, { instance }: PodRef, worktree: Worktree | null): Promise<void> {
  if (worktree === null) return;
  try {
    if (pod.facts.children.get(instance)?.begun === true) throw new Error('it may have begun to work');
    await worktreesOf(pod).discard(worktree);
  } catch (error) {
    const why = thrownText(error);
    const text = `The clone of a child that was taken back is kept: ${worktree.holder} (${why})`;
    pod.tryCommit([{ type: 'alert', level: 'warning', code: 'worktreeLeft', text }]);
  }
}

/** A full disk is tried again: else the child would count, with nothing of it there, until the next start. */
function forget(pod: Pod, child: PodRef, reason: string): void {
  const { facts, host, core } = pod;
  if (pod.tryCommit(forgotten(facts, child, { state: 'undone', reason }))) return;
  host.clock.after(forgetAgainMs, () => {
    if (facts.children.has(child.instance) && core.live.mode !== 'stopping') forget(pod, child, reason);
  });
}

/** Waits a while for a home that is moved or unmounted. */
async function homeReturned(pod: Pod): Promise<boolean> {
  const { clock } = pod.host;
  const deadlineAt = clock.now() + goneWithinMs;
  while (!isHomeHere(pod)) {
    if (pod.core.live.mode === 'stopping' || clock.now() >= deadlineAt) return false;
    await clock.pause(retryAfterMs);
  }
  return true;
}

async function remove(pod: Pod, child: PodRef, folder: PodFolder): Promise<void> {
  const { host } = pod;
  const lock = await lockOrEnd(host, child.instance, folder);
  const facts = await foldLog(folder.log, host.logs);
  const parent = pod.session.instance;
  const deleteFiles = host.home.remove({
    ...child,
    folder,
    parent,
    facts,
    receivedAbove: 0,
    discarded: true,
  });
  await lock?.release();
  deleteFiles();
}

/**
 * Folders that this pod made for a child and did not live to reserve: its log knows nothing of them, no
 * process was ever started there, and their names would be taken for ever. Only this pod makes folders of its
 * children, and it makes none before its boot is over.
 */
export async function removeHalfMade(pod: Pod): Promise<void> {
  for (const { folder, child } of pod.host.home.halfMadeBy(pod.session)) {
    if (!pod.facts.children.has(child.instance)) await remove(pod, child, folder);
  }
}

/** Null where a process could not be ended within the time: it has lost its folder then. */
async function lockOrEnd(host: Host, instance: string, folder: PodFolder): Promise<HeldLock | null> {
  const deadlineAt = host.clock.now() + goneWithinMs;
  for (;;) {
    const lock = await host.locks.take({ instance, folder: folder.path, purpose: 'loan' });
    if (lock.taken) return lock;
    // Others hold a pod's lock for a moment (a look at what it left, a removal): only the one that its log
    // names is the pod.
    const { started } = await foldLog(folder.log, host.logs);
    if (started !== null) await end(host, started);
    if (host.clock.now() >= deadlineAt) return null;
    await host.clock.pause(retryAfterMs);
  }
}

async function end(host: Host, target: ProcessIdentity | null): Promise<void> {
  if (target !== null && host.processes.signal(target, 'SIGKILL')) await gone(host, target, goneWithinMs);
}
