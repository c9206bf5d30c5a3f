/** Schemas of results: what is refused, and how answers are read. */
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/std/json.ts';
import { schemaProblem } from '../../../src/session/settings/result-schema.ts';
import { readResult } from '../../../src/tools/read-result.ts';

const nested = (levels: number): JsonObject =>
  levels === 0 ? { type: 'string' } : { type: 'array', items: nested(levels - 1) };

describe('a schema', () => {
  it.each<[string, JsonObject, string | null]>([
    ['of an object', { type: 'object', properties: { a: { enum: ['x', 3, null] } }, required: ['a'] }, null],
    ['of anything in an object', { type: 'object', additionalProperties: { type: 'integer' } }, null],
    ['of one of two', { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 3 }] }, null],
    ['with words', { type: 'number', title: 't', description: 'd', minimum: -1.5 }, null],
    ['with a pattern', { type: 'string', pattern: '(a+)+$' }, '"pattern"'],
    ['with a format', { type: 'string', format: 'email' }, '"format"'],
    ['with a reference', { $ref: 'https://example.com/s.json' }, 'needs one of type'],
    ['with a reference beside', { type: 'object', $ref: '#' }, '"$ref"'],
    ['with a default', { type: 'object', properties: { a: { type: 'string', default: 'x' } } }, '"default"'],
    ['with patterns of names', { type: 'object', patternProperties: { 'a+': {} } }, '"patternProperties"'],
    ['without a type', { properties: {} }, 'needs one of type'],
    ['of two forms', { type: 'string', enum: ['a'] }, 'needs one of type'],
    ['of an unknown type', { type: 'text' }, 'none of object, array'],
    ['of a list of types', { type: ['string', 'null'] }, 'none of object, array'],
    ['of objects in a list', { enum: [{ a: 1 }] }, 'lists something else'],
    ['that requires what it does not know', { type: 'object', required: ['a'] }, 'required names'],
    ['with a bad bound', { type: 'array', items: { type: 'string' }, maxItems: -1 }, 'maxItems is no number'],
    ['with a bound of another type', { type: 'string', minimum: 3 }, '"minimum"'],
    ['with an empty choice', { anyOf: [] }, 'no list of schemas'],
    ['with a part that is none', { type: 'array', items: 'string' }, 'is no schema'],
    ['that is too deep', nested(20), 'nested deeper'],
    ['that nests without end', nested(5_000), 'nested deeper'],
    ['with words that are none', { type: 'null', title: [[]] }, 'title is no text'],
    ['that is too long', { type: 'string', description: 'x'.repeat(20_000) }, 'longer than'],
    ['of too many parts', { anyOf: Array.from({ length: 600 }, () => ({ type: 'null' })) }, 'more than 500'],
    [
      'with a name of no object',
      JSON.parse('{"type":"object","properties":{"__proto__":{"type":"null"}}}') as JsonObject,
      'cannot be one',
    ],
  ])('[asked.result-schema] %s', (_, schema, problem) => {
    if (problem === null) expect(schemaProblem(schema)).toBeNull();
    else expect(schemaProblem(schema)).toContain(problem);
  });
});

describe('an answer', () => {
  const schema: JsonObject = {
    type: 'object',
    properties: { a: { type: 'integer', minimum: 1 } },
    required: ['a'],
    additionalProperties: false,
  };

  it.each<[string, string, JsonValue]>([
    ['alone', ' {"a": 1}\n', { a: 1 }],
    ['in a block', '```json\n{"a": 2}\n```', { a: 2 }],
    ['in the last block, behind words', 'See:\n```\nno\n```\nand\n```json\n{"a":\n3}\n```\n', { a: 3 }],
  ])('[asked.result] %s is data', (_, text, data) => {
    expect(readResult(schema, text)).toEqual({ fits: true, data });
  });

  it('[asked.result] null is data where it is asked for', () => {
    expect(readResult({ type: 'null' }, 'null')).toEqual({ fits: true, data: null });
  });

  it.each<[string, string, string]>([
    ['no JSON', 'I am done', 'no JSON'],
    ['JSON among words', 'here: {"a": 1}', 'no JSON'],
    ['another type', '{"a": "1"}', 'at a'],
    ['too much', '{"a": 1, "b": 2}', 'Unrecognized key: "b"'],
    ['too little', '{}', 'at a'],
    ['too long', JSON.stringify({ a: 'x'.repeat(70_000) }), 'longer than'],
    ['nothing', '', 'no JSON'],
    ['a name that no message carries', '{"a": 1, "constructor": 2}', 'constructor cannot be'],
    ['one below', '[{"x": [{"__proto__": {}}]}]', '__proto__ cannot be'],
    ['what no message carries', `${'['.repeat(33)}${']'.repeat(33)}`, 'nested deeper'],
    ['what no parser takes', '['.repeat(100_000), 'no JSON'],
  ])('[asked.result] %s does not fit', (_, text, problem) => {
    const read = readResult(schema, text);
    expect(read.fits ? '' : read.problem).toContain(problem);
  });
});
