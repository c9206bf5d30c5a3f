/**
 * The program that this root belongs to: whose end ends it, and whose tools its model may call.
 *
 * Invariants
 * - OW1 Nobody owns it without the token that its start was given the hash of; where it was given none, as
 *   by "podkin restore", the one before.
 * - OW2 A call is handed to one connection, once: when that ends, it is answered as interrupted, and never
 *   handed to another.
 * - OW3 A name has one owner; no tool of podkin's own and none of an MCP server is taken over.
 * - OW4 With the lifetime `program` the pod ends in order, `returnMs` after the last connection of its owner
 *   has, unless one has said `detach`.
 * - OW5 A program that is seen to run has not ended: it may be busy, or have no descriptor left. Then the
 *   time of OW4 begins when it is last seen. One that cannot be seen from here is taken at its connection.
 */
import { WireError } from '../../protocol/errors.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { OwnedBy, OwnerProcess } from '../../protocol/own-tools.ts';
import { ruledTools } from '../../scope/permissions/permission-rules.ts';
import type { OfferedTool } from '../../session/facts/own-tools.ts';
import { tokenFits } from '../../session/home/home.ts';
import { deferred, type Deferred } from '../../std/deferred.ts';
import type { JsonValue } from '../../std/json.ts';
import { toolSet } from '../../tools/tool-set.ts';
import type { CallContext, Tool, ToolAnswer } from '../../tools/tool.ts';
import type { Connection, RequestContext } from '../../transport/connection.ts';
import type { End } from '../host.ts';
import { onShutdown } from '../machine/inputs.ts';
import { onToolsOffered } from '../machine/own-tools.ts';
import type { Pod } from '../pod.ts';

/** For a program that was started anew. */
const returnMs = 10_000;
const checkMs = 1_000;
/** Programs that had it and may live; those that own it last are kept. */
const programsMax = 16;
/** A program that is stopped or hangs holds no call for longer. */
const answerMs = 600_000;

interface OpenCall {
  readonly connection: Connection;
  readonly answer: Deferred<ToolAnswer>;
}

export class OwnerDesk {
  readonly #pod: Pod;
  readonly #tokenHash: string | null;
  #lifetime: 'program' | 'own';
  readonly #owners = new Set<Connection>();
  #programs: readonly OwnerProcess[];
  /** By the tool's name. */
  readonly #offeredBy = new Map<string, Connection>();
  readonly #calls = new Map<string, OpenCall>();
  #endWait: End = () => undefined;
  #isBegun = false;

  constructor(pod: Pod, owned: OwnedBy | undefined) {
    this.#pod = pod;
    this.#tokenHash = owned?.tokenHash ?? pod.facts.ownerHash;
    this.#lifetime = owned?.lifetime ?? 'own';
    this.#programs = owned?.process === undefined ? [] : [owned.process];
  }

