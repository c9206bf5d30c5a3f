/**
 * One socket and both roles on it: requests out and their answers, requests in and ours, notifications either
 * way. Whatever ends it, everything in flight on both sides is settled once, and input that has arrived is
 * still handled when writing has failed. No event emitter leaves this file.
 */
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { WireError, type WireErrorObject } from '../protocol/errors.ts';
import { wireLimits } from '../protocol/limits.ts';
import { deferred } from '../std/deferred.ts';
import { ConnectionClosed, MessageTooLarge, type CloseReason } from './failures.ts';
import { createFramer, type Frame } from './frames.ts';
import { parseMessage, type MessageId } from './parse-message.ts';
import { PendingRequests, type RequestOptions, type ResultCheck } from './pending-requests.ts';
import { errorLine, notificationLine, requestLine, resultLine, wireErrorFor } from './write-message.ts';
import { WriteQueue } from './write-queue.ts';

/** What a handler is told about where its message came from. `signal` aborts when the connection closes. */
export interface RequestContext {
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/** All are called synchronously, in order of arrival. */
export interface ConnectionHandlers {
  /**
   * Answers a request by a value or a promise; a thrown `WireError` is the error answer, anything else is a
   * defect. Without it this side is a pure client: requests and malformed lines of the peer are passed over.
   */
  onRequest?: ((method: string, params: unknown, context: RequestContext) => unknown) | undefined;
  /** A notification of the peer. Throwing is a defect and costs only this notification. */
  onEvent?: ((method: string, params: unknown, context: RequestContext) => void) | undefined;
  /** A handler threw what it should not have. Must not throw. Without it: a process warning. */
  onDefect?: ((error: unknown) => void) | undefined;
  /**
   * How long closing waits for a peer that does not read, in ms; then what is queued for it is lost. Default
   * 1000.
   */
  closeFlushMs?: number | undefined;
}

const closeFlushDefaultMs = 1_000;
/** After a failed write: how long answers that are already under way may still come in, in ms. */
const lateAnswersMs = 1_000;

/** Over a connected stream; the socket is ours from here on. */
export class Connection {
  /** Aborts when the connection closes; its reason is `ConnectionClosed`. */
  readonly signal: AbortSignal;
  /** Fulfils, never rejects, when the socket is gone. */
  readonly closed: Promise<CloseReason>;

  readonly #socket: Duplex;
  readonly #handlers: ConnectionHandlers;
  readonly #context: RequestContext;
  readonly #aborter = new AbortController();
  readonly #closed = deferred<CloseReason>();
  /** Set once: from then on everything is settled and only flushing is left. */
  #reason: CloseReason | undefined;
  #socketError: Error | undefined;
  #timer: NodeJS.Timeout | undefined;

  readonly #framer = createFramer();
  /** Frames that have arrived and were not handed over; `#next` is the first of them. */
  #frames: Frame[] = [];
  #next = 0;
  /** Requests handed over whose answer is outstanding. */
  #inFlight = 0;
  #answersBlocked = false;
  #paused = false;
  #pumping = false;
  #peerEnded = false;

  readonly #pending = new PendingRequests();
  #lastId = 0;
  readonly #out: WriteQueue;

