/** What a server says of its tools: names, schemas, descriptions, and what cannot be offered. */
import { describe, expect, it } from 'vitest';
import { inputSchemaOf } from '../../../src/mcp/input-schema.ts';
import { offeredName } from '../../../src/mcp/names.ts';
import { offeredTools } from '../../../src/mcp/offered-tools.ts';
import { McpServer } from '../../../src/mcp/server.ts';
import { toolsOf } from '../../../src/mcp/tool-list.ts';
import type { JsonObject, JsonValue } from '../../../src/std/json.ts';

const schema = { type: 'object' };
const nobody = new McpServer({
  name: 's',
  settings: { project: null, command: 'x' },
  list: { read: () => null, write: () => undefined },
  link: () => Promise.reject(new Error('is not there')),
});

function of(count: number, description = 'does it'): ReturnType<typeof offeredTools> {
  const listed = Array.from({ length: count }, (_, at) => ({
    name: `t${at}`,
    description,
    inputSchema: schema,
  }));
  return offeredTools(toolsOf('s', listed, null).tools.map((tool) => ({ server: 's', from: nobody, tool })));
}

describe('tools of servers', () => {
  it.each<[string, string | null]>([
    ['Read', 'mcp__s__Read'],
    ['files.read/all', 'mcp__s__files_read_all'],
    ['a\u0007b', null],
    ['a\u200Bb', null],
    ['a\nb', null],
    ['', null],
    ['x'.repeat(300), null],
  ])('[mcp.names] %j is offered as %j', (tool, name) => {
    expect(offeredName('s', tool)).toBe(name);
  });

  it('[mcp.names] a long one ends in its hash, so that two stay two', () => {
    const [one, other] = ['a', 'b'].map((end) => offeredName('s', `${'x'.repeat(90)}${end}`));
    expect(one).toHaveLength(64);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^mcp__s__x+_[0-9a-f]{6}$/);
  });

  const nested = (levels: number): JsonValue =>
    levels === 0 ? {} : { properties: { a: nested(levels - 1) } };
  const definitions = Object.fromEntries(
    Array.from({ length: 30 }, (_, at) => [
      `d${at}`,
      { properties: { a: { $ref: `#/$defs/d${at + 1}` }, b: { $ref: `#/$defs/d${at + 1}` } } },
    ]),
  );
  it.each<[string, JsonValue | undefined, string]>([
    ['none', undefined, 'is described by no JSON Schema'],
    ['a number', 7, 'is described by no JSON Schema'],
    ['an array', { type: 'array' }, 'is not an object'],
    ['properties of no kind', { type: 'object', properties: [] }, 'has properties that are no object'],
    ['a property with a blank', { type: 'object', properties: { 'a b': {} } }, 'which providers do not take'],
    ['a deep one', { type: 'object', properties: { a: nested(5_000) } }, 'is nested more than'],
    ['a long one', { type: 'object', description: 'x'.repeat(30_000) }, 'in more than 24000 characters'],
    [
      'one that doubles with each level',
      { type: 'object', properties: { a: { $ref: '#/$defs/d0' } }, $defs: { ...definitions, d30: {} } },
      'comes to more than 5000 values',
    ],
    [
      'one of itself',
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/a' } },
        $defs: { a: { not: { $ref: '#/$defs/a' } } },
      },
      'is defined by itself',
    ],
    [
      'one elsewhere',
      { type: 'object', properties: { a: { $ref: 'http://x/y' } } },
      'outside of its definitions',
    ],
    [
      'one that is not there',
      { type: 'object', properties: { a: { $ref: '#/$defs/a' } } },
      'that is not there',
    ],
  ])('[mcp.schemas] %s is left out', (_, value, why) => {
    expect(inputSchemaOf(value)).toContain(why);
  });

  it('[mcp.schemas] definitions of its own stay', () => {
    const own: JsonObject = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' }, b: { $ref: '#/$defs/a' } },
      $defs: { a: { type: 'string' } },
    };
    expect(inputSchemaOf({ $schema: 'x', ...own })).toEqual(own);
  });

  it('[mcp.schemas] [mcp.names] one that cannot be offered takes no other with it', () => {
    const listed = [
      { name: 'good', inputSchema: schema },
      { name: 'bad', inputSchema: 1 },
      { name: 'good', inputSchema: schema },
      null,
      { name: 'b\u0007', inputSchema: schema },
    ];
    const { tools, leftOut } = toolsOf('s', listed, null);
    expect(tools.map(({ name }) => name)).toEqual(['mcp__s__good']);
    expect(leftOut).toEqual([
      '"bad", because its input is described by no JSON Schema',
      '"good", because another has that name',
      'one without a name',
      '"b", because its name has signs that cannot be seen',
    ]);
  });

  it('[mcp.descriptions] is cut at 2 kB, in whole characters, and steers nothing', () => {
    const description = `\u001b[2J\u202e${'ü'.repeat(5_000)}`;
    const { tools } = toolsOf('s', [{ name: 'a', description, inputSchema: schema }], null);
    const text = tools[0]?.description ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_000);
    expect(text).toMatch(/^ü+ \[…\]$/);
  });

  it('[mcp.always-one] another description or schema is another tool, and the same is the same', () => {
    const digest = (one: JsonObject) =>
      toolsOf('s', [{ name: 'a', inputSchema: schema, ...one }], null).tools[0]?.digest;
    expect(digest({ description: 'x' })).toBe(digest({ description: 'x' }));
    expect(digest({ description: 'x' })).not.toBe(digest({ description: 'y' }));
    expect(digest({})).not.toBe(digest({ inputSchema: { type: 'object', properties: {} } }));
    expect(digest({ description: 'x'.repeat(5_000) })).not.toBe(
      digest({ description: `${'x'.repeat(5_000)}y` }),
    );
  });

  it('[mcp.many] up to 40 stand alone; more, or many words, are behind two', async () => {
    expect(of(40)).toHaveLength(40);
    expect(of(41).map(({ name }) => name)).toEqual(['mcp__find', 'mcp__use']);
    expect(of(39, 'x'.repeat(5_000))).toHaveLength(39);
    const long = Array.from({ length: 30 }, (_, at) => ({
      name: `t${at}`,
      inputSchema: { type: 'object', description: 'x'.repeat(20_000) },
    }));
    const tools = toolsOf('s', long, null).tools.map((tool) => ({ server: 's', from: nobody, tool }));
    expect(offeredTools(tools).map(({ name }) => name)).toEqual(['mcp__find', 'mcp__use']);
    const [find, use] = of(60);
    const context = {
      call: 'c',
      cwd: '/',
      scope: { read: [], write: [] },
      outputDir: '/',
      progress: () => undefined,
    };
    const answer = await find?.run({ query: 'T17' }, { ...context, signal: new AbortController().signal });
    expect(answer?.text).toMatch(/^mcp__s__t17\ndoes it\ninput: \{"type":"object"\}$/);
    expect(use?.parse({ tool: 'Bash', input: {} }).ok).toBe(false);
    const parsed = use?.parse({ tool: 'mcp__s__t5', input: { a: 1 } });
    expect(parsed).toEqual({ ok: true, input: { tool: 'mcp__s__t5', input: { a: 1 } } });
    expect(
      use?.needs({ tool: 'mcp__s__t5', input: {} }, { ...context, signal: new AbortController().signal }),
    ).toMatchObject({
      kind: 'unknown',
      as: 'mcp__s__t5',
    });
  });

  it('[mcp.names] of 900 the first 500 are taken, and of these the ones that are asked for', () => {
    const listed = Array.from({ length: 900 }, (_, at) => ({ name: `t${at}`, inputSchema: schema }));
    const { tools, leftOut } = toolsOf('s', listed, null);
    expect([tools.length, leftOut]).toEqual([500, ['all behind the first 500']]);
    expect(toolsOf('s', listed, ['t1*']).tools.map(({ tool }) => tool)).toHaveLength(111);
  });
});
