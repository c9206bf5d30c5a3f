/**
 * A bound on waiting for others. Whoever was busy itself has heard nothing meanwhile: what has come by then
 * is taken first.
 */
import type { Clock } from './clock.ts';

/** Later than this a timer is late because the process had no time for it. */
const lateMs = 100;
/** To take in what has come. */
const graceMs = 2_000;

/** As `Clock.after`, for giving up. */
export function afterWaiting(
  clock: Pick<Clock, 'now' | 'after'>,
  delayMs: number,
  giveUp: () => void,
): () => void {
  let dueMs = clock.now() + delayMs;
  let end = clock.after(delayMs, probe);
  function probe(): void {
    const now = clock.now();
    if (now - dueMs <= lateMs) return giveUp();
    dueMs = now + graceMs;
    end = clock.after(graceMs, probe);
  }
  return () => end();
}
