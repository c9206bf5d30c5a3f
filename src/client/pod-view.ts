/**
 * A pod as `ps` and `inspect` show it, whether it lives or not; and all pods of a home, probed together.
 */
import { existsSync, statSync } from 'node:fs';
import type { Result } from '../protocol/methods.ts';
import type { Waiting } from '../protocol/status-result.ts';
import type { Home } from '../session/home/home.ts';
import { hasParentElsewhere } from '../session/home/host-places.ts';
import { isRemoved, podFolder } from '../session/home/home.ts';
import { specIfKnown } from '../session/home/known-spec.ts';
import { placeInTree } from '../session/home/place.ts';
import { allPods, type FoundPod } from './find-pod.ts';
import type { Facts } from '../session/facts/facts.ts';
import { foldLog } from '../session/log/fold-log.ts';
import { within } from '../std/within.ts';
import { hasSetAside } from '../scope/set-aside/set-aside.ts';
import { type ProbedPod, probeInList } from './pod-probe.ts';

export type ShownStatus = 'idle' | 'running' | 'paused' | 'stopping' | 'stopped' | 'dead' | 'unreachable';

export interface PodView {
  name: string;
  /** `root/child/leaf`: its name, and those of the pods above it. */
  path: string;
  instance: string;
  incarnation: number;
  status: ShownStatus;
  /** Its parent's name; null for a root. */
  parent: string | null;
  /** Which pod of that name: another may have it by now. */
  parentInstance: string | null;
  /** Null where nothing runs. */
  pid: number | null;
  model: string;
  permissionMode: string;
  /** Names, in the order in which they were made, of those that were not removed. */
  children: string[];
  /** Received and not read by its model yet. */
  pendingIn: number;
  /** Committed and not acknowledged by its parent yet. */
  pendingOut: number;
  turns: number;
  /** In and out together. */
  tokens: number;
  /** US dollars; null where a price is not known. */
  cost: number | null;
  /** Of the last request, and of what one may hold; null where it does not run, or nobody has counted. */
  context: { readonly tokens: number; readonly window: number } | null;
  /** What it may spend; null where nothing bounds it, or where it has ended under an older build. */
  budget: Result<'status'>['budget'];
  /** Of its newest incarnation; null before the first. */
  startedAt: string | null;
  /** Why a person is needed; null when all is well. */
  attention: string | null;
  /** What it waits for; null where it waits for nothing, or does not answer. */
  waiting: Waiting | null;
}

export interface SeenPod {
  readonly pod: FoundPod;
  readonly probed: ProbedPod;
  readonly view: PodView;
}

type Probed = Pick<SeenPod, 'pod' | 'probed'>;

const liveStatuses: ReadonlySet<ShownStatus> = new Set([
  'idle',
  'running',
  'paused',
  'stopping',
  'unreachable',
]);

export function isLive(view: Pick<PodView, 'status'>): boolean {
  return liveStatuses.has(view.status);
}

/** What `ps` shows without `-a`: what runs, what died, and what still has something to deliver. */
export function matters(view: PodView): boolean {
  return isLive(view) || view.status === 'dead' || view.pendingOut > 0;
}

const probesAtOnce = 32;
/** One that answers later than this lets the next one begin: a frozen pod keeps nobody waiting. */
const lateMs = 100;
/** So many of those at most; then the next ones wait for an answer. */
const lateMax = 256;
/** What has answered by then is handed over before the rest. */
const someMs = 250;

/** Every pod of the home, in the order of names. Never fails because one vanishes meanwhile. */
export async function viewHome(home: Home): Promise<SeenPod[]> {
  return await viewPods(home, allPods(home));
}

/**
 * Some pods of a home. `known`: others of it as they were seen before, which are not probed again. `onSome`:
 * those that have answered while others let wait, each with those above it; called once at most, before this
 * fulfils.
 */
