/** When and how often a request that failed is sent again. */
import { ModelFailure } from '../model/port.ts';
import { afterRequest } from './interceptors.ts';
import type { TurnPorts } from './turn-ports.ts';

/**
 * The tries of one request with one model. A failure that hardly ever passes has its own bound: only failures
 * of its kind count towards that one, and every try towards `limits.requestTries`.
 */
export class Tries {
  readonly #failed = new Map<string, number>();
  sent = 0;

  noteFailure(error: ModelFailure): void {
    this.#failed.set(kindOf(error), this.#failedAs(error) + 1);
  }

  /** So many in all, where each further one fails as this one has. */
  max({ limits }: TurnPorts, error: ModelFailure): number {
    const left = Math.max(0, error.triesMax - this.#failedAs(error));
    return Math.min(limits.requestTries, this.sent + left);
  }

  areUsedUp(ports: TurnPorts, error: ModelFailure): boolean {
    return this.sent >= this.max(ports, error);
  }

  clear(): void {
    this.sent = 0;
    this.#failed.clear();
  }

  #failedAs(error: ModelFailure): number {
    return this.#failed.get(kindOf(error)) ?? 0;
  }
}

function kindOf({ category, triesMax }: ModelFailure): string {
  return `${category} ${triesMax}`;
}

/** A turn does not wait for ever: it ends, and says what the provider wished. */
export function refuseLongRest({ limits }: TurnPorts, error: ModelFailure): void {
  const retryAfterMs = error.retryAfterMs;
  if (!error.transient || retryAfterMs === undefined || retryAfterMs <= limits.retryAfterMaxMs) return;
  const advice = `It asks for ${duration(retryAfterMs)} of rest, and limits.retryAfterMaxMs allows ${duration(limits.retryAfterMaxMs)}: try again then, or raise that limit`;
  throw new ModelFailure(error.category, `${error.message}. ${advice}`, { transient: false });
}

function duration(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1_000)} seconds` : `${Math.ceil(ms / 60_000)} minutes`;
}

export async function backOff(
  ports: TurnPorts,
  failed: { step: number; tries: Tries; error: ModelFailure },
): Promise<void> {
  const { step, tries, error } = failed;
  const { retryBaseMs, retryMaxMs } = ports.limits;
  const exponential = Math.min(retryMaxMs, retryBaseMs * 2 ** (tries.sent - 1));
  // Half fixed, half jitter: many pods that met the same limit do not come back together.
  const delayMs = Math.round(Math.max(error.retryAfterMs ?? 0, exponential * (0.5 + ports.random() / 2)));
  const text = `The model's provider failed (${error.category}: ${error.message}); try ${tries.sent + 1} of ${tries.max(ports, error)} in ${(delayMs / 1000).toFixed(1)} s.`;
  ports.show({ type: 'alert', level: 'warning', code: 'providerRetry', turn: ports.turn, step, text });
  afterRequest(ports.interceptors, { kind: 'failed', delayMs, why: text });
  await ports.wait(delayMs);
}
