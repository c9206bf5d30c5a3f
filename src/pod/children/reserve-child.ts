/**
 * The name, the folder and the limits of a child that is about to be: each is counted with those before
 * it.
 */
import { NameTaken } from '../../session/home/name-taken.ts';
import { beginsToWait, delegation } from '../../scope/ownership/delegation.ts';
import type { Amounts } from '../../session/facts/budget-entries.ts';
import { type EntryBody, type PathScope, type PodRef, schemaVersion } from '../../session/facts/entries.ts';
import { nanoUsd } from '../../session/facts/replay-budget.ts';
import { type PodFolder, type PodSpec, hashToken } from '../../session/home/home.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { closingTotals } from '../../session/log/totals.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { SpawnRequest } from '../../tools/tree.ts';
import { version } from '../../version.ts';
import type { Pod } from '../pod.ts';
import { lentAtSpawn } from '../machine/budget.ts';
import { SpawnRefused } from './spawn-refused.ts';
import type { PlannedWorktree } from './spawn-worktree.ts';

export function capOf({ maxCost }: SpawnRequest): Amounts {
  return maxCost === undefined ? {} : { nanoUsd: nanoUsd(maxCost) };
}

const reserving = new WeakMap<Pod, Promise<unknown>>();

/** Spawns of one step run side by side; each is counted against the limits with those before it reserved. */
export async function oneAfterTheOther<T>(pod: Pod, work: () => Promise<T>): Promise<T> {
  const before = reserving.get(pod) ?? Promise.resolve();
  const mine = before.then(work);
  reserving.set(
    pod,
    mine.catch(() => undefined),
  );
  return mine;
}

export function refuseOverLimits(pod: Pod): void {
  const { limits, facts } = pod.core;
  const live = [...facts.children.values()].filter((child) => child.state !== 'ended').length;
  if (live < limits.children) return;
  throw new SpawnRefused(
    `This pod has ${live} live children, which is the limit. Stop one with StopPod, or give an existing one more to do with SendToPod.`,
  );
}

type Lineage = Pick<PodSpec, 'schema' | 'podkin' | 'name' | 'instance' | 'parent' | 'root' | 'depth'>;

/** What each child is made with, wherever it lives. Throws `SpawnRefused` where there may be none. */
export function lineageOf({ core, session }: Pod, child: PodRef): Lineage {
  if (core.live.mode === 'stopping')
    throw new SpawnRefused('This pod is stopping; it starts nothing any more.');
  const { depth: depthMax } = core.limits;
  if (session.depth + 1 > depthMax)
    throw new SpawnRefused(
      `The tree may be ${depthMax} levels deep below its root, and this pod is on level ${session.depth}. Do the work yourself.`,
    );
  return {
    schema: schemaVersion,
    podkin: version,
    ...child,
    parent: { name: session.name, instance: session.instance },
    root: session.root,
    depth: session.depth + 1,
  };
}

/**
 * Asked behind the making of the new pod's folder, which everybody counts: pods that spawn at the same moment
 * may all be refused, and never pass the limit together.
 */
async function refuseOverTree(pod: Pod): Promise<void> {
  const { limits } = pod.core;
  const folders = pod.host.home.folders();
  // A tree has no more pods than its home has folders. Asking the lock of each makes every spawn dearer than
  // the one before.
  if (folders.length - 1 < limits.pods) return;
  const others = (await podsOfTree(pod, folders)) - 1;
  if (others < limits.pods) return;
  throw new SpawnRefused(
    `The tree has ${others} live pods, which is the limit. Do the work yourself or wait for reports.`,
  );
}

/** Of these pods, those of this tree that live or are being made. */
async function podsOfTree(pod: Pod, folders: readonly PodFolder[]): Promise<number> {
  const { root } = pod.session;
  let live = 0;
  for (const folder of folders) {
    const spec = readableSpec(pod, folder);
    if (spec?.root.instance !== root.instance) continue;
    // A log is made under the lock: one that has none yet is being started.
    const isNew = !pod.host.home.hasLog(folder);
    // Its lock is on another machine: it lives while its last word is not here.
    const isElsewhere = hostOf(spec) !== null && closingTotals(folder.log, pod.host.logs) === null;
    const state = await pod.host.locks
      .probe({ instance: spec.instance, folder: folder.path })
      .catch(() => 'free');
    if (isNew || isElsewhere || state === 'held') live += 1;
  }
  return live;
}

/** A neighbour's damaged folder keeps nobody from spawning; doctor names it. */
function readableSpec(pod: Pod, folder: PodFolder): PodSpec | null {
  try {
    return pod.host.home.spec(folder);
  } catch {
    return null;
  }
}

export async function reserve(
  pod: Pod,
  spec: PodSpec,
  asked: { request: SpawnRequest; context: ToolContext; planned: PlannedWorktree | null },
): Promise<{ folder: PodFolder; scope: PathScope }> {
  const child = { name: spec.name, instance: spec.instance };
  let made: ReturnType<Pod['host']['home']['create']>;
  try {
    made = pod.host.home.create(spec);
  } catch (error) {
    if (error instanceof NameTaken)
      throw new SpawnRefused(`There is a pod "${spec.name}" already; choose another name.`);
    throw error;
  }
  const own = asked.planned?.own ?? [];
  const host = hostOf(spec);
  const isToWait = asked.request.wait === true && spec.scope.write.some((path) => !own.includes(path));
  const reserved: EntryBody = {
    type: 'child',
    child,
    state: 'reserved',
    tokenHash: hashToken(made.token),
    scope: spec.scope,
    task: asked.request.task,
    call: asked.context.call,
    ...(isToWait ? { isToWait } : {}),
    ...(own.length === 0 ? {} : { own }),
    ...(host === null ? {} : { host }),
  };
  try {
    await refuseOverTree(pod);
    const lent = lentAtSpawn(child, capOf(asked.request));
    const hands = isToWait ? [beginsToWait(child)] : delegation(child, spec.scope);
    await pod.commitDurably([reserved, ...hands, ...lent]);
  } catch (error) {
    pod.host.home.discard(made.folder);
    throw error;
  }
  pod.crash('child.reserved');
  return { folder: made.folder, scope: spec.scope };
}
