/**
 * Time as the rest of the code sees it. `now` is monotonic and for durations; `wallTime` is for people only:
 * no order comes from it.
 */
export interface Clock {
  /** Milliseconds from an arbitrary origin, never going back. */
  now(): number;
  /** ISO 8601, UTC. */
  wallTime(): string;
  /** Calls `wake` once after `delayMs`; the answer cancels it. */
  after(delayMs: number, wake: () => void): () => void;
}

/**
 * Milliseconds from an arbitrary origin, never going back. Not `performance.now()`: the first look at
 * `performance` takes in ten modules of Node's.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/**
 * Many entries are committed within one millisecond, and writing a date out costs more than a microsecond.
 */
let written = { atMs: -1, text: '' };

function wallTime(): string {
  const atMs = Date.now();
  if (atMs !== written.atMs) written = { atMs, text: new Date(atMs).toISOString() };
  return written.text;
}

export const realClock: Clock = {
  now: monotonicMs,
  wallTime,
  after(delayMs, wake) {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
};
