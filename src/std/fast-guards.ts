/**
 * A look at JSON without a schema, for what podkin itself has written: where it says yes, the schema is not
 * made at all, which would be most of a pod's start. Where it says no, the schema decides, and says what is
 * wrong. So it may refuse what a schema takes, and never the other way round.
 */
import type { JsonObject, JsonValue } from './json.ts';

/** Exactly these fields, in any order. Of a value that was read as JSON. */
export function isPlain(value: unknown, fields: readonly string[]): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  return names.length === fields.length && fields.every((field) => Object.hasOwn(value, field));
}

/** Exactly these fields, and each a text. */
export function isOfTexts(
  value: JsonValue | undefined,
  fields: readonly string[],
): value is { [field: string]: string } {
  return isPlain(value, fields) && Object.values(value).every((text) => typeof text === 'string');
}

export function areTexts(
  value: JsonValue | undefined | readonly (JsonValue | undefined)[],
): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

export function isWholeNumber(value: JsonValue | undefined, min = Number.MIN_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min;
}
