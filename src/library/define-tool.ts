/** A tool of a program, with the type of its input. */
import { BadSetting } from '../configuration/bad-setting.ts';
import { givenOptions } from './given.ts';
import type { Json, OwnTool, OwnToolAnswer, OwnToolContext } from './api.ts';

export interface OwnToolDefinition<I> {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object; of a zod schema `z.toJSONSchema(schema)`. */
  readonly inputSchema: object;
  /** Of what the model wrote; a throw is what it reads. Left out, it is taken as it is. */
  readonly parse?: ((input: Json) => I) | undefined;
  run(input: I, context: OwnToolContext): string | OwnToolAnswer | Promise<string | OwnToolAnswer>;
}

/** Throws `BadSetting`; what its fields are is looked at by `start`. */
export function defineTool<I = Json>(tool: OwnToolDefinition<I>): OwnTool {
  givenOptions('defineTool', tool);
  if (tool === undefined) throw new BadSetting('defineTool: a tool is needed');
  const { name, description, inputSchema, parse } = tool;
  return {
    name,
    description,
    inputSchema,
    run(input, context) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller's word
      return tool.run(parse === undefined ? (input as I) : parse(input), context);
    },
  };
}
