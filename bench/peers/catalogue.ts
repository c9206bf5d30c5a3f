/** The peers by name, with what each needs to run and what it promises. */
import { bullMq } from './redis.ts';
import { grpcCalls, grpcStream } from './grpc.ts';
import { jsonRpc } from './json-rpc.ts';
import { nats } from './nats.ts';
import type { Peer } from './peer.ts';
import { redisRead } from './redis-read.ts';
import { redisStream } from './redis.ts';

export type Broker = 'redis-server' | 'nats-server';

export interface Offer {
  readonly peer: Peer;
  /** Packages of `bench/package.json`. */
  readonly packages: readonly string[];
  /** The program that has to be installed; null where Node is all it takes. */
  readonly broker: Broker | null;
  /** Whether an answer says that a death of every process loses nothing. */
  readonly durable: boolean;
  /**
   * Who answers: a broker that keeps the message, whether anybody reads it or not, or its receiver, as with
   * podkin.
   */
  readonly answers: 'broker' | 'receiver';
  /** Of the load's count: a slow peer is asked less often, so that a round does not last for minutes. */
  readonly share: number;
}

const nothing = { broker: null, durable: false, answers: 'receiver', share: 1 } as const;

export const catalogue: Readonly<Record<string, Offer>> = {
  'vscode-jsonrpc': { ...nothing, peer: jsonRpc, packages: ['vscode-jsonrpc/node'] },
  'gRPC stream': { ...nothing, peer: grpcStream, packages: ['@grpc/grpc-js'] },
  'gRPC calls': { ...nothing, peer: grpcCalls, packages: ['@grpc/grpc-js'], share: 0.25 },
  'NATS JetStream': {
    peer: nats,
    packages: ['@nats-io/transport-node', '@nats-io/jetstream'],
    broker: 'nats-server',
    durable: true,
    answers: 'broker',
    share: 0.5,
  },
  'Redis Streams': {
    peer: redisStream,
    packages: ['ioredis'],
    broker: 'redis-server',
    durable: true,
    answers: 'broker',
    share: 0.5,
  },
  'Redis Streams, read': {
    peer: redisRead,
    packages: ['ioredis'],
    broker: 'redis-server',
    durable: true,
    answers: 'receiver',
    share: 0.5,
  },
  BullMQ: {
    peer: bullMq,
    packages: ['bullmq', 'ioredis'],
    broker: 'redis-server',
    durable: true,
    answers: 'receiver',
    share: 0.1,
  },
};

/** Throws for a name that is not in the catalogue: a mistake of the bench. */
export function offerOf(name: string): Offer {
  const offer = catalogue[name];
  if (offer === undefined) throw new Error(`there is no peer ${name}`);
  return offer;
}
