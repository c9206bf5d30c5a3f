/**
 * One request to a socket, from nothing: connect, ask, read until the answer, close, all under one deadline.
 * Expected failures are values, and say whether the request may have arrived.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, monotonicMs } from '../std/clock.ts';
import { wireLimits } from '../protocol/limits.ts';
import type { MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import { clientOver } from './client.ts';
import type { Connection } from './connection.ts';
import { dial } from './dial.ts';
import {
  ConnectionClosed,
  MessageTooLarge,
  NotThere,
  RefusedConnection,
  RemoteError,
  SocketPathTooLong,
  TimedOut,
  UnexpectedAnswer,
} from './failures.ts';

export type Sent<R> = { ok: true; result: R } | SendFailure;

export interface SendFailure {
  ok: false;
  failure: 'notThere' | 'refusedConnection' | 'timedOut' | 'closedBeforeAnswer' | 'refused';
  /** For `refused` the pod's code (or JSON-RPC's number as text), for `refusedConnection` the system's. */
  code?: string;
  message: string;
  /** `no`: it never left. `unknown`: it may have been acted on. `refused`: it arrived and was turned down. */
  delivered: 'no' | 'unknown' | 'refused';
}

export interface SendOptions {
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How long to wait before dialling a busy listener again, in ms. */
const redialMs = 20;

/** What a sender stands on: this machine's sockets and clock, or a simulated one's. */
export interface SenderParts {
  readonly clock: Pick<Clock, 'now'> & { pause(delayMs: number): Promise<unknown> };
  dial(path: string, options: { timeoutMs: number }): Promise<Connection>;
}

const realParts: SenderParts = { clock: { now: monotonicMs, pause }, dial };

/**
 * Sends one method to the pod that listens at `path`. `deadlineMs` bounds the whole of it (default
 * `wireLimits.requestDeadlineMs`). What the server writes unasked is read and passed over. Rejects with the
 * reason of `signal`; what was asked for by then may be done all the same.
 */
export async function connectAndSend<M extends MethodName>(
  path: string,
  method: M,
  params: ParamsIn<M>,
  options: SendOptions = {},
): Promise<Sent<Result<M>>> {
  return await sendOver(realParts, { path, method, params }, options);
}

/** As `connectAndSend`, over these parts. */
export async function sendOver<M extends MethodName>(
  parts: SenderParts,
  { path, method, params }: { path: string; method: M; params: ParamsIn<M> },
  options: SendOptions = {},
): Promise<Sent<Result<M>>> {
  const { clock } = parts;
  const { signal } = options;
  signal?.throwIfAborted();
  const deadlineMs = options.deadlineMs ?? wireLimits.requestDeadlineMs;
  const deadlineAt = clock.now() + deadlineMs;
  let connection: Connection;
  try {
    connection = await dialUntil(parts, path, { deadlineAt, signal });
  } catch (error) {
    return notConnected(error);
  }
  try {
    const timeoutMs = Math.max(0, deadlineAt - clock.now());
    return { ok: true, result: await clientOver(connection).call(method, params, { timeoutMs, signal }) };
  } catch (error) {
    return notAnswered(error);
  } finally {
    // Nothing is queued any more: either the answer is here, or it is too late.
    connection.destroy();
    await connection.closed;
  }
}

/** A full backlog and a lack of descriptors pass; the deadline does not move. */
async function dialUntil(
  parts: SenderParts,
  path: string,
  { deadlineAt, signal }: { deadlineAt: number; signal: AbortSignal | undefined },
): Promise<Connection> {
  const { clock } = parts;
  for (;;) {
    try {
      return await parts.dial(path, { timeoutMs: Math.max(0, deadlineAt - clock.now()) });
    } catch (error) {
      const again = error instanceof RefusedConnection && error.passing;
      if (!again || clock.now() + redialMs >= deadlineAt) throw error;
      await clock.pause(redialMs);
      signal?.throwIfAborted();
    }
  }
}

function notConnected(error: unknown): SendFailure {
  if (error instanceof NotThere || error instanceof SocketPathTooLong) {
    return { ok: false, failure: 'notThere', message: error.message, delivered: 'no' };
  }
  if (error instanceof RefusedConnection) {
    return {
      ok: false,
      failure: 'refusedConnection',
      code: error.code,
      message: error.message,
      delivered: 'no',
    };
  }
  if (error instanceof TimedOut) {
    return { ok: false, failure: 'timedOut', message: error.message, delivered: 'no' };
  }
  throw error;
}

function notAnswered(error: unknown): SendFailure {
  if (error instanceof RemoteError) {
    const code = error.code ?? String(error.rpcCode);
    return { ok: false, failure: 'refused', code, message: error.message, delivered: 'refused' };
  }
  if (error instanceof TimedOut) {
    return { ok: false, failure: 'timedOut', message: error.message, delivered: 'unknown' };
  }
  if (error instanceof ConnectionClosed) {
    return { ok: false, failure: 'closedBeforeAnswer', message: error.message, delivered: 'unknown' };
  }
  if (error instanceof MessageTooLarge) {
    return { ok: false, failure: 'refused', code: 'tooLarge', message: error.message, delivered: 'no' };
  }
  if (error instanceof UnexpectedAnswer) {
    return {
      ok: false,
      failure: 'refused',
      code: 'unexpectedAnswer',
      message: error.message,
      delivered: 'unknown',
    };
  }
  throw error;
}
