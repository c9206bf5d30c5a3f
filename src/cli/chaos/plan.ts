/**
 * What is done to the pods, and what they are given to do, decided by a seed alone: the same seed is the same
 * sequence of decisions. When each of them falls within a pod's work is the machine's affair. Pure.
 */
import { Random } from '../../std/random.ts';

/** `victim`, 0 ≤ x < 1, is a place in the list of those that can be met at that moment. */
export type Fault =
  | {
      readonly kind: 'kill';
      readonly afterMs: number;
      readonly victim: number;
      /** `pair`: its parent too. */
      readonly who: 'one' | 'pair' | 'all';
      /** Until somebody starts it again; its parent may be quicker. */
      readonly downMs: number;
    }
  | { readonly kind: 'freeze'; readonly afterMs: number; readonly victim: number; readonly forMs: number }
  | {
      readonly kind: 'cut';
      readonly afterMs: number;
      readonly victim: number;
      /** So many more may pass, for so long. */
      readonly bytes: number;
      readonly withinMs: number;
    };

export interface Work {
  readonly afterMs: number;
  /** Which of the scenario's answers it asks for. */
  readonly variant: number;
  /** Of the pods directly below the root, whom a person speaks to in the place of the root. */
  readonly aside: number | undefined;
}

/** Answers that the scenario has for each part. */
export const variantCount = 6;

const streams = { faults: 1, work: 2 } as const;

export function* faultsOf(seed: number): Generator<Fault, never> {
  const random = new Random(seed, streams.faults);
  for (;;) {
    const afterMs = random.between(100, 900);
    const victim = random.next();
    const kind = random.next();
    if (kind < 0.45) {
      const number = random.next();
      const who = number < 0.04 ? 'all' : number < 0.2 ? 'pair' : 'one';
      // Now and then at once, mostly after its parent has heard of it, sometimes long after.
      const downMs = random.chance(0.2) ? 0 : random.between(50, random.chance(0.15) ? 4_000 : 1_200);
      yield { kind: 'kill', afterMs, victim, who, downMs };
    } else if (kind < 0.7) {
      // Longer than `unreachableMs` once in a while.
      const forMs = random.chance(0.2) ? random.between(1_500, 4_000) : random.between(50, 1_000);
      yield { kind: 'freeze', afterMs, victim, forMs };
    } else {
      const bytes = random.chance(0.3) ? 0 : random.between(1, 1_500);
      yield { kind: 'cut', afterMs, victim, bytes, withinMs: random.between(50, 1_000) };
    }
  }
}

export function* workOf(seed: number): Generator<Work, never> {
  const random = new Random(seed, streams.work);
  for (;;) {
    const afterMs = random.between(100, 900);
    const variant = random.between(0, variantCount - 1);
    yield { afterMs, variant, aside: random.chance(0.15) ? random.next() : undefined };
  }
}

/** The one at that place; undefined where there is none. */
export function at<T>(all: readonly T[], place: number): T | undefined {
  return all[Math.floor(place * all.length)];
}
