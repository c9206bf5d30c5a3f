/** What a provider's refusal tells of its window. Pure. */
import type { ModelFailure } from '../../model/port.ts';
import type { EntryBody } from '../../session/facts/entries.ts';

/**
 * What the provider has said of its window; else a little less than what it has refused. What was known to be too long
 * teaches nothing.
 */
export function refusal(
  turn: string,
  model: string,
  { failure, tokens, window }: { failure: ModelFailure; tokens: number; window: number },
): EntryBody {
  const said = statedWindow(failure.message);
  const less = tokens > window ? window : Math.floor(tokens * lessThanRefused);
  const believed = Math.min(window, said ?? window, less);
  return { type: 'contextRefused', turn, model, window: Math.max(1, believed) };
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
