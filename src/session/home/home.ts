/**
 * What a home keeps: one folder a pod under `state/pods` (its name is in `place.ts`), its socket under
 * `run/`, tombstones of removed pods. Where a home is, `places.ts` says.
 */
import { thrownText } from '../../std/thrown-text.ts';
import { systemCode } from '../../std/system-code.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, sep } from 'node:path';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { createFolder } from '../log/open-log.ts';
import { isOutOfPlace, readRegular } from '../../std/open-regular.ts';
import { logLineBytesMax } from '../log/line.ts';
import { isPlaceOf, nameAt } from './place.ts';
import type { Home } from './places.ts';
import {
  MisplacedPod,
  type PodSpec,
  type Tombstone,
  badSpec,
  parseSpec,
  parseTombstone,
} from './pod-file.ts';
import { PodkinError } from '../../std/podkin-error.ts';

export type { PodSpec, Tombstone } from './pod-file.ts';
export { type Home, homeOf } from './places.ts';

/** A pod's own folder and what is in it. */
export interface PodFolder {
  readonly path: string;
  readonly log: string;
  /** The session entry before there is a log: what the first start writes. */
  readonly spec: string;
  /** 0600; known to the pod and its parent. */
  readonly token: string;
  readonly stderr: string;
  readonly outputs: string;
  /** What the session was shown, each named by its content. */
  readonly images: string;
  readonly scriptUses: string;
  /**
   * Where its newest incarnation listens (`pod-address.ts`). Written once its start is on disk, so its being
   * there tells of a log that has begun.
   */
  readonly address: string;
}

/** The folder at a place (`place.ts`); `folderOf` in `pod-place.ts` has that of a pod. */
export function podFolder(home: Home, place: string): PodFolder {
  return folderAt(join(home.state, 'pods', place));
}

export function folderAt(path: string): PodFolder {
  // A parent asks for these again and again: one path is put together, the rest stand in it.
  const inside = join(path, sep);
  return {
    path,
    log: `${inside}session.jsonl`,
    spec: `${inside}pod.json`,
    token: `${inside}link-token`,
    stderr: `${inside}stderr.log`,
    outputs: `${inside}outputs`,
    images: `${inside}images`,
    scriptUses: `${inside}script-uses.json`,
    address: `${inside}address.json`,
  };
}

/**
 * Null where there is no such pod. Throws `BadPodFile` where its file is not what podkin writes,
 * `MisplacedPod` where it is another pod's, or the file system's error.
 */
export function readSpec(folder: PodFolder): PodSpec | null {
  try {
    const spec = parseSpec(folder.spec, readRegular(folder.spec, logLineBytesMax));
    if (!isPlaceOf(spec, basename(folder.path))) throw new MisplacedPod(folder.spec, spec);
    return spec;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (isOutOfPlace(error)) throw badSpec(folder.spec, thrownText(error));
    throw error;
  }
}

/** Something else is in the place of the folder of the pods, or it may not be read. */
export class PodsNotListed extends PodkinError {
  readonly found: string;

  constructor(path: string, why: string) {
    const found = `the pods of this home cannot be listed: ${path} ${why}`;
    super(`${found}; ${PodsNotListed.advice}`);
    this.name = 'PodsNotListed';
    this.found = found;
  }

  static readonly advice =
    'make it a folder that belongs to you and that you may read, or set PODKIN_HOME to another home';
}

const outOfPlace: ReadonlyMap<string, string> = new Map([
  ['ENOTDIR', 'is no folder'],
  ['ELOOP', 'is a link that leads nowhere'],
  ['EACCES', 'may not be read (EACCES)'],
  ['EPERM', 'may not be read (EPERM)'],
]);

/** Where pods of this home are, sorted by name. Throws `PodsNotListed`, or the file system's error. */
export function podPlaces(home: Home): string[] {
  const pods = join(home.state, 'pods');
  try {
    return readdirSync(pods)
      .filter((place) => !place.startsWith('.'))
      .sort((one, other) => compare(nameAt(one), nameAt(other)) || compare(one, other));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    const why = outOfPlace.get(systemCode(error) ?? '');
    throw why === undefined ? error : new PodsNotListed(pods, why);
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function readToken(folder: PodFolder): string {
  return readFileSync(folder.token, 'utf8').trim();
}

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** In constant time. */
export function tokenFits(token: string, tokenHash: string): boolean {
  const a = Buffer.from(hashToken(token));
  const b = Buffer.from(tokenHash);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** It names each child: some hundred thousand. */
export const tombstoneBytesMax = 64 * 1024 * 1024;

function tombstonePath(home: Home, instance: string): string {
  return join(home.state, 'removed', `${instance}.json`);
}

export function writeTombstone(home: Home, tombstone: Tombstone): void {
  createFolder(join(home.state, 'removed'));
  writeFileAtomic(tombstonePath(home, tombstone.instance), `${JSON.stringify(tombstone)}\n`, 0o600);
}

export function isRemoved(home: Home, instance: string): boolean {
  return existsSync(tombstonePath(home, instance));
}

/** Null where there is none, or none that can be read. */
export function readTombstone(home: Home, instance: string): Tombstone | null {
  const path = tombstonePath(home, instance);
  try {
    return parseTombstone(path, readRegular(path, tombstoneBytesMax));
  } catch {
    return null;
  }
}

/** `onDamaged`: told of each that is not what podkin wrote; the others are there all the same. */
export function readTombstones(
  home: Home,
  onDamaged: (path: string, why: string) => void = () => undefined,
): Tombstone[] {
  const folder = join(home.state, 'removed');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => {
      const path = join(folder, name);
      try {
        return [parseTombstone(path, readRegular(path, tombstoneBytesMax))];
      } catch (error) {
        // Another command has removed it meanwhile.
        if (systemCode(error) !== 'ENOENT') onDamaged(path, thrownText(error));
        return [];
      }
    });
}

/** An empty folder tells of no pod; one is made, and removed, under another name. */
export function holdsLeftovers(path: string): boolean {
  try {
    return readdirSync(path).length > 0;
  } catch {
    return false;
  }
}
