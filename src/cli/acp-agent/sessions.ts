/** The sessions of one client: roots that it has made, and roots that were there before. */
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ListSessionsResponse, McpServer, SessionInfo } from '@agentclientprotocol/sdk';
import { allPods, findPod, type FoundPod } from '../../client/find-pod.ts';
import { firstTaskOf } from '../../client/first-task.ts';
import { isPodRunning, probePod } from '../../client/pod-probe.ts';
import { realPath } from '../../configuration/real-paths.ts';
import { claimScope } from '../../library/roots/claim-scope.ts';
import { createRoot, type RootPlan } from '../../library/roots/create-root.ts';
import { startedOrGone } from '../../library/roots/started-root.ts';
import { restoreTree } from '../../library/roots/restore-pods.ts';
import { mailboxIn } from '../../session/facts/mailbox-entries.ts';
import { mcpServersIn } from '../../session/settings/mcp-settings.ts';
import { isFreer } from '../../session/settings/permissions.ts';
import { uuidv7 } from '../../std/uuid.ts';
import { ensureRuntimeDir, socketPath } from '../../transport/address.ts';
import { oneLine } from '../format/printable.ts';
import type { CommandContext } from '../invocation/context.ts';
import { clientServers } from './client-servers.ts';
import { modeWanted } from './modes.ts';
import { AcpRefusal } from './refusal.ts';
import { excessOf } from './rights.ts';
import { Session, type SessionPorts } from './session.ts';

export interface SessionsParts {
  readonly context: CommandContext;
  /** Sessions lie at or below it; null: anywhere. */
  readonly within: string | null;
  /** By this agent's flags, for a root in that directory. Rejects as `planOf` does. */
  plan(cwd: string): Promise<RootPlan>;
  ports(sessionId: string, restore: SessionPorts['restore']): SessionPorts;
  tell(text: string): void;
}

export interface OpenedSession {
  readonly sessionId: string;
  readonly mode: string;
  /** No mode is freer than it. */
  readonly most: string;
}

const openMax = 32;
const pageSize = 50;
const titleChars = 100;

