/** Holds a final answer against the JSON Schema that was asked for, and takes it as data. */
import * as z from 'zod';
import { schemaProblem } from '../session/settings/result-schema.ts';
import { firstOf } from '../std/first-of.ts';
import { type JsonObject, type JsonValue, jsonIn } from '../std/json.ts';

/** Of a result as JSON. */
const resultCharsMax = 60_000;
const problemCharsMax = 2_000;
/** Less than a message may nest (protocol/limits.ts), which has some around it. */
const dataDepthMax = 32;
/** As in transport/parse-message.ts. */
const reservedNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export type ReadResult =
  | { readonly fits: true; readonly data: JsonValue }
  | { readonly fits: false; readonly problem: string };

/** The answer as data; the whole of it is JSON, or one block of it is. */
export function readResult(schema: JsonObject, text: string): ReadResult {
  const whole = jsonIn(text.trim());
  const data = whole === undefined ? inBlock(text) : whole;
  if (data === undefined) return { fits: false, problem: 'The answer is no JSON.' };
  const unsendable = unsendableIn(data, 0);
  if (unsendable !== null) return { fits: false, problem: unsendable };
  if (JSON.stringify(data).length > resultCharsMax)
    return { fits: false, problem: `The JSON is longer than ${resultCharsMax} characters.` };
  if (schemaProblem(schema) !== null) return { fits: false, problem: 'The schema cannot be read.' };
  const read = z.fromJSONSchema(schema).safeParse(data);
  if (read.success) return { fits: true, data };
  return { fits: false, problem: z.prettifyError(read.error).slice(0, problemCharsMax).toWellFormed() };
}

/** Why no message to the parent could carry it: it would be refused, and the report with it. */
function unsendableIn(data: JsonValue, depth: number): string | null {
  if (data === null || typeof data !== 'object') return null;
  if (depth >= dataDepthMax) return `The JSON is nested deeper than ${dataDepthMax} levels.`;
  const named = Array.isArray(data) ? undefined : Object.keys(data).find((key) => reservedNames.has(key));
  if (named !== undefined) return `${named} cannot be the name of a field; name it otherwise.`;
  return firstOf(Object.values(data).map((value) => () => unsendableIn(value, depth + 1)));
}

/** The fenced block with which the answer ends. */
function inBlock(text: string): JsonValue | undefined {
  const lines = text.trimEnd().split('\n');
  const end = lines.length - 1;
  const begin = lines.findLastIndex((line, index) => index < end && line.startsWith('```'));
  const isBlock = lines[end]?.trim() === '```' && /^```(json)?\s*$/.test(lines[begin] ?? '');
  return isBlock ? jsonIn(lines.slice(begin + 1, end).join('\n')) : undefined;
}
