/** An input that a schema refuses, once more as it was meant: what is made right, and what is left alone. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { JsonValue } from '../../../src/std/json.ts';
import { repairedInput } from '../../../src/tools/repair-input.ts';

type Path = PropertyKey[];
const issues = (...paths: Path[]): z.core.$ZodIssue[] =>
  paths.map((path) => ({ code: 'custom', path, message: '', input: null }));

const table: [name: string, input: JsonValue, paths: Path[], repaired: JsonValue | null][] = [
  ['null is left out', { a: null, b: 1 }, [['a']], { b: 1 }],
  ['null inside is left out', { a: { b: null } }, [['a', 'b']], { a: {} }],
  ['a number in a text is one', { a: '3' }, [['a']], { a: 3 }],
  ['a list in a text is one', { a: '["x"]' }, [['a']], { a: ['x'] }],
  ['an object in a text is one', { a: '{"b":true}' }, [['a']], { a: { b: true } }],
  ['a text in a list is read', { a: ['1', '2'] }, [['a', 1]], { a: ['1', 2] }],
  ['a text in a list of a list is read', [['1']], [[0, 0]], [[1]]],
  ['null in a text is null', { a: 'null' }, [['a']], { a: null }],
  ['several at once', { a: null, b: '2', c: 'x' }, [['a'], ['b'], ['c']], { b: 2, c: 'x' }],
  ['a text in a text stays', { a: '"b"' }, [['a']], null],
  ['a text that is no JSON stays', { a: 'many' }, [['a']], null],
  ['null in a list stays: it has its place', { a: [null] }, [['a', 0]], null],
  ['what is no text stays', { a: 3 }, [['a']], null],
  ['the whole input stays', { a: null }, [[]], null],
  ['what is not there stays', { a: 1 }, [['b']], null],
  ['what is below nothing stays', { a: 1 }, [['b', 'c']], null],
  ['what is below a text stays', { a: '{"length":null}' }, [['a', 'length']], null],
  ['what an object has of its kind stays', {}, [['constructor', 'name']], null],
  ['a key of a list is none', { a: ['1'] }, [['a', 'length']], null],
  ['a word for a place in a list is none', { a: ['1'] }, [['a', '0']], null],
  ['a number for a key of an object is none', { 0: '1' }, [[0]], null],
  ['a symbol is none', { a: '1' }, [[Symbol('a')]], null],
  ['nothing is wrong', { a: null }, [], null],
];

describe('an input', () => {
  it.each(table)('[repair-input.table] %s', (...[, input, paths, repaired]) => {
    const given = structuredClone(input);
    expect(repairedInput(given, issues(...paths))).toStrictEqual(repaired);
    expect(given).toEqual(input);
  });

  it('[repair-input.table] as a schema tells of it', () => {
    const schema = z.strictObject({ a: z.number().optional(), b: z.array(z.boolean()) });
    const input = { a: null, b: '[true]' };
    const { error } = schema.safeParse(input);
    expect(repairedInput(input, error?.issues ?? [])).toEqual({ b: [true] });
  });
});
