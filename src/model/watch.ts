/**
 * Guards a stream: ends the wait for its next part when the caller aborts, when nothing came for too long, or
 * when all of it takes too long.
 */
export interface Watch {
  /** For the request; aborts when the watch is stopped or the wait was ended. */
  readonly signal: AbortSignal;
  /**
   * Settles as `work` does, unless the outer signal aborts first (rejects with its reason) or
   * `stallTimeoutMs` pass (rejects with `stalled()`). Time
   * between two races does not count: a slow reader is not a stalled provider.
   */
  race<T>(work: Promise<T>): Promise<T>;
  /**
   * Something came that is no part yet: the wait that is under way begins anew, and takes no longer than
   * `keepAliveMax` of `stallTimeoutMs` for it.
   */
  alive(): void;
  /** Lets go of everything. To be called once, at the end. */
  stop(): void;
}

export interface WatchLimits {
  readonly stallTimeoutMs: number;
  /** From the beginning to the end, whatever comes. */
  readonly answerTimeoutMs: number;
}

/**
 * How many times as long a wait may take that nothing but keep-alives interrupts: servers give them while a
 * request waits for its turn, and some give them for ever.
 */
const keepAliveMax = 3;

/**
 * A watch over one request. Its timers and its listener serve all waits: a token must not cost one of each.
 */
export function watchStream(
  outer: AbortSignal,
  limits: WatchLimits,
  failed: { stalled(ms: number): Error; tooLong(): Error },
): Watch {
  const inner = new AbortController();
  /** Ends the wait that is under way; null between two. */
  let giveUp: ((reason: unknown) => void) | null = null;
  const onAbort = () => giveUp?.(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const { stallTimeoutMs } = limits;
  const timer = setTimeout(() => giveUp?.(failed.stalled(stallTimeoutMs)), stallTimeoutMs);
  timer.unref();
  const longestMs = stallTimeoutMs * keepAliveMax;
  const longest = setTimeout(() => giveUp?.(failed.stalled(longestMs)), longestMs);
  longest.unref();
  let isTooLong = false;
  const endless = setTimeout(() => {
    isTooLong = true;
    giveUp?.(failed.tooLong());
  }, limits.answerTimeoutMs);
  endless.unref();
  return {
    signal: inner.signal,
    race: (work) =>
      new Promise((resolve, reject) => {
        giveUp = (reason) => {
          giveUp = null;
          reject(reason);
          inner.abort(reason);
        };
        // Begins anew, also after it has gone off between two waits.
        timer.refresh();
        longest.refresh();
        if (outer.aborted) onAbort();
        else if (isTooLong) giveUp(failed.tooLong());
        work.then(
          (value) => {
            giveUp = null;
            resolve(value);
          },
          (error: unknown) => {
            giveUp = null;
            reject(error);
          },
        );
      }),
    alive: () => void timer.refresh(),
    stop() {
      clearTimeout(timer);
      clearTimeout(longest);
      clearTimeout(endless);
      outer.removeEventListener('abort', onAbort);
      inner.abort(new Error('the request is over'));
    },
  };
}
