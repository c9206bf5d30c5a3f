/** What ends a command from outside, as values: the first asks, a second Ctrl+C or SIGTERM insists. */
import { deferred } from '../../std/deferred.ts';
import { onBrokenPipe } from '../../std/broken-pipe.ts';

/** The exit status that each leads to. SIGHUP: the terminal is gone; SIGPIPE: whoever read the output is. */
export const interruptionStatus = {
  SIGINT: 130,
  SIGQUIT: 131,
  SIGTERM: 143,
  SIGHUP: 129,
  SIGPIPE: 141,
} as const;
export type InterruptionSignal = keyof typeof interruptionStatus;

export interface Interruption {
  /** Fulfils with the first signal; never, where none comes. */
  readonly first: Promise<InterruptionSignal>;
  /** Aborts with a second one that a person has sent. */
  readonly hurry: AbortSignal;
  /**
   * Gives the signals back to their defaults. A lost reader stays taken: what cannot be written at the end of
   * a command ends nothing any more (`main.ts` gives its status).
   */
  release(): void;
}

/**
 * Takes these signals over until `release`, and the loss of the output's reader, which `main.ts` tells and
 * which counts as SIGPIPE.
 */
export function catchSignals(): Interruption {
  const first = deferred<InterruptionSignal>();
  const hurry = new AbortController();
  let asked = false;
  const take = (signal: InterruptionSignal): void => {
    // A lost terminal or reader is told again with every write, and says nothing about haste.
    if (asked && signal !== 'SIGHUP' && signal !== 'SIGPIPE') hurry.abort();
    asked = true;
    first.resolve(signal);
  };
  const takers = signals.map((signal) => ({ signal, taker: () => take(signal) }));
  for (const { signal, taker } of takers) process.on(signal, taker);
  onBrokenPipe(() => take('SIGPIPE'));
  return {
    first: first.promise,
    hurry: hurry.signal,
    release() {
      for (const { signal, taker } of takers) process.off(signal, taker);
    },
  };
}

const signals = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP'] as const;
