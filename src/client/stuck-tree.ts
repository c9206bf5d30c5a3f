/**
 * Whether a tree goes on by itself: nothing of it works any more where it has spent what it may, and where
 * pods wait for paths that idle pods of the same tree hold. Then only a person helps.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { StatusResult } from '../protocol/status-result.ts';
import type { Home } from '../session/home/home.ts';
import type { TreePlace } from '../session/home/pod-place.ts';
import { boundReached, statusOf } from './budget-bound.ts';
import { gone } from './settled-tree.ts';

/** `status`: the root's. In words; null where something goes on, or may. */
export async function whyNothingGoesOn(home: Home, status: StatusResult): Promise<string | null> {
  return (await boundReached(home, status)) ?? (await pathsHeld(home, status));
}

/** An answer may be on its way: what stands still does so twice. */
const confirmMs = 300;

async function pathsHeld(home: Home, status: StatusResult): Promise<string | null> {
  const tree = { home, root: status.instance };
  if ((await heldIn(tree, status)).length === 0) return null;
  await pause(confirmMs);
  const again = await statusOf(tree, status);
  const waits = again === null ? [] : await heldIn(tree, again);
  if (waits.length === 0) return null;
  const texts = waits.map(({ name, reason }) => `${name} waits for ${reason}`);
  return `${texts.join('; ')}; nothing else works, and it begins only when the holder is stopped`;
}

interface PathWait {
  readonly name: string;
  readonly reason: string;
}

/** Empty where a pod works, or where what is waited for is held outside of the tree. */
async function heldIn(tree: TreePlace, root: StatusResult): Promise<readonly PathWait[]> {
  const waits = await waitsBelow(tree, root, new Set([root.instance]));
  return waits?.every(({ reason }) => isOf(root.name, reason)) === true ? waits : [];
}

/** `src, which root/a holds; …`: as the pod that waits says it. */
function isOf(root: string, reason: string): boolean {
  const holders = [...reason.matchAll(/ which (\S+) holds/g)].map(([, path = '']) => path.split('/')[0]);
  return holders.length > 0 && holders.every((name) => name === root);
}

/** Who waits for paths below a pod that waits for its children; null where one of them goes on. */
async function waitsBelow(
  tree: TreePlace,
  { status, waiting, children }: StatusResult,
  seen: Set<string>,
): Promise<PathWait[] | null> {
  if (status !== 'idle' || waiting?.kind !== 'children') return null;
  const live = children.filter((child) => !gone.has(child.status) && !seen.has(child.instance));
  for (const { instance } of live) seen.add(instance);
  const all = await Promise.all(
    live.map(async (child) => {
      const below = await statusOf(tree, child);
      if (below === null) return null;
      if (below.status === 'idle' && below.settled && below.pending.outgoing === 0) return [];
      const { name, waiting: why } = below;
      const isIdle = below.status === 'idle' && below.pending.outgoing === 0;
      if (isIdle && why?.kind === 'scope') return [{ name, reason: why.reason }];
      return await waitsBelow(tree, below, seen);
    }),
  );
  return all.includes(null) ? null : all.flatMap((waits) => waits ?? []);
}
