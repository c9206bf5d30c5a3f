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

/** The first that does not allow the call decides, and no later one hears of it. */
export async function beforeCall(list: List, call: CallRequest): Promise<CallApproval> {
  for (const one of list) {
    const approval = (await one.beforeCall?.(call)) ?? allowed;
    if (approval.kind !== 'allowed') return approval;
  }
  return allowed;
}

const allowed: CallApproval = { kind: 'allowed' };

export async function afterCall(list: List, call: CallRequest, answer: ToolAnswer): Promise<ToolAnswer> {
  let changed = answer;
  for (const one of list.toReversed()) changed = (await one.afterCall?.(call, changed)) ?? changed;
  return changed;
}
