/**
 * A pod's listening socket and the table of its handlers. It writes nothing that was not asked for: no
 * greeting, no snapshot.
 */
import type { Server, Socket } from 'node:net';
import type * as z from 'zod';
import { rpcCodes, WireError } from '../protocol/errors.ts';
import { methods, type MethodName, type Params, type Result } from '../protocol/methods.ts';
import { fastParams } from '../protocol/fast-guards.ts';
import { Connection, type ConnectionHandlers, type RequestContext } from './connection.ts';
import { describeProblem } from './params.ts';
import { type Bound, bindAtFirst, identityAt, removeOwn } from './socket-place.ts';

/** One handler for every method: a method without one does not compile. Each may throw `WireError`. */
export type Handlers = {
  [M in MethodName]: (params: Params<M>, context: RequestContext) => Result<M> | Promise<Result<M>>;
};

export interface HoldOptions {
  /** See `socketPath`. Its directory is made where it is missing, and must be closed to others. */
  path: string;
  /** Where to go when the directory cannot be had, or not any more, in this order. */
  elsewhere?: readonly string[] | undefined;
  /** Accepting failed (no descriptors left …); the server goes on. */
  onAcceptError?: ((error: Error) => void) | undefined;
}

/** Answers any method: of a table that is not that of pods. */
export type Dispatch = NonNullable<ConnectionHandlers['onRequest']>;

export interface AnswerOptions {
  handlers: Handlers;
  /** Called for each connection before anything is read from it. */
  onConnection?: ((connection: Connection) => void) | undefined;
  /** A handler threw what is no `WireError`; the asker got -32603. */
  onDefect?: ((error: unknown) => void) | undefined;
  /** As in `ConnectionHandlers`. */
  closeFlushMs?: number | undefined;
}

/**
 * A socket in its place that accepts and answers nothing: nobody else gets the place, and who comes waits.
 */
export interface HeldSocket {
  readonly path: string;
  /** Answers from now on, first those that have come meanwhile. */
  answer(options: AnswerOptions): PodServer;
  /** Gives the place up again; who waits is cut off. */
  release(): Promise<void>;
}

export interface PodServer {
  /** Where it is by now. */
  readonly path: string;
  readonly connections: ReadonlySet<Connection>;
  /**
   * Looks whether the path is still our socket; to be called every few seconds, since nothing tells of a
   * deleted file. `restored`: it was gone and is there again (maybe under another `path`), living connections
   * were not touched. `taken`: something else is there and was left alone. Throws as `hold` does where it can
   * not be restored.
   */
  ensurePresent(): Promise<'present' | 'restored' | 'taken'>;
  /**
   * Accepts no more, removes the socket file if it is ours, closes every connection. Fulfils when all are
   * gone.
   */
  close(): Promise<void>;
}

export type ListenOptions = HoldOptions & AnswerOptions;

/** `hold` and `answer` at once. */
export async function listen(options: ListenOptions): Promise<PodServer> {
  return (await hold(options)).answer(options);
}

/**
 * Puts a socket in place. Throws `SocketPathTooLong`, `RuntimeDirUnsafe`, `AlreadyListening`, `NotASocket`; a
 * socket file that refuses connections, whose owner is gone, is set aside.
 */
export async function hold(options: HoldOptions): Promise<HeldSocket> {
  const door = new Door();
  const bound = await bindAtFirst(placesOf(options), door.accept, options);
  return {
    path: bound.path,
    answer: ({ handlers, ...answers }) =>
      served(options, { door, bound }, { ...answers, dispatch: dispatcher(handlers) }),
    release: async () => {
      removeOwn(bound);
      door.shut();
      await closed(bound.server);
    },
  };
}

type DispatchOptions = Omit<AnswerOptions, 'handlers'> & { readonly dispatch: Dispatch };

/** As `listen`, for methods that are not those of a pod. */
export async function listenFor(options: HoldOptions & DispatchOptions): Promise<PodServer> {
  const door = new Door();
  const bound = await bindAtFirst(placesOf(options), door.accept, options);
  return served(options, { door, bound }, options);
}

