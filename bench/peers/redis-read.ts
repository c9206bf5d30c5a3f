/**
 * Redis Streams with `appendfsync always`, and a parent that reads: a process of its own takes the stream in
 * as a group of consumers, acknowledges what it has read, and answers each sender. That is what an answer of
 * podkin's says: the message is on disk *and* its receiver has it.
 */
import { callbackEvent } from '../event.ts';
import { packageOf } from './packages.ts';
import type { Peer } from './peer.ts';

/** One entry as the client hands it out: its id, and its fields and values in turn. */
type Entry = [id: string, fields: string[]];
interface Pipeline {
  xack(key: string, group: string, ...ids: string[]): Pipeline;
  publish(channel: string, text: string): Pipeline;
  exec(): Promise<unknown>;
}
interface Connection {
  xadd(key: string, ...fields: string[]): Promise<unknown>;
  xgroup(...words: string[]): Promise<unknown>;
  xreadgroup(...words: (string | number)[]): Promise<[string, Entry[]][] | null>;
  pipeline(): Pipeline;
  subscribe(channel: string): Promise<unknown>;
  on(event: 'message', told: (channel: string, text: string) => void): void;
}
interface Redis {
  Redis: new (path: string, options?: object) => Connection;
}

const key = 'read-callbacks';
const group = 'parent';
const mostAtOnce = 512;

async function connected(path: string): Promise<Connection> {
  const { Redis } = await packageOf<Redis>('ioredis');
  return new Redis(path);
}

/** What waits for its answer in this process, by a number of its own. */
const waiting = new Map<string, (answered: undefined) => void>();
const channel = `answers-${process.pid}`;
let sent = 0;
let ear: Promise<void> | null = null;

/** One ear of this process for all its senders, as an application would have it. */
async function listen(path: string): Promise<void> {
  const connection = await connected(path);
  connection.on('message', (_, numbers) => {
    for (const number of numbers.split(' ')) {
      waiting.get(number)?.(undefined);
      waiting.delete(number);
    }
  });
  await connection.subscribe(channel);
}

export const redisRead: Peer = {
  async serve(path) {
    const [reader, writer] = [await connected(path), await connected(path)];
    await writer.xgroup('CREATE', key, group, '$', 'MKSTREAM');
    const words = ['GROUP', group, 'one', 'COUNT', mostAtOnce, 'BLOCK', 0, 'STREAMS', key, '>'];
    const read = async (): Promise<void> => {
      for (;;) {
        const entries = (await reader.xreadgroup(...words))?.[0]?.[1] ?? [];
        answer(writer, entries);
      }
    };
    read().catch(() => process.exit(0));
  },
  async open(path) {
    const connection = await connected(path);
    ear ??= listen(path);
    await ear;
    return async () => {
      sent += 1;
      const number = String(sent);
      const answered = new Promise<undefined>((resolve) => waiting.set(number, resolve));
      const event = JSON.stringify({ seq: sent, event: callbackEvent });
      await connection.xadd(key, '*', 'to', channel, 'number', number, 'event', event);
      await answered;
    };
  },
};

/** All that was read at once in one pipeline, and one message for each process that waits. */
function answer(writer: Connection, entries: Entry[]): void {
  const numbers = new Map<string, string[]>();
  const ids: string[] = [];
  for (const [id, [, to = '', , number = '', , event = '']] of entries) {
    JSON.parse(event);
    ids.push(id);
    numbers.set(to, [...(numbers.get(to) ?? []), number]);
  }
  if (ids.length === 0) return;
  const pipeline = writer.pipeline().xack(key, group, ...ids);
  for (const [to, all] of numbers) pipeline.publish(to, all.join(' '));
  pipeline.exec().catch(() => process.exit(0));
}
