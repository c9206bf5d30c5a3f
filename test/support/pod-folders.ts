/** Pods of a home by name, for tests whose home has no two of one name; and by place, for the others. */
import { existsSync } from 'node:fs';
import { type Home, type PodFolder, podFolder, podPlaces } from '../../src/session/home/home.ts';
import { nameAt } from '../../src/session/home/place.ts';

/** Of a pod that is not there, a folder that is not there. */
export function folderNamed(home: Home, name: string): PodFolder {
  const there = podFolder(home, name);
  if (existsSync(there.path)) return there;
  const place = podPlaces(home).find((one) => nameAt(one) === name);
  return place === undefined ? there : podFolder(home, place);
}

/** Sorted. */
export function namesIn(home: Home): string[] {
  return podPlaces(home).map(nameAt);
}
