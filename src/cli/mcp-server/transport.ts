/**
 * MCP over stdin and stdout, within bounds: a line that is too long or no message is passed over and said on
 * stderr, a host that does not read is not read from.
 */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import type { Output } from '../invocation/context.ts';

export const lineCharsMax = 4 * 1024 * 1024;
/** Answers that have not left: so many, and nothing more is read until they have. */
const unsentMax = 64;
const complaintsMax = 5;
const depthMax = 64;

export interface StdioParts {
  readonly stdin: Readable;
  readonly stdout: Output;
  /** For the person, one sentence. */
  tell(text: string): void;
}

export class BoundedStdio implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  /** Behind `onclose`, which is the SDK's. */
  afterClose: () => void = () => undefined;
  readonly #parts: StdioParts;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** The rest of a line that was too long is on its way. */
  #isSkipping = false;
  #unsent = 0;
  #complaints = 0;
  #isClosed = false;

  constructor(parts: StdioParts) {
    this.#parts = parts;
  }

  get isClosed(): boolean {
    return this.#isClosed;
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

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return;
    const { stdin, stdout } = this.#parts;
    this.#unsent += 1;
    if (this.#unsent >= unsentMax) stdin.pause();
    stdout.write(`${JSON.stringify(message)}\n`);
    await stdout.drained();
    this.#unsent -= 1;
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
    this.onclose?.();
    this.afterClose();
    await Promise.resolve();
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
    if (this.#line.length + part.length <= lineCharsMax) {
      this.#line += part;
      return;
    }
    this.#line = '';
    this.#isSkipping = true;
    this.#complain(`a line of more than ${lineCharsMax} characters was passed over`);
  }

  #message(line: string): void {
    if (line.trim() === '') return;
    const message = messageIn(line);
    if (message === null) this.#complain('a line that is no JSON-RPC message was passed over');
    else this.onmessage?.(message);
  }

  #complain(text: string): void {
    this.#complaints += 1;
    if (this.#complaints <= complaintsMax) this.#parts.tell(text);
    if (this.#complaints === complaintsMax) this.#parts.tell('further ones are not told');
  }
}

/** Its parts are judged by the SDK; here is only that it is one, and not nested beyond sense. */
function messageIn(line: string): JSONRPCMessage | null {
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
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return value as JSONRPCMessage;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}