export async function viewPods(
  home: Home,
  pods: readonly FoundPod[],
  known: readonly SeenPod[] = [],
  onSome?: (seen: readonly SeenPod[]) => Promise<void>,
): Promise<SeenPod[]> {
  const answered: Probed[] = [];
  const probing = probeAll(pods, (one) => answered.push(one));
  if (onSome !== undefined && !(await within(probing, someMs)))
    await onSome(await viewsOf(home, withThoseAbove(answered, known), known));
  return await viewsOf(home, await probing, known);
}

/** Without its parent a pod would be shown as an orphan. */
function withThoseAbove(probed: readonly Probed[], known: readonly SeenPod[]): readonly Probed[] {
  const parents = new Map(
    [...probed, ...known].map(({ pod }) => [pod.instance, pod.spec.parent?.instance ?? null]),
  );
  const isWhole = (instance: string | null, depth: number): boolean =>
    instance === null ||
    (depth < parents.size + 1 && parents.has(instance) && isWhole(parents.get(instance) ?? null, depth + 1));
  return probed.filter(({ pod }) => isWhole(pod.instance, 0));
}

async function viewsOf(home: Home, seen: readonly Probed[], known: readonly SeenPod[]): Promise<SeenPod[]> {
  const probed = seen.map((one) => ({ ...one, view: viewOf(one.pod, one.probed) }));
  const views = [...probed, ...known];
  const received = receivedIn(views);
  for (const one of probed) {
    await forgetReceived(one, received);
    const { attention } = one.view;
    // A pod alone cannot tell a parent that is down from one that is gone for good.
    if (attention === null || attention === 'parentDown') {
      one.view.attention = trouble(home, one, views) ?? attention;
    }
    if (one.view.attention === null && isLive(one.view) && isGone(one.pod.spec.cwd)) {
      one.view.attention = 'folderGone';
    }
  }
  return probed;
}

