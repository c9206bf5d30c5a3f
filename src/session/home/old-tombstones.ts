/**
 * Tombstones that nobody can ask for any more, removed. One that an earlier build wrote does not name its
 * parent, and stays.
 */
import { rmSync } from 'node:fs';
import { namesIn } from '../../std/names-in.ts';
import { readRegular } from '../../std/open-regular.ts';
import { join } from 'node:path';
import { type Home, tombstoneBytesMax } from './home.ts';
import { type Tombstone, parseTombstone } from './pod-file.ts';

/** Whoever still runs with the pod's name in its hands has noticed by then. */
const keptMs = 24 * 60 * 60 * 1_000;

/** As the pods of the home say it of themselves. */
export interface KnownPod {
  readonly instance: string;
  readonly parent: string | null;
}

/** A child asks for its parent's; over a parent's log `verify` and `rm` ask for its children's. */
export function pruneTombstones(home: Home, pods: readonly KnownPod[], nowMs: number): void {
  const folder = join(home.state, 'removed');
  const known = new Set(pods.map(({ instance }) => instance));
  const parents = new Set(pods.map(({ parent }) => parent));
  for (const name of namesIn(folder).filter((one) => one.endsWith('.json'))) {
    const path = join(folder, name);
    const tombstone = read(path);
    if (tombstone?.parent === undefined || parents.has(tombstone.instance)) continue;
    if (tombstone.parent !== null && known.has(tombstone.parent)) continue;
    if (nowMs - Date.parse(tombstone.removedAt) > keptMs) rmSync(path, { force: true });
  }
}

/** Null for one that is gone meanwhile, or is not what podkin wrote. */
function read(path: string): Tombstone | null {
  try {
    return parseTombstone(path, readRegular(path, tombstoneBytesMax));
  } catch {
    return null;
  }
}
