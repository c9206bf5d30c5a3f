/**
 * A tool made from a schema: what it hands on, what its input is held against, and how often a schema is
 * made.
 */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type ToolDefinition, defineTool } from '../../../src/tools/define-tool.ts';
import type { ToolContext } from '../../../src/tools/tool.ts';
import { contextIn } from './bench-context.ts';

const schema = z.object({
  path: z.string(),
  times: z.int().default(1),
  tags: z.array(z.string()).optional(),
});
const asked: [string, unknown, ToolContext][] = [];
const definition: ToolDefinition<typeof schema> = {
  name: 'Look',
  description: 'looks',
  order: 'alone',
  input: () => schema,
  needs: (input, context) => {
    asked.push(['needs', input, context]);
    return { kind: 'read', path: input.path };
  },
  run: (input, context) => {
    asked.push(['run', input, context]);
    return Promise.resolve({ text: input.path.repeat(input.times) });
  },
};

describe('a tool from a schema', () => {
  it('[tools.defined] has what its definition says, and nothing that it does not say', () => {
    const tool = defineTool(definition);
    const { name, description, order, input } = tool;
    expect({ name, description, order }).toEqual({ name: 'Look', description: 'looks', order: 'alone' });
    expect(input()).toBe(schema);
    expect(Object.keys(tool)).not.toContain('whenTooLong');
    expect(Object.keys(tool)).not.toContain('denied');
    expect(defineTool({ ...definition, whenTooLong: 'in parts' }).whenTooLong).toBe('in parts');
  });

  it('[tools.defined] hands the input and the context to what it was made of', async () => {
    const context = contextIn('/w');
    const tool = defineTool({
      ...definition,
      denied: (input, given) => (given === context ? `not ${input.path}` : null),
    });
    const input = { path: 'a', times: 2 };
    expect(tool.denied?.(input, context)).toBe('not a');
    expect(tool.denied?.(input, contextIn('/w'))).toBeNull();
    expect(tool.needs(input, context)).toEqual({ kind: 'read', path: 'a' });
    expect(await tool.run(input, context)).toEqual({ text: 'aa' });
    expect(asked).toEqual([
      ['needs', input, context],
      ['run', input, context],
    ]);
  });

  it('[tools.defined] tells its input as a JSON Schema, made once for all tools of one definition', () => {
    let made = 0;
    const input = () => {
      made += 1;
      return schema;
    };
    const [one, other] = [defineTool({ ...definition, input }), defineTool({ ...definition, input })];
    expect(made).toBe(0);
    expect(one.inputSchema()).toEqual({
      type: 'object',
      properties: {
        path: { type: 'string' },
        times: { type: 'integer', default: 1, minimum: -9007199254740991, maximum: 9007199254740991 },
        tags: { type: 'array', items: { type: 'string' } },
      },
      required: ['path'],
    });
    expect(other.inputSchema()).toBe(one.inputSchema());
    expect(made).toBe(1);
  });

  it.each([
    [{ path: 'a' }, { ok: true, input: { path: 'a', times: 1 } }],
    [
      { path: 'a', tags: '["x","y"]' },
      { ok: true, input: { path: 'a', times: 1, tags: ['x', 'y'] } },
    ],
    [{ path: 1 }, { ok: false, problem: '✖ Invalid input: expected string, received number\n  → at path' }],
    [
      { path: 'a', tags: '["x",1]' },
      { ok: false, problem: '✖ Invalid input: expected string, received number\n  → at tags[1]' },
    ],
    ['a', { ok: false, problem: '✖ Invalid input: expected object, received string' }],
  ])('[tools.defined] %j is read as %j', (written, parsed) => {
    expect(defineTool(definition).parse(written)).toEqual(parsed);
  });
});
