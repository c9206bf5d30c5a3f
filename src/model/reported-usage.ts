/**
 * What a provider says of its tokens while its answer comes: it is billed also where the answer breaks off.
 * Read from the events as they arrive, because a package tells it only behind a whole answer. Absent: counts
 * of answers that are no stream.
 */
import { type JsonObject, isJsonObject } from '../std/json.ts';
import type { TokenCounts } from './catalog.ts';
import type { Dialect } from './prompt.ts';
import { items, tokens } from './repair-fields.ts';

/** For one answer. */
export interface UsageReports {
  /** An event as it came. */
  take(event: JsonObject): void;
  /** Null where nothing was counted. */
  soFar(): TokenCounts | null;
  /** Something of the answer has come since the last count. */
  isBehind(): boolean;
}

/** Names of counts, each sum's together; a dot leads into an object. */
interface Names {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly cacheRead: string;
  readonly cacheWrite?: string;
}

const namesOf: Record<Dialect, Names | null> = {
  anthropic: {
    input: ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'],
    output: ['output_tokens'],
    cacheRead: 'cache_read_input_tokens',
    cacheWrite: 'cache_creation_input_tokens',
  },
  openai: {
    input: ['input_tokens'],
    output: ['output_tokens'],
    cacheRead: 'input_tokens_details.cached_tokens',
  },
  compatible: {
    input: ['prompt_tokens'],
    output: ['completion_tokens'],
    cacheRead: 'prompt_tokens_details.cached_tokens',
  },
  google: {
    input: ['promptTokenCount'],
    output: ['candidatesTokenCount', 'thoughtsTokenCount'],
    cacheRead: 'cachedContentTokenCount',
  },
  plain: null,
};

export function newUsageReports(dialect: Dialect): UsageReports {
  const names = namesOf[dialect];
  /** By name. Each report holds all so far: a later one replaces an earlier one. */
  const said = new Map<string, number>();
  let isBehind = false;
  const sum = (of: readonly string[]) =>
    Math.min(
      of.reduce((all, name) => all + (said.get(name) ?? 0), 0),
      Number.MAX_SAFE_INTEGER,
    );
  return {
    take(event) {
      if (names === null) return;
      const usage = usageIn(event);
      if (usage === null) isBehind ||= saysSomething(event);
      else if (note(said, usage, names)) isBehind = false;
    },
    soFar() {
      if (names === null) return null;
      const [inputTokens, outputTokens] = [sum(names.input), sum(names.output)];
      if (inputTokens === 0 && outputTokens === 0) return null;
      return {
        inputTokens,
        outputTokens,
        cacheReadTokens: said.get(names.cacheRead),
        cacheWriteTokens: said.get(names.cacheWrite ?? ''),
      };
    },
    isBehind: () => isBehind,
  };
}

/** Whether anything was counted. */
function note(said: Map<string, number>, usage: JsonObject, names: Names): boolean {
  let hasCounted = false;
  for (const name of [...names.input, ...names.output, names.cacheRead]) {
    const [outer = '', inner] = name.split('.');
    const of = inner === undefined ? usage : usage[outer];
    const count = isJsonObject(of) ? tokens(of[inner ?? outer] ?? null) : null;
    // Some say 0 where they do not count.
    if (count === null || count === 0) continue;
    said.set(name, count);
    hasCounted = true;
  }
  return hasCounted;
}

function usageIn({ usage, message, response, usageMetadata }: JsonObject): JsonObject | null {
  const within = [message, response].map((of) => (isJsonObject(of) ? of['usage'] : null));
  return [usage, usageMetadata, ...within].find((one) => isJsonObject(one)) ?? null;
}

/** A piece of the answer, by the words of any dialect. */
function saysSomething({ type, choices, candidates }: JsonObject): boolean {
  if (typeof type === 'string' && /[._]delta$/.test(type)) return true;
  const deltas = items(choices).map((choice) => choice['delta'] ?? choice['message']);
  const contents = items(candidates).map(({ content }) => content);
  return [...deltas, ...contents].some((one) => isJsonObject(one) && Object.values(one).some(isFilled));
}

/** A role alone says nothing. */
function isFilled(value: unknown): boolean {
  return (
    (typeof value === 'string' && value !== 'assistant' && value !== 'model' && value !== '') ||
    (Array.isArray(value) && value.length > 0)
  );
}
