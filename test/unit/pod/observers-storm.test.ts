import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { wireLimits } from '../../../src/protocol/limits.ts';
import { nodeClock } from '../../../src/pod/node-host.ts';
import { Observers } from '../../../src/pod/serve/observers.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { alert, newLog, place } from '../session/log-rig.ts';

/** A connection that takes everything at once, and the numbers of the entries that it was sent. */
function reader() {
  const seqs: number[] = [];
  const queue = { bytes: 0 };
  const send = (lines: Buffer): boolean => {
    for (const line of lines.toString().split('\n').filter(Boolean)) {
      const { params } = JSON.parse(line);
      if (params.type === 'entry') seqs.push(params.entry.seq);
    }
    return true;
  };
  const closed = new Promise<void>(() => undefined);
  const connection = {
    closed,
    writable: true,
    send,
    get queuedBytes() {
      return queue.bytes;
    },
    drained: () => Promise.resolve(),
  };
  return { connection: connection as unknown as Connection, seqs, queue };
}

/** The same numbers below one at every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

it('[subscribe.append-storm] with entries committed in any turns of the loop each observer gets each once and in order', async () => {
  const log = newLog(await place());
  log.append([alert('first')]);
  const observers = new Observers(log, nodeClock);
  const readers: ReturnType<typeof reader>[] = [];
  const random = chance(4711);
  for (let turn = 0; turn < 600; turn += 1) {
    if (turn % 4 === 0) {
      const observer = reader();
      readers.push(observer);
      observers.subscribe(observer.connection, { sinceSeq: 0, deltas: turn % 2 === 0 });
    }
    await nextTurn();
    // Seldom enough for streams to come to the end, often enough to hit them there.
    if (random() < 0.3) log.append([alert(`turn ${turn}`)]);
    await Promise.resolve();
    if (random() < 0.1) log.append([alert(`turn ${turn}, again`)]);
  }
  // The last one to join has had its turn: streams take them one after the other.
  for (let turn = 0; turn < 400; turn += 1) await nextTurn();
  const all = Array.from({ length: log.lastSeq }, (_, index) => index + 1);
  expect(all.length).toBeGreaterThan(150);
  for (const [index, { seqs }] of readers.entries()) expect(seqs, `observer ${index}`).toEqual(all);
  observers.close();
});

it('[subscribe.lag-loses-none] each time that its queue is full it goes on from the file with the entry that found no room', async () => {
  const log = newLog(await place());
  const observers = new Observers(log, nodeClock);
  const { connection, seqs, queue } = reader();
  observers.subscribe(connection, { sinceSeq: 0, deltas: false });
  for (let turn = 0; turn < 60; turn += 1) {
    // Long enough to be live again in between.
    queue.bytes = turn % 20 === 10 ? wireLimits.observerQueueBytesMax + 1 : 0;
    log.append([alert(`turn ${turn}`), alert('and')]);
    queue.bytes = 0;
    for (let wait = 0; wait < 5; wait += 1) await nextTurn();
  }
  expect(seqs).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
  observers.close();
});

it('[subscribe.paced] who reads nothing is sent one piece of the history, and the next one when it has read that', async () => {
  const log = newLog(await place());
  for (let entry = 0; entry < 40; entry += 1) log.append([alert('x'.repeat(20_000))]);
  const observers = new Observers(log, nodeClock);
  const { connection, seqs } = reader();
  let room: () => void = () => undefined;
  const send = connection.send.bind(connection);
  let full = false;
  Object.assign(connection, {
    send: (lines: Buffer) => {
      send(lines);
      full = true;
      return false;
    },
    drained: () => (full ? new Promise<void>((resolve) => (room = resolve)) : Promise.resolve()),
  });
  observers.subscribe(connection, { sinceSeq: 0, deltas: false });
  const sent: number[] = [];
  for (let read = 0; seqs.length < 40; read += 1) {
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    sent.push(seqs.length);
    full = false;
    room();
  }
  // 13 lines of 20 kB fill a piece of 256 KiB.
  expect(sent).toEqual([13, 26, 39, 40]);
  observers.close();
});
