/** What a provider's refusal tells of its window. Pure. */
import type { ModelFailure } from '../../model/port.ts';
import type { EntryBody } from '../../session/facts/entries.ts';

/** What the provider has said of its window; else a little less than what it has refused. */
export function refusal(
  turn: string,
  model: string,
  { failure, tokens, window }: { failure: ModelFailure; tokens: number; window: number },
): EntryBody {
  const said = statedWindow(failure.message);
  const believed = Math.min(window, said ?? window, Math.floor(tokens * lessThanRefused));
  return { type: 'contextRefused', turn, model, window: Math.max(1, believed) };
}

const lessThanRefused = 0.9;

export function statedWindow(message: string): number | null {
  const found =
    /> (\d+) maximum/.exec(message) ??
    /maximum (?:context length|number of tokens allowed|input length)[^\d]{0,20}(\d+)/i.exec(message) ??
    /context (?:window|size|length)[^\d]{0,20}(\d+)/i.exec(message);
  const tokens = Number(found?.[1] ?? Number.NaN);
  return tokens >= 1 ? tokens : null;
}
