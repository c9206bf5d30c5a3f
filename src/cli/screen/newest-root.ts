/** What `podkin` alone opens on. */
import { existsSync } from 'node:fs';
import type { FoundPod } from '../../client/find-pod.ts';
import { isPodRunning } from '../../client/pod-probe.ts';

/** A socket may be left of one that has died; no more of them are looked at. */
const askedMax = 8;

/**
 * Instance of the newest root that runs, else of the newest of that directory: both are in the tree. Null:
 * there is none.
 */
export async function newestRoot(pods: readonly FoundPod[], directory: string): Promise<string | null> {
  const roots = pods
    .filter(({ spec }) => spec.parent === null)
    // An instance begins with the time at which it was made.
    .toSorted((one, other) => (one.instance < other.instance ? 1 : -1));
  const listening = roots.filter(({ socket }) => existsSync(socket)).slice(0, askedMax);
  for (const pod of listening) if (await isPodRunning(pod).catch(() => false)) return pod.instance;
  return roots.find(({ spec }) => spec.cwd === directory)?.instance ?? null;
}
