/**
 * What a server says of the input of its tool, held against what a request can carry: a provider refuses a
 * whole request for one schema that it does not take. Pure; no reference is followed, so that none can make
 * more of a schema than it is.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';

const bounds = {
  /** Characters as JSON. */
  chars: 24_000,
  depth: 24,
  /** Values in it, and with each reference in the place of what it names. */
  values: 5_000,
} as const;

/** As providers take the name of a property. */
const propertyName = /^[A-Za-z0-9_.-]{1,64}$/;

/** The schema, or why the tool cannot be offered: what follows "its input ". */
export function inputSchemaOf(value: JsonValue | undefined): JsonObject | string {
  if (!isJsonObject(value)) return 'is described by no JSON Schema';
  if (value['type'] !== 'object') return 'is not an object';
  const properties = value['properties'];
  if (properties !== undefined && !isJsonObject(properties)) return 'has properties that are no object';
  const bad = Object.keys(properties ?? {}).find((name) => !propertyName.test(name));
  if (bad !== undefined)
    return `has a property ${JSON.stringify(bad.slice(0, 40).toWellFormed())}, which providers do not take`;
  const problem = shapeProblem(value);
  if (problem !== null) return problem;
  const { $schema: _, ...schema } = value;
  return schema;
}

function shapeProblem(schema: JsonObject): string | null {
  if (depthOf(schema, bounds.depth) > bounds.depth) return `is nested more than ${bounds.depth} levels deep`;
  if (JSON.stringify(schema).length > bounds.chars)
    return `is described in more than ${bounds.chars} characters`;
  const sizes = new Map<string, number | 'open'>();
  const size = expanded(schema, { root: schema, sizes });
  if (typeof size === 'string') return size;
  return size > bounds.values ? `comes to more than ${bounds.values} values with its references` : null;
}

/** No further than asked for. */
function depthOf(value: JsonValue, most: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (most < 0) return 1;
  let deepest = 0;
  for (const one of Object.values(value)) deepest = Math.max(deepest, depthOf(one, most - 1));
  return 1 + deepest;
}

interface References {
  readonly root: JsonObject;
  /** Each is counted once; `open` while it is. */
  readonly sizes: Map<string, number | 'open'>;
}

function expanded(value: JsonValue, references: References): number | string {
  if (typeof value !== 'object' || value === null) return 1;
  let sum = 1;
  for (const [key, one] of Object.entries(value)) {
    const isReference = /^\$(?:dynamic|recursive)?[Rr]ef$/.test(key) && !Array.isArray(value);
    const size = isReference ? referred(one, references) : expanded(one, references);
    if (typeof size === 'string') return size;
    sum = Math.min(Number.MAX_SAFE_INTEGER, sum + size);
  }
  return sum;
}

function referred(reference: JsonValue, references: References): number | string {
  const path =
    typeof reference === 'string' ? /^#\/((?:\$defs|definitions)\/[^/]+)$/.exec(reference)?.[1] : undefined;
  if (path === undefined) return 'refers to something outside of its definitions';
  const known = references.sizes.get(path);
  if (known === 'open') return 'is defined by itself';
  if (known !== undefined) return known;
  const [section = '', name = ''] = path.split('/');
  const definitions = references.root[section];
  const definition = isJsonObject(definitions) ? definitions[name] : undefined;
  if (definition === undefined) return 'refers to a definition that is not there';
  references.sizes.set(path, 'open');
  const size = expanded(definition, references);
  if (typeof size === 'number') references.sizes.set(path, size);
  return size;
}
