/** Fields of a provider's events that every dialect has: arguments and counts. */
import { type JsonObject, type JsonValue, isJsonObject } from '../std/json.ts';

/**
 * The event, made right in place, one with what was missing before it, or null where it is to be passed over.
 */
export type RepairEvent = (event: JsonObject) => JsonObject | JsonObject[] | null;

/**
 * `finished`: it has said why it ends, and something may come behind that. `over`: it has said that this is
 * all.
 */
export type Ending = 'open' | 'finished' | 'over';

/** For one answer. */
export interface Repair {
  /** May throw `FailureInStream`. */
  event(event: JsonObject): JsonObject[];
  /** The server says that it has sent all: what is missing of an end. */
  done(): JsonObject[];
  /** As the events so far tell it. */
  ending(): Ending;
}

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

/**
 * Counts of tokens as numbers from 0 to 2^53 − 1. All else of a usage is left out: nobody here reads it, and
 * the packages refuse what they do not know.
 */
export function counts(usage: JsonObject): JsonObject {
  const kept: JsonObject = {};
  for (const [key, value] of Object.entries(usage)) {
    const holdsMore = /details$|^cache_creation$/i.test(key);
    if (holdsMore && isJsonObject(value)) kept[key] = counts(value);
    else if (!holdsMore && /token|count/i.test(key) && typeof value !== 'object') kept[key] = tokens(value);
  }
  return kept;
}

/** The named counts, 0 where they are missing. */
export function required(usage: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, tokens(usage[name] ?? 0) ?? 0]));
}

/** Also as a text; null for all else. */
export function wholeNumber(value: JsonValue | undefined): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null;
}

/** A count as a number from 0 to 2^53 − 1; null where there is none. */
export function tokens(value: JsonValue): number | null {
  if (value === null) return null;
  const number = Number(value);
  return number > 0 ? Math.min(Math.round(number), Number.MAX_SAFE_INTEGER) : 0;
}

export function items(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isJsonObject(item)) : [];
}
