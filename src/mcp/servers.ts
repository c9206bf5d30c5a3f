/** The MCP servers of a pod: their tools for a turn, and the end of them all. */
import { thrownText } from '../std/thrown-text.ts';
import type { McpServerSettings } from '../session/settings/mcp-settings.ts';
import type { CallContext, Tool } from '../tools/tool.ts';
import { within } from '../std/within.ts';
import type { AskForm } from './elicitation.ts';
import { listFile } from './list-files.ts';
import { offeredTools, type ToolOfServer } from './offered-tools.ts';
import { McpServer } from './server.ts';
import { fewOf } from './tool-list.ts';
import { linkTo, type LinkPlace } from './server-link.ts';

export interface ServersPlace extends LinkPlace {
  readonly servers: ReadonlyMap<string, McpServerSettings>;
  /** Null: all tools; else names, `*` for any characters. */
  isOffered(name: string): boolean;
  /** What a server asks a person in a call; left out, it is declined. */
  readonly ask?: AskForm | undefined;
  readonly idleMs?: number;
}

export interface OfferedServers {
  readonly tools: readonly Tool<CallContext>[];
  /** For the person: which servers or tools are not there, and why. */
  readonly notes: readonly string[];
}

const endMs = 5_000;

export class McpServers {
  readonly #place: ServersPlace;
  readonly #servers: ReadonlyMap<string, McpServer>;
  /** The same tools for the same lists: what is offered changes only with them. */
  #last: { key: string; tools: readonly Tool<CallContext>[] } | null = null;

  constructor(place: ServersPlace) {
    this.#place = place;
    const { state, idleMs, ask } = place;
    this.#servers = new Map(
      [...place.servers].map(([name, settings]) => {
        const list = listFile(state, settings, place.context(name).cwd);
        const link = (onTooLong: () => void) => linkTo(place, name, { settings, onTooLong });
        return [name, new McpServer({ name, settings, list, link, ask, ...(idleMs && { idleMs }) })];
      }),
    );
  }

  /** Before a turn. A server that cannot be asked is left out of it, and asked again before the next. */
  async offered(signal: AbortSignal): Promise<OfferedServers> {
    const notes: string[] = [];
    const found = await Promise.all(
      [...this.#servers].map(async ([server, from]): Promise<ToolOfServer[]> => {
        try {
          const { tools, leftOut } = await from.tools(signal);
          for (const why of fewOf(leftOut))
            notes.push(`The MCP server ${server} has tools that are left out: ${why}.`);
          return tools.map((tool) => ({ server, from, tool }));
        } catch (error) {
          const why = thrownText(error);
          if (!signal.aborted) notes.push(`The tools of the MCP server ${server} are not there: it ${why}.`);
          return [];
        }
      }),
    );
    const all = found.flat().filter(({ tool }) => this.#place.isOffered(tool.name));
    const key = JSON.stringify(all.map(({ tool }) => [tool.name, tool.digest]));
    if (this.#last?.key !== key) this.#last = { key, tools: all.length === 0 ? [] : offeredTools(all) };
    return { tools: this.#last.tools, notes };
  }

  /** What the pod may touch is another now: fulfils when what ran inside of what it was has ended. */
  async scopeChanged(): Promise<void> {
    const why = 'was ended, as what this pod may touch had changed';
    const here = [...this.#servers].filter(([name]) => this.#place.servers.get(name)?.command !== undefined);
    await Promise.all(here.map(([, server]) => server.rest(why)));
  }

  /** Never rejects; after a while without having ended everything: then its group is ended otherwise. */
  async end(): Promise<void> {
    await within(Promise.all([...this.#servers.values()].map((server) => server.end())), endMs);
  }
}
