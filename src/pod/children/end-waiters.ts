/** Who waits for the end of a child's newest incarnation to stand in this log. */
import type { HostClock } from '../host.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';

export class EndWaiters {
  readonly #clock: HostClock;
  readonly #hasEnded: (instance: string) => boolean;
  readonly #waiting = new Map<string, Deferred<void>>();

  constructor(clock: HostClock, hasEnded: (instance: string) => boolean) {
    this.#clock = clock;
    this.#hasEnded = hasEnded;
  }

  /** Fulfils when it has ended; with false after `timeoutMs`. */
  async ended(instance: string, timeoutMs: number): Promise<boolean> {
    if (this.#hasEnded(instance)) return true;
    const waiting = this.#waiting.get(instance) ?? deferred<void>();
    this.#waiting.set(instance, waiting);
    const late = deferred<void>();
    const end = this.#clock.after(timeoutMs, () => late.resolve());
    await Promise.race([waiting.promise, late.promise]);
    end();
    return this.#hasEnded(instance);
  }

  /** Something was taken in. */
  settle(): void {
    for (const [instance, waiting] of this.#waiting) {
      if (!this.#hasEnded(instance)) continue;
      waiting.resolve();
      this.#waiting.delete(instance);
    }
  }
}
