/**
 * What older builds had on the disk while a command ran: empty files and directories that stood in for
 * protected names, noted in leases. Nothing is made here any more; what a killed pod of such a build has left
 * is removed, if it is still empty.
 */
import { existsSync, lstatSync, readFileSync, readdirSync, rmSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { once } from '../../std/once.ts';
import type { Home } from '../../session/home/home.ts';
import { isRunning } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';

const leaseSchema = once(() =>
  z.object({
    pid: z.int(),
    startTime: z.string(),
    bootId: z.string(),
    paths: z.array(z.object({ path: z.string(), as: z.enum(['directory', 'file']) })),
  }),
);
type Lease = z.output<ReturnType<typeof leaseSchema>>;

/** Where the pods of a home noted them. */
export function leftoverLeases(home: Pick<Home, 'state'>): string {
  return join(home.state, 'stand-ins');
}

/**
 * Removes what processes that are gone have left, if it is still empty. Nothing where no such build has run.
 */
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

/**
 * Paths at which an older build's command that runs right now has its stand-ins: for ours nothing is there.
 */
export function heldPaths(folder: string): ReadonlySet<string> {
  return new Set(leasesIn(folder).flatMap(({ lease }) => lease.paths.map(({ path }) => path)));
}

function abandoned(folder: string): { file: string; lease: Lease }[] {
  return leasesIn(folder).filter(({ lease }) => !isRunning(lease));
}

function leasesIn(folder: string): { file: string; lease: Lease }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name);
    const lease = readLease(file);
    return lease === null ? [] : [{ file, lease }];
  });
}

function removeUnheld(folder: string, leftovers: Lease['paths']): void {
  const held = heldPaths(folder);
  for (const leftover of leftovers) {
    if (held.has(leftover.path)) continue;
    try {
      if (leftover.as === 'directory') rmdirSync(leftover.path);
      else if (lstatSync(leftover.path).isFile() && lstatSync(leftover.path).size === 0)
        unlinkSync(leftover.path);
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
