/** What openings of a log have kept beside it, because it could not be read (`log/repair.ts`). */
import { lstatSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { PodFolder } from './home.ts';

export interface Piece {
  /** Of its file, in the pod's folder. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** Sorted by name. */
export function setAsidePieces({ path, log }: PodFolder): Piece[] {
  const beginnings = ['torn-', 'damaged-'].map((kind) => `${basename(log)}.${kind}`);
  return readdirSync(path)
    .filter((name) => beginnings.some((beginning) => name.startsWith(beginning)))
    .sort()
    .map((name) => ({ name, sizeBytes: lstatSync(join(path, name)).size }));
}
