/** What is wrong with the values of a configuration file, in words of ours, all of it. Pure. */
import type * as z from 'zod';
import type { JsonObject } from '../std/json.ts';
import { nearest } from '../std/nearest.ts';
import { keysAt, schemaAt, settingKeys, typeInWords } from './setting-keys.ts';

export interface Problem {
  /** The key, or the element of a list, that it is at. */
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

export interface FileShape {
  /** JSON Schema of the file. */
  readonly schema: JsonObject;
  /** Of the user's file, where this is another one: what may be set there and not here is said. */
  readonly usersSchema: JsonObject;
}

export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  said: Readonly<Record<string, unknown>>,
  shape: FileShape,
): Problem[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: issue.path, text: valueText(issue, said, shape) }];
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path, text: unknownKeyText(path, shape) };
    });
  });
}

function unknownKeyText(path: readonly PropertyKey[], { schema, usersSchema }: FileShape): string {
  const name = placeName(path);
  const place = name.includes('"') ? name : `"${name}"`;
  if (schemaAt(usersSchema, path) !== undefined)
    return `the key ${place} may not be set by a project: it goes into your own config.toml`;
  return `the key ${place} may not be set here (${hint(path, schema)})`;
}

function hint(path: readonly PropertyKey[], schema: JsonObject): string {
  const name = String(path.at(-1));
  const known = keysAt(schema, path.slice(0, -1));
  const near = nearest(name, known);
  if (near !== null) return `did you mean "${near}"?`;
  // A name that a person gives says nothing of what was meant.
  const all = settingKeys(schema).flatMap(({ key }) => (key.includes('*') ? [] : [key]));
  const lastOf = (key: string) => key.slice(key.lastIndexOf('.') + 1);
  const elsewhere = nearest(name, all.map(lastOf));
  const key = all.find((one) => elsewhere !== null && lastOf(one) === elsewhere);
  if (key !== undefined) return `did you mean "${key}"?`;
  return `known here: ${known.join(', ')}`;
}

function valueText(
  issue: Exclude<z.core.$ZodIssue, z.core.$ZodIssueUnrecognizedKeys>,
  said: Readonly<Record<string, unknown>>,
  { schema }: FileShape,
): string {
  const place = placeName(issue.path);
  const at = place === '' ? '' : `${place}: `;
  const value = valueAt(said, issue.path);
  switch (issue.code) {
    case 'custom':
    case 'invalid_format':
      return `${at}${issue.message}`;
    case 'invalid_key':
      return `${at}${issue.issues[0]?.message ?? 'this key may not be set'}`;
    case 'too_small':
    case 'too_big':
      return `${at}${shown(value)} ${typeof value === 'number' ? limitProblem(issue) : sizeProblem(issue)}`;
    case 'invalid_element':
    case 'invalid_type':
    case 'invalid_union':
    case 'invalid_value':
    case 'not_multiple_of': {
      const expected = schemaAt(schema, issue.path);
      return `${at}${shown(value)} is not ${expected === undefined ? 'understood' : typeInWords(expected)}${meant(value, expected)}`;
    }
  }
}

function meant(value: unknown, expected: JsonObject | undefined): string {
  const values = expected?.['enum'];
  if (typeof value !== 'string' || !Array.isArray(values)) return '';
  const near = nearest(value, values.map(String));
  return near === null ? '' : ` (did you mean "${near}"?)`;
}

function sizeProblem(issue: { readonly code: 'too_small' | 'too_big' }): string {
  return issue.code === 'too_small' ? 'is empty: say something, or leave the key out' : 'is too long';
}

/** What is wrong with one number, as the end of a sentence about it. */
export function limitProblem(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'too_small')
    return `is too small: ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum} is possible`;
  if (issue?.code === 'too_big') return `is too large: at most ${issue.maximum} is possible`;
  if (issue?.code === 'invalid_type' && issue.expected === 'int') return 'is not a whole number';
  return 'is not a number';
}

/** As it would be written in the file. */
function placeName(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'string' && !/^[\w-]+$/.test(part) ? JSON.stringify(part) : String(part)))
    .join('.');
}

function valueAt(said: Readonly<Record<string, unknown>>, path: readonly PropertyKey[]): unknown {
  let at: unknown = said;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Object.entries(at).find(([key]) => key === String(part))?.[1];
  }
  return at;
}

const shownCharsMax = 60;

function shown(value: unknown): string {
  if (typeof value === 'symbol') return 'a date';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a table';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…`.toWellFormed() : text;
}
