/** Whether processes live, asked of the system once for all that ask within a moment. */
import { monotonicMs } from './clock.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** Within this time a process that was alive is taken to be so: for a claim, the safe error. */
const aliveForMs = 250;
/** Identities that are kept; past it all are asked anew. */
const rememberedMax = 4_096;

/**
 * `ask` with a memory. An identity that has ended never lives again, so that answer is kept; that it lives is
 * kept for `aliveForMs`. `now` is in milliseconds and never goes back.
 */
export function rememberedLiveness(
  ask: (process: ProcessIdentity) => boolean,
  now: () => number = monotonicMs,
): (process: ProcessIdentity) => boolean {
  /** Until when it is taken to live; null: it has ended. */
  const known = new Map<string, number | null>();
  return (process) => {
    const key = `${process.pid} ${process.startTime} ${process.bootId}`;
    const until = known.get(key);
    if (until === null) return false;
    if (until !== undefined && now() < until) return true;
    const alive = ask(process);
    if (known.size >= rememberedMax) known.clear();
    known.set(key, alive ? now() + aliveForMs : null);
    return alive;
  };
}
