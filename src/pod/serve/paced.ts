/**
 * Does something soon after it was asked for, however often it is asked: twice a second at most, and again
 * behind the last time that it was asked for. Only what came to something counts.
 */
import type { End, HostClock } from '../host.ts';

const periodMs = 1_000;
/** What follows at once goes along. */
const gatherMs = 50;

export class Paced {
  readonly #clock: HostClock;
  readonly #act: () => boolean;
  #end: End | null = null;
  /** When it was done last, and the time before that. */
  #last = Number.NEGATIVE_INFINITY;
  #before = Number.NEGATIVE_INFINITY;

  /** `act` answers whether it came to something. */
  constructor(clock: HostClock, act: () => boolean) {
    this.#clock = clock;
    this.#act = act;
  }

  ask(): void {
    if (this.#end !== null) return;
    const nowMs = this.#clock.now();
    const dueMs = Math.max(nowMs + gatherMs, this.#before + periodMs);
    this.#end = this.#clock.after(dueMs - nowMs, () => {
      this.#end = null;
      if (!this.#act()) return;
      this.#before = this.#last;
      this.#last = this.#clock.now();
    });
  }

  stop(): void {
    this.#end?.();
    this.#end = null;
  }
}
