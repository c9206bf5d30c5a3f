/** Opens a connection to a listening socket, or throws which way it failed. */
import { realClock } from '../std/clock.ts';
import { afterWaiting } from '../std/patient-timer.ts';
import { systemCode } from '../std/system-code.ts';
import { connect } from 'node:net';
import { checkSocketPath } from './address.ts';
import { Connection, type ConnectionHandlers } from './connection.ts';
import { NotThere, RefusedConnection, TimedOut } from './failures.ts';

export interface DialOptions extends ConnectionHandlers {
  /** Until the connection stands. */
  timeoutMs: number;
}

/**
 * Connects once, without a retry. Throws `NotThere`, `RefusedConnection` (with the system's code, and whether
 * it passes), `TimedOut` or `SocketPathTooLong`.
 */
export function dial(path: string, options: DialOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    checkSocketPath(path);
    const socket = connect({ path, allowHalfOpen: true });
    const endWait = afterWaiting(realClock, options.timeoutMs, () =>
      fail(new TimedOut(`connecting to ${path}`, options.timeoutMs)),
    );
    function fail(error: Error): void {
      endWait();
      socket.destroy();
      reject(error);
    }
    // It stays for good: a socket without an error handler can end the process.
    socket.on('error', (error) => fail(dialFailure(path, error)));
    socket.once('connect', () => {
      endWait();
      resolve(new Connection(socket, options));
    });
  });
}

/** What answers at a path, without a word being said: used before a socket file is replaced. */
export async function probe(path: string, timeoutMs: number): Promise<'listening' | 'refused' | 'notThere'> {
  try {
    const connection = await dial(path, { timeoutMs });
    connection.destroy();
    return 'listening';
  } catch (error) {
    if (error instanceof NotThere) return 'notThere';
    // A full backlog, or a connection that hangs, is somebody's who lives.
    if (error instanceof TimedOut) return 'listening';
    if (error instanceof RefusedConnection && error.code === 'EAGAIN') return 'listening';
    if (error instanceof RefusedConnection && error.code === 'ECONNREFUSED') return 'refused';
    throw error;
  }
}

function dialFailure(path: string, error: Error): Error {
  const code = systemCode(error) ?? 'unknown';
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new NotThere(path, error)
    : new RefusedConnection(path, code, error);
}
