/**
 * Two clocks over an agent that works: what says nothing while no tool runs waits for its provider, and is
 * given up; a tool may be silent for long. What waits for a person is silent for no time at all. Pure; the
 * time comes with each call.
 */

export interface SilenceLimits {
  /** Without an update while no call is open, until that is said; after twice that the turn is ended. */
  readonly stallMs: number;
  /** Without an update while a call is open. */
  readonly idleMs: number;
}

export interface Busy {
  /** Calls of its tools that it has begun and not ended. */
  readonly calls: number;
  /** Questions to a person that are open. */
  readonly questions: number;
}

/** `stalls`: told once for each silence. */
export type Silent = 'no' | 'stalls' | 'over';

export class Silence {
  readonly #limits: SilenceLimits;
  #heardMs: number;
  #isSaid = false;

  constructor(limits: SilenceLimits, nowMs: number) {
    this.#limits = limits;
    this.#heardMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs;
    this.#isSaid = false;
  }

  silent(nowMs: number, { calls, questions }: Busy): Silent {
    if (questions > 0) {
      this.#heardMs = nowMs;
      return 'no';
    }
    const silentMs = nowMs - this.#heardMs;
    const { stallMs, idleMs } = this.#limits;
    if (calls > 0) return silentMs >= idleMs ? 'over' : 'no';
    if (silentMs >= 2 * stallMs) return 'over';
    if (silentMs < stallMs || this.#isSaid) return 'no';
    this.#isSaid = true;
    return 'stalls';
  }
}
