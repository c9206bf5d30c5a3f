/**
 * One server of a pod, over its whole time: started at its first call, ended when nobody has called it for a
 * while, started again after it has ended, ever more rarely. A call is made once: what was open when its
 * server ended is answered with that.
 */
import { thrownText } from '../std/thrown-text.ts';
import type { ToolAnswer } from '../tools/tool.ts';
import type { McpServerSettings } from '../session/settings/mcp-settings.ts';
import { mcpTimeoutMs } from '../session/settings/mcp-settings.ts';
import { monotonicMs } from '../std/clock.ts';
import type { JsonObject, JsonValue } from '../std/json.ts';
import { withoutHidden } from '../std/characters.ts';
import { answerOf } from './answer.ts';
import { type CallLimits, Connection } from './connection.ts';
import { type AskForm, CallForms } from './elicitation.ts';
import type { ListFile } from './list-files.ts';
import { type ServerTool, type ServerTools, toolsOf } from './tool-list.ts';

const idleMsDefault = 600_000;
const startMsMax = 30_000;
const listMsMax = 30_000;
/** After an end that nobody asked for: doubled with each that follows soon. */
const restMs = { first: 1_000, most: 60_000, forgottenAfter: 120_000 } as const;

/** A way to a server. */
export interface Link {
  readonly transport: Parameters<typeof Connection.open>[0];
  /** Fulfils when it is over, with how: what follows its name. Never rejects. */
  readonly ended: Promise<string>;
  /** What it has complained about, for people. */
  errors(): string;
  /** Fulfils when nothing of it is left. */
  end(why: string): Promise<void>;
}

export interface ServerParts {
  readonly name: string;
  readonly settings: McpServerSettings;
  readonly list: ListFile;
  /** Rejects with an `Error` that says why there is none: what follows its name. */
  link(onTooLong: () => void): Promise<Link>;
  /** Asks a person; left out, nobody is there. */
  readonly ask?: AskForm | undefined;
  readonly idleMs?: number;
}

interface Running {
  readonly link: Link;
  readonly connection: Connection;
  tools: ServerTools;
}

export class McpServer {
  readonly #parts: ServerParts;
  #running: Promise<Running> | null = null;
  #known: ServerTools | null = null;
  /** It has said that its list is another one now. */
  #isStale = false;
  #calls = 0;
  #idle: NodeJS.Timeout | undefined;
  #ending: Promise<unknown> = Promise.resolve();
  #failures = 0;
  #failedMs = Number.NEGATIVE_INFINITY;
  #lastEnd = '';
  /** Not started any more. */
  #isOver = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  /** As it is offered from now on. Rejects with an `Error` that says why nothing is known. */
  async tools(signal: AbortSignal): Promise<ServerTools> {
    const known = (this.#known ??= this.#fromFile());
    if (known !== null && !(this.#isStale && this.#running !== null)) return known;
    const running = await this.#run(signal);
    if (this.#isStale) await this.#listAnew(running, signal);
    return running.tools;
  }

  /** Never rejects. */
  async call(
    tool: ServerTool,
    input: JsonObject,
    limits: Omit<CallLimits, 'timeoutMs' | 'forms'> & { readonly call: string },
  ): Promise<ToolAnswer> {
    this.#calls += 1;
    clearTimeout(this.#idle);
    try {
      const running = await this.#run(limits.signal);
      const now = running.tools.tools.find(({ name }) => name === tool.name);
      if (now === undefined) return this.#failed(`has no tool ${tool.tool} any more`);
      if (now.digest !== tool.digest)
        return this.#failed(
          `describes its tool ${tool.tool} in another way than it was offered to you, so it was not called. The new one is offered with your next turn`,
        );
      const timeoutMs = this.#parts.settings.timeoutMs ?? mcpTimeoutMs.fallback;
      const { ask, name } = this.#parts;
      const { call, ...rest } = limits;
      const forms = ask && new CallForms({ server: name, tool: tool.name, call }, ask);
      return answerOf(await running.connection.call(tool.tool, input, { ...rest, timeoutMs, forms }));
    } catch (error) {
      return this.#failed(await this.#wordsOf(error));
    } finally {
      this.#calls -= 1;
      this.#idleSoon();
    }
  }

  /** Fulfils when nothing of it is left; it is started again at the next call. */
  async rest(why: string): Promise<void> {
    const running = this.#running;
    if (running !== null) {
      this.#running = null;
      clearTimeout(this.#idle);
      this.#ending = Promise.all([this.#ending, endOf(running, why)]);
    }
    // Also of what somebody else has begun to end.
    await this.#ending;
  }

  /** For good. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.rest('was ended with its pod');
  }

  /** For people; empty where it has not complained. */
  async errors(): Promise<string> {
    return (await this.#running?.catch(() => null))?.link.errors() ?? '';
  }

  #fromFile(): ServerTools | null {
    const listed = this.#parts.list.read();
    return listed === null ? null : this.#judged(listed);
  }

  #judged(listed: readonly JsonValue[]): ServerTools {
    const { name, settings } = this.#parts;
    return toolsOf(name, listed, settings.tools ?? null);
  }

  /** Of calls side by side one starts it, and a cancel of that one cancels its start. */
  async #run(signal: AbortSignal): Promise<Running> {
    if (this.#isOver) throw new Error('was ended with its pod');
    const waitMs = this.#failedMs + this.#restMs() - monotonicMs();
    if (this.#running === null && waitMs > 0) {
      throw new Error(
        `${this.#lastEnd}. It is not started again before ${Math.ceil(waitMs / 1000)} s have gone by`,
      );
    }
    this.#running ??= this.#start(signal);
    const starting = this.#running;
    try {
      return await starting;
    } catch (error) {
      if (this.#running === starting) this.#running = null;
      throw error;
    }
  }

  async #start(signal: AbortSignal): Promise<Running> {
    let running: Running | null = null;
    let hasEnded: string | null = null;
    const ending = new AbortController();
    try {
      const link = await this.#parts.link(() => {
        running?.connection.failOpen(tooLong);
        if (running === null) ending.abort(new Error(tooLong));
      });
      void link.ended.then((how) => {
        hasEnded = how;
        ending.abort(new Error(how));
        if (running !== null) this.#hasEnded(running, how, link.errors());
      });
      const both = AbortSignal.any([signal, ending.signal]);
      try {
        const stale = (): void => {
          this.#isStale = true;
        };
        const connection = await Connection.open(
          link.transport,
          { signal: both, timeoutMs: startMsMax },
          stale,
        );
        const listed = await connection.tools({ signal: both, timeoutMs: listMsMax });
        this.#isStale = false;
        const tools = this.#take(listed);
        if (hasEnded !== null) throw new Error(hasEnded);
        running = { link, connection, tools };
        this.#failures = monotonicMs() - this.#failedMs > restMs.forgottenAfter ? 0 : this.#failures;
        this.#idleSoon();
        return running;
      } catch (error) {
        await link.end(notSpoken);
        // How it ended by itself says more than what could not be read of it; our own end says less.
        const how = ending.signal.aborted ? textOf(ending.signal.reason) : notSpoken;
        throw new Error(withErrors(how === notSpoken ? textOf(error) : how, link.errors()));
      }
    } catch (error) {
      if (!signal.aborted) this.#noteFailure(textOf(error));
      throw error;
    }
  }

  #take(listed: readonly JsonValue[]): ServerTools {
    this.#parts.list.write(listed);
    this.#known = this.#judged(listed);
    return this.#known;
  }

  async #listAnew(running: Running, signal: AbortSignal): Promise<void> {
    this.#isStale = false;
    running.tools = this.#take(await running.connection.tools({ signal, timeoutMs: listMsMax }));
  }

