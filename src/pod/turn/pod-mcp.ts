/** The MCP servers of a pod: what a turn is offered of them, and who hears of what is not there. */
import type { AskForm } from '../../mcp/elicitation.ts';
import type { McpServers } from '../../mcp/servers.ts';
import { mcpServersIn } from '../../session/settings/mcp-settings.ts';
import { toolsIn } from '../../session/settings/profiles.ts';
import { wildcardFits } from '../../scope/permissions/permission-rules.ts';
import { toolSet } from '../../tools/tool-set.ts';
import type { CallContext, Tool, ToolContext } from '../../tools/tool.ts';
import type { Pod } from '../pod.ts';

/** Alerts at a time: a server can give any number of reasons. */
const saidMax = 10;

export interface PodMcpParts {
  /** For what outlasts a call. */
  context(call: string): ToolContext;
  readonly ask: AskForm;
}

export class PodMcp {
  readonly #pod: Pod;
  readonly #parts: PodMcpParts;
  #servers: Promise<McpServers> | null = null;
  #offered: readonly Tool<CallContext>[] = [];
  #said: readonly string[] = [];
  #tools: {
    readonly without: readonly Tool[];
    readonly from: unknown;
    readonly all: readonly Tool[];
  } | null = null;

  constructor(pod: Pod, parts: PodMcpParts) {
    this.#pod = pod;
    this.#parts = parts;
  }

  /** Before a turn. */
  async read(signal: AbortSignal): Promise<void> {
    const { session, host } = this.#pod;
    const servers = mcpServersIn(session.settings);
    if (servers.size === 0 || host.work.mcp === undefined) return;
    const allowed = toolsIn(session.settings);
    this.#servers ??= host.work.mcp({
      servers,
      context: (server) => this.#parts.context(`mcp-${server}`),
      isOffered: (name) => allowed === null || allowed.some((pattern) => wildcardFits(pattern, name)),
      ask: this.#parts.ask,
      session: () => this.#pod.session,
      limits: this.#pod.core.limits,
    });
    const { tools, notes } = await (await this.#servers).offered(signal);
    this.#offered = tools;
    this.#say(notes.filter((text) => !this.#said.includes(text)));
    this.#said = notes;
  }

  /** With those of the servers. The same list for the same tools. */
  toolsWith(without: readonly Tool[]): readonly Tool[] {
    if (this.#offered.length === 0) return without;
    if (this.#tools?.without !== without || this.#tools.from !== this.#offered)
      this.#tools = { without, from: this.#offered, all: toolSet(without, this.#offered) };
    return this.#tools.all;
  }

  /** What the pod may touch is another now: nobody is given it before the servers that had it have ended. */
  scopeChanged(): void {
    if (this.#servers !== null)
      this.#pod.claims.leaves(this.#servers.then((servers) => servers.scopeChanged()));
  }

  async end(): Promise<void> {
    await (await this.#servers)?.end();
  }

  #say(texts: readonly string[]): void {
    for (const text of texts.slice(0, saidMax))
      this.#pod.tryCommit([{ type: 'alert', level: 'warning', code: 'mcpLeftOut', text }]);
  }
}