  /** The pod listens: its program may have ended meanwhile. */
  begin(): void {
    this.#isBegun = true;
    const tokenHash = this.#tokenHash;
    // For the next start, where that brings none.
    if (tokenHash !== null && tokenHash !== this.#pod.facts.ownerHash)
      this.#pod.tryCommit([{ type: 'owned', tokenHash }]);
    this.#waitForProgram();
  }

  close(): void {
    this.#endWait();
    this.#isBegun = false;
    for (const call of this.#calls.keys()) this.#interrupt(call, 'the pod stops');
  }

  /** With its program's, as they are offered at this moment; also while it is away. At a turn's start. */
  allTools(own: readonly Tool[]): readonly Tool[] {
    const taken = new Set<string>([...ruledTools, ...own.map(({ name }) => name)]);
    const offered = this.#pod.facts.offeredTools.filter(({ name }) => !taken.has(name));
    return toolSet(
      own,
      offered.map((tool) => this.#tool(tool)),
    );
  }

  /** Throws `badToken`. */
  own({ token, lifetime, process }: Params<'own'>, { connection }: RequestContext): Result<'own'> {
    this.#check(token);
    if (lifetime !== undefined) this.#lifetime = lifetime;
    if (process !== undefined) this.#programs = this.#living([...this.#programs, process]);
    if (!this.#owners.has(connection)) {
      this.#owners.add(connection);
      void connection.closed.then(() => this.#gone(connection));
    }
    this.#endWait();
    return { lifetime: this.#lifetime };
  }

  /** Throws `badToken`. */
  detach({ token }: Params<'detach'>): Result<'detach'> {
    this.#check(token);
    this.#lifetime = 'own';
    this.#endWait();
    return {};
  }

  /** Throws `badToken`, `forbidden`. */
  offer({ token, tools }: Params<'offerTools'>, context: RequestContext): Result<'offerTools'> {
    const { connection } = context;
    this.#check(token);
    for (const { name } of tools) this.#refuseName(name, connection);
    this.own({ token }, context);
    for (const [name, by] of this.#offeredBy) if (by === connection) this.#offeredBy.delete(name);
    for (const { name } of tools) this.#offeredBy.set(name, connection);
    // What others offer stays; what nobody offers any more is known still, and not available.
    const names = new Set(tools.map(({ name }) => name));
    const others = this.#pod.facts.offeredTools.filter(
      ({ name }) => !names.has(name) && this.#offeredBy.has(name),
    );
    const all = [
      ...others,
      ...tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    ];
    this.#pod.input((core) => onToolsOffered(core, all));
    return { names: all.map(({ name }) => name) };
  }

  /** Throws `forbidden` for a call that is not this connection's, or not open any more. */
  answer(
    { call, text, isError }: Params<'answerTool'>,
    { connection }: RequestContext,
  ): Result<'answerTool'> {
    const open = this.#calls.get(call);
    if (open === undefined || open.connection !== connection) {
      const why = 'This call is not open here: it was answered, interrupted, or given to another program.';
      throw new WireError('forbidden', `${why} Nothing was taken.`);
    }
    this.#calls.delete(call);
    open.answer.resolve({ text, isError });
    return {};
  }

  #check(token: string): void {
    if (this.#tokenHash !== null && tokenFits(token, this.#tokenHash)) return;
    throw new WireError(
      'badToken',
      'This is not the token that the present start of this pod was given: only start and restore of the library give it. Nothing was changed.',
    );
  }

  #refuseName(name: string, connection: Connection): void {
    const refuse = (why: string): never => {
      throw new WireError('forbidden', `The tool "${name}" ${why}. Nothing was offered.`);
    };
    if (ruledTools.some((known) => known === name)) refuse("has the name of one of podkin's own");
    if (name.startsWith('mcp__')) refuse('has a name of MCP servers');
    const by = this.#offeredBy.get(name);
    if (by !== undefined && by !== connection) refuse('is offered by another connection');
  }

  #gone(connection: Connection): void {
    this.#owners.delete(connection);
    for (const [name, by] of this.#offeredBy) if (by === connection) this.#offeredBy.delete(name);
    for (const [call, open] of this.#calls)
      if (open.connection === connection) this.#interrupt(call, 'the program that has this tool went away');
    this.#waitForProgram();
  }

  #waitForProgram(): void {
    if (!this.#isBegun || this.#lifetime !== 'program' || this.#owners.size > 0) return;
    this.#endWait();
    const { clock } = this.#pod.host;
    let lastSeenMs = clock.now();
    this.#endWait = clock.every(checkMs, () => {
      this.#programs = this.#living(this.#programs);
      if (this.#programs.length > 0) lastSeenMs = clock.now();
      if (clock.now() - lastSeenMs < returnMs) return;
      this.#endWait();
      this.#pod.input((core) => onShutdown(core, 'person', 'its program has ended'));
    });
  }

  /** A pid means nothing in another namespace. */
  #living(programs: readonly OwnerProcess[]): readonly OwnerProcess[] {
    const { self, processes } = this.#pod.host;
    const here = self.namespaces().process;
    const byProcess = new Map(programs.map((one) => [`${one.pid} ${one.startTime} ${one.bootId}`, one]));
    return [...byProcess.values()]
      .filter((program) => program.namespace === here && processes.isRunning(program))
      .slice(-programsMax);
  }

  #interrupt(call: string, why: string): void {
    const open = this.#calls.get(call);
    this.#calls.delete(call);
    open?.answer.resolve({
      text: `The call was interrupted: ${why}. Whether it did anything is not known, and it is not made again by itself.`,
      isError: true,
    });
  }

  #tool({ name, description, inputSchema }: OfferedTool): Tool<CallContext> {
    return {
      name,
      description,
      order: 'parallel',
      inputSchema: () => inputSchema,
      parse: (input) => ({ ok: true, input }),
      // Nothing that it says of itself lowers what is asked.
      needs: () => ({ kind: 'unknown' }),
      run: (input, context) => this.#run(name, asValue(input), context),
    };
  }

  async #run(tool: string, input: JsonValue, { call, signal }: CallContext): Promise<ToolAnswer> {
    const connection = this.#offeredBy.get(tool);
    if (connection === undefined) {
      const text = `The tool ${tool} is not available now: the program that has it is away. Go on without it, or try later.`;
      return { text, isError: true };
    }
    const answer = deferred<ToolAnswer>();
    this.#calls.set(call, { connection, answer });
    const end = (why: string): void => {
      this.#interrupt(call, why);
      if (connection.writable) connection.notify('event', { type: 'toolCallEnded', call });
    };
    const aborted = (): void => end('the turn was ended');
    const late = this.#pod.host.clock.after(answerMs, () =>
      end(`the program that has this tool did not answer within ${answerMs / 60_000} minutes`),
    );
    signal.addEventListener('abort', aborted, { once: true });
    try {
      // Throws what is too long for the wire, which is the call's result then.
      connection.notify('event', { type: 'toolCalled', call, tool, input });
      if (!connection.writable) this.#interrupt(call, 'the program that has this tool went away');
      return await answer.promise;
    } finally {
      late();
      this.#calls.delete(call);
      signal.removeEventListener('abort', aborted);
    }
  }
}

/** It was parsed by nothing: it is what the model wrote. */
function asValue(input: unknown): JsonValue {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its `parse` hands the JSON on
  return input as JsonValue;
}
