/**
 * How many processes of servers a tree may have: a file for each, which names the pod that holds it and is
 * counted only while exactly that process runs. A server ends with its pod, so a killed pod's are none.
 * Counted under a lock, so that pods which start servers at the same moment never pass the limit together.
 */
import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { createFolder } from '../session/log/open-log.ts';
import { type HeldLock, takeLock } from '../session/lock/lock.ts';
import { monotonicMs } from '../std/clock.ts';
import { jsonIn } from '../std/json.ts';
import { namesIn } from '../std/names-in.ts';
import { ownNamespaces } from '../std/namespaces.ts';
import { once } from '../std/once.ts';
import { readRegular } from '../std/open-regular.ts';
import { isRunning, ownIdentity } from '../std/process-identity.ts';

export const serversOfTreeMax = 64;
const lockWaitMs = 5_000;
const retryAfterMs = 5;
const fileBytesMax = 4_096;

const holderSchema = once(() =>
  z.object({
    pid: z.int(),
    startTime: z.string(),
    bootId: z.string(),
    namespace: z.string().nullable(),
  }),
);

export interface TreePlace {
  /** Podkin's own folder of the home. */
  readonly state: string;
  /** The root's instance. */
  readonly root: string;
}

/**
 * Resolves with what gives the place back. Rejects with an `Error` that says why there is none: what follows
 * the server's name.
 */
export async function takeServerPlace({ state, root }: TreePlace): Promise<() => void> {
  const folder = join(state, 'mcp-running');
  createFolder(folder);
  const lock = await lockOf(folder);
  try {
    const taken = namesIn(folder).filter(
      (name) => isTaken(join(folder, name)) && name.startsWith(`${root}.`),
    );
    if (taken.length >= serversOfTreeMax) throw new Error(noPlace);
    const file = join(folder, `${root}.${randomUUID()}`);
    const holder = { ...ownIdentity(), namespace: ownNamespaces().process };
    writeFileSync(file, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return () => rmSync(file, { force: true });
  } finally {
    await lock.release();
  }
}

const noPlace = `is not started: ${serversOfTreeMax} server processes of this tree are running, which is as many as may. One ends with its pod, or when nobody has called it for ten minutes; try again then`;

async function lockOf(folder: string): Promise<HeldLock> {
  const deadlineAt = monotonicMs() + lockWaitMs;
  for (;;) {
    const lock = await takeLock({ instance: 'mcp-running', folder });
    if (lock.taken) return lock;
    if (monotonicMs() > deadlineAt)
      throw new Error(
        'is not started: other pods of this home were starting servers all the time; try again',
      );
    await pause(retryAfterMs);
  }
}

/** What nobody holds any more is removed; what is another container's is left and not counted. */
function isTaken(file: string): boolean {
  const holder = holderIn(file);
  if (holder !== null && holder.namespace !== ownNamespaces().process) return false;
  if (holder !== null && isRunning(holder)) return true;
  rmSync(file, { force: true, recursive: true });
  return false;
}

function holderIn(file: string): z.output<ReturnType<typeof holderSchema>> | null {
  try {
    return holderSchema().safeParse(jsonIn(readRegular(file, fileBytesMax))).data ?? null;
  } catch {
    return null;
  }
}
