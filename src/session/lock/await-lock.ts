/** A lock that others have for milliseconds, such as that of a small file of the person's, waited for. */
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../std/clock.ts';
import { type HeldLock, type LockOptions, type LockRefused, takeLock } from './lock.ts';

const pollMs = 20;

/** Refused: somebody else has it still, after that time. Throws `LockUnavailable`. */
export async function awaitLock(options: LockOptions, withinMs: number): Promise<HeldLock | LockRefused> {
  const endAtMs = monotonicMs() + withinMs;
  for (;;) {
    const lock = await takeLock(options);
    if (lock.taken || monotonicMs() > endAtMs) return lock;
    await pause(pollMs);
  }
}
