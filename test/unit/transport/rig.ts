/**
 * What the transport's tests share: a directory that goes away, handlers to fill a table, a raw client, a
 * pair of streams.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { WireError } from '../../../src/protocol/errors.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { dial, type DialOptions } from '../../../src/transport/dial.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { listen, type Handlers, type ListenOptions, type PodServer } from '../../../src/transport/server.ts';

/** A directory of mode 0700 that is removed when the test ends. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pk-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A full table: what is not given refuses. */
export function handlersWith(given: Partial<Handlers>): Handlers {
  const refuse = (): never => {
    throw new WireError('forbidden', 'not in this test');
  };
  const table = Object.fromEntries(Object.keys(methods).map((name) => [name, refuse]));
  return { ...table, ...given } as unknown as Handlers;
}

/** Answers a notice with its own text, so that an answer can be told from another. */
export const echo: Partial<Handlers> = {
  notify: ({ message }) => ({ submission: message.slice(0, 128) }),
  ping: () => ({}),
};

export async function serve(
  given: Partial<Handlers>,
  options: Partial<ListenOptions> = {},
): Promise<PodServer & { path: string }> {
  const path = options.path ?? join(await tempDir(), 'pod.sock');
  const server = await listen({ ...options, path, handlers: handlersWith(given) });
  onTestFinished(() => server.close());
  return server;
}

export async function dialled(path: string, options: Partial<DialOptions> = {}): Promise<Connection> {
  const connection = await dial(path, { timeoutMs: 5_000, ...options });
  onTestFinished(() => connection.destroy());
  return connection;
}

export interface RawClient {
  readonly socket: Socket;
  /** The next line that comes, parsed; null when the stream has ended. */
  next(): Promise<unknown>;
}

/** A client that knows nothing of ours. */
export async function rawClient(path: string): Promise<RawClient> {
  const socket = connect({ path, allowHalfOpen: true });
  onTestFinished(() => {
    socket.destroy();
  });
  const lines: unknown[] = [];
  const waiting: ((line: unknown) => void)[] = [];
  let ended = false;
  let text = '';
  const finish = (): void => {
    ended = true;
    for (const wake of waiting.splice(0)) wake(null);
  };
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n');
    text = parts.pop()!;
    for (const part of parts) {
      const line: unknown = JSON.parse(part);
      const wake = waiting.shift();
      if (wake === undefined) lines.push(line);
      else wake(line);
    }
  });
  socket.on('end', finish);
  socket.on('close', finish);
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve());
  });
  return {
    socket,
    next() {
      if (lines.length > 0) return Promise.resolve(lines.shift());
      if (ended) return Promise.resolve(null);
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
  };
}

/**
 * Two streams, each reading what the other writes; `cut` says how what the first one writes is cut into
 * chunks.
 */
export function streamPair(cut: (bytes: Buffer) => Buffer[] = (bytes) => [bytes]): [Duplex, Duplex] {
  const make = (other: () => Duplex, split: (bytes: Buffer) => Buffer[]): Duplex =>
    new Duplex({
      allowHalfOpen: true,
      read() {},
      write(chunk: Buffer, _encoding, done) {
        for (const piece of split(chunk)) other().push(piece);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const a: Duplex = make(() => b, cut);
  const b: Duplex = make(
    () => a,
    (bytes) => [bytes],
  );
  return [a, b];
}

/** A generator with a seed, so that a failure can be played again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