  constructor(socket: Duplex, handlers: ConnectionHandlers = {}) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.signal = this.#aborter.signal;
    this.closed = this.#closed.promise;
    this.#context = { connection: this, signal: this.signal };
    // Every request in flight may listen; many listeners are no leak here.
    setMaxListeners(0, this.signal);
    this.#out = new WriteQueue(socket, () => this.#onWriteFailure());
    socket.on('error', (error) => {
      this.#socketError ??= error;
    });
    socket.on('close', () => this.#onSocketGone());
    socket.on('drain', () => this.#onDrain());
    socket.on('end', () => this.#onPeerEnd());
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
  }

  /** False once it closes, or once writing has failed. */
  get writable(): boolean {
    return this.#reason === undefined && this.#out.failure === undefined;
  }

  /** Bytes that wait on our side of the kernel; for text not yet encoded its length in characters. */
  get queuedBytes(): number {
    return this.#out.bytes;
  }

  /**
   * Asks the peer. Rejects with `RemoteError` (its answer), `ConnectionClosed`, `TimedOut`, `MessageTooLarge`
   * (nothing was sent), the signal's reason, or what `check` throws at the result. Requests made in one tick
   * leave together, in order.
   */
  request(
    method: string,
    params?: unknown,
    options: RequestOptions = {},
    check?: ResultCheck,
  ): Promise<unknown> {
    try {
      options.signal?.throwIfAborted();
      if (!this.writable || this.#peerEnded) throw new ConnectionClosed(this.#whyClosed());
      const id = this.#lastId + 1;
      const line = requestLine(id, method, params);
      this.#lastId = id;
      const answer = this.#pending.add({ id, method, options }, check);
      this.#out.send(line);
      return answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Tells the peer, without an answer. Answers as `send` does; throws `MessageTooLarge`. */
  notify(method: string, params?: unknown): boolean {
    return this.send(notificationLine(method, params));
  }

  /**
   * Sends whole lines, each with its LF, as they are: one buffer may serve many connections. False asks to
   * wait for `drained()` before more; it is also false, and nothing is sent, where `writable` is.
   */
  send(lines: string | Buffer): boolean {
    return this.writable && this.#out.send(lines);
  }

  /** Fulfils when the queue has emptied or the connection closes; never rejects. */
  drained(): Promise<void> {
    return this.#reason === undefined ? this.#out.drained() : Promise.resolve();
  }

  /**
   * Settles everything in flight now, then sends what is queued and ends. Fulfils when the socket is gone.
   */
  async close(): Promise<void> {
    this.#beginClose({ kind: 'closedHere' });
    await this.closed;
  }

  /** As `close`, but at once: what is queued is lost. */
  destroy(): void {
    this.#settle({ kind: 'closedHere' });
    this.#socket.destroy();
  }

  // In

  #onData(chunk: Buffer): void {
    if (this.#reason !== undefined) return;
    this.#keep(chunk);
    this.#pump();
  }

  #keep(chunk: Buffer): void {
    const frames = this.#framer.push(chunk);
    this.#frames = this.#frames.length === 0 ? frames : this.#frames.concat(frames);
  }

  /** Hands over what has arrived, until nothing is left or too much is unanswered. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#out.hold();
    while (!this.#mustWait() && this.#takeNext());
    this.#pumping = false;
    this.#out.flush();
    if (this.#reason !== undefined) return;
    this.#setPaused(this.#frames.length > 0 || this.#mustWait());
    if (this.#peerEnded) this.#endIfAnswered();
  }

  #mustWait(): boolean {
    return this.#inFlight >= wireLimits.requestsInFlightMax || this.#answersBlocked;
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /**
   * False when there was nothing to take. A handler may close the connection; what is left of the input goes
   * then.
   */
  #takeNext(): boolean {
    const frame = this.#frames[this.#next];
    if (frame === undefined) {
      this.#frames = [];
      this.#next = 0;
      return false;
    }
    this.#next += 1;
    this.#take(frame);
    return true;
  }

  #take(frame: Frame): void {
    if (!Buffer.isBuffer(frame)) {
      const rule = `a line has at most ${wireLimits.lineBytesMax} bytes; this one was skipped, send it in smaller parts`;
      return this.#refuse(null, new WireError('tooLarge', rule).toJSON());
    }
    const message = parseMessage(frame);
    switch (message.kind) {
      case 'request':
        return this.#handle(message.id, message.method, message.params);
      case 'notification':
        return this.#handleEvent(message.method, message.params);
      case 'malformed':
        return this.#refuse(message.id, message.error);
      case 'response':
      case 'errorResponse':
        return this.#pending.settle(message);
    }
  }

  #handleEvent(method: string, params: unknown): void {
    try {
      this.#handlers.onEvent?.(method, params, this.#context);
    } catch (error) {
      this.#reportDefect(error);
    }
  }

  #handle(id: MessageId, method: string, params: unknown): void {
    const handler = this.#handlers.onRequest;
    if (handler === undefined) return;
    this.#inFlight += 1;
    let answer: unknown;
    try {
      answer = handler(method, params, this.#context);
    } catch (error) {
      return this.#answerError(id, error);
    }
    if (!(answer instanceof Promise)) return this.#answer(id, answer);
    answer.then(
      (result) => this.#answer(id, result),
      (error: unknown) => this.#answerError(id, error),
    );
  }

  #answer(id: MessageId, result: unknown): void {
    let line: string;
    try {
      line = resultLine(id, result);
    } catch (error) {
      return this.#answerError(id, error);
    }
    this.#answered(line);
  }

