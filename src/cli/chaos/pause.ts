import { setTimeout as wait } from 'node:timers/promises';

/** Rejects at once with the signal's reason when it is aborted, and keeps nothing alive then. */
export async function pause(forMs: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(forMs, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
