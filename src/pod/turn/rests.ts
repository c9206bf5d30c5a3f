/**
 * Which of a pod's models is asked, and until when the others rest: a provider's limit that is longer than a
 * turn waits, out of credit, or gone. In memory alone: after a restart the first one says again what it said.
 *
 * Invariants
 * - RS1 The first model that does not rest is asked; the first of all again as soon as its time has come.
 * - RS2 Only a time that a provider named is waited for: neither credit nor a server comes back by waiting.
 * - RS3 No rest is longer than a day, whatever a provider says.
 */
import type { ModelFailure } from '../../model/port.ts';
import type { ModelList } from '../../session/settings/model-list.ts';
import type { RestsPort } from '../../worker/turn-ports.ts';

interface Rest {
  readonly untilMs: number;
  /** The provider named the time. */
  readonly isNamed: boolean;
  readonly failure: ModelFailure;
}

export const restMaxMs = 24 * 3_600_000;
/** What named no time is asked again then. */
const unnamedRestMs = 10 * 60_000;

export class Rests implements RestsPort {
  readonly #rules: () => ModelList;
  readonly #nowMs: () => number;
  readonly #rests = new Map<string, Rest>();

  /** `rules`: as they are now. */
  constructor(rules: () => ModelList, nowMs: () => number) {
    this.#rules = rules;
    this.#nowMs = nowMs;
  }

  /** More than one model may be asked, or one is waited for. */
  get isUsed(): boolean {
    const { names, waits } = this.#rules();
    return names.length > 1 || waits;
  }

  /** The first that does not rest; the first of all where all do. */
  get current(): string {
    return this.#free() ?? this.#rules().names[0] ?? '';
  }

  /** A person has named models: they are asked, whatever was found out before. */
  forget(): void {
    this.#rests.clear();
  }

  /** From now on it is asked no more for that time. */
  note(model: string, failure: ModelFailure): void {
    const { retryAfterMs } = failure;
    const isNamed = failure.transient && retryAfterMs !== undefined;
    const restMs = Math.min(isNamed ? retryAfterMs : unnamedRestMs, restMaxMs);
    this.#rests.set(model, { untilMs: this.#nowMs() + restMs, isNamed, failure });
  }

  /**
   * How long until one may be asked, 0 where one does not rest; null where none is waited for. `untilMs`:
   * when a provider said that it will answer again, if one did.
   */
  wait(): { readonly ms: number | null; readonly untilMs: number | null } {
    if (this.#free() !== null) return { ms: 0, untilMs: null };
    const named = [...this.#rests.values()].filter(({ isNamed }) => isNamed).map(({ untilMs }) => untilMs);
    if (named.length === 0) return { ms: null, untilMs: null };
    const untilMs = Math.min(...named);
    return { ms: this.#rules().waits ? Math.max(1, untilMs - this.#nowMs()) : null, untilMs };
  }

  #free(): string | null {
    const nowMs = this.#nowMs();
    return this.#rules().names.find((name) => (this.#rests.get(name)?.untilMs ?? 0) <= nowMs) ?? null;
  }
}
