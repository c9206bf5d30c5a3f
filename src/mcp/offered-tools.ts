/**
 * Tools of servers as tools of a pod: each under its own name, or, where they are many, all behind two: one
 * that finds them and one that calls what was found. A rule names the tool that is meant either way.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../std/json.ts';
import { failed } from '../tools/input-path.ts';
import { throttledProgress } from '../tools/throttled-progress.ts';
import type { CallContext, Tool, ToolAnswer, ToolNeed } from '../tools/tool.ts';
import type { McpServer } from './server.ts';
import type { ServerTool } from './tool-list.ts';

/** More than so many are offered through a search. */
const offeredMax = 40;
/** Characters of all descriptions and schemas: a request has to hold them. */
const offeredCharsMax = 100_000;
/** Tools in one answer of the search, and characters of it. */
const foundMax = 10;
const foundCharsMax = 24_000;

const findToolName = 'mcp__find';
const useToolName = 'mcp__use';

export interface ToolOfServer {
  readonly server: string;
  readonly from: McpServer;
  readonly tool: ServerTool;
}

export function offeredTools(all: readonly ToolOfServer[]): Tool<CallContext>[] {
  const chars = all.reduce((sum, { tool }) => sum + charsOf(tool), 0);
  if (all.length <= offeredMax && chars <= offeredCharsMax) return all.map(single);
  const servers = [...new Set(all.map(({ server }) => server))];
  return [findTool(all, servers), useTool(all)];
}

function charsOf({ name, description, inputSchema }: ServerTool): number {
  return name.length + description.length + JSON.stringify(inputSchema).length;
}

function single(one: ToolOfServer): Tool<CallContext> {
  const { tool } = one;
  return {
    name: tool.name,
    description: `[A tool of the MCP server ${one.server}, in its own words.] ${tool.description}`,
    inputSchema: () => tool.inputSchema,
    order: 'alone',
    parse: objectOf,
    needs: () => needOf(tool),
    run: (input, context) => called(one, objectIn(input), context),
  };
}

function needOf({ name, digest }: ServerTool): ToolNeed {
  return { kind: 'unknown', as: name, definition: digest };
}

/** The server itself holds it against its schema: what that says may be anything. */
function objectOf(input: JsonValue) {
  return isJsonObject(input)
    ? ({ ok: true, input } as const)
    : ({ ok: false, problem: 'The input has to be an object.' } as const);
}

function objectIn(input: unknown): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what `parse` has let through
  return input as JsonObject;
}

function textIn(input: unknown, field: string): string {
  const text = objectIn(input)[field];
  return typeof text === 'string' ? text : '';
}

async function called(
  { from, tool }: ToolOfServer,
  input: JsonObject,
  context: CallContext,
): Promise<ToolAnswer> {
  const progress = throttledProgress((text) => context.progress(text));
  try {
    return await from.call(tool, input, {
      call: context.call,
      signal: context.signal,
      onProgress: (text) => progress.add(`${text}\n`),
    });
  } finally {
    progress.end();
  }
}

function findTool(all: readonly ToolOfServer[], servers: readonly string[]): Tool<CallContext> {
  return {
    name: findToolName,
    description: `Finds tools of MCP servers by words: there are ${all.length}, of ${servers.join(', ')}. Answers with the name, description and input of each that fits best; ${useToolName} calls one.`,
    inputSchema: () => ({
      type: 'object',
      properties: {
        query: { type: 'string', description: 'Words of what the tool is to do, or of its name.' },
      },
      required: ['query'],
    }),
    order: 'parallel',
    parse: (input) =>
      isJsonObject(input) && typeof input['query'] === 'string'
        ? { ok: true, input: { query: input['query'].slice(0, 500) } }
        : { ok: false, problem: 'It takes { "query": "…" }.' },
    needs: () => ({ kind: 'none' }),
    run: (input) => Promise.resolve(found(all, textIn(input, 'query'))),
  };
}

function found(all: readonly ToolOfServer[], query: string): ToolAnswer {
  const words = query
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  const scored = all
    .map((one) => ({ one, score: scoreOf(one.tool, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score);
  if (scored.length === 0) {
    const some = all.slice(0, foundMax * 3).map(({ tool }) => tool.name);
    return { text: `No tool fits. Some of the ${all.length} there are: ${some.join(', ')}.` };
  }
  const parts: string[] = [];
  let chars = 0;
  for (const { one } of scored.slice(0, foundMax)) {
    const { name, description, inputSchema } = one.tool;
    const part = `${name}\n${description}\ninput: ${JSON.stringify(inputSchema)}`;
    chars += part.length;
    if (chars > foundCharsMax && parts.length > 0) break;
    parts.push(part);
  }
  const left = scored.length - parts.length;
  if (left > 0) parts.push(`[${left} more fit: use more words.]`);
  return { text: parts.join('\n\n') };
}

function scoreOf({ name, description }: ServerTool, words: readonly string[]): number {
  const [inName, inText] = [name.toLowerCase(), description.toLowerCase()];
  return words.reduce(
    (sum, word) => sum + (inName.includes(word) ? 3 : 0) + (inText.includes(word) ? 1 : 0),
    0,
  );
}

function useTool(all: readonly ToolOfServer[]): Tool<CallContext> {
  const byName = new Map(all.map((one) => [one.tool.name, one]));
  const named = (input: unknown) => byName.get(textIn(input, 'tool'));
  return {
    name: useToolName,
    description: `Calls a tool of an MCP server that ${findToolName} has found.`,
    inputSchema: () => ({
      type: 'object',
      properties: {
        tool: { type: 'string', description: `Its name, as ${findToolName} gives it.` },
        input: { type: 'object', description: 'Its input.' },
      },
      required: ['tool', 'input'],
    }),
    order: 'alone',
    parse(input) {
      if (!isJsonObject(input) || typeof input['tool'] !== 'string' || !isJsonObject(input['input'] ?? {}))
        return { ok: false, problem: 'It takes { "tool": "mcp__…", "input": { … } }.' };
      if (!byName.has(input['tool']))
        return { ok: false, problem: `There is no tool of that name: ask ${findToolName}.` };
      return { ok: true, input: { tool: input['tool'], input: input['input'] ?? {} } };
    },
    needs(input) {
      const one = named(input);
      return one === undefined ? { kind: 'unknown' } : needOf(one.tool);
    },
    run(input, context) {
      const one = named(input);
      if (one === undefined) return Promise.resolve(failed('There is no tool of that name.'));
      return called(one, objectIn(objectIn(input)['input']), context);
    },
  };
}
