/** Fields of a provider's events that every dialect has: arguments and counts. */
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';

/** The event, made right in place, or null where it is to be passed over. May throw `ToldInStream`. */
export type Mend = (event: JsonObject) => JsonObject | null;

/** Arguments are a text for the packages, whatever they were on the wire; null where there are none. */
export function asText(given: JsonValue | undefined): string | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'string') return given;
  try {
    return JSON.stringify(given);
  } catch {
    // Too deep for this process: as a text that is just as deep, so that the model is told why.
    return '['.repeat(1_000);
  }
}

/** Counts of tokens as numbers from 0 to 2^53 − 1; all else of a usage stays as it is. */
export function counts(usage: JsonObject): JsonObject {
  const mended: JsonObject = {};
  for (const [key, value] of Object.entries(usage)) {
    if (isJsonObject(value)) mended[key] = counts(value);
    else mended[key] = /token|count/i.test(key) && !Array.isArray(value) ? tokens(value) : value;
  }
  return mended;
}

/** The named counts, 0 where they are missing. */
export function required(usage: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, tokens(usage[name] ?? 0) ?? 0]));
}

function tokens(value: JsonValue): number | null {
  if (value === null) return null;
  const number = Number(value);
  return number > 0 ? Math.min(Math.round(number), Number.MAX_SAFE_INTEGER) : 0;
}
