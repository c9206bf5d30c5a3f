/**
 * A tool from a zod schema, which gives both what the model is told of the input and what its input is held
 * against.
 */
import * as z from 'zod';
import type { JsonObject, JsonValue } from '../std/json.ts';
import { repairedInput } from './repair-input.ts';
import type { ParsedInput, Tool, ToolAnswer, ToolContext, ToolNeed } from './tool.ts';

/**
 * `input` is made when it is first wanted (`std/once.ts`). The rest is as in `Tool`, with the input's type.
 */
export interface ToolDefinition<I extends z.ZodType> extends Pick<
  Tool,
  'name' | 'description' | 'order' | 'whenTooLong'
> {
  readonly input: () => I;
  denied?(input: z.output<I>, context: ToolContext): string | null;
  needs(input: z.output<I>, context: ToolContext): ToolNeed;
  run(input: z.output<I>, context: ToolContext): Promise<ToolAnswer>;
}

export type DefinedTool<I extends z.ZodType> = Tool & Pick<ToolDefinition<I>, 'input'>;

export function defineTool<I extends z.ZodType>(tool: ToolDefinition<I>): DefinedTool<I> {
  const { name, description, order, whenTooLong, input } = tool;
  // What `parse` has let through has the input's type: the worker hands in nothing else.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  const typed = (parsed: unknown) => parsed as z.output<I>;
  const denied = tool.denied?.bind(tool);
  return {
    name,
    description,
    order,
    input,
    ...(whenTooLong === undefined ? {} : { whenTooLong }),
    inputSchema: () => schemaOf(input),
    parse: (written) => parsedInput(input(), written),
    ...(denied === undefined ? {} : { denied: (parsed, context) => denied(typed(parsed), context) }),
    needs: (parsed, context) => tool.needs(typed(parsed), context),
    run: (parsed, context) => tool.run(typed(parsed), context),
  };
}

/** By what makes them: a tool is made anew for each pod. */
const known = new WeakMap<() => z.ZodType, JsonObject>();

function schemaOf(input: () => z.ZodType): JsonObject {
  const schema = known.get(input) ?? jsonSchemaOf(input());
  known.set(input, schema);
  return schema;
}

function jsonSchemaOf(input: z.ZodType): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a JSON Schema is JSON
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input' }) as JsonObject;
  return schema;
}

/** As the schema takes it; what it refuses, once more as it was meant. */
function parsedInput(schema: z.ZodType, written: JsonValue): ParsedInput {
  const parsed = schema.safeParse(written);
  if (parsed.success) return { ok: true, input: parsed.data };
  const repaired = repairedInput(written, parsed.error.issues);
  const again = repaired === null ? parsed : schema.safeParse(repaired);
  return again.success
    ? { ok: true, input: again.data }
    : { ok: false, problem: z.prettifyError(again.error) };
}
