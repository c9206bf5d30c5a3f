/** From a name on the command line to a pod of this home. */
import type { Home, PodFolder, PodSpec } from '../../session/home/home.ts';
import { podFolder, podNames } from '../../session/home/home.ts';
import { knownSpec } from '../../session/home/known-spec.ts';
import { podSocket } from '../../session/home/pod-address.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { nearest } from '../format/nearest.ts';
import { oneLine } from '../format/printable.ts';

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
  const folder = podFolder(home, name);
  const spec = knownSpec(folder);
  if (spec === null) return null;
  return {
    home,
    name,
    instance: spec.instance,
    spec,
    folder,
    // Asked each time: it is another after a restore, and most pods of a list are never spoken to.
    get socket() {
      return podSocket(home, { name, instance: spec.instance });
    },
  };
}

/** Throws `CommandFailed` (no such pod), with the nearest name where one is near. */
export function findPod(home: Home, name: string): FoundPod {
  // A name with a slash in it would be a path elsewhere.
  const found = /^[a-z0-9-]+$/.test(name) ? lookUp(home, name) : null;
  if (found !== null) return found;
  throw new CommandFailed(exitStatus.noSuchPod, noSuchPod(name, podNames(home)));
}

/** The sentence for a name that no pod has. */
export function noSuchPod(name: string, names: readonly string[]): string {
  const shown = oneLine(name, 63);
  if (names.length === 0) {
    return `there is no pod "${shown}", and no other in this home: begin with "podkin run" or "podkin demo"`;
  }
  if (names.includes(name))
    return `of the pod "${shown}" only a folder is left: "podkin doctor" says what to do with it`;
  const near = nearest(name, names);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  return `there is no pod "${shown}"${hint === '' ? ': "podkin ps -a" lists them all' : hint}`;
}

/** Every pod of the home that can be read; a damaged folder is passed over (doctor tells). */
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
