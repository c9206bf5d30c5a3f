/** One thing that `podkin doctor` looks at, and what all of its checks share. */
import { lstatSync, readdirSync } from 'node:fs';

export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly text: string;
  /** What to do; null where nothing is to be done. */
  readonly fix: string | null;
}

export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text, fix: null };
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A folder younger than this may be in use by somebody who makes or removes a pod right now. */
export const leftoverAgeMs = 60_000;

export function ageOf(path: string): number {
  try {
    return Date.now() - lstatSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
