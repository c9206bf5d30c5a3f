/**
 * Waiting for what a test cannot be told of: looked at after every change of a folder and in short steps,
 * never slept for.
 */
import { type FSWatcher, existsSync, statSync, watch } from 'node:fs';
import { type ProcessIdentity, isRunning } from '../../src/std/process-identity.ts';

/**
 * How long a test waits for something that must happen; only a broken promise takes that long. `npm run
 * defects` breaks many.
 */
export const patienceMs = Number(process.env['PODKIN_PATIENCE_MS'] ?? 90_000);

/**
 * The system says nothing about processes that are not our children, so they are looked at until they are
 * gone.
 */
export async function gone(identity: ProcessIdentity): Promise<void> {
  const deadlineAt = performance.now() + patienceMs;
  while (isRunning(identity)) {
    if (performance.now() > deadlineAt) throw new Error(`process ${identity.pid} did not end`);
    await pause(5);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Checks at once, after every change below `folder`, and every 100 ms in case the system drops a change;
 * fails after a patience that only a broken promise uses up.
 */
export async function eventually(
  folder: string,
  holds: () => boolean | Promise<boolean>,
  what: string,
  explain: () => Promise<string> | string = () => '',
): Promise<void> {
  const deadlineAt = performance.now() + patienceMs;
  let wake: () => void = () => undefined;
  let watcher: FSWatcher | null = null;
  try {
    for (;;) {
      if (await holds()) return;
      if (performance.now() > deadlineAt) throw new Error(`waited in vain for: ${what}\n${await explain()}`);
      if (watcher === null && existsSync(folder) && statSync(folder).isDirectory()) {
        watcher = watch(folder, () => wake());
      }
      await Promise.race([pause(100), new Promise<void>((resolve) => (wake = resolve))]);
    }
  } finally {
    watcher?.close();
  }
}
