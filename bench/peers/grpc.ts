/**
 * gRPC by @grpc/grpc-js over a Unix socket, once as calls and once as one stream both ways, which answers in
 * order. Bodies are JSON. Keeps nothing on disk.
 */
import type { EventEmitter } from 'node:events';
import type { Ask } from '../load.ts';
import { callbackEvent } from '../event.ts';
import { packageOf } from './packages.ts';
import { type Peer, accepted } from './peer.ts';

interface Sent {
  seq: number;
}
type Stream = EventEmitter & { write(message: unknown): void };
type Done = (error: Error | null, answer?: unknown) => void;
interface Client {
  call(sent: unknown, done: Done): void;
  stream(): Stream;
}
interface Server {
  addService(service: object, handlers: object): void;
  bindAsync(address: string, credentials: object, done: (error: Error | null) => void): void;
}
interface Grpc {
  Server: new () => Server;
  ServerCredentials: { createInsecure(): object };
  credentials: { createInsecure(): object };
  makeClientConstructor(
    service: object,
    name: string,
  ): new (address: string, credentials: object, options: object) => Client;
}

const serialize = (value: unknown) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes: Buffer) => JSON.parse(bytes.toString()) as unknown;

function method(name: string, { streams }: { streams: boolean }) {
  return {
    path: `/bench.Parent/${name}`,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

const service = { call: method('call', { streams: false }), stream: method('stream', { streams: true }) };

async function serve(path: string): Promise<void> {
  const grpc = await packageOf<Grpc>('@grpc/grpc-js');
  const server = new grpc.Server();
  server.addService(service, {
    call: ({ request }: { request: Sent }, done: Done) => done(null, accepted(request.seq)),
    stream: (stream: Stream) => {
      stream.on('error', () => undefined);
      stream.on('data', ({ seq }: Sent) => stream.write(accepted(seq)));
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

/** Clients of one process share a connection unless told otherwise; here each sender is to have its own. */
const ownConnection = { 'grpc.use_local_subchannel_pool': 1 };

async function clientOf(path: string): Promise<Client> {
  const grpc = await packageOf<Grpc>('@grpc/grpc-js');
  const Client = grpc.makeClientConstructor(service, 'Parent');
  return new Client(`unix:${path}`, grpc.credentials.createInsecure(), ownConnection);
}

export const grpcCalls: Peer = {
  serve,
  async open(path): Promise<Ask> {
    const client = await clientOf(path);
    let seq = 0;
    return () => {
      seq += 1;
      const sent = { seq, event: callbackEvent };
      return new Promise((resolve, reject) => {
        client.call(sent, (error, answer) => (error === null ? resolve(answer) : reject(error)));
      });
    };
  },
};

export const grpcStream: Peer = {
  serve,
  async open(path): Promise<Ask> {
    const stream = (await clientOf(path)).stream();
    const waiting: ((answer: unknown) => void)[] = [];
    stream.on('data', (answer: unknown) => waiting.shift()?.(answer));
    stream.on('error', () => undefined);
    let seq = 0;
    return () => {
      seq += 1;
      const sent = { seq, event: callbackEvent };
      return new Promise((resolve) => {
        waiting.push(resolve);
        stream.write(sent);
      });
    };
  },
};
