/**
 * `podkin rm`: forgets a pod that does not run. Refuses while something is undelivered from it or to it; a living parent is first given the time to take
 * in what the log holds. A tombstone stays, so that nobody waits for the pod for ever.
 */
import { monotonicMs } from '../../std/clock.ts';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Facts } from '../../session/facts.ts';
import { bury } from '../../session/bury.ts';
import { foldLog } from '../../session/fold-log.ts';
import { isRemoved } from '../../session/home.ts';
import { type HeldLock, takeLock } from '../../session/lock.ts';
import { removeAbandoned, standInLeases } from '../../scope/stand-ins.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';
import { allPods, findPod, type FoundPod } from '../pods/find-pod.ts';
import { limitsOf } from '../../session/settings.ts';
import { runs, stopPod } from './stop-pod.ts';

export async function rmCommand(
  context: CommandContext,
  names: readonly string[],
  options: { force: boolean },
): Promise<number> {
  const pods = [...new Set(names)].map((name) => findPod(context.home, name));
  let status: number = exitStatus.done;
  for (const pod of pods) {
    const refusal = await removePod(context, pod, options);
    if (refusal === null) context.stdout.write(`${pod.name}\n`);
    else {
      context.stderr.write(`podkin: ${refusal}\n`);
      status = exitStatus.failed;
    }
  }
  return status;
}

/** Null when it is gone, else why not and what to do. */
async function removePod(
  context: CommandContext,
  pod: FoundPod,
  options: { force: boolean },
): Promise<string | null> {
  const { name } = pod;
  if (await runs(pod)) {
    if (!options.force) return `"${name}" is running: "podkin stop ${name}" first, or "podkin rm -f ${name}"`;
    const say = (text: string): void => context.stderr.write(`${text}\n`);
    const order = {
      home: context.home,
      cascade: false,
      graceMs: limitsOf(pod.spec.settings).stopGraceMs,
      say,
    };
    if (!(await stopPod(pod, order))) return `"${name}" could not be stopped`;
  }
  const owed = await whatIsOwed(context, pod, { waitForParent: true });
  if (owed.length > 0 && !options.force) {
    return `"${name}" stays: ${owed.join('; ')}; "podkin rm -f ${name}" gives it up`;
  }
  for (const what of owed) context.stderr.write(`Given up: ${what}.\n`);
  // Held until the folder has its other name: nobody may start the pod in between.
  const lock = await takeLock({ instance: pod.instance, folder: pod.folder.path });
  if (!lock.taken) return `"${name}" was started meanwhile: "podkin stop ${name}" first`;
  await remove(context, pod, { lock, discarded: owed.length > 0 });
  // Maybe no pod of this home runs a command again.
  removeAbandoned(standInLeases(context.home));
  for (const child of childrenOf(context, pod)) {
    if (await runs(child))
      context.stderr.write(
        `${child.name} still runs and has no parent any more: podkin stop ${child.name}\n`,
      );
  }
  return null;
}

async function remove(
  context: CommandContext,
  pod: FoundPod,
  end: { lock: HeldLock; discarded: boolean },
): Promise<void> {
  const facts = await foldLog(pod.folder.log);
  const above = parentOf(context, pod);
  const received = above === null ? 0 : receivedFrom(await foldLog(above.folder.log), pod.instance).received;
  const { name, instance, folder } = pod;
  const deleteFiles = bury(context.home, {
    name,
    instance,
    folder,
    facts,
    receivedAbove: received,
    discarded: end.discarded,
  });
  await end.lock.release();
  rmSync(pod.socket, { force: true });
  deleteFiles();
}

/** Longer than the parent's sweep, which takes in what a dead child left. */
const sweepMarginMs = 3_000;
const lookAgainMs = 100;

/** One sentence for each thing that would be lost. */
async function whatIsOwed(
  context: CommandContext,
  pod: FoundPod,
  options: { waitForParent: boolean },
): Promise<string[]> {
  const facts = await foldLog(pod.folder.log);
  const owed: string[] = [];
  const up = await owedUpward(context, pod, facts, options.waitForParent);
  if (up !== null) owed.push(up);
  for (const child of childrenOf(context, pod)) {
    const { emitted, acked } = (await foldLog(child.folder.log)).outbox;
    const waiting = emitted - Math.max(acked, receivedFrom(facts, child.instance).received);
    if (waiting > 0) {
      owed.push(
        `${waiting} event(s) of its child "${child.name}" wait for it ("podkin restore ${pod.name}" takes them in)`,
      );
    }
  }
  return owed;
}

async function owedUpward(
  context: CommandContext,
  pod: FoundPod,
  facts: Facts,
  wait: boolean,
): Promise<string | null> {
  const { parent } = pod.spec;
  // Nobody will take them any more; the tombstone of the parent says how far it had come.
  if (parent === null || isRemoved(context.home, parent.instance)) return null;
  const above = parentOf(context, pod);
  if (above === null) return null;
  const untilMs = monotonicMs() + limitsOf(above.spec.settings).sweepMs + sweepMarginMs;
  for (;;) {
    const missing = missingAt(await foldLog(above.folder.log), pod, facts);
    if (missing === null) return null;
    const alive = await runs(above);
    if (!alive)
      return `${missing} its parent "${above.name}", which is not running ("podkin restore ${above.name}" first)`;
    if (!wait || monotonicMs() > untilMs)
      return `${missing} its parent "${above.name}", which has not taken it in yet`;
    await pause(lookAgainMs);
  }
}

/** What the parent's log lacks, or null. */
function missingAt(parent: Facts, pod: FoundPod, facts: Facts): string | null {
  const known = receivedFrom(parent, pod.instance);
  const waiting = facts.outbox.emitted - Math.max(known.received, facts.outbox.acked);
  if (waiting > 0) return `${waiting} event(s) of it wait for`;
  const untold = !facts.stopped && facts.incarnation > 0 && known.known && known.terminal < facts.incarnation;
  return untold ? 'its death has not been told to' : null;
}

function receivedFrom(
  parent: Facts,
  instance: string,
): { known: boolean; received: number; terminal: number } {
  const child = parent.children.get(instance);
  return child === undefined
    ? { known: false, received: 0, terminal: 0 }
    : { known: true, received: child.received, terminal: child.terminal };
}

function parentOf(context: CommandContext, pod: FoundPod): FoundPod | null {
  const { parent } = pod.spec;
  return parent === null
    ? null
    : (allPods(context.home).find((other) => other.instance === parent.instance) ?? null);
}

function childrenOf(context: CommandContext, pod: FoundPod): FoundPod[] {
  return allPods(context.home).filter((other) => other.spec.parent?.instance === pod.instance);
}
