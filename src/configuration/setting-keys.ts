/**
 * The settings of a file as a list, from its JSON Schema: their keys and what is said of each. Pure.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';

export interface SettingKey {
  /** `limits.steps`; a name that a person gives is `*`, as in `models.*.inputPrice`. */
  readonly key: string;
  readonly description: string;
  /** What a value of it is, as the end of "it is …". */
  readonly type: string;
  /** Undefined: what is not set is not there. */
  readonly fallback: JsonValue | undefined;
}

export function settingKeys(schema: JsonObject): readonly SettingKey[] {
  return keysBelow(schema, []);
}

function keysBelow(schema: JsonObject, path: readonly string[]): SettingKey[] {
  const properties = object(schema['properties']);
  const { additionalProperties } = schema;
  const inner = Object.entries(properties).flatMap(([name, property]) =>
    keysBelow(object(property), [...path, name]),
  );
  if (isJsonObject(additionalProperties)) inner.push(...keysBelow(additionalProperties, [...path, '*']));
  if (inner.length > 0) return inner;
  const { description, default: fallback } = schema;
  return [
    {
      key: path.join('.'),
      description: typeof description === 'string' ? description : '',
      type: typeInWords(schema),
      // TOML has no null: it is the same as not set.
      fallback: fallback === null ? undefined : fallback,
    },
  ];
}

/** The schema of the value at that place; undefined where none is known. */
export function schemaAt(schema: JsonObject, path: readonly PropertyKey[]): JsonObject | undefined {
  let at: JsonObject | undefined = schema;
  for (const part of path) {
    if (at === undefined) return undefined;
    const next: JsonValue | undefined =
      typeof part === 'number'
        ? itemsOf(at)
        : (ownProperty(object(at['properties']), String(part)) ?? at['additionalProperties']);
    at = isJsonObject(next) ? next : undefined;
  }
  return at;
}

function itemsOf(schema: JsonObject): JsonValue | undefined {
  const options = schema['anyOf'];
  const list = Array.isArray(options) ? options.find((option) => 'items' in object(option)) : undefined;
  return object(list ?? schema)['items'];
}

function ownProperty(of: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

export function keysAt(schema: JsonObject, path: readonly PropertyKey[]): readonly string[] {
  return Object.keys(object(schemaAt(schema, path)?.['properties']));
}

/** `a whole number from 1 to 100`, `one of "a" and "b"`. */
export function typeInWords(schema: JsonObject): string {
  const { enum: values, anyOf, type } = schema;
  if (Array.isArray(values)) return `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  if (Array.isArray(anyOf)) {
    const options = anyOf.map(object).filter((option) => option['type'] !== 'null');
    return [...new Set(options.map(typeInWords))].join(', or ');
  }
  if (type === 'array') return `a list of ${plural(typeInWords(object(schema['items'])))}`;
  if (type === 'integer') return `a whole number${bounds(schema)}`;
  if (type === 'number') return `a number${bounds(schema)}`;
  if (type === 'boolean') return 'true or false';
  return type === 'string' ? 'a text' : 'a table';
}

function plural(words: string): string {
  return words.replace(/^a (\w+)/, '$1s');
}

function bounds({ minimum, exclusiveMinimum, maximum }: JsonObject): string {
  const least = typeof minimum === 'number' ? ` from ${minimum}` : '';
  const above = typeof exclusiveMinimum === 'number' ? ` above ${exclusiveMinimum}` : '';
  // The largest that a number can be is no bound that anybody set.
  const isBound = typeof maximum === 'number' && maximum < Number.MAX_SAFE_INTEGER;
  if (!isBound) return least === '' ? above : `${least} on`;
  return `${least}${above} to ${maximum}`;
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
