/** Who below a child is still at work when the child itself has ended. */
import type { Pod } from '../pod.ts';

/** Descendants of a child, as far as scope reports told of them, whose processes live. */
export async function liveBelow(pod: Pod, instance: string): Promise<string[]> {
  const { descendants } = pod.facts;
  const names: string[] = [];
  const above = [instance];
  for (let by = above.pop(); by !== undefined; by = above.pop()) {
    for (const [below, known] of descendants) {
      if (known.by !== by) continue;
      above.push(below);
      const { path } = pod.folderOf({ name: known.name, instance: below });
      const state = await pod.host.locks
        .probe({ instance: below, folder: path })
        .catch(() => 'free' as const);
      if (state === 'held') names.push(known.name);
    }
  }
  return names;
}
