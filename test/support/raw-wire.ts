/**
 * A stranger's program on a pod's socket: plain `node:net`, lines of JSON written by hand, none of our own
 * client. It can stop reading, close at the wrong moment, and send what is no message at all.
 */
import { type Socket, connect } from 'node:net';

export interface RawMessage {
  id?: string | number | null;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: Record<string, unknown> };
  method?: string;
  params?: { type: string; [field: string]: unknown };
}

/** Rejects with the system's error. */
export async function rawWire(path: string): Promise<RawWire> {
  const socket = connect({ path, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  return new RawWire(socket);
}

export class RawWire {
  readonly socket: Socket;
  /** Whatever came, in order. */
  readonly messages: RawMessage[] = [];
  /** The socket is gone, on both sides; never rejects. */
  readonly closed: Promise<void>;
  /** Nothing more will come; never rejects. Needs `listen`. */
  readonly ended: Promise<void>;
  #text: Buffer[] = [];
  #lastId = 0;
  #wake: () => void = () => undefined;
  #over = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    this.ended = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        this.#wake();
        resolve();
      };
      for (const event of ['error', 'end', 'close']) socket.on(event, over);
    });
  }

  /** Begins to read. Until then it is deaf, but for what the system reads ahead. */
  listen(): this {
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
    return this;
  }

  /** Writes a request and answers its id. */
  request(method: string, params: object = {}): number {
    this.#lastId += 1;
    this.write(requestLine(this.#lastId, method, params));
    return this.#lastId;
  }

  write(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** The answer to a request; fails when the connection ends without it. Needs `listen`. */
  answer(id: string | number | null): Promise<RawMessage> {
    return this.until(`the answer ${id}`, (message) => message.id === id && message.method === undefined);
  }

  async call(method: string, params: object = {}): Promise<RawMessage> {
    return this.answer(this.request(method, params));
  }

  async until(what: string, fits: (message: RawMessage) => boolean): Promise<RawMessage> {
    let seen = 0;
    for (;;) {
      for (; seen < this.messages.length; seen += 1) {
        const message = this.messages[seen]!;
        if (fits(message)) return message;
      }
      if (this.#over) throw new Error(`the connection ended before ${what}`);
      await this.#more();
    }
  }

  /** Fulfils once so many messages have come, or the connection has ended. */
  async untilCount(count: number): Promise<void> {
    while (this.messages.length < count && !this.#over) await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      this.#text.push(chunk.subarray(start, end));
      this.messages.push(JSON.parse(Buffer.concat(this.#text).toString()) as RawMessage);
      this.#text = [];
      start = end + 1;
    }
    if (start < chunk.length) this.#text.push(chunk.subarray(start));
    this.#wake();
  }
}

export function requestLine(id: string | number, method: string, params: object = {}): string {
  return `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
}

/** An observer that has its header and, from then on, never reads again. */
export async function deafObserver(path: string): Promise<RawWire> {
  const wire = await rawWire(path);
  const header = new Promise<void>((resolve) => {
    wire.socket.once('data', () => {
      wire.socket.pause();
      resolve();
    });
  });
  wire.request('subscribe');
  await header;
  return wire;
}