/** No such folder; one that may not be looked at is there. */
function isGone(folder: string): boolean {
  try {
    return statSync(folder, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** So many at once, none of which waits for another: a busy pod answers late. In the order given. */
async function probeAll(
  pods: readonly FoundPod[],
  onProbed: (one: Probed) => void = () => undefined,
): Promise<Probed[]> {
  const seen: (Probed | null)[] = [];
  const open = new Set<Promise<void>>();
  const left = pods.entries();
  const probe = async (i: number, pod: FoundPod): Promise<void> => {
    const one = await probeOne(pod);
    seen[i] = one;
    if (one !== null) onProbed(one);
  };
  const probeNext = async (): Promise<void> => {
    for (const [i, pod] of left) {
      const probing = probe(i, pod).finally(() => open.delete(probing));
      open.add(probing);
      if (open.size > lateMax) await probing;
      else await within(probing, lateMs);
    }
  };
  await Promise.all(Array.from({ length: probesAtOnce }, probeNext));
  await Promise.all(open);
  return seen.filter((one) => one !== null);
}

async function probeOne(pod: FoundPod): Promise<Probed | null> {
  try {
    return { pod, probed: await probeInList(pod) };
  } catch {
    return null;
  }
}

/** A dead pod's log does not know what its parent has read from it since: the parent's log does. */
async function forgetReceived({ pod, probed, view }: SeenPod, received: Received): Promise<void> {
  if (probed.kind === 'live' || view.pendingOut === 0) return;
  const through = await received(pod);
  view.pendingOut = probed.totals.pendingOut.filter((seq) => seq > through).length;
}

/** The highest event of a pod that its parent holds; 0 where there is no parent, or none that can be read. */
type Received = (pod: FoundPod) => Promise<number>;

/** Many children may wait for one parent with a long past: its log is folded once a view. */
function receivedIn(all: readonly SeenPod[]): Received {
  const folded = new Map<string, Promise<Facts | null>>();
  return async ({ instance, spec }) => {
    const above = all.find((other) => other.pod.instance === spec.parent?.instance);
    if (above === undefined) return 0;
    const { folder, instance: parent } = above.pod;
    const folding = folded.get(parent) ?? foldLog(folder.log).catch(() => null);
    folded.set(parent, folding);
    return (await folding)?.children.get(instance)?.received ?? 0;
  };
}

/** `attention` here is only what the pod itself says. */
function viewOf(pod: FoundPod, probed: ProbedPod): PodView {
  const { name, instance, spec } = pod;
  const parent = spec.parent?.name ?? null;
  const parentInstance = spec.parent?.instance ?? null;
  if (probed.kind === 'live') {
    const { status } = probed;
    return {
      name,
      path: pod.path,
      instance,
      incarnation: status.incarnation,
      status: status.status,
      parent,
      parentInstance,
      pid: status.pid,
      model: status.model,
      permissionMode: status.permissionMode ?? pod.spec.permissionMode,
      children: stillThere(
        pod,
        status.children.map((child) => child.name),
      ),
      pendingIn: status.pending.received + status.pending.unseen,
      pendingOut: status.pending.outgoing,
      turns: status.turns,
      tokens: status.usage.inputTokens + status.usage.outputTokens,
      cost: status.usage.cost,
      context: status.context,
      budget: status.budget,
      startedAt: status.startedAt,
      attention: status.attention,
      waiting: status.waiting,
    };
  }
  const { incarnation, started, children, pendingIn, pendingOut, turns, tokens, cost } = probed.totals;
  return {
    name,
    path: pod.path,
    instance,
    incarnation,
    status: statusOf(probed),
    parent,
    parentInstance,
    pid: probed.kind === 'silent' ? (started?.pid ?? null) : null,
    model: probed.totals.model ?? spec.model,
    permissionMode: probed.totals.permissionMode ?? spec.permissionMode,
    children: stillThere(pod, children),
    pendingIn,
    pendingOut: pendingOut.length,
    turns,
    tokens,
    cost,
    context: null,
    budget: probed.totals.budget ?? null,
    startedAt: started?.time ?? null,
    attention: attentionOf(pod, probed),
    waiting: null,
  };
}

/** A parent may not have heard yet whom a person has removed. */
function stillThere({ home, spec }: FoundPod, children: readonly string[]): string[] {
  const { instance: root } = spec.root;
  return children.filter(
    (name) =>
      existsSync(podFolder(home, placeInTree(root, name)).path) ||
      specIfKnown(podFolder(home, name))?.root.instance === root,
  );
}

function attentionOf(pod: FoundPod, probed: ProbedPod): string | null {
  if (probed.kind === 'unreadable') return 'logUnreadable';
  if (probed.kind === 'silent' && probed.elsewhere) return 'elsewhere';
  return hasSetAside(pod.folder.outputs) ? 'setAside' : null;
}

function statusOf(probed: Exclude<ProbedPod, { kind: 'live' }>): ShownStatus {
  const { kind, totals } = probed;
  if (kind === 'unreadable') return probed.isHeld ? 'unreachable' : 'dead';
  if (kind === 'silent') return totals.stopped ? 'stopping' : 'unreachable';
  return totals.stopped ? 'stopped' : 'dead';
}

/** What only both ends together show. */
function trouble(home: Home, one: SeenPod, all: readonly SeenPod[]): string | null {
  const parent = one.pod.spec.parent;
  if (parent === null) return null;
  const concerns = isLive(one.view) || one.view.pendingOut > 0;
  if (!concerns) return null;
  if (isRemoved(home, parent.instance)) return 'orphan';
  const above = all.find((other) => other.pod.instance === parent.instance);
  // Neither is of a parent on another machine.
  if (above === undefined && hasParentElsewhere(one.pod.spec)) return null;
  // Neither folder nor tombstone: there is nothing to restore.
  if (above === undefined) return 'parentGone';
  return isLive(above.view) ? null : 'parentDown';
}
