/**
 * When a frame is drawn: what the loop asks before it makes one. Time comes in; no timer is here.
 *
 * Invariants
 * - F3 While what was written has not left, no frame is due; the next one holds the newest state.
 * - F4 A frame for a key is due at once; those for output are at least the interval apart.
 * - F5 Nothing is due where nothing was wanted since the last frame.
 */
export const intervalsMs = {
  /** Thirty a second: nobody reads faster. */
  usual: 33,
  /** Over SSH, or as `--slow` says. */
  slow: 250,
} as const;

export class Pace {
  readonly #intervalMs: number;
  #forKey = false;
  #forOutput = false;
  #outputAtMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** False: that was wanted already. */
  want(what: 'key' | 'output'): boolean {
    const isNew = what === 'key' ? !this.#forKey : !this.#forOutput;
    if (what === 'key') this.#forKey = true;
    else this.#forOutput = true;
    return isNew;
  }

  /** How long until a frame is due, 0: now. Null: none is. */
  dueInMs(nowMs: number, { isDrained }: { readonly isDrained: boolean }): number | null {
    if (!isDrained) return null;
    if (this.#forKey) return 0;
    return this.#forOutput ? Math.max(0, this.#outputAtMs + this.#intervalMs - nowMs) : null;
  }

  /** Whether the frame that is due now may show new output too. */
  mayShowOutput(nowMs: number): boolean {
    return nowMs >= this.#outputAtMs + this.#intervalMs;
  }

  /** One was made, with the newest output or without. */
  drawn(nowMs: number, { withOutput }: { readonly withOutput: boolean }): void {
    this.#forKey = false;
    if (!withOutput) return;
    this.#forOutput = false;
    this.#outputAtMs = nowMs;
  }
}
