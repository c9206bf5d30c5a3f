/**
 * What can go wrong around one socket, as classes named after the situation, with the cause kept and the data
 * as fields. These never cross the wire; what does is `protocol/errors.ts`.
 */
import { PodkinError } from '../std/podkin-error.ts';

/**
 * The peer answered with an error. `code` is ours from `data.code` where there is one, `rpcCode` is
 * JSON-RPC's number.
 */
export class RemoteError extends PodkinError {
  readonly rpcCode: number;
  readonly code: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;

  constructor(rpcCode: number, message: string, data: Record<string, unknown> = {}) {
    super(message);
    this.name = 'RemoteError';
    this.rpcCode = rpcCode;
    this.code = typeof data['code'] === 'string' ? data['code'] : undefined;
    this.data = data;
  }
}

/** Why a connection ended: we closed it, the peer ended its side, or the socket failed (`cause` says how). */
export interface CloseReason {
  readonly kind: 'closedHere' | 'endedByPeer' | 'failed';
  readonly cause?: Error;
}

const closeTexts: Record<CloseReason['kind'], string> = {
  closedHere: 'the connection was closed on this side before the answer came',
  endedByPeer: 'the other side ended the connection before it answered',
  failed: 'the connection broke before the answer came',
};

/** A request lost its connection. Whether the other side acted on it is not known. */
export class ConnectionClosed extends PodkinError {
  readonly reason: CloseReason['kind'];

  constructor(reason: CloseReason) {
    super(closeTexts[reason.kind], reason.cause === undefined ? undefined : { cause: reason.cause });
    this.name = 'ConnectionClosed';
    this.reason = reason.kind;
  }
}

/** Nothing came within the time that the caller gave. */
export class TimedOut extends PodkinError {
  readonly timeoutMs: number;

  constructor(what: string, timeoutMs: number) {
    super(`${what} took longer than ${Math.round(timeoutMs)} ms`);
    this.name = 'TimedOut';
    this.timeoutMs = timeoutMs;
  }
}

/** A message that we were about to send is longer than a line may be; nothing was sent. */
export class MessageTooLarge extends PodkinError {
  readonly bytes: number;
  readonly bytesMax: number;

  constructor(bytes: number, bytesMax: number) {
    super(`the message has ${bytes} bytes, a line takes at most ${bytesMax}; send it in smaller parts`);
    this.name = 'MessageTooLarge';
    this.bytes = bytes;
    this.bytesMax = bytesMax;
  }
}

/** The answer's shape is not that of the method's result. */
export class UnexpectedAnswer extends PodkinError {
  readonly method: string;

  constructor(method: string, problem: string) {
    super(
      `the answer to "${method}" is not understood (${problem}); compare the versions of both sides with "hello"`,
    );
    this.name = 'UnexpectedAnswer';
    this.method = method;
  }
}

/** No socket file at the path. */
export class NotThere extends PodkinError {
  readonly path: string;

  constructor(path: string, cause?: Error) {
    super(`no pod listens at ${path}: there is no such socket`, { cause });
    this.name = 'NotThere';
    this.path = path;
  }
}

/**
 * Codes after which the same dial may succeed a moment later: a full backlog, or no free file descriptor or
 * memory.
 */
const passingCodes: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/**
 * There is a file, but no connection came about. `passing` is true where the cause is load, not absence
 * (EAGAIN: the listener's backlog is full; EMFILE: this process has no descriptor left).
 */
export class RefusedConnection extends PodkinError {
  readonly path: string;
  readonly code: string;
  readonly passing: boolean;

  constructor(path: string, code: string, cause?: Error) {
    super(`${path} does not take a connection (${code})${refusalHints[code] ?? ''}`, { cause });
    this.name = 'RefusedConnection';
    this.path = path;
    this.code = code;
    this.passing = passingCodes.has(code);
  }
}

const refusalHints: Readonly<Record<string, string>> = {
  ECONNREFUSED: ': its owner is gone, or it is not a socket',
  EAGAIN: ': too many connections wait there; try again',
  EMFILE: ': this process has too many open files; close some or raise "ulimit -n"',
  EACCES: ': it belongs to another user',
};

/** Somebody answers at the path that we were to listen on. */
export class AlreadyListening extends PodkinError {
  readonly path: string;

  constructor(path: string) {
    super(`another process already listens at ${path}; stop it first`);
    this.name = 'AlreadyListening';
    this.path = path;
  }
}

/** Something that is not a socket is in the way; it is left alone. */
export class NotASocket extends PodkinError {
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not a socket; move it away and start again`);
    this.name = 'NotASocket';
    this.path = path;
  }
}

/** The directory of the sockets cannot be trusted, or not be made. */
export class RuntimeDirUnsafe extends PodkinError {
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`the runtime directory ${path} cannot be used: ${problem}`, { cause });
    this.name = 'RuntimeDirUnsafe';
    this.path = path;
  }
}

/** The kernel takes only so many bytes for a socket's path, and Node 20 would silently cut the rest. */
export class SocketPathTooLong extends PodkinError {
  readonly path: string;
  readonly bytes: number;
  readonly bytesMax: number;

  constructor(path: string, bytes: number, bytesMax: number) {
    super(
      `the socket path ${path} has ${bytes} bytes, at most ${bytesMax} are possible; choose a shorter runtime directory`,
    );
    this.name = 'SocketPathTooLong';
    this.path = path;
    this.bytes = bytes;
    this.bytesMax = bytesMax;
  }
}
