/**
 * What a model wrote as a call's arguments, made an input: text from outside, in every shape that providers
 * are known to send.
 */
import type { JsonValue } from '../std/json.ts';

/** `invalid` says why there is no input, for the model to read. */
export type ToolInput = { input: JsonValue; invalid?: string };

/**
 * No tool takes half as many levels; past some thousands the walkers of this process would run out of stack.
 */
const levelsMax = 100;
const shownChars = 200;

/**
 * A call without arguments may come without any text; an object may come encoded twice. A key that would be
 * an object's prototype is nothing to pass on.
 */
export function toolInput(text: string): ToolInput {
  if (text.trim() === '') return { input: {} };
  const excerpt = text.slice(0, shownChars).toWellFormed();
  if (isDeep(text)) return deep(excerpt);
  const once = parsed(text);
  if (typeof once === 'string' && isDeep(once)) return deep(excerpt);
  const input = typeof once === 'string' ? parsed(once) : once;
  if (input === undefined || typeof input === 'string')
    return { input: null, invalid: `the input is not JSON: ${excerpt}` };
  return { input: input === null ? {} : wellFormedJson(input) };
}

function deep(excerpt: string): ToolInput {
  return { input: null, invalid: `the input is nested deeper than ${levelsMax} levels: ${excerpt}` };
}

/**
 * The same value with every half of a surrogate pair replaced, in keys too. To be given no deeper than
 * `levelsMax`.
 */
export function wellFormedJson(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormedJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormedJson(item)]),
  );
}

/** Undefined where it is no JSON. */
function parsed(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text, text.includes('__proto__') ? refusePrototype : undefined);
    return value;
  } catch {
    return undefined;
  }
}

function refusePrototype(key: string, value: JsonValue): JsonValue {
  if (key === '__proto__') throw new SyntaxError('a key is __proto__');
  return value;
}

/** Looked at before anything walks the value: brackets outside of strings. */
export function isDeep(text: string): boolean {
  let level = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') level += 1;
    else if (char === '}' || char === ']') level -= 1;
    if (level > levelsMax) return true;
  }
  return false;
}
