/**
 * Clones whose pods are gone: `rm -f` keeps one that holds what is nowhere else. Beside it stays whose it
 * was, so that it can be judged again; without that (an older podkin, a full disk) it is only named.
 */
import { rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Home, PodSpec } from '../session/home/home.ts';
import { worktreesFolder } from '../session/home/places.ts';
import { demandsOf } from '../session/settings/demands.ts';
import { writeFileAtomic } from '../std/atomic-write.ts';
import { isJsonObject, jsonIn } from '../std/json.ts';
import { namesIn } from '../std/names-in.ts';
import { readRegular } from '../std/open-regular.ts';
import type { CloneOwner } from './kept-clone.ts';

export interface LeftClone {
  readonly holder: string;
  /** Null where that is not known. */
  readonly owner: CloneOwner | null;
}

const noteName = 'owner.json';
const noteBytesMax = 1024 * 1024;
/** One that nobody has noted may be in the making, before its pod is there. */
const unnotedAgeMs = 60 * 60 * 1000;
const removedPrefix = '.removed-';

/** Behind it the pod's folder may go. Outside of the clone itself, where its pod could not write. */
export function noteLeftClone({ name, instance, settings }: PodSpec): void {
  const { worktree } = demandsOf(settings);
  if (worktree === null) return;
  try {
    writeFileAtomic(join(worktree.holder, noteName), JSON.stringify({ name, instance, settings }), 0o600);
  } catch {
    // Without room, or right now gone: it is found all the same, and only named.
  }
}

/**
 * `pods`: all that the home has. Empty where there is no folder of clones. Throws where it cannot be
 * listed.
 */
export function leftClones(home: Home, pods: readonly { readonly spec: PodSpec }[]): LeftClone[] {
  const folder = worktreesFolder(home);
  const used = new Set(pods.map(({ spec }) => basename(demandsOf(spec.settings).worktree?.holder ?? '')));
  return namesIn(folder)
    .filter((name) => !name.startsWith('.') && !used.has(name))
    .map((name): LeftClone => {
      const holder = join(folder, name);
      return { holder, owner: noted(holder) };
    })
    .filter(({ holder, owner }) => owner !== null || ageMs(holder) > unnotedAgeMs);
}

/** What a removal that was cut has left is no clone any more. Throws the file system's error. */
export function removeCutRemovals(home: Home): void {
  const folder = worktreesFolder(home);
  for (const name of namesIn(folder).filter((one) => one.startsWith(removedPrefix)))
    rmSync(join(folder, name), { recursive: true, force: true });
}

function noted(holder: string): CloneOwner | null {
  try {
    const value = jsonIn(readRegular(join(holder, noteName), noteBytesMax));
    if (!isJsonObject(value)) return null;
    const { name, instance, settings } = value;
    if (typeof name !== 'string' || typeof instance !== 'string' || !isJsonObject(settings)) return null;
    const { worktree } = demandsOf(settings);
    return basename(worktree?.holder ?? '') === basename(holder) ? { name, instance, settings } : null;
  } catch {
    return null;
  }
}

function ageMs(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}
