/**
 * A cut connection of ssh leaves the socket file behind that it listened at, and the next one cannot take its
 * place: it is taken away first. Never a socket of a pod of this home.
 */
import { lstatSync, rmSync } from 'node:fs';
import { WireError } from '../protocol/errors.ts';
import { socketPath } from '../transport/address.ts';
import { allPods } from '../client/find-pod.ts';
import type { Home } from '../session/home/places.ts';

/** The place where pods of this home look for that parent. */
export function parentSocket(home: Home, parent: string, { clears }: { clears: boolean }): string {
  const path = socketPath(home.runtime, parent);
  if (allPods(home).some(({ instance }) => instance === parent))
    throw new WireError('forbidden', 'That parent is in the home of this host itself; spawn without a host.');
  if (clears && lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true)
    rmSync(path, { force: true });
  return path;
}
