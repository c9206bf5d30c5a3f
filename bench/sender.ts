/**
 * The other end of the socket, in a process of its own: opens connections to a pod (as its children, or as
 * strangers) or to a comparator, drives load over them, and reads a history as an observer does. Commands
 * come over the IPC channel, each answered once.
 */
import { createConnection } from 'node:net';
import type { Command, Outcome, Reading, Target } from './commands.ts';
import { lineReader } from './lines.ts';
import { type Ask, type RunningLoad, drive, keepAsking } from './load.ts';
import { protocolVersion } from '../src/protocol/limits.ts';
import { clientOver } from '../src/transport/client.ts';
import { dial } from '../src/transport/dial.ts';
import { callbackEvent } from './event.ts';
import { offerOf } from './peers/catalogue.ts';
import { type Watching, watchAll } from './watching.ts';

const asks = new Map<string, Ask[]>();
const running = new Map<string, RunningLoad>();
let watching: Watching | null = null;

process.on('message', (message: { id: number; command: Command }) => {
  act(message.command).then(
    (outcome) => process.send?.({ id: message.id, outcome }),
    (error: unknown) => process.send?.({ id: message.id, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));

async function act(command: Command): Promise<Outcome> {
  switch (command.do) {
    case 'open':
      asks.set(command.as, await Promise.all(command.targets.map(open)));
      return {};
    case 'drive':
      return { seen: await drive(asksOf(command.as), command.load) };
    case 'begin':
      running.set(command.as, keepAsking(asksOf(command.as)[0]!, command.pauseMs));
      return {};
    case 'end':
      return { seen: await running.get(command.as)!.end() };
    case 'read':
      return { reads: await Promise.all(Array.from({ length: command.observers }, () => read(command))) };
    case 'watch':
      watching = await watchAll(command.paths);
      return {};
    case 'lags':
      return { lags: watching!.take() };
    case 'unwatch':
      watching?.end();
      watching = null;
      return {};
  }
}

function asksOf(as: string): Ask[] {
  const found = asks.get(as);
  if (found === undefined) throw new Error(`nothing was opened as ${as}`);
  return found;
}

function open(target: Target): Promise<Ask> {
  switch (target.kind) {
    case 'raw':
      return openRaw(target.path);
    case 'drained':
      return Promise.resolve(() => askDrained(target.path));
    case 'child':
      return openChild(target);
    case 'stranger':
      return openStranger(target.path);
    case 'peer':
      return offerOf(target.peer).peer.open(target.address);
  }
}

/**
 * Answers come in the order of the questions; what is asked in one tick leaves in one write, as podkin's
 * transport does it.
 */
async function openRaw(path: string): Promise<Ask> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const waiting: (() => void)[] = [];
  socket.on(
    'data',
    lineReader((lines) => {
      for (const line of lines) {
        JSON.parse(line);
        waiting.shift()?.();
      }
    }),
  );
  let id = 0;
  let gathered = '';
  return () =>
    new Promise((resolve) => {
      id += 1;
      waiting.push(() => resolve(undefined));
      if (gathered === '') {
        process.nextTick(() => {
          socket.write(gathered);
          gathered = '';
        });
      }
      gathered += lineOf(id);
    });
}

function lineOf(id: number): string {
  const params = { from: { instance: 'raw', incarnation: 1 }, seq: id, event: callbackEvent };
  return `${JSON.stringify({ jsonrpc: '2.0', id, method: 'podEvent', params })}\n`;
}

/** Connects, reads what it is sent first to its end, asks, and goes when it is answered. */
function askDrained(path: string): Promise<void> {
  const socket = createConnection(path);
  let asked = false;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      // One line is the history, however many chunks it takes; the next is the answer.
      if (!chunk.includes(0x0a)) return;
      if (!asked) {
        asked = true;
        socket.write(lineOf(1));
        return;
      }
      socket.destroy();
      resolve();
    });
  });
}

async function openChild({ path, child }: Extract<Target, { kind: 'child' }>): Promise<Ask> {
  const client = clientOver(await dial(path, { timeoutMs: 10_000 }));
  const { name, instance, token, assignments } = child;
  const answer = await client.call('link', {
    // Nobody's process: a pod that stops its children must not hit this one.
    child: { name, instance, incarnation: 1, pid: process.pid, startTime: 'never', bootId: 'never' },
    token,
    protocol: protocolVersion,
    assignments: { open: assignments, closed: [] },
  });
  let seq = answer.received;
  const from = { instance, incarnation: 1 };
  return () => {
    seq += 1;
    return client.call('podEvent', { from, seq, event: callbackEvent });
  };
}

async function openStranger(path: string): Promise<Ask> {
  const client = clientOver(await dial(path, { timeoutMs: 10_000 }));
  return () => client.call('hello', { protocol: protocolVersion });
}

/** Reads until as many bytes, or (a pod's history) as many lines as its header promises, have come. */
function read({
  path,
  what,
}: {
  path: string;
  what: Reading;
}): Promise<{ firstMs: number; wholeMs: number }> {
  const from = performance.now();
  const socket = createConnection(path);
  const isHistory = 'last' in what;
  const params = isHistory && what.last !== null ? { last: what.last } : {};
  if (isHistory) socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscribe', params })}\n`);
  let firstMs = 0;
  let left = isHistory ? Number.POSITIVE_INFINITY : what.bytes;
  let head: Buffer | null = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      if (firstMs === 0) firstMs = performance.now() - from;
      let rest = chunk;
      if (isHistory && head !== null) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf(0x0a);
        if (end === -1) return;
        left = Math.min(headerSeq(head.toString('utf8', 0, end)), what.last ?? Number.POSITIVE_INFINITY);
        rest = head.subarray(end + 1);
        head = null;
      }
      left -= isHistory ? countLines(rest) : rest.length;
      if (left > 0) return;
      socket.destroy();
      resolve({ firstMs, wholeMs: performance.now() - from });
    });
  });
}

function headerSeq(line: string): number {
  const answer = JSON.parse(line) as { result: { cursor: { seq: number } } };
  return answer.result.cursor.seq;
}

function countLines(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) count += 1;
  return count;
}
