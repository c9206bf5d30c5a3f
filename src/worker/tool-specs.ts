/** Tools as the model is told of them: their zod schemas as JSON Schema, made once a schema. */
import * as z from 'zod';
import type { JsonObject } from '../std/json.ts';
import type { ToolSpec } from '../model/port.ts';
import type { Tool } from '../tools/tool.ts';

/** By what makes its schema: a tool is made anew for each pod. */
const known = new WeakMap<Tool['input'], ToolSpec>();

export function toolSpecs(tools: readonly Tool[]): ToolSpec[] {
  return tools.map((tool) => {
    const spec = known.get(tool.input) ?? specOf(tool);
    known.set(tool.input, spec);
    return spec;
  });
}

function specOf(tool: Tool): ToolSpec {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON Schema is JSON
  const { $schema: _, ...inputSchema } = z.toJSONSchema(tool.input(), { io: 'input' }) as JsonObject;
  return { name: tool.name, description: tool.description, inputSchema };
}
