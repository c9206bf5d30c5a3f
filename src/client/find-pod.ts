/** From a name to a pod of this home. */
import type { Home, PodFolder, PodSpec } from '../session/home/home.ts';
import { podFolder, podNames } from '../session/home/home.ts';
import { knownSpec } from '../session/home/known-spec.ts';
import { podSocket } from '../session/home/pod-address.ts';
import { NoSuchPod } from './errors.ts';

export interface FoundPod {
  readonly home: Home;
  readonly name: string;
  readonly instance: string;
  readonly spec: PodSpec;
  readonly folder: PodFolder;
  readonly socket: string;
}

/**
 * Null where there is no such pod, or no more: pods may vanish while they are listed. Throws where the folder
 * is damaged.
 */
export function lookUp(home: Home, name: string): FoundPod | null {
  // A name with a slash in it would be a path elsewhere.
  if (!/^[a-z0-9-]+$/.test(name)) return null;
  const folder = podFolder(home, name);
  const spec = knownSpec(folder);
  if (spec === null) return null;
  return {
    home,
    name,
    instance: spec.instance,
    spec,
    folder,
    // Worked out each time: it is another after a restore, and most pods of a list are never called.
    get socket() {
      return podSocket(home, { name, instance: spec.instance });
    },
  };
}

/** Throws `NoSuchPod`, or where the folder is damaged. */
export function findPod(home: Home, name: string): FoundPod {
  const found = lookUp(home, name);
  if (found === null) throw new NoSuchPod(name, podNames(home));
  return found;
}

/** Every pod of the home that can be read; a damaged folder is passed over. */
export function allPods(home: Home): FoundPod[] {
  return podNames(home).flatMap((name) => {
    try {
      const found = lookUp(home, name);
      return found === null ? [] : [found];
    } catch {
      return [];
    }
  });
}

/** The pods below one, by instance, each parent before its children. */
export function descendantsOf(pods: readonly FoundPod[], instance: string): FoundPod[] {
  const below: FoundPod[] = [];
  const from = [instance];
  const seen = new Set(from);
  for (let next = from.shift(); next !== undefined; next = from.shift()) {
    for (const pod of pods) {
      if (pod.spec.parent?.instance !== next || seen.has(pod.instance)) continue;
      seen.add(pod.instance);
      below.push(pod);
      from.push(pod.instance);
    }
  }
  return below;
}
