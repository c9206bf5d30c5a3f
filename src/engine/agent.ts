/**
 * The agent of one pod over its whole time: started at the first turn, there between turns, started again
 * after it has ended, with the session that it had. One prompt at a time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { PodkinError } from '../std/podkin-error.ts';
import type { EngineFacts } from '../session/facts/engine-entries.ts';
import { EngineConnection, EngineFailed } from './connection.ts';
import type { ToolContext } from '../tools/tool.ts';
import type { Charge } from './charge.ts';
import type { EngineProcess } from './process.ts';
import { type Replayed, ReplaySearch } from './replay-search.ts';
import type { AgentIdentity, EngineUpdate, PermissionRequest, SessionState } from './updates.ts';
import { thrownText } from '../std/thrown-text.ts';

/** How an agent is started, as its pod may have it. */
export interface EngineLaunch {
  /** Rejects with an `Error` that says why not: what follows its name. */
  start(): Promise<EngineProcess>;
  /** The folder of its session, as the agent sees it. */
  readonly cwd: string;
  /** The mode that its session is put into; null: `default`, where it has one. */
  readonly mode: string | null;
  /** False: a session that it once had is not asked for again; null: as it says of itself. */
  readonly restorable: boolean | null;
  /** A session is not loaded in the clock minute in which it began. */
  readonly loadsNextMinute: boolean;
  /** Whether the last text of a turn says that it has failed. A guess. */
  isFailure(text: string): boolean;
}

/** Between two turns, before it is ended: its next prompt loads its session. */
const restAfterMs = 5 * 60_000;

export interface EngineParts {
  /** `acp/NAME`. */
  readonly name: string;
  readonly charge: Charge;
  /** `restAfterMs` where it is not given. */
  readonly restAfterMs?: number;
  /** Rejects with an `EngineUnusable`. */
  launch(context: ToolContext): Promise<EngineLaunch>;
}

/** It cannot be had, as it is asked for: what follows the agent's name. */
export class EngineUnusable extends PodkinError {}

/** What the prompt that runs hears of. */
export interface PromptEars {
  onUpdate(update: EngineUpdate): void;
  onPermission(request: PermissionRequest, cancelled: AbortSignal): Promise<string | null>;
}

export type Opened =
  /** It is there with its session. */
  | { readonly kind: 'live' }
  | { readonly kind: 'loaded'; readonly identity: AgentIdentity; readonly replayed: Replayed }
  | { readonly kind: 'new'; readonly identity: AgentIdentity; readonly session: string };

interface Running {
  readonly process: EngineProcess;
  readonly connection: EngineConnection;
  readonly identity: AgentIdentity;
  readonly launch: EngineLaunch;
  /** What it may touch: its mounts were made for that, and are no others as long as it runs. */
  readonly scope: string;
  /** Null until one has been begun or loaded. */
  session: string | null;
}

