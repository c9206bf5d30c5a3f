/** What a server may ask a person, and what is an answer to it. */
import { describe, expect, it } from 'vitest';
import {
  contentProblem,
  contentTyped,
  type Form,
  formIn,
  formSchema,
  formText,
  schemaOf,
} from '../../src/protocol/form.ts';
import type { JsonObject } from '../../src/std/json.ts';

const asked = (properties: JsonObject, required: string[] = []): JsonObject => ({
  mode: 'form',
  message: 'Where to?',
  requestedSchema: { type: 'object', properties, required },
});

function form(properties: JsonObject, required: string[] = []): Form {
  const found = formIn(asked(properties, required));
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const all = form(
  {
    name: { type: 'string', title: 'Name', description: 'yours', minLength: 2, maxLength: 5 },
    age: { type: 'integer', minimum: 0 },
    share: { type: 'number', maximum: 1 },
    sure: { type: 'boolean' },
    colour: { type: 'string', enum: ['red', 'blue'] },
    size: { type: 'string', oneOf: [{ const: 's', title: 'small' }] },
    tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, maxItems: 1 },
  },
  ['name'],
);

describe('a form of a server', () => {
  it('[mcp.form] is its fields, in words and as a host asks them', () => {
    expect(formSchema().parse(all)).toEqual(all);
    expect(formText(all)).toBe(
      [
        'Where to?',
        '  name: a text, at least 2 characters, at most 5 characters (Name: yours)',
        '  age: a whole number, at least 0, may be left out',
        '  share: a number, at most 1, may be left out',
        '  sure: true or false, may be left out',
        '  colour: one of red, blue, may be left out',
        '  size: one of s, may be left out',
        '  tags: some of a, b, at most 1 of them, may be left out',
      ].join('\n'),
    );
    // What is asked of a host comes to the same form.
    const again = formIn({ message: 'Where to?', requestedSchema: schemaOf(all) as unknown as JsonObject });
    const texts = (one: Form | string) =>
      typeof one === 'string' ? one : one.fields.map(({ kind, name }) => [name, kind]);
    expect(texts(again)).toEqual(texts(all));
  });

  it.each<[string, JsonObject, string]>([
    ['no message', { requestedSchema: {} }, 'no message'],
    ['an object', asked({ a: { type: 'object' } }), 'of no kind'],
    ['no type', asked({ a: {} }), 'of no kind'],
    ['a list of anything', asked({ a: { type: 'array', items: { type: 'string' } } }), 'of no kind'],
    [
      'choices without end',
      asked({ a: { type: 'string', enum: Array.from({ length: 51 }, String) } }),
      'of no kind',
    ],
    ['no choice', asked({ a: { type: 'string', enum: [] } }), 'of no kind'],
    ['a choice that steers', asked({ a: { type: 'string', enum: ['a\u001b[2J'] } }), 'of no kind'],
    ['a name that steers', asked({ 'a\u202eb': { type: 'string' } }), 'no name'],
    ['a name that cannot be typed', asked({ 'a b=': { type: 'string' } }), 'no name'],
    ['a long name', asked({ ['a'.repeat(65)]: { type: 'string' } }), 'no name'],
    [
      'many fields',
      asked(Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`f${at}`, { type: 'string' }]))),
      'more than 20 fields',
    ],
  ])('[mcp.form-bounds] is none with %s', (_, params, why) => {
    expect(formIn(params)).toContain(why);
  });

  it('[mcp.form-bounds] steers nothing, and is cut where it is long', () => {
    const long = formIn({
      message: `\u001b[2J${'x'.repeat(10_000)}`,
      requestedSchema: {
        properties: { a: { type: 'string', description: '\u202e'.repeat(9) + 'y'.repeat(9_000) } },
      },
    });
    if (typeof long === 'string') throw new Error(long);
    expect(long.message).toHaveLength(4_000);
    expect(long.fields[0]?.about).toHaveLength(500);
    expect([long.message[0], long.fields[0]?.about[0]]).toEqual(['x', 'y']);
    expect(formSchema().safeParse(long).success).toBe(true);
  });

  it.each<[string[], unknown]>([
    [['name=ab'], null],
    [['name=ab', 'age=3', 'share=.5', 'sure=yes', 'colour=red', 'size=s', 'tags=a'], null],
    [['age=3'], 'The form needs name'],
    [['name=a'], 'name has to be a text, at least 2'],
    [['name=abcdef'], 'name has to be'],
    [['name=ab', 'age=3.5'], 'age has to be a whole number'],
    [['name=ab', 'age=-1'], 'age has to be'],
    [['name=ab', 'age=x'], 'age has to be'],
    [['name=ab', 'share=2'], 'share has to be'],
    [['name=ab', 'sure=perhaps'], 'sure has to be true or false'],
    [['name=ab', 'colour=green'], 'colour has to be one of red, blue'],
    [['name=ab', 'tags=a,b'], 'tags has to be'],
    [['name=ab', 'tags=c'], 'tags has to be'],
  ])('[mcp.form] %j is an answer, or why not', (typed, problem) => {
    const content = contentTyped(all, typed);
    if (typeof content === 'string') throw new Error(content);
    const said = contentProblem(all, content);
    if (problem === null) expect(said).toBeNull();
    else expect(said).toContain(problem);
  });

  it('[mcp.form] a value alone is that of the only field', () => {
    const one = form({ token: { type: 'string' } }, ['token']);
    expect(contentTyped(one, ['a=b'])).toEqual({ token: 'a=b' });
    expect(contentTyped(one, ['token=a=b'])).toEqual({ token: 'a=b' });
    expect(contentTyped(all, ['ab'])).toContain('write NAME=VALUE');
    expect(contentProblem(one, { token: 'x', other: 1 })).toContain('no field "other"');
  });
});
