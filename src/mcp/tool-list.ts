/**
 * The tools that a server says it has, tool by tool: what cannot be offered is left out, with why, and takes
 * nothing else with it. Pure.
 */
import { createHash } from 'node:crypto';
import { withoutHidden } from '../std/characters.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import { wildcardFits } from '../scope/permissions/permission-rules.ts';
import { inputSchemaOf } from './input-schema.ts';
import { offeredName } from './names.ts';

/** Of one server; what comes behind is left out. */
const toolsMax = 500;
/** Descriptions are data, and no more of one. */
const descriptionBytesMax = 2_000;
/** Sentences on what was left out, where few are wanted. */
const saidMax = 5;

export interface ServerTool {
  /** As it is offered. */
  readonly name: string;
  /** As its server calls it. */
  readonly tool: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** Of all that the server says of it: what was allowed of another is not allowed of this one. */
  readonly digest: string;
}

export interface ServerTools {
  readonly tools: readonly ServerTool[];
  /** Why others are not there; one each. */
  readonly leftOut: readonly string[];
}

/** `listed`: of all pages together. `allowed`: names, `*` for any characters; null for all. */
export function toolsOf(
  server: string,
  listed: readonly JsonValue[],
  allowed: readonly string[] | null,
): ServerTools {
  const tools = new Map<string, ServerTool>();
  const leftOut: string[] = [];
  const taken = listed.slice(0, toolsMax);
  for (const one of taken) {
    const found = toolOf(server, one, allowed);
    if (found === null) continue;
    if (typeof found === 'string') leftOut.push(found);
    else if (tools.has(found.name)) leftOut.push(`${shown(found.tool)}, because another has that name`);
    else tools.set(found.name, found);
  }
  if (listed.length > taken.length) leftOut.push(`all behind the first ${toolsMax}`);
  return { tools: [...tools.values()], leftOut };
}

/** A few of them, for an alert. */
export function fewOf(leftOut: readonly string[]): string[] {
  const more = leftOut.length - saidMax;
  return more > 0 ? [...leftOut.slice(0, saidMax), `${more} more`] : [...leftOut];
}

/** A text: it is left out, and why. Null: it is not asked for. */
function toolOf(
  server: string,
  value: JsonValue,
  allowed: readonly string[] | null,
): ServerTool | string | null {
  if (!isJsonObject(value) || typeof value['name'] !== 'string') return 'one without a name';
  const { name: tool, description } = value;
  if (typeof tool !== 'string') return 'one without a name';
  if (allowed !== null && !allowed.some((pattern) => wildcardFits(pattern, tool))) return null;
  const name = offeredName(server, tool);
  if (name === null) return `${shown(tool)}, because its name has signs that cannot be seen`;
  const inputSchema = inputSchemaOf(value['inputSchema']);
  if (typeof inputSchema === 'string') return `${shown(tool)}, because its input ${inputSchema}`;
  const text = typeof description === 'string' ? description : '';
  return {
    name,
    tool,
    description: bounded(withoutHidden(text).toWellFormed()),
    inputSchema,
    digest: createHash('sha256')
      .update(JSON.stringify([tool, text, inputSchema]))
      .digest('hex'),
  };
}

function bounded(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= descriptionBytesMax) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, descriptionBytesMax - 8)).replace(/\uFFFD+$/, '')} […]`;
}

function shown(tool: string): string {
  return JSON.stringify(withoutHidden(tool).slice(0, 60).toWellFormed());
}
