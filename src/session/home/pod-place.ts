/** From a pod of a tree to its folder, and to its path from the root. */
import { existsSync } from 'node:fs';
import type { PodRef } from '../facts/entries.ts';
import { type PodFolder, podFolder } from './home.ts';
import { knownSpec, specIfKnown } from './known-spec.ts';
import { nameAt, placeInTree } from './place.ts';
import { podSocket } from './pod-address.ts';
import type { PodSpec } from './pod-file.ts';
import type { Home } from './places.ts';

/**
 * `root`: the instance of its tree's root. Of a pod that is gone, the folder where it would be; a namesake
 * may be there by now. Never another tree's, where that can be known.
 */
export function folderOf(home: Home, pod: PodRef, root: string): PodFolder {
  const atTop = podFolder(home, pod.name);
  if (pod.instance === root) return atTop;
  const inTree = podFolder(home, placeInTree(root, pod.name));
  // Almost always nobody has the name beside the roots.
  if (!existsSync(atTop.path)) return inTree;
  const both = [inTree, atTop];
  const said = both.map((folder) => saidOf(folder));
  const known = both.find((_, at) => said[at] === pod.instance);
  return known ?? both.find((_, at) => said[at] === 'unreadable') ?? inTree;
}

/** The instance of the pod that is there; null where none is. */
function saidOf(folder: PodFolder): string | null {
  try {
    return knownSpec(folder)?.instance ?? (existsSync(folder.path) ? 'unreadable' : null);
  } catch {
    return 'unreadable';
  }
}

/** `name`, or `root/child/leaf`. Who is above is asked for; what cannot be known of it is left out. */
export function pathOf(pod: Above & { readonly name: string }, above: (pod: PodRef) => Above | null): string {
  const names = [pod.name];
  const seen = new Set<string>();
  let { parent } = pod;
  while (parent !== null && !seen.has(parent.instance)) {
    names.unshift(parent.name);
    seen.add(parent.instance);
    const next = above(parent);
    if (next === null && parent.instance !== pod.root.instance) names.unshift(pod.root.name);
    parent = next?.parent ?? null;
  }
  return names.join('/');
}

type Above = Pick<PodSpec, 'parent' | 'root'>;

/** As the folders above say it. */
export function pathInHome(home: Home, pod: Above & { readonly name: string }): string {
  return pathOf(pod, (above) => {
    try {
      const spec = knownSpec(folderOf(home, above, pod.root.instance));
      return spec?.instance === above.instance ? spec : null;
    } catch {
      return null;
    }
  });
}

/** One tree of a home. */
export interface TreePlace {
  readonly home: Home;
  /** The instance of its root. */
  readonly root: string;
}

export function socketInTree({ home, root }: TreePlace, { name, instance }: PodRef): string {
  return podSocket(home, { instance, folder: folderOf(home, { name, instance }, root) });
}

/** What to call the pods at these places: by their names, of several with one name by their paths. */
export function labelsOf(home: Home, places: readonly string[]): ReadonlyMap<string, string> {
  const count = new Map<string, number>();
  for (const place of places) count.set(nameAt(place), (count.get(nameAt(place)) ?? 0) + 1);
  const labels = new Map<string, string>();
  const given = new Set<string>();
  for (const place of places) {
    const label = count.get(nameAt(place)) === 1 ? nameAt(place) : pathAt(home, place);
    // Not to be known, or another's too.
    const isOwn = label !== null && !given.has(label);
    labels.set(place, isOwn ? label : place);
    given.add(isOwn ? label : place);
  }
  return labels;
}

function pathAt(home: Home, place: string): string | null {
  const spec = specIfKnown(podFolder(home, place));
  return spec === null ? null : pathInHome(home, spec);
}