  #answerError(id: MessageId, error: unknown): void {
    if (!(error instanceof WireError || error instanceof MessageTooLarge)) this.#reportDefect(error);
    this.#answered(errorLine(id, wireErrorFor(error)));
  }

  /**
   * The one place where an inbound request ends. A late answer, after closing, goes nowhere: `send` drops it.
   */
  #answered(line: string): void {
    this.#inFlight -= 1;
    this.send(line);
    if (this.writable && this.#out.bytes > wireLimits.observerQueueBytesMax) this.#answersBlocked = true;
    if (this.#pumping || this.#reason !== undefined) return;
    if (this.#paused && !this.#mustWait()) this.#pump();
    if (this.#peerEnded) this.#endIfAnswered();
  }

  /**
   * The error answer to a line that is no request. A pure client stays silent: it has no business to correct
   * its peer.
   */
  #refuse(id: MessageId, error: WireErrorObject): void {
    if (this.#handlers.onRequest !== undefined) this.send(errorLine(id, error));
  }

  #reportDefect(error: unknown): void {
    if (this.#handlers.onDefect !== undefined) this.#handlers.onDefect(error);
    else process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }

  #onDrain(): void {
    if (!this.#answersBlocked) return;
    this.#answersBlocked = false;
    this.#pump();
  }

  // The end

  /**
   * Reading goes on: what the peer sent before it went must not be lost. Only our own requests need not wait
   * for long.
   */
  #onWriteFailure(): void {
    this.#out.releaseWaiters();
    if (this.#reason !== undefined) return;
    this.#timer = setTimeout(
      () => this.#pending.rejectAll(new ConnectionClosed(this.#whyClosed())),
      lateAnswersMs,
    );
  }

  #onPeerEnd(): void {
    this.#peerEnded = true;
    this.#framer.end();
    if (this.#reason !== undefined) return;
    this.#pending.rejectAll(new ConnectionClosed({ kind: 'endedByPeer' }));
    this.#endIfAnswered();
  }

  #endIfAnswered(): void {
    if (this.#inFlight === 0 && this.#frames.length === 0) this.#beginClose({ kind: 'endedByPeer' });
  }

  #beginClose(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#out.flush();
    this.#settle(reason);
    // From here on input is read and passed over, so that a peer that is still writing gets to its end.
    this.#setPaused(false);
    this.#timer = setTimeout(
      () => this.#socket.destroy(),
      this.#handlers.closeFlushMs ?? closeFlushDefaultMs,
    );
    this.#socket.end(() => this.#socket.destroy());
  }

  #onSocketGone(): void {
    if (this.#reason === undefined) this.#takeRest();
    this.#settle(this.#whyClosed());
    clearTimeout(this.#timer);
    this.#closed.resolve(this.#reason!);
  }

  /**
   * The socket broke while reading was paused: what had arrived is handed over all the same; its answers go
   * nowhere.
   */
  #takeRest(): void {
    this.#socket.removeAllListeners('data');
    for (let chunk: unknown = this.#socket.read(); Buffer.isBuffer(chunk); chunk = this.#socket.read()) {
      this.#keep(chunk);
    }
    this.#pumping = true;
    while (this.#takeNext());
    this.#pumping = false;
  }

  /**
   * Once, whichever way it ends: our requests reject, handlers at work are told, waiters for room are let go.
   */
  #settle(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#frames = [];
    this.#next = 0;
    clearTimeout(this.#timer);
    const error = new ConnectionClosed(reason);
    this.#pending.rejectAll(error);
    this.#out.releaseWaiters();
    this.#aborter.abort(error);
  }

  #whyClosed(): CloseReason {
    const cause = this.#socketError ?? this.#out.failure;
    return this.#reason ?? (cause === undefined ? { kind: 'endedByPeer' } : { kind: 'failed', cause });
  }
}
