/** What the tests of planned mounts share. */
import { posix } from 'node:path';
import type { Disk, Kind, MountRequest, planMounts } from '../../../src/scope/sandbox/mounts.ts';

/** A disk by its entries; `→` in front of a target makes a link. Directories above an entry are there. */
export function disk(entries: Readonly<Record<string, Kind | `→${string}`>>): Disk {
  const kinds = new Map<string, string>(Object.entries(entries));
  for (const path of Object.keys(entries)) {
    for (let up = posix.dirname(path); up !== '/'; up = posix.dirname(up)) {
      if (!kinds.has(up)) kinds.set(up, 'directory');
    }
  }
  kinds.set('/', 'directory');
  const kind = (path: string): Kind => {
    const found = kinds.get(path) ?? 'missing';
    return found.startsWith('→') ? 'link' : (found as Kind);
  };
  const real = (path: string): string => {
    if (path === '/') return path;
    const found = kinds.get(path);
    if (found?.startsWith('→')) return real(found.slice(1));
    return posix.join(real(posix.dirname(path)), posix.basename(path));
  };
  return {
    kind,
    real,
    target: (path) => kinds.get(path)?.slice(1),
    names: (path) =>
      [...kinds.keys()].filter((one) => posix.dirname(one) === path).map((one) => posix.basename(one)),
  };
}

export function request(over: Partial<MountRequest>): MountRequest {
  return { scope: { read: [], write: [] }, protectedPaths: [], hidden: [], shown: [], tools: [], ...over };
}

export const shownAs = (plan: ReturnType<typeof planMounts>) =>
  Object.fromEntries(plan.mounts.map((mount) => [mount.path, mount.as]));
