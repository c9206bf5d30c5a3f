/**
 * The window that a provider names when it refuses a request as too long. A number counts only next to words
 * for a limit: error codes, statuses, what was sent and by how much it was too long are numbers, too. Pure.
 */

export interface StatedWindow {
  /** Tokens of a request and its answer together, or of a request alone where the provider bounds that. */
  readonly tokens: number;
  /** The answer that was asked for, where the provider counts it in. */
  readonly answer: number | null;
  /** The request, as the provider counts it, or as much of it as it has counted. */
  readonly request: number | null;
}

/** No model that holds our system prompt takes less, and none takes more: the number says something else. */
const leastTokens = 1_024;
const mostTokens = 100_000_000;

/** Providers write whole numbers, some with commas, a few in thousands. */
const number = (name: string) => String.raw`(?<${name}>\d[\d,]{0,12})`;
const count = String.raw`${number('tokens')}(?<thousands>k\b)?`;
const isOrOf = String.raw`(?:\s?[:=]|,? (?:is|of|to|at|only|was|limited|set|most)){1,3}`;
const limits = [
  String.raw`exceed context limit: ${number('request')} \+ ${number('answer')} > ${count}`,
  String.raw`> ${count}(?: tokens)? maximum`,
  String.raw`\b${count}(?: tokens?)? maximum (?:context|model|prompt) length`,
  // Those with words between, as in "maximum context length is only 4096".
  String.raw`\b(?:context|prompt|input|sequence|model|token) (?:length|window|size|limit)${isOrOf} ${count}`,
  String.raw`\bmaximum (?:(?:allowed|context|prompt|input|model|sequence) ){0,2}length ${count}`,
  // In brackets only with its unit: an error code is there, too.
  String.raw`\b(?:context|prompt|input) (?:length|window|size|limit) \(${count} tokens`,
  String.raw`\bnumber of tokens allowed \(${count}\)`,
  String.raw`\b(?:while |exceeds? (?:the |its )?(?:configured |token |model )?)limit (?:of|is) ${count}`,
  String.raw`\bmax_new_tokens[\x60'"]? must be <= ?${count}`,
  String.raw`[\x60'"]inputs[\x60'"] must have less than ${count}`,
  String.raw`\brange of input length should be \[\d{1,3}, ?${count}\]`,
  String.raw`\bmax_seq_len ?\(${count}\)`,
  String.raw`\btokens in the prompt cannot exceed ${count}`,
  String.raw`\bmax size: ${count} tokens`,
].map((text) => new RegExp(text, 'i'));

const answers = [
  String.raw`\brequested ${number('answer')} output tokens`,
  String.raw`\b${number('answer')} (?:tokens )?(?:in|for|from) the (?:completion|output|answer)`,
].map((text) => new RegExp(text, 'i'));

const requests = [
  String.raw`\bcontains (?:at least )?${number('request')} input tokens`,
  String.raw`\b${number('request')} (?:tokens )?(?:in|of|from) the (?:messages|prompt|input messages)`,
].map((text) => new RegExp(text, 'i'));

/** No sentence about it is longer; what is behind may be anything. */
const charsMax = 4_096;

/** Null where nothing that is said can be it. */
export function statedWindow(message: string): StatedWindow | null {
  const said = message.slice(0, charsMax);
  for (const limit of limits) {
    const found = limit.exec(said)?.groups;
    if (found === undefined) continue;
    const tokens = numberOf(found['tokens']) * (found['thousands'] === undefined ? 1 : 1_000);
    if (tokens < leastTokens || tokens > mostTokens) continue;
    const answer = numberIn(said, [limit, ...answers], 'answer');
    return { tokens, answer, request: numberIn(said, [limit, ...requests], 'request') };
  }
  return null;
}

/**
 * Tokens that a request alone may hold. Where the answer that was asked for takes most of the window, that is
 * what has to become shorter.
 */
export function requestRoom({ tokens, answer }: StatedWindow): number {
  return Math.max(tokens - (answer ?? 0), Math.floor(tokens / 2));
}

function numberIn(said: string, patterns: readonly RegExp[], name: string): number | null {
  for (const pattern of patterns) {
    const found = pattern.exec(said)?.groups?.[name];
    if (found !== undefined) return numberOf(found);
  }
  return null;
}

function numberOf(text: string | undefined): number {
  return Number((text ?? '').replaceAll(',', ''));
}