export class EngineAgent {
  readonly #parts: EngineParts;
  #running: Running | null = null;
  #starting: EngineProcess | null = null;
  #ears: PromptEars | null = null;
  /** While a session is loaded. */
  #replay: ReplaySearch | null = null;
  #lastErrors = '';
  /** Of the session in US dollars, as it said last; null where that is not known. */
  #cost: number | null = null;
  #costBefore: number | null = null;
  /** Not started any more. */
  #isOver = false;
  #resting: NodeJS.Timeout | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.name;
  }

  get charge(): Charge {
    return this.#parts.charge;
  }

  isFailure(text: string): boolean {
    return this.#running?.launch.isFailure(text) ?? false;
  }

  /** The last that it said on its error output, or the one before it; empty where it was silent. */
  get errors(): string {
    return this.#running?.process.errors() ?? this.#lastErrors;
  }

  /**
   * Rejects with `EngineFailed` or `EngineUnusable`; nothing of it is left then. `canBeginAnew`: where the
   * session that it had cannot be loaded another one is begun. `context`: as a command of the pod has it.
   */
  async open(
    known: EngineFacts | null,
    { canBeginAnew, context }: { canBeginAnew: boolean; context: ToolContext },
  ): Promise<Opened> {
    clearTimeout(this.#resting);
    if (this.#running !== null && this.#running.scope !== scopeIn(context)) await this.rest();
    const there = this.#running;
    if (there !== null && there.session !== null && there.session === known?.session) return { kind: 'live' };
    try {
      const running = there ?? (await this.#start(context));
      if (known === null) return await this.#begin(running);
      return (await this.#load(running, known)) ?? (await this.#anew(canBeginAnew, context));
    } catch (error) {
      await this.rest();
      throw error;
    }
  }

  /** Rejects with `EngineFailed`. Never while another runs. */
  async prompt(text: string, ears: PromptEars): Promise<Awaited<ReturnType<EngineConnection['prompt']>>> {
    const running = this.#running;
    if (running === null) throw new EngineFailed('gone', 'has ended');
    this.#ears = ears;
    this.#costBefore = this.#cost;
    try {
      return await running.connection.prompt(text);
    } finally {
      this.#ears = null;
    }
  }

  /** Of the prompt that runs, or ran last; null where it does not say. */
  get promptCost(): number | null {
    if (this.#cost === null || this.#costBefore === null) return null;
    return Math.max(0, this.#cost - this.#costBefore);
  }

  /**
   * A turn has ended. As long as it runs it may write what its pod may, and nobody else is given that: one
   * whose session can be loaded again ends when it is not needed for a while.
   */
  turnEnded(): void {
    clearTimeout(this.#resting);
    const running = this.#running;
    if (running === null || running.launch.restorable === false || !running.identity.loadsSessions) return;
    this.#resting = setTimeout(() => {
      if (this.#running === running && this.#ears === null) void this.rest();
    }, this.#parts.restAfterMs ?? restAfterMs).unref();
  }

  /** What its pod may touch is another now: it has that from its next start on, which is its next turn. */
  async scopeChanged(): Promise<void> {
    if (this.#ears === null && this.#starting === null) await this.rest();
  }

  cancel(): void {
    this.#running?.connection.cancel();
  }

  /** Fulfils when nothing of its process is left; the next prompt starts it again. */
  async rest(): Promise<void> {
    const left = this.#running?.process ?? this.#starting;
    this.#running = null;
    this.#starting = null;
    if (left === null) return;
    await left.end();
    this.#lastErrors = left.errors();
  }

  /** For good. */
  async end(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#resting);
    await this.rest();
  }

  async #start(context: ToolContext): Promise<Running> {
    const scope = scopeIn(context);
    const launch = await this.#parts.launch(context);
    if (this.#isOver) throw new EngineFailed('gone', 'was ended with its pod');
    const engine = await this.#startProcess(launch);
    const connection = new EngineConnection(engine, {
      onUpdate: (update) => {
        this.#replay?.take(update);
        if (update.kind === 'usage') this.#cost = update.cost;
        this.#ears?.onUpdate(update);
      },
      onPermission: async (request, cancelled) =>
        (await this.#ears?.onPermission(request, cancelled)) ?? null,
    });
    const identity = await connection.initialize();
    const running = { process: engine, connection, identity, launch, scope, session: null };
    if (this.#starting !== engine) throw new EngineFailed('gone', 'was ended while it began');
    this.#running = running;
    this.#starting = null;
    void engine.ended.then(() => {
      if (this.#running !== running) return;
      this.#lastErrors = engine.errors();
      this.#running = null;
    });
    return running;
  }

  async #startProcess(launch: EngineLaunch): Promise<EngineProcess> {
    try {
      const engine = await launch.start();
      this.#starting = engine;
      return engine;
    } catch (error) {
      throw new EngineUnusable(thrownText(error));
    }
  }

  async #begin(running: Running): Promise<Opened> {
    const { session, ...state } = await running.connection.newSession(running.launch.cwd);
    await putIntoMode(running, state);
    running.session = session;
    this.#cost = 0;
    return { kind: 'new', identity: running.identity, session };
  }

  /** Null where it cannot be loaded: the process has heard of it, and is not to be used for another one. */
  async #load(running: Running, known: EngineFacts): Promise<Opened | null> {
    const { connection, identity, launch } = running;
    if (launch.restorable === false || !identity.loadsSessions) return null;
    if (launch.loadsNextMinute) await untilNextMinute(known.begunAt);
    const replay = new ReplaySearch(known.prompt?.marker ?? '', known.before);
    this.#replay = replay;
    try {
      const state = await connection.loadSession(known.session, launch.cwd);
      await putIntoMode(running, state);
    } catch (error) {
      if (error instanceof EngineFailed && error.kind === 'refused') return null;
      throw error;
    } finally {
      this.#replay = null;
    }
    running.session = known.session;
    return { kind: 'loaded', identity, replayed: replay.verdict };
  }

  async #anew(canBeginAnew: boolean, context: ToolContext): Promise<Opened> {
    if (!canBeginAnew) throw new SessionLost('cannot load the session in which it was interrupted');
    await this.rest();
    return await this.#begin(await this.#start(context));
  }
}

function scopeIn(context: ToolContext): string {
  return JSON.stringify(context.scopeNow());
}

const minuteMs = 60_000;

/** By the clock, from a moment in which it is still the same one. */
export async function untilNextMinute(begunAt: string): Promise<void> {
  const nowMs = Date.now();
  if (Math.floor(Date.parse(begunAt) / minuteMs) !== Math.floor(nowMs / minuteMs)) return;
  await pause(minuteMs - (nowMs % minuteMs));
}

/** What was begun in it is not gone on with. */
export class SessionLost extends PodkinError {}

async function putIntoMode({ connection, launch }: Running, { modes }: SessionState): Promise<void> {
  const wanted = launch.mode ?? (modes.includes('default') ? 'default' : null);
  if (wanted === null) return;
  if (!modes.includes(wanted)) {
    const all = modes.length === 0 ? 'it has none' : `there are ${modes.join(', ')}`;
    throw new EngineUnusable(`has no mode "${wanted}": ${all}`);
  }
  await connection.setMode(wanted);
}
