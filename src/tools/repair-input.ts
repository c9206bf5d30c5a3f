/**
 * An input that a schema refuses, once more as it was meant: null for what may be left out, and JSON in a
 * text where no text is wanted. Pure.
 */
import type * as z from 'zod';
import { type JsonValue, isJsonObject, jsonIn } from '../std/json.ts';

type Issue = z.core.$ZodIssue;

/**
 * The input with what the issues point at made right, or null where there is nothing of that kind. The given
 * one stays as it is.
 */
export function repairedInput(input: JsonValue, issues: readonly Issue[]): JsonValue | null {
  const copy = structuredClone(input);
  const repaired = issues.filter((issue) => repair(copy, issue.path));
  return repaired.length > 0 ? copy : null;
}

function repair(input: JsonValue, path: readonly PropertyKey[]): boolean {
  const key = path.at(-1);
  const holder = path.slice(0, -1).reduce<JsonValue | undefined>(inside, input);
  if (key === undefined || holder === undefined) return false;
  const value = inside(holder, key);
  if (isJsonObject(holder) && typeof key === 'string' && value === null) return delete holder[key];
  if (typeof value !== 'string') return false;
  const read = jsonIn(value);
  if (read === undefined || typeof read === 'string') return false;
  if (isJsonObject(holder) && typeof key === 'string') holder[key] = read;
  else if (Array.isArray(holder) && typeof key === 'number') holder[key] = read;
  return true;
}

function inside(value: JsonValue | undefined, key: PropertyKey): JsonValue | undefined {
  if (Array.isArray(value) && typeof key === 'number') return value[key];
  return isJsonObject(value) && typeof key === 'string' && Object.hasOwn(value, key) ? value[key] : undefined;
}
