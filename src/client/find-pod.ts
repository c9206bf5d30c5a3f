/**
 * From what a person calls a pod to the pod: its name, where only one pod has it; its path from the root,
 * `root/child/leaf`; or its instance. A root's name is its whole path, and so always the root's: whoever
 * wrote it into a script has not to fear the names that a model gives to children elsewhere.
 */
import { thrownText } from '../std/thrown-text.ts';
import { statSync } from 'node:fs';
import type { Home, PodFolder, PodSpec } from '../session/home/home.ts';
import { podFolder, podPlaces } from '../session/home/home.ts';
import { knownSpec } from '../session/home/known-spec.ts';
import { isPlace, nameAt } from '../session/home/place.ts';
import { podSocket } from '../session/home/pod-address.ts';
import { pathInHome, type TreePlace } from '../session/home/pod-place.ts';
import { uuidv7Pattern } from '../std/uuid.ts';
import { AmbiguousName, NoSuchPod } from './errors.ts';

export interface FoundPod {
  readonly home: Home;
  readonly name: string;
  readonly instance: string;
  readonly spec: PodSpec;
  readonly folder: PodFolder;
  readonly socket: string;
  /** `root/child/leaf`; a root's is its name. */
  readonly path: string;
  /** What a command takes for it and no other: its name, where other pods have that its path. */
  readonly label: string;
}

/**
 * The pod in a folder of the home. Null where there is none, or none any more: pods may vanish while they are
 * listed. Throws where the folder is damaged.
 */
export function podAt(home: Home, place: string): FoundPod | null {
  if (!isPlace(place)) return null;
  const folder = podFolder(home, place);
  const spec = knownSpec(folder);
  if (spec === null) return null;
  const { name, instance } = spec;
  let path: string | undefined;
  return {
    home,
    name,
    instance,
    spec,
    folder,
    // Worked out each time: it is another after a restore, and most pods of a list are never called.
    get socket() {
      return podSocket(home, { instance, folder });
    },
    get path() {
      return (path ??= pathInHome(home, spec));
    },
    get label() {
      if (spec.parent === null) return name;
      return placesNamed(home, name).length === 1 ? name : this.path;
    },
  };
}

export function treeOf({ home, spec }: Pick<FoundPod, 'home' | 'spec'>): TreePlace {
  return { home, root: spec.root.instance };
}

/** Null where no pod is called that. Throws `AmbiguousName`, or where the folder is damaged. */
export function lookUp(home: Home, called: string): FoundPod | null {
  const found = [...new Set(podsCalled(home, called))];
  const [first = null] = found;
  if (found.length > 1) throw new AmbiguousName(called, waysToCall(found));
  return first;
}

/** Throws `NoSuchPod`, `AmbiguousName`, or where the folder is damaged. */
export function findPod(home: Home, called: string): FoundPod {
  const found = lookUp(home, called);
  if (found === null) throw new NoSuchPod(called, namesFor(home, called));
  return found;
}

/** Each once, however it is called. Throws as `findPod`. */
export function findPods(home: Home, called: readonly string[]): FoundPod[] {
  const found = called.map((one) => findPod(home, one));
  return found.filter(({ instance }, at) => at === found.findIndex((pod) => pod.instance === instance));
}

/** Where a pod of that name, or called by its folder, may be. */
export function placesNamed(home: Home, name: string): string[] {
  return podPlaces(home).filter((place) => place === name || nameAt(place) === name);
}

function podsCalled(home: Home, called: string): FoundPod[] {
  if (called.includes('/')) return podsOnPath(home, called);
  const named = podsNamed(home, called);
  if (named.length > 0 || !uuidv7Pattern.test(called)) return named;
  return allPods(home).filter(({ instance }) => instance === called);
}

function podsNamed(home: Home, name: string): FoundPod[] {
  // Before the list: it is a root's most of the time.
  const atTop = podAt(home, name);
  if (atTop?.spec.parent === null) return [atTop];
  const others = placesNamed(home, name).filter((place) => place !== name);
  const [only, ...more] = others;
  // Of a single one its damage is said, not that there is none.
  if (atTop === null && only !== undefined && more.length === 0) return existing(podAt(home, only));
  return [...existing(atTop), ...readable(home, others)];
}

function podsOnPath(home: Home, path: string): FoundPod[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return readable(home, placesNamed(home, name)).filter((pod) => pod.path === path);
}

/** Each once: two pods of one path, where a root was removed above one of them, have only their instances. */
function waysToCall(found: readonly FoundPod[]): string[] {
  const ways = found.map(({ path, instance }) =>
    found.filter((other) => other.path === path).length === 1 ? path : instance,
  );
  return ways.sort();
}

/** What is nearest to it is among these. */
function namesFor(home: Home, called: string): string[] {
  if (!called.includes('/')) return [...new Set(podPlaces(home).map(nameAt))];
  return allPods(home).map(({ path }) => path);
}

/** Every pod of the home that can be read; a damaged folder is passed over. */
export function allPods(home: Home): FoundPod[] {
  return readable(home, podPlaces(home));
}

/** A folder of which nobody can say which pod it is. */
export interface UnknownFolder {
  readonly place: string;
  readonly why: string;
}

/** As `allPods`, with what that passes over. */
export function podsAndUnknown(home: Home): { pods: FoundPod[]; unknown: UnknownFolder[] } {
  const unknown: UnknownFolder[] = [];
  const pods = readable(home, podPlaces(home), (one) => void unknown.push(one));
  return { pods, unknown };
}

function readable(
  home: Home,
  places: readonly string[],
  onUnknown: (folder: UnknownFolder) => void = () => undefined,
): FoundPod[] {
  return places.flatMap((place) => {
    try {
      const pod = podAt(home, place);
      const { log } = podFolder(home, place);
      if (pod === null && (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0)
        onUnknown({ place, why: 'its pod.json is gone, and its log does not say which pod it is' });
      return existing(pod);
    } catch (error) {
      onUnknown({ place, why: thrownText(error) });
      return [];
    }
  });
}

function existing(pod: FoundPod | null): FoundPod[] {
  return pod === null ? [] : [pod];
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
