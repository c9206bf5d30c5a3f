/**
 * Connections between simulated processes: ordered, slow, closed at any time. Messages travel as JSON text.
 * What a process wrote before it was killed can still be read by the other end; what was on its way when a
 * link is cut arrives in part, from the front.
 */
import type { Handlers } from '../../src/transport/server.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { ConnectionClosed, RemoteError, TimedOut } from '../../src/transport/failures.ts';
import { dispatcher } from '../../src/transport/server.ts';
import { WireError } from '../../src/protocol/errors.ts';
import { wireErrorFor } from '../../src/transport/write-message.ts';
import { deferred } from '../../src/std/deferred.ts';
import { type SimProcess, ProcessGone } from './process.ts';
import type { Random } from './random.ts';

type Message =
  | { kind: 'request'; id: number; method: string; params: string }
  | { kind: 'answer'; id: number; result: string }
  | { kind: 'refusal'; id: number; code: number; message: string; data: string };

interface Options {
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Listener {
  readonly process: SimProcess;
  readonly path: string;
  accept(end: SimEnd): void;
  answer(handlers: Handlers): void;
}

/** One end; what the product knows as its `Connection`. */
export class SimEnd {
  readonly owner: SimProcess;
  /** What its delays and losses are drawn from. */
  readonly #random: Random;
  readonly closed: Promise<{ kind: 'endedByPeer' }>;
  peer: SimEnd | null = null;
  isClosed = false;
  /** What a message from here usually takes. */
  latencyMs: number;
  /** When the latest message towards this end arrives. */
  latestMs = 0;
  sent = 0;
  arrived = 0;
  cutAt = Number.MAX_SAFE_INTEGER;
  handle: ReturnType<typeof dispatcher> | null = null;
  /** Most ends are never asked for it. */
  #aborter: AbortController | null = null;
  readonly #closing = deferred<{ kind: 'endedByPeer' }>();
  readonly #waiting = new Map<
    number,
    {
      resolve(result: unknown): void;
      reject(error: unknown): void;
      check: ((result: unknown) => void) | undefined;
    }
  >();
  #ids = 0;
  /** Messages that came before anybody answers. */
  #early: Message[] | null = null;

