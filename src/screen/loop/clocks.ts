/**
 * When a clock on the screen next shows something else: each second in its first minute, each ten seconds in
 * its first ten minutes, then each minute. Pure.
 */
const minuteMs = 60_000;

/** How long it shows the same, at that age. */
function stepOf(ageMs: number): number {
  if (ageMs < minuteMs) return 1_000;
  return ageMs < 10 * minuteMs ? 10_000 : minuteMs;
}

/** Null where there is no clock. `sinceMs`: when each of them began. */
export function nextTickInMs(sinceMs: readonly number[], nowMs: number): number | null {
  const left = sinceMs.filter(Number.isFinite).map((began) => {
    // A clock of another machine may be ahead of ours.
    const ageMs = Math.max(0, nowMs - began);
    const step = stepOf(ageMs);
    return step - (ageMs % step);
  });
  return left.length === 0 ? null : Math.min(...left);
}
