/**
 * JSON-RPC over stdin and stdout, a line a message, within bounds: a line that is too long or no message is
 * passed over and said on stderr, a host that does not read is not read from.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import type { Output } from './context.ts';
import { type Deferred, deferred } from '../../std/deferred.ts';

export const lineCharsMax = 4 * 1024 * 1024;
/** Answers that have not left: so many, and nothing more is read until they have. */
const unsentMax = 64;
const complaintsMax = 5;
const depthMax = 64;

export interface StdioParts {
  readonly stdin: Readable;
  readonly stdout: Output;
  /** Of one line. */
  readonly lineCharsMax?: number;
  /** For the person, one sentence. */
  tell(text: string): void;
  /** A line was passed over, and why. Must not throw. */
  onRefused?(why: string): void;
}

/** `M`: a message of the protocol; its parts are judged by whoever is handed it. */
export class StdioLines<M> {
  onmessage?: (message: M) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** Behind `onclose`, which is the SDK's. */
  afterClose: () => void = () => undefined;
  readonly #parts: StdioParts;
  readonly #lineCharsMax: number;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** The rest of a line that was too long is on its way. */
  #isSkipping = false;
  #unsent = 0;
  #complaints = 0;
  #isClosed = false;

  /** Whoever waits until less is unsent. */
  #waiting: Deferred<void> | null = null;

  constructor(parts: StdioParts) {
    this.#parts = parts;
    this.#lineCharsMax = parts.lineCharsMax ?? lineCharsMax;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Messages that have not left this process. */
  get unsent(): number {
    return this.#unsent;
  }

  /** Fulfils once fewer than `most` are unsent, or all is over. */
  async caughtUp(most: number): Promise<void> {
    while (this.#unsent >= most && !this.#isClosed) {
      this.#waiting ??= deferred();
      await this.#waiting.promise;
    }
  }

  async start(): Promise<void> {
    const { stdin } = this.#parts;
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onEnd);
    stdin.on('close', this.#onEnd);
    stdin.on('error', this.#onEnd);
    if (stdin.readableEnded || stdin.destroyed) setImmediate(this.#onEnd);
    await Promise.resolve();
  }

  async send(message: object): Promise<void> {
    if (this.#isClosed) return;
    const { stdin, stdout } = this.#parts;
    this.#unsent += 1;
    if (this.#unsent >= unsentMax) stdin.pause();
    stdout.write(`${JSON.stringify(message)}\n`);
    await stdout.drained();
    this.#unsent -= 1;
    this.#wake();
    if (this.#unsent < unsentMax && stdin.isPaused()) stdin.resume();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { stdin } = this.#parts;
    stdin.off('data', this.#onData);
    stdin.off('end', this.#onEnd);
    stdin.off('close', this.#onEnd);
    stdin.pause();
    this.#wake();
    this.onclose?.();
    this.afterClose();
    await Promise.resolve();
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  readonly #onEnd = (): void => void this.close();

  readonly #onData = (chunk: Buffer | string): void => {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#take(text.slice(from, end));
      const line = this.#line;
      const isWhole = !this.#isSkipping;
      this.#line = '';
      this.#isSkipping = false;
      from = end + 1;
      if (isWhole) this.#message(line);
    }
    this.#take(text.slice(from));
  };

  #take(part: string): void {
    if (this.#isSkipping || part === '') return;
    if (this.#line.length + part.length <= this.#lineCharsMax) {
      this.#line += part;
      return;
    }
    this.#line = '';
    this.#isSkipping = true;
    this.#complain(`a line of more than ${this.#lineCharsMax} characters was passed over`);
  }

  #message(line: string): void {
    if (line.trim() === '') return;
    const message = messageIn(line);
    if (message === null) this.#complain('a line that is no JSON-RPC message was passed over');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as far as every message is alike
    else this.onmessage?.(message as M);
  }

  #complain(text: string): void {
    this.#parts.onRefused?.(text);
    this.#complaints += 1;
    if (this.#complaints <= complaintsMax) this.#parts.tell(text);
    if (this.#complaints === complaintsMax) this.#parts.tell('further ones are not told');
  }
}

/** Its parts are judged by whoever is handed it; here is only that it is one, and not nested beyond sense. */
function messageIn(line: string): object | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('jsonrpc' in value)) return null;
  if (value.jsonrpc !== '2.0' || isDeeper(value, depthMax)) return null;
  if ('method' in value && typeof value.method !== 'string') return null;
  if (!('method' in value) && !('id' in value)) return null;
  if ('id' in value && typeof value.id !== 'string' && !Number.isSafeInteger(value.id)) return null;
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}
