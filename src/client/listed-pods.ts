/** Pods as `ps` lists them: with what each was asked, what it is at, and what its tree has used. */
import type { Activity } from './pod-activity.ts';
import { activityOf } from './pod-activity.ts';
import { firstTaskOf } from './first-task.ts';
import { hostOf } from '../session/home/host-places.ts';
import type { PodView, SeenPod } from './pod-view.ts';

export interface ListedPod extends PodView {
  /** Its working directory, which is that of its tree. */
  readonly cwd: string;
  /** Another machine that it lives on, by the name that its person gave it; null: this one. */
  readonly host: string | null;
  /** The first line of what it was first asked; empty where it was asked nothing, or that cannot be read. */
  readonly task: string;
  readonly activity: Activity | null;
  /** What it and all below it have used, the ended too. */
  readonly tree: { readonly tokens: number; readonly cost: number | null };
}

/** So many logs are read at once. */
const readsAtOnce = 16;
const taskCharsMax = 500;

/** `all`: every pod of the home, for what trees have used. */
export async function listedPods(shown: readonly SeenPod[], all: readonly SeenPod[]): Promise<ListedPod[]> {
  const listed: ListedPod[] = [];
  const usedBy = treeUsage(all.map(({ view }) => view));
  const left = shown.entries();
  const next = async (): Promise<void> => {
    for (const [at, one] of left) listed[at] = await listedPod(one, usedBy);
  };
  await Promise.all(Array.from({ length: readsAtOnce }, next));
  return listed;
}

async function listedPod({ pod, probed, view }: SeenPod, usedBy: TreeUsage): Promise<ListedPod> {
  const [task, activity] = await Promise.all([firstTaskOf(pod).catch(() => ''), activityOf(pod, probed)]);
  return {
    ...view,
    cwd: pod.spec.cwd,
    host: hostOf(pod.spec),
    task: task.slice(0, taskCharsMax).toWellFormed(),
    activity,
    tree: usedBy(view),
  };
}

type TreeUsage = (view: PodView) => ListedPod['tree'];

function treeUsage(views: readonly PodView[]): TreeUsage {
  const below = new Map<string, PodView[]>();
  for (const view of views) {
    if (view.parentInstance === null) continue;
    const siblings = below.get(view.parentInstance) ?? [];
    siblings.push(view);
    below.set(view.parentInstance, siblings);
  }
  const sum = (view: PodView, seen: Set<string>): ListedPod['tree'] => {
    let { tokens, cost } = view;
    for (const child of below.get(view.instance) ?? []) {
      // Logs that name each other as parents.
      if (seen.has(child.instance)) continue;
      seen.add(child.instance);
      const used = sum(child, seen);
      tokens += used.tokens;
      cost = cost === null || used.cost === null ? null : cost + used.cost;
    }
    return { tokens, cost };
  };
  return (view) => sum(view, new Set([view.instance]));
}
