/** Guards a stream: ends the wait for its next part when the caller aborts or when nothing came for too long, and cuts the request then. */
export interface Watch {
  /** For the request; aborts when the watch is stopped or the wait was ended. */
  readonly signal: AbortSignal;
  /**
   * Settles as `work` does, unless the outer signal aborts first (rejects with its reason) or `stallTimeoutMs` pass (rejects with `stalled()`). Time
   * between two races does not count: a slow reader is not a stalled provider.
   */
  race<T>(work: Promise<T>): Promise<T>;
  /** Lets go of everything. To be called once, at the end. */
  stop(): void;
}

/** A watch over one request. Its timer and its listener serve all waits: a token must not cost one of each. */
export function watchStream(outer: AbortSignal, stallTimeoutMs: number, stalled: () => Error): Watch {
  const inner = new AbortController();
  /** Ends the wait that is under way; null between two. */
  let giveUp: ((reason: unknown) => void) | null = null;
  const onAbort = () => giveUp?.(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => giveUp?.(stalled()), stallTimeoutMs);
  timer.unref();
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
        if (outer.aborted) onAbort();
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
    stop() {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
      inner.abort(new Error('the request is over'));
    },
  };
}
