/**
 * A form that a server asks a person to fill in: fields of a few plain kinds, bounded, and whether an answer
 * fits. Pure.
 */
import * as z from 'zod';
import { once } from '../std/once.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import { unseen, withoutHidden } from '../std/characters.ts';

const formBounds = {
  fields: 20,
  nameChars: 64,
  aboutChars: 500,
  choices: 50,
  choiceChars: 200,
  messageChars: 4_000,
  textChars: 10_000,
} as const;

const kinds = ['text', 'number', 'integer', 'yesNo', 'choice', 'choices'] as const;
const bound = () => z.number().optional();

const fieldSchema = once(() =>
  z.object({
    name: z.string().min(1).max(formBounds.nameChars),
    kind: z.enum(kinds),
    about: z.string().max(formBounds.aboutChars),
    required: z.boolean(),
    /** Of a choice. */
    choices: z.array(z.string().max(formBounds.choiceChars)).max(formBounds.choices).optional(),
    /** Of a text its length, of a number its value, of choices how many. */
    least: bound(),
    most: bound(),
  }),
);

export const formSchema = once(() =>
  z.object({
    message: z.string().max(formBounds.messageChars + 100),
    fields: z.array(fieldSchema()).max(formBounds.fields),
  }),
);
export type FormField = z.infer<ReturnType<typeof fieldSchema>>;
export type Form = z.infer<ReturnType<typeof formSchema>>;

export const formContentSchema = once(() =>
  z.record(
    z.string().max(formBounds.nameChars),
    z.union([
      z.string().max(formBounds.textChars),
      z.number(),
      z.boolean(),
      z.array(z.string().max(formBounds.choiceChars)).max(formBounds.choices),
    ]),
  ),
);
export type FormContent = z.infer<ReturnType<typeof formContentSchema>>;

/** As a server asks it; a text says why it cannot be asked. */
export function formIn({ message, requestedSchema }: JsonObject): Form | string {
  if (typeof message !== 'string') return 'it has no message';
  const properties = isJsonObject(requestedSchema) ? (requestedSchema['properties'] ?? {}) : {};
  const required = isJsonObject(requestedSchema) ? requestedSchema['required'] : [];
  if (!isJsonObject(properties)) return 'its fields are no object';
  const named = Object.entries(properties);
  if (named.length > formBounds.fields) return `it has more than ${formBounds.fields} fields`;
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  const fields: FormField[] = [];
  for (const [name, asked] of named) {
    const field = fieldOf(name, asked, isRequired(name));
    if (typeof field === 'string') return field;
    fields.push(field);
  }
  return { message: cut(message, formBounds.messageChars), fields };
}

function fieldOf(name: string, asked: JsonValue, required: boolean): FormField | string {
  const label = JSON.stringify(withoutHidden(name).slice(0, formBounds.nameChars).toWellFormed());
  if (name === '' || name.length > formBounds.nameChars || name.search(unseen) >= 0 || /[=;\s]/.test(name))
    return `its field ${label} has no name that can be shown and typed`;
  if (!isJsonObject(asked)) return `its field ${label} is not described`;
  const found = kindOf(asked);
  if (found === null) return `its field ${label} is of no kind that can be asked`;
  const { title, description } = asked;
  const words = [title, description].filter(
    (text): text is string => typeof text === 'string' && text !== '',
  );
  return { name, about: cut(words.join(': '), formBounds.aboutChars), required, ...found };
}

function kindOf(asked: JsonObject): Pick<FormField, 'kind' | 'choices' | 'least' | 'most'> | null {
  const { type, items, minLength, maxLength, minimum, maximum, minItems, maxItems } = asked;
  const between = (least: JsonValue | undefined, most: JsonValue | undefined) => ({
    ...(typeof least === 'number' && { least }),
    ...(typeof most === 'number' && { most }),
  });
  if (type === 'boolean') return { kind: 'yesNo' };
  if (type === 'number' || type === 'integer') return { kind: type, ...between(minimum, maximum) };
  if (type === 'array') {
    const choices = isJsonObject(items) ? choicesIn(items) : null;
    return choices === null ? null : { kind: 'choices', choices, ...between(minItems, maxItems) };
  }
  if (type !== 'string') return null;
  if (asked['enum'] === undefined && asked['oneOf'] === undefined)
    return { kind: 'text', ...between(minLength, maxLength) };
  const choices = choicesIn(asked);
  return choices === null ? null : { kind: 'choice', choices };
}

/** Values; what they are called stands in no answer. Null: they cannot be shown. */
function choicesIn(asked: JsonObject): string[] | null {
  const listed = asked['enum'] ?? asked['oneOf'] ?? asked['anyOf'];
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > formBounds.choices) return null;
  const values = listed.map((one) => (isJsonObject(one) ? one['const'] : one));
  const shown = values.filter(
    (one): one is string =>
      typeof one === 'string' && one.length <= formBounds.choiceChars && one.search(unseen) < 0,
  );
  return shown.length === values.length ? shown : null;
}

function cut(text: string, most: number): string {
  const clean = withoutHidden(text).toWellFormed();
  return clean.length <= most ? clean : `${clean.slice(0, most - 2).toWellFormed()} …`;
}

