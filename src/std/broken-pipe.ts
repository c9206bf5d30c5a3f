/**
 * Nobody reads this process's output any more, told by the one who writes it to the one who has something to
 * end. Not as SIGPIPE: a process that takes that signal gets it from the system for a write to *any* socket
 * whose other end is gone, a dead pod's too.
 */
let taker: (() => void) | null = null;

/** From now on `reportBrokenPipe` calls it, each time; the last one that was set. */
export function onBrokenPipe(take: () => void): void {
  taker = take;
}

/** False when nobody has anything to end. */
export function reportBrokenPipe(): boolean {
  taker?.();
  return taker !== null;
}
