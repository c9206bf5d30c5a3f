/** When and how often a request that failed is sent again. */
import { ModelFailure } from '../model/port.ts';
import { afterRequest } from './interceptors.ts';
import type { TurnPorts } from './turn-ports.ts';

export function triesFor(ports: TurnPorts, error: ModelFailure): number {
  return Math.min(ports.limits.requestTries, error.triesMax);
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
  failed: { step: number; attempt: number; error: ModelFailure },
): Promise<void> {
  const { step, attempt, error } = failed;
  const { retryBaseMs, retryMaxMs } = ports.limits;
  const exponential = Math.min(retryMaxMs, retryBaseMs * 2 ** (attempt - 1));
  // Half fixed, half jitter: many pods that met the same limit do not come back together.
  const delayMs = Math.round(Math.max(error.retryAfterMs ?? 0, exponential * (0.5 + ports.random() / 2)));
  const text = `The model's provider failed (${error.category}: ${error.message}); try ${attempt + 1} of ${triesFor(ports, error)} in ${(delayMs / 1000).toFixed(1)} s.`;
  ports.show({ type: 'alert', level: 'warning', code: 'providerRetry', turn: ports.turn, step, text });
  afterRequest(ports.interceptors, { kind: 'failed', delayMs, why: text });
  await ports.wait(delayMs);
}
