/**
 * Takes a spawn back that has not come to its first run: nobody of it lives on, and its name is free again
 * (delivery §6).
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { monotonicMs } from '../../std/clock.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';
import { forgotten } from '../../scope/ownership/delegation.ts';
import { removePodFolder } from '../../session/home/remove.ts';
import type { PodRef } from '../../session/facts/entries.ts';
import { foldLog } from '../../session/log/fold-log.ts';
import { type PodFolder, draftPrefix, folderAt, podFolder, readSpec } from '../../session/home/home.ts';
import { type HeldLock, takeLock } from '../../session/lock/lock.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import type { Pod } from '../pod.ts';
import { gone } from '../process/stop-process.ts';

const goneWithinMs = 5_000;
const lookAgainMs = 20;

/**
 * Ends the process if there is one and forgets the child. A process that nobody has noted (this pod died
 * between starting it and committing that) is
 * found by the lock that it holds; one that has not come to its lock yet finds no folder and ends by itself.
 */
export async function undoSpawn(pod: Pod, child: PodRef, reason: string): Promise<void> {
  await end(pod.facts.children.get(child.instance)?.process ?? null);
  const folder = podFolder(pod.home, child.name);
  const socket = podSocket(pod.home, child);
  // The name may be another's by now: only the instance that was reserved is removed.
  if (readSpec(folder)?.instance === child.instance) await remove(pod, child, folder);
  // Killed, it could not take its socket along.
  rmSync(socket, { force: true });
  pod.tryCommit(forgotten(pod.facts, child, { state: 'undone', reason }));
}

async function remove(pod: Pod, child: PodRef, folder: PodFolder): Promise<void> {
  const lock = await lockOrEnd(child.instance, folder);
  const facts = await foldLog(folder.log);
  const parent = pod.session.instance;
  const deleteFiles = removePodFolder(pod.home, {
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
 * process was ever started there, and their names
 * would be taken for ever. Only this pod makes folders of its children, and it makes none before its boot is
 * over.
 */
export async function removeHalfMade(pod: Pod): Promise<void> {
  const pods = join(pod.home.state, 'pods');
  const ownDraft = draftPrefix(pod.session);
  for (const entry of readdirSync(pods)) {
    const folder = folderAt(join(pods, entry));
    // A draft has never had a name, and may have nothing in it yet.
    if (entry.startsWith(ownDraft)) rmSync(folder.path, { recursive: true, force: true });
    if (entry.startsWith('.') || existsSync(folder.log)) continue;
    const spec = specOrNull(folder);
    if (spec?.parent?.instance !== pod.session.instance || pod.facts.children.has(spec.instance)) continue;
    await remove(pod, { name: spec.name, instance: spec.instance }, folder);
  }
}

/** What cannot be read is not this pod's to judge; doctor names it. */
function specOrNull(folder: PodFolder): ReturnType<typeof readSpec> {
  try {
    return readSpec(folder);
  } catch {
    return null;
  }
}

/** Null where a process could not be ended within the time: it has lost its folder then. */
async function lockOrEnd(instance: string, folder: PodFolder): Promise<HeldLock | null> {
  const deadlineAt = monotonicMs() + goneWithinMs;
  for (;;) {
    const lock = await takeLock({ instance, folder: folder.path, purpose: 'loan' });
    if (lock.taken) return lock;
    // Others hold a pod's lock for a moment (a look at what it left, a removal): only the one that its log
    // names is the pod.
    const { started } = await foldLog(folder.log);
    if (started !== null) await end(started);
    if (monotonicMs() >= deadlineAt) return null;
    await wait(lookAgainMs);
  }
}

async function end(target: ProcessIdentity | null): Promise<void> {
  if (target !== null && signalProcess(target, 'SIGKILL', { group: true })) await gone(target, goneWithinMs);
}
