/**
 * The name of a pod's folder, its place in `state/pods`. A root's is the root's name; below a root it begins
 * with what is its tree's alone, so that two trees may have children of one name. A child of an older build
 * has its place among the roots, and keeps it.
 */
import { lastDigits } from '../../protocol/socket-name.ts';
import type { PodRef } from '../facts/entries.ts';

interface Member {
  readonly name: string;
  readonly parent: PodRef | null;
  readonly root: PodRef;
}

/** Where a pod is made. */
export function placeOf({ name, parent, root }: Member): string {
  return parent === null ? name : placeInTree(root.instance, name);
}

/** `root`: the instance of the tree's root. */
export function placeInTree(root: string, name: string): string {
  return `${lastDigits(root)}.${name}`;
}

/** Whether the pod may be there; false for a folder that was renamed or copied by hand. */
export function isPlaceOf(pod: Member, place: string): boolean {
  return place === pod.name || place === placeOf(pod);
}

/** The name of the pod whose place it is. */
export function nameAt(place: string): string {
  return place.slice(place.lastIndexOf('.') + 1);
}

const pattern = /^(?:[0-9a-f]{16}\.)?[a-z0-9][a-z0-9-]{0,62}$/;

/** False for what would be a path elsewhere. */
export function isPlace(text: string): boolean {
  return pattern.test(text);
}
