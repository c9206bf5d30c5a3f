import { describe, expect, it } from 'vitest';
import { type LiveEvent, openPodStream } from '../../../src/client/pod-stream.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { deferred } from '../../../src/std/deferred.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { serve } from '../transport/rig.ts';

const instance = '0192f0c1-2345-7abc-8def-0123456789ab';

function header(seq: number, more: { reset?: boolean } = {}): Result<'subscribe'> {
  const greeting = { name: 'root', cwd: '/', model: 'script/x', scope: { read: [], write: [] }, tools: [] };
  return { cursor: { instance, seq }, reset: false, status: 'idle', greeting, ...more };
}

function sendEntries(connection: Connection, seqs: readonly number[]): void {
  const lines = seqs.map((seq) => {
    const entry = { seq, time: 't', type: 'alert', level: 'warning', code: 'x', text: `${seq}` };
    return `${JSON.stringify({ jsonrpc: '2.0', method: 'event', params: { type: 'entry', entry } })}\n`;
  });
  connection.send(lines.join(''));
}

function collector(count: number) {
  const seqs: number[] = [];
  const enough = deferred<number[]>();
  const onEvent = (event: LiveEvent): void => {
    if (event.type === 'entry' && seqs.push(event.entry.seq) === count) enough.resolve(seqs);
  };
  return { onEvent, enough: enough.promise };
}

describe('the stream of one pod', () => {
  it('[stream.after-header] entries that come in the same read as the answer are handed over after it, in order', async () => {
    const server = await serve({
      subscribe: (_, { connection }) => {
        process.nextTick(() => sendEntries(connection, [1, 2, 3]));
        return header(3);
      },
    });
    const { onEvent, enough } = collector(3);
    let opened = false;
    const stream = await openPodStream({
      path: server.path,
      instance,
      since: 0,
      deltas: true,
      onEvent: (event) => {
        expect(opened).toBe(true);
        onEvent(event);
      },
    });
    opened = true;
    expect(await enough).toEqual([1, 2, 3]);
    stream.close();
    await stream.closed;
  });

  it('[stream.each-once] an entry that is sent again, or that had been seen before, is not handed over', async () => {
    const asked = deferred<unknown>();
    const server = await serve({
      subscribe: (params, { connection }) => {
        asked.resolve(params.since);
        setImmediate(() => sendEntries(connection, [2, 3, 3, 4, 2, 5]));
        return header(5);
      },
    });
    const { onEvent, enough } = collector(3);
    const stream = await openPodStream({ path: server.path, instance, since: 2, deltas: false, onEvent });
    expect(await asked.promise).toEqual({ instance, seq: 2 });
    expect(await enough).toEqual([3, 4, 5]);
    stream.close();
  });

  it('[stream.reset] where the place does not fit the log any more, everything is handed over from the beginning', async () => {
    const server = await serve({
      subscribe: (_, { connection }) => {
        setImmediate(() => sendEntries(connection, [1, 2]));
        return header(2, { reset: true });
      },
    });
    const { onEvent, enough } = collector(2);
    const stream = await openPodStream({ path: server.path, instance, since: 9, deltas: false, onEvent });
    expect(stream.header.reset).toBe(true);
    expect(await enough).toEqual([1, 2]);
    stream.close();
  });
});
