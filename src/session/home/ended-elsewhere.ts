/**
 * What is known here of the end of a pod that lives on another machine: its host has said that it is
 * dead, and the copy of its log that lies here is all of it. Anything else is not known.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { jsonIn } from '../../std/json.ts';
import { isPlain } from '../../std/fast-guards.ts';
import type { PodFolder } from './home.ts';

function pathIn({ path }: PodFolder): string {
  return join(path, 'ended-elsewhere.json');
}

function bytesOf({ log }: PodFolder): number {
  return statSync(log, { throwIfNoEntry: false })?.size ?? 0;
}

/** Throws the file system's error. */
export function noteEndElsewhere(folder: PodFolder): void {
  writeFileAtomic(pathIn(folder), `${JSON.stringify({ bytes: bytesOf(folder) })}\n`, 0o600);
}

/** It has linked again. Throws the file system's error. */
export function forgetEndElsewhere(folder: PodFolder): void {
  rmSync(pathIn(folder), { force: true });
}

export function hasEndedElsewhere(folder: PodFolder): boolean {
  try {
    const value = jsonIn(readFileSync(pathIn(folder), 'utf8')) ?? null;
    return isPlain(value, ['bytes']) && value['bytes'] === bytesOf(folder);
  } catch {
    return false;
  }
}