export class Sessions {
  readonly #parts: SessionsParts;
  readonly #open = new Map<string, { session: Session; most: string }>();
  /** Being made, or taken up. */
  #opening = 0;
  readonly #loading = new Set<string>();
  #isClosed = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  async begin(cwd: string, servers: readonly McpServer[]): Promise<OpenedSession> {
    return await this.#counted(async () => {
      const { context } = this.#parts;
      const place = this.#placeOf(cwd);
      const plan = await this.#parts.plan(place);
      const own = clientServers(servers, new Set(Object.keys(plan.mcp)));
      const { home } = context;
      socketPath(home.runtime, uuidv7());
      ensureRuntimeDir(home.runtime);
      const root = createRoot(home, { ...plan, mcp: { ...plan.mcp, ...own.servers } });
      await claimScope(home, root);
      const environment = { ...context.environment, ...own.environment };
      await startedOrGone(root, environment, { spawnMs: plan.limits.spawnMs });
      const found = findPod(home, root.spec.name);
      const session = this.#sessionOf(found, own.environment);
      await session.openNew();
      const { permissionMode } = plan;
      await this.#keep(session, permissionMode);
      return { sessionId: found.instance, mode: permissionMode, most: permissionMode };
    });
  }

  /** `replays`: as `load`, else as `resume`. */
  async again(
    sessionId: string,
    given: { readonly cwd: string; readonly servers: readonly McpServer[]; readonly replays: boolean },
  ): Promise<OpenedSession> {
    if (this.#loading.has(sessionId) || this.#open.get(sessionId)?.session.isBusy === true)
      throw new AcpRefusal('invalidRequest', 'this session is being loaded, or a prompt of it runs: wait');
    this.#loading.add(sessionId);
    return await this.#counted(async () => {
      const root = this.#rootOf(sessionId);
      const place = this.#placeOf(given.cwd);
      if (place !== realPath(root.spec.cwd))
        throw new AcpRefusal('invalidParams', `this session is of ${root.spec.cwd}: load it there`);
      const plan = await this.#parts.plan(place);
      const excess = excessOf(root.spec, plan);
      if (excess !== null)
        throw new AcpRefusal(
          'invalidParams',
          `${root.name} has more rights than this agent was started with (${excess}): start podkin acp with them, or use "podkin attach ${root.name}"`,
        );
      const { servers, environment } = clientServers(given.servers, new Set(Object.keys(plan.mcp)));
      this.#reportServers(root, Object.keys(servers));
      await this.#open.get(sessionId)?.session.letGo();
      this.#open.delete(sessionId);
      const session = this.#sessionOf(root, environment, plan.permissionMode);
      await session.openAgain({ replays: given.replays });
      const most = plan.permissionMode;
      const mode = await modeOf(root);
      // It was started by somebody who let it more: here it has what this agent may give.
      if (isFreer(mode, most)) await session.call('set', { mode: modeWanted(most, most) });
      await this.#keep(session, most);
      return { sessionId, mode: isFreer(mode, most) ? most : mode, most };
    }).finally(() => this.#loading.delete(sessionId));
  }

  /** Throws `AcpRefusal` for one that is not open here. */
  of(sessionId: string): Session {
    return this.#entry(sessionId).session;
  }

  async setMode(sessionId: string, asked: string): Promise<void> {
    const { session, most } = this.#entry(sessionId);
    await session.call('set', { mode: modeWanted(asked, most) });
  }

  async close(sessionId: string): Promise<void> {
    const { session } = this.#entry(sessionId);
    await session.close();
    this.#open.delete(sessionId);
  }

  /** Those that did something last first. */
  async list(cwd: string | null, cursor: string | null): Promise<ListSessionsResponse> {
    const from = cursor === null ? 0 : Number(cursor);
    if (!Number.isSafeInteger(from) || from < 0)
      throw new AcpRefusal('invalidParams', 'this cursor is none of ours: list anew without one');
    const place = cwd === null ? null : realPath(cwd);
    const roots = allPods(this.#parts.context.home)
      .filter(({ spec }) => spec.parent === null && mailboxIn(spec.settings) === null)
      .filter(({ spec }) => this.#isWithin(spec.cwd) && (place === null || realPath(spec.cwd) === place))
      .map((pod) => ({ pod, usedMs: usedMs(pod) }))
      .sort((a, b) => b.usedMs - a.usedMs || (a.pod.instance < b.pod.instance ? 1 : -1));
    const sessions: SessionInfo[] = [];
    for (const { pod, usedMs: used } of roots.slice(from, from + pageSize)) {
      const task = await firstTaskOf(pod).catch(() => '');
      sessions.push({
        sessionId: pod.instance,
        cwd: pod.spec.cwd,
        title: oneLine(task === '' ? pod.name : `${pod.name}: ${task}`, titleChars),
        updatedAt: new Date(used).toISOString(),
      });
    }
    return from + pageSize < roots.length ? { sessions, nextCursor: String(from + pageSize) } : { sessions };
  }

  /** The client has gone: nothing is held here, and no pod is ended. */
  async letGo(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map(({ session }) => session.letGo()));
  }

  /** One that was still being opened when the client went is let go as the others are. */
  async #keep(session: Session, most: string): Promise<void> {
    if (this.#isClosed) await session.letGo();
    else this.#open.set(session.root.instance, { session, most });
  }

  #entry(sessionId: string): { session: Session; most: string } {
    const entry = this.#open.get(sessionId);
    if (entry !== undefined) return entry;
    throw new AcpRefusal('notFound', 'no such session is open here: begin one, or load it');
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    if (this.#open.size + this.#opening >= openMax)
      throw new AcpRefusal('invalidRequest', `${openMax} sessions are open here: close one`);
    this.#opening += 1;
    try {
      return await work();
    } finally {
      this.#opening -= 1;
    }
  }

  #sessionOf(root: FoundPod, environment: Readonly<Record<string, string>>, most?: string): Session {
    return new Session(
      root,
      this.#parts.ports(root.instance, async (pod) => await this.#restore(pod, environment, most)),
    );
  }

  async #restore(
    root: FoundPod,
    own: Readonly<Record<string, string>>,
    most: string | undefined,
  ): Promise<void> {
    if (await isPodRunning(root)) return;
    const { home, environment, cwd } = this.#parts.context;
    const mode = await modeOf(root);
    const set = most !== undefined && isFreer(mode, most) ? { permissionMode: most } : {};
    const context = {
      home,
      environment: { ...environment, ...own },
      cwd,
      say: (text: string) => this.#parts.tell(text),
    };
    const problem = await restoreTree(context, root, { cancelsTurn: false, set });
    if (problem !== null) throw new AcpRefusal('internal', `${root.name} could not be started: ${problem}`);
  }

  #rootOf(sessionId: string): FoundPod {
    const { home } = this.#parts.context;
    const found = allPods(home).find(({ instance }) => instance === sessionId);
    if (found === undefined || found.spec.parent !== null || mailboxIn(found.spec.settings) !== null)
      throw new AcpRefusal('notFound', 'there is no such session: session/list names those that there are');
    if (!this.#isWithin(found.spec.cwd))
      throw new AcpRefusal(
        'notFound',
        'that session lies outside of the directory that this agent was given',
      );
    return found;
  }

  /** Throws `AcpRefusal`. */
  #placeOf(cwd: string): string {
    if (!isAbsolute(cwd) || cwd.includes('\0'))
      throw new AcpRefusal('invalidParams', 'cwd is no absolute path: give one');
    if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new AcpRefusal('invalidParams', `there is no directory ${cwd}`);
    const place = realPath(cwd);
    if (this.#isWithin(place)) return place;
    throw new AcpRefusal('invalidParams', `${cwd} lies outside of what this agent was given with --cwd`);
  }

  #isWithin(cwd: string): boolean {
    const { within } = this.#parts;
    if (within === null || within === '/') return true;
    const place = realPath(cwd);
    return place === within || place.startsWith(`${within}/`);
  }

  /** A root keeps what it was made with. */
  #reportServers({ name, spec }: FoundPod, given: readonly string[]): void {
    const has = mcpServersIn(spec.settings);
    const more = given.filter((one) => !has.has(one));
    if (more.length > 0)
      this.#parts.tell(`${name} keeps the MCP servers that it was made with, without ${more.join(', ')}`);
  }
}

async function modeOf(root: FoundPod): Promise<string> {
  const probed = await probePod(root).catch(() => null);
  const said = probed?.kind === 'live' ? probed.status.permissionMode : probed?.totals.permissionMode;
  return said ?? root.spec.permissionMode;
}

function usedMs({ folder }: FoundPod): number {
  return statSync(folder.log, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
