/**
 * The writing half of one socket: what is sent in one tick leaves in one write, the caller can wait for room,
 * and a write that fails takes nothing else with it.
 */
import type { Duplex } from 'node:stream';

/** Text gathered in one tick is handed to the socket in pieces of about this length, in characters. */
const gatherCharsMax = 64 * 1024;

/**
 * Queues that are to be flushed when this tick ends: one callback for all, because one sync answers many
 * connections.
 */
let due: WriteQueue[] = [];

function flushDue(): void {
  const queues = due;
  due = [];
  for (const queue of queues) queue.flushIfDue();
}

export class WriteQueue {
  readonly #socket: Duplex;
  readonly #onFailure: (error: Error) => void;
  #gathered = '';
  #corked = false;
  #flushDue = false;
  #held = false;
  #failure: Error | undefined;
  #drainWaiters: (() => void)[] = [];

  /** `onFailure` is told of the first failed write, once. */
  constructor(socket: Duplex, onFailure: (error: Error) => void) {
    this.#socket = socket;
    this.#onFailure = onFailure;
    this.#contain();
    socket.on('drain', () => this.releaseWaiters());
  }

  /** The first failed write's error; from then on writes go nowhere. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Bytes that wait on our side of the kernel; for text not yet encoded its length in characters. */
  get bytes(): number {
    return this.#socket.writableLength + this.#gathered.length;
  }

  /** Queues; true while there is room for more. */
  send(lines: string | Buffer): boolean {
    if (typeof lines === 'string') {
      this.#gathered += lines;
      if (this.#gathered.length >= gatherCharsMax) this.#writeGathered();
    } else {
      this.#writeGathered();
      if (!this.#corked) {
        this.#corked = true;
        this.#socket.cork();
      }
      this.#socket.write(lines);
    }
    if (!this.#flushDue && !this.#held) {
      this.#flushDue = true;
      if (due.push(this) === 1) process.nextTick(flushDue);
    }
    return this.bytes < this.#socket.writableHighWaterMark;
  }

  /**
   * Until `flush`, nothing leaves by itself: answers given while one chunk of input is read leave together.
   */
  hold(): void {
    this.#held = true;
  }

  /** At the end of the tick; where `flush` or `hold` came in between there is nothing left to do. */
  flushIfDue(): void {
    if (this.#flushDue) this.flush();
  }

  /** Hands to the socket what has gathered. */
  flush(): void {
    this.#held = false;
    this.#flushDue = false;
    this.#writeGathered();
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  /** Fulfils when the queue has emptied, or at `releaseWaiters`; never rejects. */
  drained(): Promise<void> {
    this.flush();
    if (!this.#socket.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drainWaiters.push(resolve);
    });
  }

  releaseWaiters(): void {
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }

  #writeGathered(): void {
    if (this.#gathered === '') return;
    const text = this.#gathered;
    this.#gathered = '';
    this.#socket.write(text, 'utf8');
  }

  /**
   * A stream destroys itself when a write fails, and with it the input that the kernel already holds. So the
   * stream is told that all went well; that the peer is gone shows on the reading side, behind the last byte
   * it sent.
   */
  #contain(): void {
    const socket = this.#socket;
    // A stream hands in the same callback with every write.
    let known: { done: WriteDone; contained: WriteDone } | undefined;
    const contained = (done: WriteDone): WriteDone => {
      if (known?.done !== done) known = { done, contained: this.#contained(done) };
      return known.contained;
    };
    const write = socket._write.bind(socket);
    socket._write = (chunk: unknown, encoding: BufferEncoding, done: WriteDone) => {
      if (this.#failure === undefined) write(chunk, encoding, contained(done));
      else done();
    };
    const writev = socket._writev?.bind(socket);
    if (writev === undefined) return;
    socket._writev = (chunks: { chunk: unknown; encoding: BufferEncoding }[], done: WriteDone) => {
      if (this.#failure === undefined) writev(chunks, contained(done));
      else done();
    };
  }

  #contained(done: WriteDone): WriteDone {
    return (error) => {
      if (error instanceof Error && this.#failure === undefined) {
        this.#failure = error;
        this.#onFailure(error);
      }
      done();
    };
  }
}

type WriteDone = (error?: Error | null) => void;
