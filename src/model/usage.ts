/**
 * Tokens and cost of one request: what was counted, or what is taken for it where nobody counts.
 */
import type { LanguageModelV3Usage } from '@ai-sdk/provider';
import { tokensOfImages } from '../std/image.ts';
import type { TokenCounts } from './catalog.ts';
import { imagesIn } from './images.ts';
import type { ModelRequest, ModelResponse } from './port.ts';
import type { UsageReports } from './reported-usage.ts';

export interface Priced {
  /** What a count must pass before it is doubted; absent: nothing is. */
  readonly tokensMax?: number | undefined;
  cost(usage: TokenCounts): number | null;
}

export interface Estimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const bytesOfToken = 3;

/**
 * Where nobody counts: an answer that was not read to its end, a server that says no usage. A token is taken
 * for three bytes, which is more tokens than there are mostly, so that a limit of the cost holds all the
 * same.
 */
export function estimateOf(
  { messages, system, tools }: Pick<ModelRequest, 'messages' | 'system' | 'tools'>,
  answerBytes: number,
): Estimate {
  const tokens = (bytes: number) => Math.ceil(bytes / bytesOfToken);
  const asked = Buffer.byteLength(JSON.stringify([messages, tools])) + Buffer.byteLength(system);
  const images = tokensOfImages(imagesIn(messages));
  return { inputTokens: tokens(asked) + images, outputTokens: tokens(answerBytes) };
}

export function priced(of: Priced, counts: TokenCounts): ModelResponse['usage'] {
  const { inputTokens, outputTokens } = counts;
  return { inputTokens, outputTokens, cost: of.cost(counts) };
}

/**
 * Of what was counted: the estimate in the place of a half that no request can come to. It is more than the
 * model holds by far, and more than there are bytes. Else one wrong count would use up any budget for good.
 */
export function pricedAsBelieved(
  of: Priced,
  counts: TokenCounts,
  estimate: Estimate,
): ModelResponse['usage'] {
  const isDoubted = (half: keyof Estimate) =>
    counts[half] > Math.max(of.tokensMax ?? Number.POSITIVE_INFINITY, estimate[half] * bytesOfToken);
  const [isInput, isOutput] = [isDoubted('inputTokens'), isDoubted('outputTokens')];
  if (!isInput && !isOutput) return priced(of, counts);
  const { inputTokens, outputTokens } = counts;
  // What was read from a cache is part of the input.
  const believed = isInput ? { inputTokens: estimate.inputTokens, outputTokens } : counts;
  const all = isOutput ? { ...believed, outputTokens: estimate.outputTokens } : believed;
  return { ...priced(of, all), said: { inputTokens, outputTokens } };
}

/**
 * With an estimate in the place of the half that nobody counted: a server may count the request alone, or the
 * answer. Output that came behind the last count of it was not counted either: then the estimate is what
 * there is at least.
 */
export function completed(
  counts: TokenCounts,
  reports: Pick<UsageReports, 'isBehind'>,
  estimate: Estimate,
): TokenCounts {
  const { inputTokens, outputTokens } = counts;
  const isUncounted = outputTokens === 0 || reports.isBehind();
  const output = isUncounted ? Math.max(outputTokens, estimate.outputTokens) : outputTokens;
  // A part of what was not counted is not known to be cached.
  if (inputTokens === 0) return { inputTokens: estimate.inputTokens, outputTokens: output };
  return { ...counts, outputTokens: output };
}

/** As a package tells it; null where nothing was counted. */
export function countsOf({
  inputTokens: input,
  outputTokens: output,
}: LanguageModelV3Usage): TokenCounts | null {
  const [inputTokens, outputTokens] = [tokenCount(input.total), tokenCount(output.total)];
  if (inputTokens === 0 && outputTokens === 0) return null;
  return {
    inputTokens,
    outputTokens,
    cacheReadTokens: tokenCount(input.cacheRead),
    cacheWriteTokens: tokenCount(input.cacheWrite),
  };
}

/**
 * A whole number from 0 to 2^53 − 1: a provider's count is input from outside, and a wrong one must not cost
 * an outcome.
 */
function tokenCount(reported: number | undefined): number {
  if (reported === undefined || !(reported > 0)) return 0;
  return Math.min(Math.round(reported), Number.MAX_SAFE_INTEGER);
}
