/**
 * Whether a child was removed. That nothing of it is under its name says so only where this pod's own log is
 * in its place, and then at a second look: a home that is moved or unmounted takes all with it and may come
 * back, with reports that a death must not overtake. A tombstone says it at once.
 */
import type { PodRef } from '../../session/facts/entries.ts';
import type { PodFolder } from '../../session/home/home.ts';
import type { Host } from '../host.ts';

export interface Checker {
  readonly host: Pick<Host, 'clock' | 'home'>;
  readonly log: { whereabouts(): 'inPlace' | 'deleted' | 'moved' };
  folderOf(pod: PodRef): PodFolder;
  readonly core: { readonly limits: { readonly deathGraceMs: number } };
}

type Check = (pod: Checker, child: PodRef) => boolean;

/** Its folder is gone, or a namesake's by now. Throws where nothing can be known. */
export function isMissing(pod: Checker, child: PodRef): boolean {
  return pod.host.home.knownSpec(pod.folderOf(child))?.instance !== child.instance;
}

export function hasNoLog(pod: Checker, child: PodRef): boolean {
  return !pod.host.home.hasLog(pod.folderOf(child));
}

/** `isGone` has just been found true, or what it looks at was. Throws as `isGone` does. */
export async function isRemoved(pod: Checker, child: PodRef, isGone: Check): Promise<boolean> {
  if (pod.host.home.isRemoved(child.instance)) return true;
  if (!isHomeHere(pod)) return false;
  await new Promise<void>((resolve) => void pod.host.clock.after(pod.core.limits.deathGraceMs, resolve));
  // The home is asked last: what is missing in it is not missing because of it.
  return isGone(pod, child) && isHomeHere(pod);
}

/** False where this pod's home is moved or unmounted. Throws where nothing can be known. */
export function isHomeHere({ host, log }: Pick<Checker, 'host' | 'log'>): boolean {
  return host.home.isThere() && log.whereabouts() === 'inPlace';
}
