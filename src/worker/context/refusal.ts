/** What a provider's refusal tells of its window. Pure. */
import type { ModelFailure } from '../../model/port.ts';
import type { EntryBody } from '../../session/facts/entries.ts';

export interface Refused {
  readonly failure: ModelFailure;
  /** Of the request, as estimated. */
  readonly tokens: number;
  /** As it was believed. */
  readonly window: number;
}

/**
 * What the provider has said of its window; else a little less than what it has refused. What was known to be too long
 * teaches nothing. It is for what is asked next: whether it holds longer, `refusalEntries` says.
 */
export function windowBy({ failure, tokens, window }: Refused): number {
  const said = statedWindow(failure.message);
  const less = tokens > window ? window : Math.floor(tokens * lessThanRefused);
  return Math.max(1, Math.min(window, said ?? window, less));
}

/**
 * What holds from now on. A refusal is not believed against what the provider itself has answered: none is
 * where it has refused, or said to be too much, what it took before.
 */
export function refusalEntries(
  turn: string,
  model: string,
  { refused, answered }: { refused: Refused; answered: number },
): EntryBody[] {
  const said = statedWindow(refused.failure.message);
  if (refused.tokens <= answered || (said !== null && said < answered)) return [];
  return [{ type: 'contextRefused', turn, model, window: Math.max(answered, windowBy(refused)) }];
}

const lessThanRefused = 0.9;

/** Providers write whole numbers, some with commas, a few in thousands. */
const count = String.raw`(?<tokens>\d[\d,]*)(?<thousands>k\b)?`;
const statements = [
  // What is kept free for the answer is no part of what a request may hold.
  String.raw`exceed context limit: [\d,]+ \+ (?<answer>[\d,]+) > ${count}`,
  `> ${count} maximum`,
  String.raw`maximum (?:(?:context|prompt|model|input|sequence) length|number of tokens allowed)\D{0,20}${count}`,
  `${count} maximum context length`,
  String.raw`context (?:window|size|length|limit)\D{0,20}${count}`,
].map((text) => new RegExp(text, 'i'));

/** No model takes less: the number says something else. */
const leastWindow = 256;

export function statedWindow(message: string): number | null {
  const found = statements.map((statement) => statement.exec(message)?.groups).find(Boolean);
  if (found === undefined) return null;
  const answer = numberOf(found['answer'] ?? '0');
  const tokens = numberOf(found['tokens'] ?? '') * (found['thousands'] === undefined ? 1 : 1_000) - answer;
  return tokens >= leastWindow ? tokens : null;
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}
