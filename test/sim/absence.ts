/** What is away and comes back: the home, a pod that nobody restores for long, the newest part of a log. */
import { decodeLine } from '../../src/session/log/line.ts';
import type { SimFile } from './files.ts';
import type { SimPod } from './pods.ts';
import type { World } from './world.ts';

/** Unmounted, or renamed: nothing is found under its path, and what is open stays open. */
export function homeLeaves(world: World, forMs: number): void {
  world.homeIsAway = true;
  world.wasAway = true;
  world.clock.after(forMs, () => homeReturns(world));
}

export function homeReturns(world: World): void {
  if (!world.homeIsAway) return;
  world.homeIsAway = false;
  for (const pod of world.livingFolders()) world.restoreLater(pod, pod.spec.parent === null ? 0.9 : 0.6);
}

export function leaveForLong(world: World, pod: SimPod, forMs: number): void {
  pod.awayUntilMs = world.clock.nowMs + forMs;
  for (const process of pod.processes) process.die();
  world.restore(pod);
}

/**
 * `share`: how much of what may be lost is kept. Only of a root: a child whose numbers fall behind is refused
 * for good.
 */
export function putBackOldCopy(world: World, pod: SimPod, share: number): void {
  const file = world.files.get(pod.folder.log);
  if (pod.spec.parent !== null || file === undefined) return;
  for (const process of pod.processes) process.die();
  const ends = endsBehindChildren(world, file);
  const size = ends[Math.floor(share * ends.length)];
  if (size !== undefined && size < file.size) {
    world.hit('log.oldCopy');
    file.truncate(size);
    file.syncThrough(size);
    pod.isOldCopy = true;
    world.order.lost(file);
    world.watch.forgetUnwritten(pod);
  }
  world.restoreLater(pod, 0.95);
}

/** Where each append ends behind the last that says which children there are and that they have work. */
function endsBehindChildren(world: World, file: SimFile): number[] {
  const bytes = file.whole();
  const begun = new Set<string>();
  let ends: number[] = [];
  let from = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
    const line = decodeLine(bytes.subarray(from, end));
    from = end + 1;
    if (!line.ok) return [];
    const { entry } = line;
    const begins = entry.type === 'started' && entry.incarnation === 1;
    const isFirstWork = entry.type === 'assignment' && !begun.has(entry.child.instance);
    if (entry.type === 'assignment') begun.add(entry.child.instance);
    const isOfChildren = entry.type === 'child' && ['reserved', 'undone', 'removed'].includes(entry.state);
    const isOfRemoved =
      entry.type === 'podEventReceived' && world.pods.get(entry.from.instance)?.removed === true;
    if (begins || isOfChildren || isFirstWork || isOfRemoved) ends = [];
    if (line.last) ends.push(from);
  }
  return ends;
}
