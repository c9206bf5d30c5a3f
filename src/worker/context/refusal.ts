/** What a provider's refusal tells of its window. Pure. */
import type { ModelFailure } from '../../model/port.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { WindowFull } from './window-full.ts';

export interface Refused {
  readonly failure: ModelFailure;
  /** Of the request, as estimated. */
  readonly tokens: number;
  /** As it was believed. */
  readonly window: number;
}

/** A shorter request may be taken: of tokens, or of bytes. */
export function isTooLong({ category }: ModelFailure): boolean {
  return category === 'contextTooLong' || category === 'requestTooLarge';
}

/**
 * What the provider has said of its window; else a little less than what it has refused. What was known to be
 * too long teaches nothing. It is for what is asked next: whether it holds longer, `refusalEntries` says.
 */
export function windowBy({ failure, tokens, window }: Refused): number {
  const isOfBytes = failure.category === 'requestTooLarge';
  const share = isOfBytes ? lessThanTooLarge : lessThanRefused;
  const less = tokens > window ? window : Math.floor(tokens * share);
  return Math.max(1, Math.min(window, failure.window ?? window, less));
}

/**
 * What holds from now on. A refusal is not believed against what the provider itself has answered: none is
 * where it has refused, or said to be too much, what it took before. A bound in bytes is none of the model's.
 */
export function refusalEntries(
  turn: string,
  model: string,
  { refused, answered, given }: { refused: Refused; answered: number; given: number | undefined },
): EntryBody[] {
  const { failure, tokens } = refused;
  const said = failure.window;
  if (failure.category === 'requestTooLarge' || failure instanceof WindowFull) return [];
  if (tokens <= answered || (said !== undefined && said < answered)) return [];
  const window = Math.max(answered, said !== undefined && tokens < said / 2 ? said : windowBy(refused));
  return [{ type: 'contextRefused', turn, model, window, ...(given !== undefined && { given }) }];
}

const lessThanRefused = 0.9;
/** Of bytes nobody knows how many there may be: one shorter request is sent. */
const lessThanTooLarge = 0.5;
