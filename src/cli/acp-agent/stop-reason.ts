/** How a prompt ended, from what its tree came to. Pure. */
import type { StopReason } from '@agentclientprotocol/sdk';
import type { TreeResult } from '../../library/api.ts';
import type { TurnOutcome } from '../../session/facts/entries.ts';

export interface PromptEnd {
  /** The client has asked for it. */
  readonly isCancelled: boolean;
  readonly result: Pick<TreeResult, 'status' | 'reason' | 'category'>;
  /** Of the root's last turn since the prompt; null where none ended. */
  readonly outcome: TurnOutcome | null;
}

/** `error`: what the client is answered in the place of a reason. */
export function endOfPrompt({
  isCancelled,
  result,
  outcome,
}: PromptEnd): { readonly stopReason: StopReason } | { readonly error: string } {
  if (isCancelled || (outcome === 'cancelled' && result.status === 'failed'))
    return { stopReason: 'cancelled' };
  const reason = result.reason ?? '';
  switch (result.status) {
    case 'done':
    // An answer that says what it could not do is an answer.
    case 'denied':
      return { stopReason: 'end_turn' };
    case 'limit':
      if (reason === 'steps') return { stopReason: 'max_turn_requests' };
      if (reason === 'outputTokens' || reason.startsWith('context:')) return { stopReason: 'max_tokens' };
      return { error: `a limit was reached: ${reason}` };
    case 'failed':
      if (result.category === 'contentFilter') return { stopReason: 'refusal' };
      return { error: reason === '' ? 'the turn failed' : reason };
  }
}
