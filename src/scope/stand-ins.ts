/**
 * Empty files and directories that stand in, for the time of a command, for protected paths that do not exist yet: only what exists can be mounted
 * over. They are noted on disk before they are made, so that a pod that dies leaves nothing behind for ever, and removed by the last command that
 * holds them, if they are still empty.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { once } from '../std/once.ts';
import type { Home } from '../session/home.ts';
import { isAlive, ownIdentity } from '../std/process-identity.ts';
import { systemCode } from '../std/system-code.ts';
import type { MountPlan } from './sandbox-mounts.ts';

const leaseSchema = once(() =>
  z.object({
    pid: z.int(),
    startTime: z.string(),
    bootId: z.string(),
    paths: z.array(z.object({ path: z.string(), as: z.enum(['directory', 'file']) })),
  }),
);
type Lease = z.output<ReturnType<typeof leaseSchema>>;
type StandIn = MountPlan['standIns'][number];

/**
 * Makes them; the answer removes what nobody else holds. `folder` is where leases are kept, one for all pods of a home. Throws the file system's
 * error when one can not be made: then nothing protects its path, and the command must not start.
 */
export function holdStandIns(folder: string, standIns: readonly StandIn[]): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeAbandoned(folder);
  if (standIns.length === 0) return () => undefined;
  const lease = join(folder, `${randomUUID()}.json`);
  writeFileSync(lease, JSON.stringify({ ...ownIdentity(), paths: standIns }), { mode: 0o600 });
  const release = (): void => {
    rmSync(lease, { force: true });
    removeUnheld(folder, standIns);
  };
  try {
    for (const standIn of standIns) make(standIn);
  } catch (error) {
    release();
    throw error;
  }
  return release;
}

/** Paths that other commands hold right now: they are to be held again, as if nothing were there. */
export function heldPaths(folder: string): ReadonlySet<string> {
  const leases = existsSync(folder) ? readdirSync(folder).map((name) => readLease(join(folder, name))) : [];
  return new Set(leases.flatMap((lease) => lease?.paths.map(({ path }) => path) ?? []));
}

/** Somebody else's command may have made the same one already. */
function make({ path, as }: StandIn): void {
  try {
    if (as === 'directory') mkdirSync(path, { mode: 0o755 });
    else closeSync(openSync(path, 'wx', 0o644));
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

/** Where the pods of a home note them. */
export function standInLeases(home: Home): string {
  return join(home.state, 'stand-ins');
}

/** Removes what processes that are gone have left, if it is still empty. Nothing where no command has run yet. */
export function removeAbandoned(folder: string): void {
  for (const { file, lease } of abandoned(folder)) {
    rmSync(file, { force: true });
    removeUnheld(folder, lease.paths);
  }
}

/** What is on the disk of those that are gone: for a person. */
export function abandonedPaths(folder: string): string[] {
  const paths = abandoned(folder).flatMap(({ lease }) => lease.paths.map(({ path }) => path));
  return [...new Set(paths)].filter((path) => existsSync(path));
}

function abandoned(folder: string): { file: string; lease: Lease }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name);
    const lease = readLease(file);
    return lease === null || isAlive(lease) === 'alive' ? [] : [{ file, lease }];
  });
}

/** Between the look at the leases and the removal there is no pause of ours; a command that begins then needs longer to mount than this to remove. */
function removeUnheld(folder: string, standIns: readonly StandIn[]): void {
  const held = heldPaths(folder);
  for (const standIn of standIns) {
    if (held.has(standIn.path)) continue;
    try {
      if (standIn.as === 'directory') rmdirSync(standIn.path);
      else if (lstatSync(standIn.path).isFile() && lstatSync(standIn.path).size === 0)
        unlinkSync(standIn.path);
    } catch (error) {
      // Gone, filled meanwhile by somebody who may, or not ours to remove: it stays as it is.
      if (systemCode(error) === undefined) throw error;
    }
  }
}

function readLease(path: string): Lease | null {
  try {
    return leaseSchema().parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