  constructor(owner: SimProcess, random: Random = owner.world.random) {
    this.owner = owner;
    this.#random = random;
    this.latencyMs = owner.world.latencyMs;
    this.closed = this.#closing.promise;
    owner.ends.add(this.#onOwnerGone);
  }

  readonly #onOwnerGone = (): void => void this.close();

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.isClosed) this.#aborter.abort();
    return this.#aborter.signal;
  }
  get writable(): boolean {
    return !this.isClosed;
  }
  get queuedBytes(): number {
    return 0;
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
  /** An observer's lines: only over a watched end somebody reads them. */
  send(_lines?: string | Buffer): boolean {
    return !this.isClosed;
  }

  request(
    method: string,
    params: unknown,
    options: Options = {},
    check?: (result: unknown) => void,
  ): Promise<unknown> {
    this.owner.mustLive();
    if (this.isClosed) return Promise.reject(new ConnectionClosed({ kind: 'endedByPeer' }));
    this.owner.world.order.request(this.owner, method, params);
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, check });
      const { timeoutMs } = options;
      if (timeoutMs !== undefined) {
        this.owner.after(timeoutMs, () => {
          if (this.#waiting.delete(id)) reject(new TimedOut(`"${method}"`, timeoutMs));
        });
      }
      this.#post({ kind: 'request', id, method, params: JSON.stringify(params ?? {}) });
    });
  }

  /** From now on requests are answered, first those that have come. */
  answer(handlers: Handlers | ReturnType<typeof dispatcher>): void {
    this.handle = typeof handlers === 'function' ? handlers : dispatcher(handlers);
    const early = this.#early ?? [];
    this.#early = null;
    for (const message of early) this.take(message);
  }

  waitForAnswers(): void {
    this.#early = [];
  }

  destroy(): void {
    void this.close();
  }

  /** This end closes, and hears nothing more. */
  close(): Promise<unknown> {
    if (!this.isClosed) {
      const { peer } = this;
      this.#end();
      peer?.lose(this.owner.dead ? 'whole' : 'part');
    }
    return this.closed;
  }

  /** The other end is gone, or the link was cut. */
  lose(what: 'whole' | 'part'): void {
    if (this.isClosed) return;
    const { world } = this.owner;
    if (what === 'part') this.cutAt = this.arrived + this.#random.int(this.sent - this.arrived + 1);
    if (this.cutAt < this.sent) world.hit('wire.lostInFlight');
    const at = Math.max(this.latestMs, world.clock.nowMs) + this.#random.delay(1);
    this.owner.after(at - world.clock.nowMs, () => this.#end());
  }

  #end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.owner.ends.delete(this.#onOwnerGone);
    this.owner.world.ends.delete(this);
    this.#closing.resolve({ kind: 'endedByPeer' });
    // An error is dear, and most ends have nobody to be told.
    if (this.#waiting.size === 0 && this.#aborter === null) return;
    const error = new ConnectionClosed({ kind: 'endedByPeer' });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#aborter?.abort(error);
  }

  #post(message: Message): void {
    const { peer, owner } = this;
    if (peer === null || this.isClosed || owner.dead) return;
    const { clock } = owner.world;
    const at = Math.max(peer.latestMs, clock.nowMs + this.#random.delay(this.latencyMs));
    peer.latestMs = at;
    peer.sent += 1;
    const number = peer.sent;
    peer.owner.after(at - clock.nowMs, () => {
      if (peer.isClosed || number > peer.cutAt) return;
      peer.arrived = number;
      peer.take(message);
    });
  }

  take(message: Message): void {
    if (message.kind === 'request') return this.#serve(message);
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.kind === 'refusal') {
      return waiting.reject(
        new RemoteError(message.code, message.message, JSON.parse(message.data) ?? undefined),
      );
    }
    try {
      const result: unknown = JSON.parse(message.result);
      waiting.check?.(result);
      waiting.resolve(result);
    } catch (error) {
      waiting.reject(error);
    }
  }

  #serve(message: Extract<Message, { kind: 'request' }>): void {
    if (this.#early !== null) {
      this.#early.push(message);
      return;
    }
    const { handle } = this;
    if (handle === null) return;
    const { id, method } = message;
    const refuse = (error: unknown): void => {
      if (error instanceof ProcessGone) return;
      if (!(error instanceof WireError)) this.owner.world.watch.defect(this.owner, error);
      const { code, message: text, data } = wireErrorFor(error);
      this.#post({ kind: 'refusal', id, code, message: text, data: JSON.stringify(data ?? null) });
    };
    try {
      const signal = (): AbortSignal => this.signal;
      const context = {
        connection: asConnection(this),
        get signal() {
          return signal();
        },
      };
      const params: unknown = JSON.parse(message.params);
      Promise.resolve(handle(method, params, context)).then((result) => {
        this.owner.world.order.answer(this.owner, { method, params }, result);
        this.#post({ kind: 'answer', id, result: JSON.stringify(result ?? {}) });
      }, refuse);
    } catch (error) {
      refuse(error);
    }
  }
}

/** The product asks nothing of it that an end does not have. */
export function asConnection(end: SimEnd): Connection {
  return end as unknown as Connection;
}

export function joined(client: SimProcess, server: SimProcess): { client: SimEnd; server: SimEnd } {
  const ends = { client: new SimEnd(client), server: new SimEnd(server) };
  ends.client.peer = ends.server;
  ends.server.peer = ends.client;
  ends.server.waitForAnswers();
  client.world.ends.add(ends.client);
  client.world.ends.add(ends.server);
  return ends;
}