/** What a person reads of it, a field a line. */
export function formText({ message, fields }: Form): string {
  return [message, ...fields.map((field) => `  ${field.name}: ${fieldText(field)}`)].join('\n');
}

const kindWords: Record<FormField['kind'], string> = {
  text: 'a text',
  number: 'a number',
  integer: 'a whole number',
  yesNo: 'true or false',
  choice: 'one of',
  choices: 'some of',
};

function fieldText({ kind, choices, about, required, least, most }: FormField): string {
  const of = choices === undefined ? '' : ` ${choices.join(', ')}`;
  const what = kind === 'text' ? ' characters' : kind === 'choices' ? ' of them' : '';
  const between = [
    ...(least === undefined ? [] : [`at least ${least}${what}`]),
    ...(most === undefined ? [] : [`at most ${most}${what}`]),
  ];
  const words = [`${kindWords[kind]}${of}`, ...between, ...(required ? [] : ['may be left out'])];
  return `${words.join(', ')}${about === '' ? '' : ` (${about})`}`;
}

/** Why an answer is none; null: it fits. */
export function contentProblem({ fields }: Form, content: FormContent): string | null {
  const unknown = Object.keys(content).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) return `The form has no field ${JSON.stringify(unknown)}.`;
  for (const field of fields) {
    const value = content[field.name];
    if (value === undefined && field.required) return `The form needs ${field.name}: ${fieldText(field)}.`;
    if (value !== undefined && !fits(field, value))
      return `${field.name} has to be ${fieldText({ ...field, required: true, about: '' })}.`;
  }
  return null;
}

function fits({ kind, choices = [], least, most }: FormField, value: FormContent[string]): boolean {
  const isBetween = (size: number) => size >= (least ?? size) && size <= (most ?? size);
  switch (kind) {
    case 'text':
      return typeof value === 'string' && isBetween(value.length);
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && isBetween(value);
    case 'integer':
      return Number.isSafeInteger(value) && typeof value === 'number' && isBetween(value);
    case 'yesNo':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && choices.includes(value);
    case 'choices':
      return Array.isArray(value) && isBetween(value.length) && value.every((one) => choices.includes(one));
  }
}

/**
 * Of what was typed: `name=value` each, or a value alone where there is one field. A text says what is wrong.
 */
export function contentTyped({ fields }: Form, typed: readonly string[]): FormContent | string {
  const content: FormContent = {};
  const [only] = fields;
  for (const piece of typed) {
    const at = piece.indexOf('=');
    const name = piece.slice(0, Math.max(0, at)).trim();
    const named = fields.find((field) => field.name === name);
    const field = named ?? (fields.length === 1 && typed.length === 1 ? only : undefined);
    if (field === undefined)
      return `${JSON.stringify(piece)} is no answer: write NAME=VALUE, with ${fields.map((one) => one.name).join(', ')} as NAME.`;
    content[field.name] = valueTyped(field, named === undefined ? piece.trim() : piece.slice(at + 1).trim());
  }
  return content;
}

/** What does not read as its kind stays a text, which is refused by `contentProblem`. */
function valueTyped({ kind }: FormField, text: string): FormContent[string] {
  if (kind === 'choices') return text === '' ? [] : text.split(',').map((one) => one.trim());
  if (kind === 'yesNo') {
    if (/^(?:true|yes|y)$/i.test(text)) return true;
    return /^(?:false|no|n)$/i.test(text) ? false : text;
  }
  const isNumber = (kind === 'number' || kind === 'integer') && text !== '' && Number.isFinite(Number(text));
  return isNumber ? Number(text) : text;
}

interface About {
  title?: string;
  description?: string;
}
/** A field as the protocol of servers describes it. */
type FormProperty =
  | ({ type: 'string'; minLength?: number; maxLength?: number } & About)
  | ({ type: 'string'; enum: string[] } & About)
  | ({ type: 'number' | 'integer'; minimum?: number; maximum?: number } & About)
  | ({ type: 'boolean' } & About)
  | ({
      type: 'array';
      items: { type: 'string'; enum: string[] };
      minItems?: number;
      maxItems?: number;
    } & About);

// oxlint-disable-next-line typescript/consistent-type-definitions -- handed on as an object of any fields
export type FormSchema = {
  type: 'object';
  properties: Record<string, FormProperty>;
  required: string[];
};

/** For a host that asks a person itself. */
export function schemaOf({ fields }: Form): FormSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, propertyOf(field)])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  };
}

function propertyOf({ kind, about, choices = [], least, most }: FormField): FormProperty {
  const description = about === '' ? {} : { description: about };
  switch (kind) {
    case 'text':
      return {
        type: 'string',
        ...description,
        ...(least !== undefined && { minLength: least }),
        ...(most !== undefined && { maxLength: most }),
      };
    case 'number':
    case 'integer':
      return {
        type: kind,
        ...description,
        ...(least !== undefined && { minimum: least }),
        ...(most !== undefined && { maximum: most }),
      };
    case 'yesNo':
      return { type: 'boolean', ...description };
    case 'choice':
      return { type: 'string', enum: [...choices], ...description };
    case 'choices':
      return {
        type: 'array',
        items: { type: 'string', enum: [...choices] },
        ...description,
        ...(least !== undefined && { minItems: least }),
        ...(most !== undefined && { maxItems: most }),
      };
  }
}
