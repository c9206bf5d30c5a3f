/**
 * What a turn of another agent is charged with: what a person has said it costs, before what the agent says
 * of itself. What it asks its provider for is not known before, so a limit holds by whole turns: one is
 * begun out of what there is, and the last may pass it. Pure.
 */
import type { EngineSettings } from '../session/settings/engine-settings.ts';
import { estimateOf } from '../model/usage.ts';
import type { RequestSize } from '../worker/turn-ports.ts';
import type { PromptUsage } from './updates.ts';

export type Charge = Pick<EngineSettings, 'price' | 'costPerTurn'>;

/** What is taken of the budget before a prompt; the dearest turn before it counts where there was one. */
export function turnSize({ price, costPerTurn }: Charge, text: string): RequestSize {
  const { inputTokens } = estimateOf({ messages: [{ role: 'user', text }], system: '', tools: [] }, 0);
  const tokens = { inputTokens, outputTokens: 0 };
  const cost = costPerTurn ?? (price === undefined ? null : costOf(price, tokens));
  const estimate = { ...tokens, cost };
  // What a person has said is charged for each, however cheap the others were.
  return costPerTurn === undefined
    ? { estimate }
    : { estimate, least: { inputTokens: 0, outputTokens: 0, cost } };
}

/** In US dollars; null where nobody knows it. `said`: by the agent itself. */
export function chargeOf(
  { price, costPerTurn }: Charge,
  usage: PromptUsage | null,
  said: number | null,
): number | null {
  if (price !== undefined && usage !== null) return costOf(price, usage);
  return costPerTurn ?? said;
}

function costOf(price: NonNullable<Charge['price']>, { inputTokens, outputTokens }: PromptUsage): number {
  return (inputTokens * price.input + outputTokens * price.output) / 1_000_000;
}
