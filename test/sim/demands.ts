/**
 * What parents ask of their children beside the task, drawn from the seed; in three histories of four
 * nothing.
 */
import type { JsonObject } from '../../src/std/json.ts';
import { Random } from './random.ts';

const minuteMs = 60_000;

export class Demands {
  readonly #random: Random;
  readonly #isAsked: boolean;
  readonly #waits: Random;
  readonly #isWaited: boolean;

  constructor(seed: number) {
    this.#random = new Random(seed, 6);
    this.#isAsked = this.#random.chance(0.25);
    this.#waits = new Random(seed, 8);
    this.#isWaited = this.#waits.chance(0.25);
  }

  ofSpawn(): JsonObject {
    const wait = this.#isWaited && this.#waits.chance(0.7) ? { wait: true } : {};
    return { ...wait, ...(this.#isAsked ? { ...this.#times(0.5), ...this.#evidence() } : {}) };
  }

  exitOfCheck(): number {
    return this.#random.chance(0.5) ? 0 : 1;
  }

  /** As settings. */
  ofRoot(): JsonObject {
    const times = this.#isAsked ? this.#times(0.2) : {};
    return Object.keys(times).length === 0 ? {} : { demands: times };
  }

  #evidence(): JsonObject {
    const random = this.#random;
    return {
      ...(random.chance(0.4) ? { check: 'work', tries: random.between(1, 3) } : {}),
      ...(random.chance(0.2) ? { result: { type: 'object' } } : {}),
    };
  }

  #times(share: number): JsonObject {
    const random = this.#random;
    return {
      ...(random.chance(share) ? { timeoutMinutes: random.between(1_500, 6_000) / minuteMs } : {}),
      ...(random.chance(share / 2) ? { idleMinutes: random.between(1_000, 3_000) / minuteMs } : {}),
    };
  }
}
