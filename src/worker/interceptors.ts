/**
 * What stands between a turn and its requests and calls, each in its place in a list: on the way out in
 * order, on the way back in the other one.
 */
import type { ModelRequest } from '../model/port.ts';
import type { ToolAnswer } from '../tools/tool.ts';
import type { Interceptor, CallApproval, CallRequest, RequestOutcome } from './turn-ports.ts';

type List = readonly Interceptor[];

/**
 * Rejects with what the first of them rejects with: the request is not sent, and no later one hears of it.
 */
export async function beforeRequest(list: List, request: ModelRequest): Promise<ModelRequest> {
  let changed = request;
  for (const one of list) changed = (await one.beforeRequest?.(changed)) ?? changed;
  return changed;
}

export function answerBegun(list: List): void {
  for (const one of list) one.answerBegun?.();
}

export function afterRequest(list: List, outcome: RequestOutcome): void {
  for (const one of list.toReversed()) one.afterRequest?.(outcome);
}

/**
 * The first that neither allows the call nor wants a person asked decides, and no later one hears of it. What
 * nobody in the list could ask a person about is denied.
 */
export async function beforeCall(list: List, call: CallRequest): Promise<CallApproval> {
  let request = call;
  for (const one of list) {
    const verdict = (await one.beforeCall?.(request)) ?? allowed;
    if (verdict.kind === 'ask') request = { ...request, asks: joined(request.asks, verdict.why) };
    else if (verdict.kind !== 'allowed') return verdict;
    else if (one.asksPerson === true) request = call;
  }
  if (request.asks === call.asks) return allowed;
  return {
    kind: 'denied',
    text: `Denied: a person has to allow this call (${request.asks}), and none can be asked.`,
  };
}

function joined(one: string | undefined, other: string): string {
  return one === undefined ? other : `${one}; ${other}`;
}

const allowed: CallApproval = { kind: 'allowed' };

export async function afterCall(list: List, call: CallRequest, answer: ToolAnswer): Promise<ToolAnswer> {
  let changed = answer;
  for (const one of list.toReversed()) changed = (await one.afterCall?.(call, changed)) ?? changed;
  return changed;
}
