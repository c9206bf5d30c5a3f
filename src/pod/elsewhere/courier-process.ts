/**
 * The courier of a host: a process of its own that keeps the way there open, one a home and host. Whoever
 * needs the host and finds nobody there starts it; a lock lets one of them stay.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hostPlaces } from '../../session/home/host-places.ts';
import type { Home } from '../../session/home/places.ts';
import { probeLock } from '../../session/lock/lock.ts';
import { startOwnCommand } from '../process/own-command.ts';

const outputBytesMax = 1024 * 1024;

/** For its lock, which is named after an instance. */
export function courierId(name: string): string {
  const digits = createHash('sha256').update(`courier ${name}`).digest('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

export async function isCourierThere(home: Home, name: string): Promise<boolean> {
  const { folder } = hostPlaces(home, name);
  if (!existsSync(folder)) return false;
  return (await probeLock({ instance: courierId(name), folder }).catch(() => 'free')) === 'held';
}

/** Throws what starting a process throws. */
export function startCourier(home: Home, name: string): void {
  const path = join(hostPlaces(home, name).folder, 'courier.log');
  const isLong = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > outputBytesMax;
  startOwnCommand(['host', 'carry', name], { path, appends: !isLong });
}

/**
 * Why the host cannot be reached, as the courier last said it since then; empty where it has said
 * nothing.
 */
export function troubleSince(home: Home, name: string, sinceMs: number): string {
  const { trouble } = hostPlaces(home, name);
  try {
    return statSync(trouble).mtimeMs >= sinceMs ? readFileSync(trouble, 'utf8').trim() : '';
  } catch {
    return '';
  }
}
