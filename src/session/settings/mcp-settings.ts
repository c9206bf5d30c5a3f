/**
 * The MCP servers of a tree: in the session entry of its root, inherited by children, so that what a name
 * means does not change while the tree lives. Nothing secret is in it: a value that is one is a `${NAME}` of
 * the pod's own environment, put in when the server is started.
 */
import { areTexts, isOfTexts } from '../../std/fast-guards.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../std/json.ts';

/** A file of a project that its server is started with, as the person trusted it. */
export interface TrustedFile {
  /** Absolute, no link in it. */
  readonly path: string;
  readonly sha256: string;
}

export interface McpServerSettings {
  /** Null: a person's own config; else the project's file that it came with, which a person has trusted. */
  readonly project: string | null;
  /** Of a server that talks over its input and output. */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Variables that it is given, each a text in which `${NAME}` stands for one of the pod's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Of one that is reached over HTTP. */
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Names of its tools, `*` for any characters; all where not set. */
  readonly tools?: readonly string[] | undefined;
  readonly timeoutMs?: number | undefined;
  /** As the pod's shells have where not set. */
  readonly network?: boolean | undefined;
  /** Absolute paths beside the pod's scope. */
  readonly read?: readonly string[] | undefined;
  readonly write?: readonly string[] | undefined;
  readonly files?: readonly TrustedFile[] | undefined;
}

export const mcpServersMax = 32;
export const mcpNamePattern = /^[a-z][a-z0-9-]{0,31}$/;
export const mcpTimeoutMs = { fallback: 60_000, min: 1_000, max: 3_600_000 } as const;

/** By name; what another podkin wrote and is not understood here is left out: it may have been a bound. */
export function mcpServersIn(settings: JsonObject): ReadonlyMap<string, McpServerSettings> {
  const given = settings['mcp'];
  const servers = Object.entries(isJsonObject(given) ? given : {}).flatMap(([name, value]) => {
    const server = mcpNamePattern.test(name) ? serverIn(value) : null;
    return server === null ? [] : [[name, server] as const];
  });
  return new Map(servers.slice(0, mcpServersMax));
}

function serverIn(value: JsonValue): McpServerSettings | null {
  if (!isJsonObject(value)) return null;
  const { project, command, url, args, env, headers, tools, timeoutMs, network, read, write, ...others } =
    value;
  const { files, ...unknown } = others;
  const isWhole =
    Object.keys(unknown).length === 0 &&
    (project === null || typeof project === 'string') &&
    (typeof command === 'string') !== (typeof url === 'string') &&
    [args, tools, read, write].every((list) => list === undefined || areTexts(list)) &&
    [env, headers].every((texts) => texts === undefined || areValues(texts)) &&
    (timeoutMs === undefined || typeof timeoutMs === 'number') &&
    (network === undefined || typeof network === 'boolean') &&
    (files === undefined ||
      (Array.isArray(files) && files.every((file) => isOfTexts(file, ['path', 'sha256']))));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field was looked at
  return isWhole ? (value as unknown as McpServerSettings) : null;
}

function areValues(texts: JsonValue): boolean {
  return isJsonObject(texts) && Object.values(texts).every((text) => typeof text === 'string');
}

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** Of the pod's environment, in their order. */
export function variablesIn(texts: Readonly<Record<string, string>>): string[] {
  const names = Object.values(texts).flatMap((text) => [...text.matchAll(variable)].map(([, name]) => name));
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** With the values put in; the names that have none. */
export function filledIn(
  texts: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): { values: Record<string, string>; missing: readonly string[] } {
  const missing = new Set<string>();
  const values = Object.entries(texts).map(([key, text]) => {
    const value = text.replaceAll(variable, (_, name: string, otherwise: string | undefined) => {
      const found = environment[name] ?? otherwise;
      if (found === undefined) missing.add(name);
      return found ?? '';
    });
    return [key, value] as const;
  });
  return { values: Object.fromEntries(values), missing: [...missing] };
}
