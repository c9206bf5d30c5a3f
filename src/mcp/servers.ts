/** The MCP servers of a pod: their tools for a turn, and the end of them all. */
import { isAbsolute, resolve } from 'node:path';
import type { Sandbox, SandboxSettings } from '../scope/sandbox/sandbox.ts';
import type { McpServerSettings, TrustedFile } from '../session/settings/mcp-settings.ts';
import type { CallContext, Tool, ToolContext } from '../tools/tool.ts';
import { hashOf } from '../std/file-hash.ts';
import { within } from '../std/within.ts';
import { listFile } from './list-files.ts';
import { offeredTools, type ToolOfServer } from './offered-tools.ts';
import { type Link, McpServer } from './server.ts';
import { programFolders } from '../tools/program-folders.ts';
import { startServer } from './server-process.ts';
import { takeServerPlace } from './tree-servers.ts';

export interface ServersPlace {
  readonly servers: ReadonlyMap<string, McpServerSettings>;
  /** Podkin's own folder for lists. */
  readonly state: string;
  /** The root's instance: what is counted is counted for its tree. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As a call of the pod's Bash would have it now, for a process that outlasts it. */
  context(server: string): ToolContext;
  /** That of the pod's shells, but for what is given. */
  sandbox(over: Partial<SandboxSettings>): Sandbox;
  /** What shells of the pod may do. */
  readonly shell: SandboxSettings;
  /** Null: all tools; else names, `*` for any characters. */
  isOffered(name: string): boolean;
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
    const { state, idleMs } = place;
    this.#servers = new Map(
      [...place.servers].map(([name, settings]) => {
        const list = listFile(state, settings, place.context(name).cwd);
        const link = (onTooLong: () => void) => this.#link(name, settings, onTooLong);
        return [name, new McpServer({ name, settings, list, link, ...(idleMs && { idleMs }) })];
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
          for (const why of leftOut)
            notes.push(`The MCP server ${server} has tools that are left out: ${why}.`);
          return tools.map((tool) => ({ server, from, tool }));
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
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

  async #link(name: string, settings: McpServerSettings, onTooLong: () => void): Promise<Link> {
    const changed = changedFile(settings.files ?? []);
    if (changed !== null) {
      throw new Error(
        `is not started: ${changed} is not what was trusted any more. A person has to look at it: "podkin run" on a terminal asks`,
      );
    }
    const { command, url } = settings;
    if (command === undefined) {
      const { httpLink } = await import('./http-link.ts');
      return await httpLink({ ...settings, url: url ?? '' }, this.#place.environment);
    }
    const { environment } = this.#place;
    const context = this.#contextOf(name, { ...settings, command });
    const leave = await takeServerPlace(this.#place);
    const server = startServer({ ...settings, command }, { context, environment, onTooLong });
    const started = await server.catch((error: unknown) => {
      leave();
      throw error;
    });
    void started.ended.then(leave);
    return {
      ...started,
      async end(why) {
        started.end(why);
        await started.ended;
      },
    };
  }

  #contextOf(name: string, settings: McpServerSettings & { readonly command: string }): ToolContext {
    const { shell, environment } = this.#place;
    const context = this.#place.context(name);
    const isOwn = settings.project === null;
    const paths = (given: readonly string[] = []) => given.filter((path) => isAbsolute(path));
    const own = isOwn ? programFolders(settings, environment['PATH'] ?? '', context.cwd) : [];
    const sandbox = this.#place.sandbox({
      // A project's has no more than the person's answer named.
      network: isOwn ? (settings.network ?? shell.network) : settings.network === true,
      read: [...shell.read, ...own, ...paths(settings.read)],
      ...(isOwn ? {} : { unixSockets: false }),
    });
    const write = isOwn ? paths(settings.write).map((path) => resolve(path)) : [];
    const widened = () => {
      const scope = context.scopeNow();
      return write.length === 0 ? scope : { ...scope, write: [...scope.write, ...write] };
    };
    return { ...context, scopeNow: widened, shell: { ...context.shell, sandbox } };
  }
}

/** The first that is another one now; null where all are what was trusted. */
function changedFile(files: readonly TrustedFile[]): string | null {
  return files.find(({ path, sha256 }) => hashOf(path) !== sha256)?.path ?? null;
}
