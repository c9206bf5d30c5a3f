/**
 * The JSON Schema that a parent gives for a child's final answer, or a person for a root's: a bounded subset,
 * since a model may have written it. What is not in the subset is refused by name, never passed over: a
 * schema that demands less than it says would be worse than none.
 *
 * Absent: references, patterns and formats (one can take for ever), defaults (an answer is handed up as it
 * was given), schemas by condition.
 */
import { firstOf } from '../../std/first-of.ts';
import { type JsonObject, type JsonValue, isJsonObject, jsonIn } from '../../std/json.ts';

const bounds = { charsMax: 16_384, depthMax: 16, schemasMax: 500 } as const;
const words = ['title', 'description', '$schema'];
const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  boolean: [],
  null: [],
};
const numbers = new Set(Object.values(keywordsOf).flat());

/** Null, or why it cannot be held against an answer. */
export function schemaProblem(schema: JsonObject): string | null {
  const problem = problemAt(schema, { path: 'the schema', depth: 0, count: { schemas: 0 } });
  // Behind the parts: what nests without end could not be written at all.
  if (problem !== null || JSON.stringify(schema).length <= bounds.charsMax) return problem;
  return `the schema is longer than ${bounds.charsMax} characters`;
}

/** The same of a schema as somebody has written it. */
export function schemaTextProblem(text: string): string | null {
  const schema = jsonIn(text);
  return isJsonObject(schema) ? schemaProblem(schema) : 'is no JSON Schema: write an object, as JSON';
}

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly count: { schemas: number };
}

function problemAt(schema: JsonValue | undefined, place: Place): string | null {
  const { path, depth, count } = place;
  count.schemas += 1;
  if (depth > bounds.depthMax) return `${path} is nested deeper than ${bounds.depthMax} levels`;
  if (count.schemas > bounds.schemasMax) return `it has more than ${bounds.schemasMax} parts`;
  if (!isJsonObject(schema)) return `${path} is no schema: give an object`;
  const inside = (name: string): Place => ({ path: `${path}.${name}`, depth: depth + 1, count });
  const forms = ['type', 'enum', 'const', 'anyOf'].filter((form) => Object.hasOwn(schema, form));
  const [form] = forms;
  if (form === undefined || forms.length > 1)
    return `${path} needs one of type, enum, const or anyOf, and not two of them`;
  const odd = words.find((word) => schema[word] !== undefined && typeof schema[word] !== 'string');
  if (odd !== undefined) return `${path}.${odd} is no text`;
  const { type } = schema;
  const known = form === 'type' ? keywordsAllowed(type) : [];
  if (known === null) return `${path}.type is none of ${Object.keys(keywordsOf).join(', ')}`;
  const other = Object.keys(schema).find((key) => ![form, ...words, ...known].includes(key));
  if (other !== undefined)
    return `${path} has ${JSON.stringify(other.slice(0, 40))}, which is not supported ${form === 'type' ? `with type ${JSON.stringify(type)}` : `beside ${form}`}`;
  switch (form) {
    case 'anyOf':
      return listProblem(schema['anyOf'], inside('anyOf'));
    case 'enum':
      return scalarsProblem(schema['enum'], path);
    case 'const':
      return scalarsProblem([schema['const'] ?? null], path);
    default:
      return partsProblem(schema, place, inside);
  }
}

function keywordsAllowed(type: JsonValue | undefined): readonly string[] | null {
  return typeof type === 'string' && Object.hasOwn(keywordsOf, type) ? (keywordsOf[type] ?? []) : null;
}

function listProblem(list: JsonValue | undefined, place: Place): string | null {
  if (!Array.isArray(list) || list.length === 0) return `${place.path} is no list of schemas`;
  return firstOf(
    list.map((one, index) => () => problemAt(one, { ...place, path: `${place.path}[${index}]` })),
  );
}

function scalarsProblem(values: JsonValue | undefined, path: string): string | null {
  const isScalar = (value: JsonValue) => value === null || typeof value !== 'object';
  if (Array.isArray(values) && values.length > 0 && values.every(isScalar)) return null;
  return `${path} lists something else than texts, numbers, true, false or null`;
}

function partsProblem(schema: JsonObject, { path }: Place, inside: (name: string) => Place): string | null {
  const { properties = {}, required = [], additionalProperties: more = true, items } = schema;
  if (!isJsonObject(properties)) return `${path}.properties is no object`;
  if (Object.hasOwn(properties, '__proto__')) return `${path}.properties has a name that cannot be one`;
  const isNamed = (name: JsonValue) => typeof name === 'string' && Object.hasOwn(properties, name);
  if (!Array.isArray(required) || !required.every(isNamed))
    return `${path}.required names something that is not in properties`;
  const bad = Object.entries(schema).find(
    ([key, value]) => numbers.has(key) && /^(min|max|excl)/.test(key) && !isBound(key, value),
  );
  if (bad !== undefined) return `${path}.${bad[0]} is no number that it could be`;
  return firstOf([
    ...Object.entries(properties).map(
      ([name, one]) =>
        () =>
          problemAt(one, inside(`properties.${name}`)),
    ),
    () => (typeof more === 'boolean' ? null : problemAt(more, inside('additionalProperties'))),
    () => (items === undefined ? null : problemAt(items, inside('items'))),
  ]);
}

/** A bound of a length is a whole number. */
function isBound(key: string, value: JsonValue): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return !/(Items|Length)$/.test(key) || (Number.isSafeInteger(value) && value >= 0);
}
