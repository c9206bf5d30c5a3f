/** Waiting that has an end. */
import { deferred } from './deferred.ts';

/** Whether it settles in that time. Rejects as it does. */
export async function within(settling: Promise<unknown>, timeMs: number): Promise<boolean> {
  const late = deferred<false>();
  const timer = setTimeout(() => late.resolve(false), timeMs);
  try {
    return await Promise.race([settling.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
