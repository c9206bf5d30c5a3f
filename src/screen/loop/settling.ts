/**
 * Whether a settled tree is the end: whoever owns it asks, and what the person does meanwhile answers.
 *
 * Invariants
 * - S4 It is no end while something was sent that has not reached a disk, or while something is typed.
 */
import { type Deferred, deferred } from '../../std/deferred.ts';

interface Asked {
  readonly answer: Deferred<boolean>;
  readonly stays: boolean;
  readonly sentBefore: number;
}

/** What of it the screen knows. */
export interface Unsettled {
  /** A text has not reached its pod's disk yet. */
  readonly isSending: boolean;
  readonly isInputEmpty: boolean;
}

export class Settling {
  #asked: Asked | null = null;
  #sentCount = 0;

  get isAsked(): boolean {
    return this.#asked !== null;
  }

  get hasSent(): boolean {
    return this.#sentCount > 0;
  }

  sent(): void {
    this.#sentCount += 1;
  }

  /** True: there is more to come. `stays`: only the person ends it. */
  async ask(stays: boolean, now: Unsettled, onTyped: () => void): Promise<boolean> {
    const answer = deferred<boolean>();
    this.#asked = { answer, stays, sentBefore: now.isSending ? -1 : this.#sentCount };
    this.judge(now, onTyped);
    const goesOn = await answer.promise;
    this.#asked = null;
    return goesOn;
  }

  /** It is the end, whatever was going on. */
  end(): void {
    this.#asked?.answer.resolve(false);
  }

  /** `onTyped`: it would be the end but for what is typed. */
  judge({ isSending, isInputEmpty }: Unsettled, onTyped: () => void): void {
    if (this.#asked === null || isSending) return;
    const { answer, stays, sentBefore } = this.#asked;
    if (this.#sentCount > sentBefore) answer.resolve(true);
    else if (stays) return;
    else if (isInputEmpty) answer.resolve(false);
    else onTyped();
  }
}
