/** Who waits for the end of a child's newest incarnation to stand in this log. */
import { type Deferred, deferred } from '../../std/deferred.ts';

export class EndWaiters {
  readonly #hasEnded: (instance: string) => boolean;
  readonly #waiting = new Map<string, Deferred<void>>();

  constructor(hasEnded: (instance: string) => boolean) {
    this.#hasEnded = hasEnded;
  }

  /** Fulfils when it has ended; with false after `timeoutMs`. */
  async ended(instance: string, timeoutMs: number): Promise<boolean> {
    if (this.#hasEnded(instance)) return true;
    const waiting = this.#waiting.get(instance) ?? deferred<void>();
    this.#waiting.set(instance, waiting);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([waiting.promise, late]);
    clearTimeout(timer);
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
