/** What a request may take of the pod's budget, before it is sent. */
import type { Model, ModelRequest, ModelResponse } from '../model/port.ts';
import { estimateOf } from '../model/usage.ts';
import type { BudgetPlace, TurnPorts, TurnResult } from './turn-ports.ts';

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
  if (ports.budget === undefined) return { kind: 'go' };
  const admission = await ports.budget.admit(sizeOf(model, request), place);
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
function endedBy(ports: TurnPorts): TurnResult | null {
  const wanted = ports.signal.aborted ? 'cancel' : ports.control();
  if (wanted === 'none') return null;
  return { kind: wanted === 'cancel' ? 'cancelled' : 'paused' };
}

/** Of a model that says nothing of its price, tokens alone. */
function sizeOf(model: Model, request: ModelRequest): ModelResponse['usage'] {
  return model.estimate?.(request) ?? { ...estimateOf(request, 0), cost: null };
}
