/** What ends a command from outside, as values: the first asks, a second Ctrl+C or SIGTERM insists. */
import type { InterruptionSignal } from '../../client/run-result.ts';
import { monotonicMs } from '../../std/clock.ts';
import { deferred } from '../../std/deferred.ts';
import { onBrokenPipe } from '../../std/broken-pipe.ts';
import { waitForNone } from '../../std/unread-terminal.ts';

/** The exit status that each leads to. SIGHUP: the terminal is gone; SIGPIPE: whoever read the output is. */
export const interruptionStatus = {
  SIGINT: 130,
  SIGQUIT: 131,
  SIGTERM: 143,
  SIGHUP: 129,
  SIGPIPE: 141,
} as const satisfies Record<InterruptionSignal, number>;
export type { InterruptionSignal };

/** For what a command that was ended from outside has still to say; whoever reads on gets it within that. */
export const stalledReaderMs = 1_000;

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
 * `timeout` signals its command and then the group, a wrapper passes on what the terminal sent to all: within
 * that it is one wish, not two.
 */
const sameAskMs = 50;

/**
 * Takes these signals over until `release`, and the loss of the output's reader, which `main.ts` tells and
 * which counts as SIGPIPE.
 */
export function catchSignals(): Interruption {
  const first = deferred<InterruptionSignal>();
  const hurry = new AbortController();
  let askedAtMs = Number.POSITIVE_INFINITY;
  const take = (signal: InterruptionSignal): void => {
    // A lost terminal or reader is told again with every write, and says nothing about haste.
    const isAgain = monotonicMs() - askedAtMs > sameAskMs;
    if (isAgain && signal !== 'SIGHUP' && signal !== 'SIGPIPE') hurry.abort();
    askedAtMs = Math.min(askedAtMs, monotonicMs());
    first.resolve(signal);
  };
  const takers = signals.map((signal) => ({ signal, taker: () => take(signal) }));
  for (const { signal, taker } of takers) process.on(signal, taker);
  for (const stream of [process.stdout, process.stderr]) waitForNone(stream);
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
