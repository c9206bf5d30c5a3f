/**
 * The mark of a tree that goes on by itself after its processes have ended without being asked to: a file in
 * its root's folder, which goes with it.
 *
 * Invariant
 * - KP1 A tree is started again by itself at most three times within ten minutes; then it stays down until a
 *   person says otherwise.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeFileAtomic } from '../../std/atomic-write.ts';
import { once } from '../../std/once.ts';
import { readRegular } from '../../std/open-regular.ts';
import { systemCode } from '../../std/system-code.ts';
import type { PodFolder } from './home.ts';

const keptSchema = once(() =>
  z.object({
    schema: z.literal(1),
    /** When it was started again by itself, in ms since 1970: the last few times. */
    restartsMs: z.array(z.number()),
    /** It was started too often, and stays down. */
    down: z.boolean(),
  }),
);

export type Kept = z.infer<ReturnType<typeof keptSchema>>;

const fileBytesMax = 64 * 1024;
export const restartsMax = 3;
export const restartsWithinMs = 10 * 60_000;

/** Null where it is not marked. What cannot be read is a mark that was never started again. */
export function keptOf(folder: PodFolder): Kept | null {
  try {
    return keptSchema().parse(JSON.parse(readRegular(pathOf(folder), fileBytesMax)));
  } catch (error) {
    const code = systemCode(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : fresh;
  }
}

const fresh: Kept = { schema: 1, restartsMs: [], down: false };

/** Marks it, and forgets how often it was started. Throws the file system's error. */
export function keep(folder: PodFolder): void {
  write(folder, fresh);
}

export function unkeep(folder: PodFolder): void {
  rmSync(pathOf(folder), { force: true });
}

/**
 * Before a start by itself: true where it may be, which is then noted. A clock that was set back makes no
 * restart count for longer than ten minutes.
 */
export function mayRestart(folder: PodFolder, kept: Kept, nowMs: number): boolean {
  if (kept.down) return false;
  const lately = kept.restartsMs.filter((ms) => ms <= nowMs && nowMs - ms < restartsWithinMs);
  const may = lately.length < restartsMax;
  write(folder, may ? { ...kept, restartsMs: [...lately, nowMs] } : { ...kept, down: true });
  return may;
}

function pathOf({ path }: PodFolder): string {
  return join(path, 'kept.json');
}

function write(folder: PodFolder, kept: Kept): void {
  writeFileAtomic(pathOf(folder), `${JSON.stringify(kept)}\n`, 0o600);
}
