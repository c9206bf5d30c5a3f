/**
 * A pod's listening socket and the table of its handlers. It writes nothing that was not asked for: no greeting, no
 * snapshot. The socket file is only ever put in place whole, and only ever removed while it is our own.
 */
import { chmodSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type * as z from 'zod';
import { rpcCodes, WireError } from '../protocol/errors.ts';
import { methods, type MethodName, type Params, type Result } from '../protocol/methods.ts';
import { quickParams } from '../protocol/quick-checks.ts';
import { checkSocketPath, ensureRuntimeDir } from './address.ts';
import { Connection, type ConnectionHandlers, type RequestContext } from './connection.ts';
import { probe } from './dial.ts';
import { AlreadyListening, NotASocket } from './failures.ts';
import { describeProblem } from './params.ts';

/** One handler for every method: a method without one does not compile. Each may throw `WireError`. */
export type Handlers = {
  [M in MethodName]: (params: Params<M>, context: RequestContext) => Result<M> | Promise<Result<M>>;
};

export interface ListenOptions {
  /** See `socketPath`. Its directory is made where it is missing, and must be closed to others. */
  path: string;
  /** Nobody finds the socket before this is fulfilled; `listen` rejects as it does. */
  after?: Promise<unknown> | undefined;
  handlers: Handlers;
  /** Called for each connection before anything is read from it. */
  onConnection?: ((connection: Connection) => void) | undefined;
  /** Accepting failed (no descriptors left …); the server goes on. */
  onAcceptError?: ((error: Error) => void) | undefined;
  /** A handler threw what is no `WireError`; the asker got -32603. */
  onDefect?: ((error: unknown) => void) | undefined;
  /** As in `ConnectionHandlers`. */
  closeFlushMs?: number | undefined;
}

export interface PodServer {
  readonly path: string;
  readonly connections: ReadonlySet<Connection>;
  /**
   * Looks whether the path is still our socket; to be called every few seconds, since nothing tells of a deleted file.
   * `restored`: it was gone and is there again, living connections were not touched. `taken`: something else is there
   * and was left alone. Throws as `listen` does where it can not be restored.
   */
  ensurePresent(): Promise<'present' | 'restored' | 'taken'>;
  /** Accepts no more, removes the socket file if it is ours, closes every connection. Fulfils when all are gone. */
  close(): Promise<void>;
}

/** How long to wait for the answer to "does somebody listen here", in ms. */
const probeTimeoutMs = 1_000;

/**
 * Listens. Throws `SocketPathTooLong`, `RuntimeDirUnsafe`, `AlreadyListening`, `NotASocket`; a stale socket file, whose
 * owner is gone, is replaced. Two servers that start at one path at the same time must be kept apart by the caller's lock.
 */
export async function listen(options: ListenOptions): Promise<PodServer> {
  const { path } = options;
  const connections = new Set<Connection>();
  const dispatch = dispatcher(options.handlers);
  const handlers: ConnectionHandlers = {
    onRequest: dispatch,
    // A method without an id wants no answer, not no effect: it is handled like any other, and a refusal has nowhere to go.
    onEvent: (method, params, context) => {
      void settleUnanswered(() => dispatch(method, params, context), options.onDefect);
    },
    onDefect: options.onDefect,
    closeFlushMs: options.closeFlushMs,
  };
  const accept = (socket: Socket): void => {
    const connection = new Connection(socket, handlers);
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
    options.onConnection?.(connection);
  };
  const bind = (after?: Promise<unknown>) => bindAt(path, accept, { ...options, after });

  let bound = await bind(options.after);
  let closing: Promise<void> | undefined;
  let checking: Promise<'present' | 'restored' | 'taken'> | undefined;

  async function check(): Promise<'present' | 'restored' | 'taken'> {
    const found = identityAt(path);
    if (found === bound.identity) return 'present';
    if (found !== undefined) return 'taken';
    const old = bound;
    bound = await bind();
    old.server.close();
    return 'restored';
  }

  async function closeAll(): Promise<void> {
    await checking?.catch(() => undefined);
    const stopped = new Promise<void>((resolve) => {
      bound.server.close(() => resolve());
    });
    removeOwn(path, bound);
    await Promise.all([...connections].map((connection) => connection.close()));
    await stopped;
  }

  return {
    path,
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

interface Bound {
  readonly server: Server;
  readonly identity: string;
}

/**
 * Binds under a name of its own and moves the finished socket, mode 0600, over the path. So nobody sees it half done, and
 * what Node unlinks when this server closes is that other name, never a successor's socket.
 */
async function bindAt(
  path: string,
  accept: (socket: Socket) => void,
  { after, onAcceptError }: Pick<ListenOptions, 'after' | 'onAcceptError'>,
): Promise<Bound> {
  checkSocketPath(path);
  const dir = dirname(path);
  // One name for one address: what a process that was killed in the middle has left is found again.
  const provisional = join(dir, `.${basename(path).replace(/\.sock$|.$/, '')}`);
  checkSocketPath(provisional);
  ensureRuntimeDir(dir);
  await checkReplaceable(path);
  rmSync(provisional, { force: true });
  const server = createServer({ allowHalfOpen: true }, accept);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(provisional, () => {
      server.off('error', reject);
      server.on('error', (error) => onAcceptError?.(error));
      resolve();
    });
  });
  try {
    await after;
    chmodSync(provisional, 0o600);
    const identity = identityAt(provisional);
    renameSync(provisional, path);
    return { server, identity: identity! };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function checkReplaceable(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new NotASocket(path);
  if ((await probe(path, probeTimeoutMs)) === 'listening') throw new AlreadyListening(path);
}

/** Device and inode, or undefined where there is nothing. A listening socket keeps its inode from being used again. */
function identityAt(path: string): string | undefined {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

/** What can not be removed is found stale by the next process. */
function removeOwn(path: string, { identity }: Bound): void {
  try {
    if (identityAt(path) === identity) rmSync(path, { force: true });
  } catch {
    // Said nowhere: this pod has ended in order all the same.
  }
}

type UntypedHandler = (params: unknown, context: RequestContext) => unknown;

interface Dispatched {
  schema: () => z.ZodType;
  quick: ((params: unknown) => boolean) | undefined;
  handler: UntypedHandler;
}

/** From the table to one function. Names are looked up among the table's own keys only. */
function dispatcher(handlers: Handlers): NonNullable<ConnectionHandlers['onRequest']> {
  const byName = new Map<string, Dispatched>();
  for (const [key, { params }] of Object.entries(methods)) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table has no other keys
    const name = key as MethodName;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema of the same name makes the params fit
    const handler = handlers[name] as UntypedHandler;
    byName.set(name, { schema: params, quick: quickParams[name], handler });
  }
  const known = [...byName.keys()].join(', ');
  return (method, params, context) => {
    const entry = byName.get(method);
    if (entry === undefined) {
      const shown = JSON.stringify(method.slice(0, 64));
      throw new WireError(rpcCodes.methodNotFound, `there is no method ${shown}; there are: ${known}`);
    }
    if (entry.quick?.(params) === true) return entry.handler(params, context);
    const parsed = entry.schema().safeParse(params === undefined ? {} : params);
    if (parsed.success) return entry.handler(parsed.data, context);
    const { field, text } = describeProblem(parsed.error);
    throw new WireError(rpcCodes.invalidParams, `the params of "${method}" are wrong: ${text}`, { field });
  };
}
