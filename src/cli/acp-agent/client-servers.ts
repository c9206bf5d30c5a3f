/**
 * The MCP servers that an editor names for a session, as a root keeps them: its own, trusted as the person
 * who runs the editor is. Values of variables and headers stand in no log: they are variables of the root's
 * process, and given again by whoever restores it. Pure.
 */
import type { McpServer } from '@agentclientprotocol/sdk';
import {
  type McpServerSettings,
  mcpNamePattern,
  mcpServersMax,
} from '../../session/settings/mcp-settings.ts';
import { AcpRefusal } from './refusal.ts';

export interface ClientServers {
  readonly servers: Readonly<Record<string, McpServerSettings>>;
  /** For the root's process. */
  readonly environment: Readonly<Record<string, string>>;
}

const textCharsMax = 8_192;
const argsMax = 256;
const valuesCharsMax = 65_536;

/** `taken`: the person's own, which stay. Throws `AcpRefusal`. */
export function clientServers(given: readonly McpServer[], taken: ReadonlySet<string>): ClientServers {
  if (given.length + taken.size > mcpServersMax)
    throw refused(`${given.length} MCP servers: at most ${mcpServersMax} can be used, with your own`);
  const servers: Record<string, McpServerSettings> = {};
  const environment: Record<string, string> = {};
  for (const one of given) {
    const name = nameOf(one.name, (known) => taken.has(known) || Object.hasOwn(servers, known));
    const keep = (pairs: readonly { name: string; value: string }[]): Record<string, string> =>
      Object.fromEntries(
        pairs.map(({ name: key, value }, at) => {
          const variable = `PODKIN_ACP_${name.toUpperCase().replaceAll('-', '_')}_${at}`;
          environment[variable] = checked(value, one.name);
          return [checked(key, one.name), `\${${variable}}`];
        }),
      );
    servers[name] = settingsOf(one, keep);
  }
  const chars = Object.values(environment).reduce((sum, value) => sum + value.length, 0);
  if (chars > valuesCharsMax) throw refused(`MCP servers: their values have ${chars} characters in all`);
  return { servers, environment };
}

function settingsOf(
  one: McpServer,
  keep: (pairs: readonly { name: string; value: string }[]) => Record<string, string>,
): McpServerSettings {
  if ('command' in one) {
    if (one.args.length > argsMax) throw refused(`the MCP server ${one.name} has more than ${argsMax} args`);
    const args = one.args.map((arg) => checked(arg, one.name));
    return { project: null, command: checked(one.command, one.name), args, env: keep(one.env) };
  }
  if (one.type !== 'http')
    throw refused(`the MCP server ${one.name} speaks SSE: podkin knows stdio and http`);
  const url = URL.canParse(one.url) ? new URL(one.url) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw refused(`the MCP server ${one.name} has an address that is none`);
  return { project: null, url: checked(one.url, one.name), headers: keep(one.headers) };
}

/** What an editor calls it becomes a name as podkin has them; the person's own stays the one of its name. */
function nameOf(given: string, isTaken: (name: string) => boolean): string {
  const plain = given
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^[^a-z]+/g, '')
    .slice(0, 28);
  const base = plain === '' ? 'server' : plain;
  let name = base;
  for (let number = 2; isTaken(name); number += 1) name = `${base}-${number}`;
  if (!mcpNamePattern.test(name)) throw refused('an MCP server has a name that cannot be one');
  return name;
}

function checked(text: string, server: string): string {
  if (text.length > textCharsMax || text.includes('\0'))
    throw refused(`the MCP server ${server.slice(0, 64)} has a value that is too long, or holds a NUL`);
  return text.toWellFormed();
}

function refused(what: string): AcpRefusal {
  return new AcpRefusal('invalidParams', what.toWellFormed());
}
