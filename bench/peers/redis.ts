/**
 * Redis with `appendfsync always`. A stream answers when the message is in its log on disk, and nobody reads
 * it here, which is to its advantage; BullMQ answers when the parent's worker has done the job.
 */
import { callbackEvent } from '../event.ts';
import { packageOf } from './packages.ts';
import type { Peer } from './peer.ts';

interface Connection {
  xadd(key: string, ...fields: string[]): Promise<unknown>;
}
interface Redis {
  Redis: new (path: string, options: object) => Connection;
}
interface Job {
  waitUntilFinished(events: object): Promise<unknown>;
}
interface Events {
  setMaxListeners(count: number): void;
  waitUntilReady(): Promise<unknown>;
}
interface Bull {
  Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: object, options: object): Promise<Job>;
    setMaxListeners(count: number): void;
    waitUntilReady(): Promise<unknown>;
  };
  QueueEvents: new (name: string, options: object) => Events;
  Worker: new (
    name: string,
    work: (job: { data: { seq: number } }) => Promise<unknown>,
    options: object,
  ) => { waitUntilReady(): Promise<unknown>; on(event: 'error', told: () => void): void };
}

export const redisStream: Peer = {
  async open(path) {
    const { Redis } = await packageOf<Redis>('ioredis');
    const connection = new Redis(path, { enableAutoPipelining: false });
    let seq = 0;
    return () => {
      seq += 1;
      return connection.xadd('callbacks', '*', 'event', JSON.stringify({ seq, event: callbackEvent }));
    };
  },
};

const queueName = 'callbacks';
/** As many jobs at a time as are in flight in the widest load. */
const concurrency = 256;
const keptJobs = 1_000;
let events: Promise<Events> | null = null;

function connectionTo(path: string) {
  return { connection: { path, maxRetriesPerRequest: null } };
}

/** One ear of this process for the ends of jobs, as an application would have it. */
async function earOf(path: string): Promise<Events> {
  const { QueueEvents } = await packageOf<Bull>('bullmq');
  const ear = new QueueEvents(queueName, connectionTo(path));
  ear.setMaxListeners(0);
  await ear.waitUntilReady();
  return ear;
}

export const bullMq: Peer = {
  async serve(path) {
    const { Worker } = await packageOf<Bull>('bullmq');
    const work = ({ data }: { data: { seq: number } }) => Promise.resolve(data.seq);
    const worker = new Worker(queueName, work, { ...connectionTo(path), concurrency });
    worker.on('error', () => undefined);
    await worker.waitUntilReady();
  },
  async open(path) {
    const { Queue } = await packageOf<Bull>('bullmq');
    const queue = new Queue(queueName, connectionTo(path));
    queue.setMaxListeners(0);
    await queue.waitUntilReady();
    events ??= earOf(path);
    const ear = await events;
    let seq = 0;
    return async () => {
      seq += 1;
      const options = { removeOnComplete: keptJobs };
      const job = await queue.add('callback', { seq, event: callbackEvent }, options);
      return job.waitUntilFinished(ear);
    };
  },
};
