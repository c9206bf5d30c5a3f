/**
 * What the MCP client speaks over: a line a message, to a process that may send anything. Bounded is how long
 * a line may be and how often it may speak unasked; what is no message is passed over.
 */
import type { Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { monotonicMs } from '../std/clock.ts';
import { isJsonObject, jsonIn } from '../std/json.ts';

export const wireBounds = {
  /** Bytes of a message; of a longer one the calls that are open fail, and it is passed over. */
  messageBytes: 32 * 1024 * 1024,
  /** Bytes of a line after which its server is ended. */
  lineBytes: 1024 * 1024 * 1024,
  /** Messages that answer nothing: so many at once, and so many a second. */
  unaskedBurst: 5_000,
  unaskedPerSecond: 500,
  /** Bytes that wait to be read by the server. */
  waitingBytes: 64 * 1024 * 1024,
} as const;

export interface LineEnds {
  /** A message was longer than is taken. */
  onTooLong(): void;
  /** It is to be ended, and why: what follows its name. */
  onFlood(why: string): void;
}

export class LineTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as the client sets it
  onmessage?: (<T extends JSONRPCMessage>(message: T) => void) | undefined;
  readonly #input: Writable;
  readonly #ends: LineEnds;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** The line is too long: nothing of it is kept. */
  #isPassedOver = false;
  #isClosed = false;
  #unasked: number = wireBounds.unaskedBurst;
  #countedMs = monotonicMs();

  constructor(input: Writable, ends: LineEnds) {
    this.#input = input;
    this.#ends = ends;
    input.on('error', () => undefined);
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Rejects where the server does not read, or is gone. */
  send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed || !this.#input.writable)
      return Promise.reject(new Error('the connection to the server has ended'));
    if (this.#input.writableLength > wireBounds.waitingBytes)
      return Promise.reject(new Error('the server does not read what it is sent'));
    this.#input.write(`${JSON.stringify(message)}\n`);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.ended();
    return Promise.resolve();
  }

  /** Nothing comes any more. */
  ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pieces = [];
    this.#input.end();
    this.onclose?.();
  }

  /** What the server has written. */
  take(piece: Buffer): void {
    for (let from = 0; from < piece.length && !this.#isClosed;) {
      const end = piece.indexOf(0x0a, from);
      this.#add(piece.subarray(from, end < 0 ? piece.length : end));
      if (end < 0) return;
      this.#endLine();
      from = end + 1;
    }
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > wireBounds.lineBytes) return this.#ends.onFlood('sent a message without an end');
    if (this.#isPassedOver) return;
    if (this.#bytes <= wireBounds.messageBytes) {
      this.#pieces.push(part);
      return;
    }
    this.#isPassedOver = true;
    this.#pieces = [];
    this.#ends.onTooLong();
  }

  #endLine(): void {
    const line = this.#isPassedOver ? '' : Buffer.concat(this.#pieces).toString('utf8').trim();
    this.#pieces = [];
    this.#bytes = 0;
    this.#isPassedOver = false;
    const message = line === '' ? undefined : jsonIn(line);
    const isAnswer = isJsonObject(message) && !('method' in message) && 'id' in message;
    // Empty lines and what is no message count too.
    if (!isAnswer && !this.#mayBeUnasked()) return;
    if (!isJsonObject(message) || message['jsonrpc'] !== '2.0') return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the client holds it against its schemas
    this.onmessage?.(message as unknown as JSONRPCMessage);
  }

  #mayBeUnasked(): boolean {
    const nowMs = monotonicMs();
    const more = ((nowMs - this.#countedMs) / 1000) * wireBounds.unaskedPerSecond;
    this.#countedMs = nowMs;
    this.#unasked = Math.min(wireBounds.unaskedBurst, this.#unasked + more) - 1;
    if (this.#unasked >= 0) return true;
    this.#ends.onFlood('sent more messages than anybody could read');
    return false;
  }
}
