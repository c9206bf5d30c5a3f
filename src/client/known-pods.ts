/** A tree that has a past: how far each of its logs is, before it is watched. */
import type { FoundPod } from './find-pod.ts';
import { HomeIndex } from './home-index.ts';
import type { KnownPod } from './tree-watch.ts';

/** The root first. What the logs hold by now is no news. */
export async function knownPods(root: FoundPod): Promise<KnownPod[]> {
  const index = new HomeIndex(root.home);
  const known: KnownPod[] = [];
  for (const pod of [root, ...(await index.below(root))]) {
    const { name, instance, spec } = pod;
    const { lastSeq } = await index.factsOf(pod);
    known.push({ name, instance, depth: spec.depth - root.spec.depth, lastSeq });
  }
  return known;
}
