/**
 * Prices and context windows of well-known models, as their providers published them in autumn 2026. A model
 * that is not listed has no price here:
 * null is told as unknown, never guessed from a relative.
 */

export interface CatalogEntry {
  /** Tokens that a request and its answer may hold together. */
  readonly contextTokens: number;
  /** The longest answer, kept free beside the request; absent where the window is for requests alone. */
  readonly outputTokens?: number;
  /** USD per million tokens. */
  readonly input: number;
  readonly output: number;
  /** USD per million input tokens read from the provider's cache. */
  readonly cachedInput: number;
  /** USD per million input tokens written to it; the same as `input` where not set. */
  readonly cacheWrite?: number;
  /** Dearer prices for requests with more input than this. */
  readonly long?: { aboveTokens: number; input: number; output: number; cachedInput: number };
}

export interface TokenCounts {
  /** All input, cached or not. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
}

/**
 * What is known about `provider/model`, or null. A date, `-latest` or `-preview` behind a known id does not
 * matter; any other ending does.
 */
export function catalogEntry(name: string): CatalogEntry | null {
  const slash = name.indexOf('/');
  const models = catalog[name.slice(0, slash)];
  if (models === undefined) return null;
  const id = name.slice(slash + 1);
  const known = Object.keys(models)
    .filter((prefix) => id.startsWith(prefix) && snapshotPattern.test(id.slice(prefix.length)))
    .sort((a, b) => b.length - a.length)[0];
  return known === undefined ? null : (models[known] ?? null);
}

/** All that are known, as `provider/model`. */
export function catalogNames(): readonly string[] {
  return Object.entries(catalog).flatMap(([provider, models]) =>
    Object.keys(models).map((model) => `${provider}/${model}`),
  );
}

/** What a person says that tokens cost: USD per million. It wins over what is known here. */
export interface GivenPrice {
  readonly input: number;
  readonly output: number;
}

/**
 * USD for one response, or null where the price is unknown. Scenario files cost nothing unless they name a
 * price.
 */
export function costOf(name: string, usage: TokenCounts, given?: GivenPrice): number | null {
  const free = name.startsWith('script/') ? { input: 0, output: 0 } : undefined;
  const own = given ?? free;
  if (own !== undefined) return (usage.inputTokens * own.input + usage.outputTokens * own.output) / 1_000_000;
  const entry = catalogEntry(name);
  if (entry === null) return null;
  const price = entry.long !== undefined && usage.inputTokens > entry.long.aboveTokens ? entry.long : entry;
  // Both are parts of the input, whatever a provider says.
  const read = Math.min(usage.cacheReadTokens ?? 0, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens - read);
  const fresh = usage.inputTokens - read - written;
  const micros =
    fresh * price.input +
    read * price.cachedInput +
    written * (entry.cacheWrite ?? price.input) +
    usage.outputTokens * price.output;
  return micros / 1_000_000;
}

const snapshotPattern = /^(?:-latest|-preview)?(?:-\d{2}-\d{4}|-\d{8}|-\d{4}-\d{2}-\d{2})?$/;

/** Anthropic: reading the cache costs a tenth, writing it five quarters of the input price. */
function claude(
  contextTokens: number,
  input: number,
  output: number,
  outputTokens = contextTokens === 1_000_000 ? 128_000 : 64_000,
): CatalogEntry {
  return { contextTokens, outputTokens, input, output, cachedInput: input / 10, cacheWrite: input * 1.25 };
}

const proAbove200k = { aboveTokens: 200_000, input: 2.5, output: 15, cachedInput: 0.25 };

const catalog: Record<string, Record<string, CatalogEntry>> = {
  anthropic: {
    'claude-fable-5-1': claude(1_000_000, 10, 50),
    'claude-opus-5-5': claude(1_000_000, 4, 20),
    'claude-opus-5': claude(1_000_000, 5, 25),
    'claude-opus-4-6': claude(1_000_000, 5, 25),
    'claude-opus-4-5': claude(200_000, 5, 25),
    'claude-opus-4-1': claude(200_000, 15, 75, 32_000),
    'claude-sonnet-5-5': claude(1_000_000, 2, 10),
    'claude-sonnet-4-5': claude(200_000, 3, 15),
    'claude-sonnet-4': claude(200_000, 3, 15),
    'claude-haiku-4-5': claude(200_000, 1, 5),
    'claude-3-5-haiku': claude(200_000, 0.8, 4, 8_192),
  },
  openai: {
    'gpt-5.4': {
      contextTokens: 1_050_000,
      outputTokens: 128_000,
      input: 2.5,
      output: 15,
      cachedInput: 0.25,
      long: { aboveTokens: 272_000, input: 5, output: 22.5, cachedInput: 0.5 },
    },
    'gpt-5.4-mini': {
      contextTokens: 400_000,
      outputTokens: 128_000,
      input: 0.75,
      output: 4.5,
      cachedInput: 0.075,
    },
    'gpt-5.2': { contextTokens: 400_000, outputTokens: 128_000, input: 1.75, output: 14, cachedInput: 0.175 },
    'gpt-5.1': { contextTokens: 400_000, outputTokens: 128_000, input: 1.25, output: 10, cachedInput: 0.125 },
    'gpt-5': { contextTokens: 400_000, outputTokens: 128_000, input: 1.25, output: 10, cachedInput: 0.125 },
    'gpt-5-mini': {
      contextTokens: 400_000,
      outputTokens: 128_000,
      input: 0.25,
      output: 2,
      cachedInput: 0.025,
    },
    'gpt-5-nano': {
      contextTokens: 400_000,
      outputTokens: 128_000,
      input: 0.05,
      output: 0.4,
      cachedInput: 0.005,
    },
    'gpt-4.1': { contextTokens: 1_047_576, outputTokens: 32_768, input: 2, output: 8, cachedInput: 0.5 },
    'gpt-4.1-mini': {
      contextTokens: 1_047_576,
      outputTokens: 32_768,
      input: 0.4,
      output: 1.6,
      cachedInput: 0.1,
    },
    'gpt-4.1-nano': {
      contextTokens: 1_047_576,
      outputTokens: 32_768,
      input: 0.1,
      output: 0.4,
      cachedInput: 0.025,
    },
    'gpt-4o': { contextTokens: 128_000, outputTokens: 16_384, input: 2.5, output: 10, cachedInput: 1.25 },
    'gpt-4o-mini': {
      contextTokens: 128_000,
      outputTokens: 16_384,
      input: 0.15,
      output: 0.6,
      cachedInput: 0.075,
    },
    o3: { contextTokens: 200_000, outputTokens: 100_000, input: 2, output: 8, cachedInput: 0.5 },
    'o4-mini': { contextTokens: 200_000, outputTokens: 100_000, input: 1.1, output: 4.4, cachedInput: 0.275 },
  },
  google: {
    'gemini-3-pro': {
      contextTokens: 1_048_576,
      input: 2,
      output: 12,
      cachedInput: 0.2,
      long: { aboveTokens: 200_000, input: 4, output: 18, cachedInput: 0.4 },
    },
    'gemini-3-flash': { contextTokens: 1_048_576, input: 0.5, output: 3, cachedInput: 0.05 },
    'gemini-2.5-pro': {
      contextTokens: 1_048_576,
      input: 1.25,
      output: 10,
      cachedInput: 0.125,
      long: proAbove200k,
    },
    'gemini-2.5-flash': { contextTokens: 1_048_576, input: 0.3, output: 2.5, cachedInput: 0.03 },
    'gemini-2.5-flash-lite': { contextTokens: 1_048_576, input: 0.1, output: 0.4, cachedInput: 0.01 },
  },
};
