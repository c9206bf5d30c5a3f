/** What a request may take of the pod's budget, before it is sent. */
import type { Model, ModelRequest, RequestUsage } from '../model/port.ts';
import { estimateOf } from '../model/usage.ts';
import { rateOf, unitsOfRequest } from './context/size.ts';
import type { BudgetPlace, RequestSize, TurnPorts, TurnResult } from './turn-ports.ts';

export type Admitted =
  | { readonly kind: 'go' }
  /** There was not enough; it may be there now, and more to say too. */
  | { readonly kind: 'again' }
  | { readonly kind: 'ended'; readonly result: TurnResult };

/** Rejects with `StorageFailed`. */
export async function admitted(
  ports: TurnPorts,
  model: Model,
  request: ModelRequest,
  place: BudgetPlace,
): Promise<Admitted> {
  return await admittedAs(ports, sizeOf(ports, model, request), place);
}

/** Rejects with `StorageFailed`. */
export async function admittedAs(ports: TurnPorts, size: RequestSize, place: BudgetPlace): Promise<Admitted> {
  if (ports.budget === undefined) return { kind: 'go' };
  const admission = await ports.budget.admit(size, place);
  switch (admission.kind) {
    case 'go':
      return admission;
    case 'capped':
      return { kind: 'ended', result: { kind: 'limitReached', reason: admission.reason } };
    case 'wait': {
      await ports.wait(admission.ms);
      const result = endedBy(ports);
      return result === null ? { kind: 'again' } : { kind: 'ended', result };
    }
  }
}

/** Somebody wants the turn to end. */
export function endedBy(ports: TurnPorts): TurnResult | null {
  const wanted = ports.signal.aborted ? 'cancel' : ports.control();
  if (wanted === 'none') return null;
  return { kind: wanted === 'cancel' ? 'cancelled' : 'paused' };
}

/**
 * A request that goes on from the last one costs what that one did and what it holds beyond it, at the full
 * price: the rest is likely in the provider's cache. One that is shorter has another beginning, which is not.
 * Of a model that says nothing of its price, tokens alone.
 */
function sizeOf({ context }: Pick<TurnPorts, 'context'>, model: Model, request: ModelRequest): RequestSize {
  const estimate = model.estimate?.(request) ?? { ...estimateOf(request, 0), cost: null };
  const facts = context?.facts.context;
  const measured = facts?.measured ?? null;
  if (facts === undefined || measured?.model !== model.name) return { estimate };
  const units = unitsOfRequest(request);
  const rate = rateOf(facts, model.name);
  const usage = (inputTokens: number, outputTokens: number): RequestUsage => ({
    inputTokens,
    outputTokens,
    cost: model.cost?.({ inputTokens, outputTokens }) ?? null,
  });
  return units < measured.request
    ? { estimate, least: usage(Math.ceil(units * rate), estimate.outputTokens) }
    : { estimate, beyond: usage(Math.ceil((units - measured.request) * rate), 0) };
}