function placesOf({ path, elsewhere = [] }: HoldOptions): readonly string[] {
  return [path, ...elsewhere];
}

/** Those who have come before anything is answered. What they send stays in the system's buffers. */
class Door {
  readonly #waiting = new Set<Socket>();
  #open: ((socket: Socket) => void) | null = null;

  readonly accept = (socket: Socket): void => {
    if (this.#open !== null) return this.#open(socket);
    this.#waiting.add(socket);
    const leave = (): void => void this.#waiting.delete(socket);
    socket.on('error', leave);
    socket.on('close', leave);
  };

  open(take: (socket: Socket) => void): void {
    this.#open = take;
    for (const socket of this.#waiting) take(socket);
    this.#waiting.clear();
  }

  shut(): void {
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
  }
}

function served(
  options: HoldOptions,
  held: { door: Door; bound: Bound },
  answers: DispatchOptions,
): PodServer {
  const { door } = held;
  let { bound } = held;
  const connections = new Set<Connection>();
  const { dispatch } = answers;
  const handlers: ConnectionHandlers = {
    onRequest: dispatch,
    // A method without an id wants no answer, not no effect: it is handled like any other, and a refusal has
    // nowhere to go.
    onEvent: (method, params, context) => {
      void settleUnanswered(() => dispatch(method, params, context), answers.onDefect);
    },
    onDefect: answers.onDefect,
    closeFlushMs: answers.closeFlushMs,
  };
  door.open((socket) => {
    const connection = new Connection(socket, handlers);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    answers.onConnection?.(connection);
  });
  let closing: Promise<void> | undefined;
  let checking: Promise<'present' | 'restored' | 'taken'> | undefined;

  async function check(): Promise<'present' | 'restored' | 'taken'> {
    const found = identityAt(bound.path);
    if (found === bound.identity) return 'present';
    if (found !== undefined) return 'taken';
    const old = bound;
    bound = await bindAtFirst([bound.path, ...placesOf(options)], door.accept, options);
    old.server.close();
    return 'restored';
  }

  async function closeAll(): Promise<void> {
    await checking?.catch(() => undefined);
    const stopped = closed(bound.server);
    removeOwn(bound);
    await Promise.all([...connections].map((connection) => connection.close()));
    await stopped;
  }

  return {
    get path() {
      return bound.path;
    },
    connections,
    ensurePresent() {
      if (closing !== undefined) return Promise.resolve('taken');
      checking ??= check().finally(() => {
        checking = undefined;
      });
      return checking;
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

async function settleUnanswered(
  handle: () => unknown,
  onDefect: ((error: unknown) => void) | undefined,
): Promise<void> {
  try {
    await handle();
  } catch (error) {
    if (!(error instanceof WireError)) onDefect?.(error);
  }
}

type UntypedHandler = (params: unknown, context: RequestContext) => unknown;

interface Dispatched {
  schema: () => z.ZodType;
  fast: ((params: unknown) => boolean) | undefined;
  handler: UntypedHandler;
}

/** From the table to one function. Names are looked up among the table's own keys only. */
export function dispatcher(handlers: Handlers): Dispatch {
  const byName = new Map<string, Dispatched>();
  for (const [key, { params }] of Object.entries(methods)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has no other keys
    const name = key as MethodName;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of the same name makes the params fit
    const handler = handlers[name] as UntypedHandler;
    byName.set(name, { schema: params, fast: fastParams[name], handler });
  }
  const known = [...byName.keys()].join(', ');
  return (method, params, context) => {
    const entry = byName.get(method);
    if (entry === undefined) {
      const shown = JSON.stringify(method.slice(0, 64));
      throw new WireError(rpcCodes.methodNotFound, `there is no method ${shown}; there are: ${known}`);
    }
    if (entry.fast?.(params) === true) return entry.handler(params, context);
    const parsed = entry.schema().safeParse(params === undefined ? {} : params);
    if (parsed.success) return entry.handler(parsed.data, context);
    const { field, text } = describeProblem(parsed.error);
    throw new WireError(rpcCodes.invalidParams, `the params of "${method}" are wrong: ${text}`, { field });
  };
}
