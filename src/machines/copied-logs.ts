/** Before logs are judged: the copies of those that lie on other machines are made as new as they can be. */
import { allPods, type FoundPod } from '../client/find-pod.ts';
import { nodeOthers } from '../pod/elsewhere/node-others.ts';
import { hostOf } from '../session/home/host-places.ts';
import type { Home } from '../session/home/places.ts';
import { thrownText } from '../std/thrown-text.ts';

export interface NotChecked {
  readonly pod: string;
  readonly host: string;
  readonly why: string;
}

/** Those of which not all is here. Never rejects. */
export async function bringCopies(home: Home): Promise<NotChecked[]> {
  const others = nodeOthers(home);
  const missing: NotChecked[] = [];
  for (const { name, instance, spec, folder, label } of podsIfListed(home)) {
    const host = hostOf(spec);
    // One that has ended may have been started again since.
    if (host === null) continue;
    try {
      await others.bringLog(host, { name, instance, root: spec.root.instance, folder });
    } catch (error) {
      missing.push({ pod: label, host, why: thrownText(error) });
    }
  }
  return missing;
}

/** That they cannot be listed is said by whoever reads them. */
function podsIfListed(home: Home): FoundPod[] {
  try {
    return allPods(home);
  } catch {
    return [];
  }
}