  #hasEnded(running: Running, how: string, errors: string): void {
    running.connection.failOpen(withErrors(how, errors));
    void running.connection.close();
    // Whoever has let go of it has asked for its end.
    if (this.#running === null) return;
    this.#running = null;
    clearTimeout(this.#idle);
    this.#noteFailure(withErrors(how, errors));
  }

  #noteFailure(how: string): void {
    const nowMs = monotonicMs();
    this.#failures = nowMs - this.#failedMs > restMs.forgottenAfter ? 1 : this.#failures + 1;
    this.#failedMs = nowMs;
    this.#lastEnd = how;
  }

  #restMs(): number {
    // Once is no habit.
    if (this.#failures < 2) return 0;
    return Math.min(restMs.most, restMs.first * 2 ** (this.#failures - 2));
  }

  #idleSoon(): void {
    clearTimeout(this.#idle);
    if (this.#calls > 0 || this.#running === null) return;
    const idleMs = this.#parts.idleMs ?? idleMsDefault;
    this.#idle = setTimeout(() => void this.rest('was ended, as nobody had called it'), idleMs).unref();
  }

  async #wordsOf(error: unknown): Promise<string> {
    const text = textOf(error);
    if (!/^MCP error -32001|[Tt]imed? ?out/.test(text)) return text;
    return `did not answer in time (${text})`;
  }

  #failed(why: string): ToolAnswer {
    return { text: `The MCP server ${this.#parts.name} ${why}.`, isError: true };
  }
}

const notSpoken = 'was ended, because it could not be spoken to';

async function endOf(running: Promise<Running>, why: string): Promise<void> {
  const now = await running.catch(() => null);
  await now?.link.end(why);
  await now?.connection.close();
}

const tooLong = 'answered with more than 32 MiB, which is not taken: ask it for less';

function withErrors(how: string, errors: string): string {
  return errors === '' ? how : `${how}. The last that it said: ${JSON.stringify(errors.slice(-500))}`;
}

function textOf(error: unknown): string {
  const text = thrownText(error);
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return withoutHidden(`${text}${cause}`).slice(0, 2_000).toWellFormed();
}
