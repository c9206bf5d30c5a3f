/** The MCP servers that a tree is given: a person's own, and those of a project that a person has trusted. */
import { resolve } from 'node:path';
import type { McpServerSettings } from '../session/settings/mcp-settings.ts';
import { fromHome } from './configuration-files.ts';
import type { ProjectMcp } from './project-mcp.ts';
import type { UserSettings } from './settings-schema.ts';

export type McpServers = Readonly<Record<string, McpServerSettings>>;

interface Place {
  readonly cwd: string | null;
  readonly personHome: string | null;
}

/** A name is the person's own where both have it. Throws `BadSetting`. */
export function mcpServersOf(
  user: UserSettings,
  project: ProjectMcp,
  place: Place,
): { servers: McpServers; notes: readonly string[] } {
  const own = Object.entries(user.mcp ?? {}).map(
    ([name, given]) => [name, userServer(given, place)] as const,
  );
  const taken = new Set(own.map(([name]) => name));
  const notes = Object.entries(project.servers)
    .filter(([name]) => taken.has(name))
    .map(([name, { project: file }]) => `${file}: the server ${name} is left out, your config.toml has one.`);
  return { servers: { ...project.servers, ...Object.fromEntries(own) }, notes: [...project.notes, ...notes] };
}

type Given = NonNullable<UserSettings['mcp']>[string];

function userServer({ env, headers, read, write, ...given }: Given, place: Place): McpServerSettings {
  const paths = (those: readonly string[] | undefined) =>
    fromHome(place.personHome, those).map((path) => resolve(place.cwd ?? '/', path));
  const variables = Array.isArray(env) ? Object.fromEntries(env.map((name) => [name, `\${${name}}`])) : env;
  return {
    project: null,
    ...given,
    ...(variables && { env: variables }),
    ...(headers && { headers: byName(headers) }),
    ...(read && { read: paths(read) }),
    ...(write && { write: paths(write) }),
  };
}

/** `Bearer NAME`, as a text with the variable in it. */
function byName(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([header, text]) => [header, text.replace(/\w+$/, (name) => `\${${name}}`)]),
  );
}
