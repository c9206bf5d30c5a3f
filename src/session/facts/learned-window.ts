/** What a provider's refusals have said of its window, against what a person says of it. Pure. */
import type { Facts } from './facts.ts';

interface KnownWindow {
  readonly tokens: number;
  /** By a person. */
  readonly given?: number | undefined;
}

/** As the provider has said, unless a person has said something else of it since; else null. */
export function learnedWindow(
  { context }: Pick<Facts, 'context'>,
  model: string,
  { given }: KnownWindow,
): number | null {
  const learned = context.windows.get(model);
  return learned === undefined || context.windowsGiven.get(model) !== given ? null : learned;
}

/** The smaller of what is known and what was learned. */
export function effectiveWindow(facts: Pick<Facts, 'context'>, model: string, window: KnownWindow): number {
  return Math.min(window.tokens, learnedWindow(facts, model, window) ?? Number.POSITIVE_INFINITY);
}
