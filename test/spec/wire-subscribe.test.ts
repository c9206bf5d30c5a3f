/**
 * What an observer gets: the history, then what comes, without a gap or an overlap, at whatever speed it
 * reads.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogTail, megabyte, writeHistory } from '../support/big-history.ts';
import { type RawMessage, type RawWire, deafObserver, rawWire } from '../support/raw-wire.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let wires: RawWire[];
beforeEach(() => {
  home = new TestHome();
  wires = [];
});
afterEach(async () => {
  for (const wire of wires) wire.socket.destroy();
  await home.close();
});

async function observer(pod: TestPod, params: object = {}): Promise<{ wire: RawWire; header: RawMessage }> {
  const wire = await rawWire(pod.socket);
  wires.push(wire);
  wire.listen();
  const header = await wire.call('subscribe', params);
  return { wire, header };
}

function seqs({ messages }: Pick<RawWire, 'messages'>): number[] {
  return messages.flatMap(({ params }) =>
    params?.type === 'entry' ? [(params['entry'] as { seq: number }).seq] : [],
  );
}

function untilSeq(wire: RawWire, seq: number): Promise<RawMessage> {
  return wire.until(
    `entry ${seq}`,
    ({ params }) => params?.type === 'entry' && (params['entry'] as { seq: number }).seq === seq,
  );
}

function upTo(count: number, from = 1): number[] {
  return Array.from({ length: count - from + 1 }, (_, index) => from + index);
}

/** Notices that wake nobody: each is one entry. */
async function append(pod: TestPod, count: number, chars = 100): Promise<void> {
  const client = await pod.client();
  const message = 'x'.repeat(chars);
  await Promise.all(Array.from({ length: count }, () => client.call('notify', { message, wake: false })));
  await client.connection.close();
}

async function lastSeq(pod: TestPod): Promise<number> {
  const { wire, header } = await observer(pod);
  wire.socket.destroy();
  return (header.result!['cursor'] as { seq: number }).seq;
}

describe('history, then live', () => {
  it('[subscribe.no-gap] observers that attach while entries are committed get each entry once and in order, the fast, the slow and the one that stops for a while', async () => {
    const pod = home.makeRoot();
    await writeHistory(pod, 4 * megabyte);
    await pod.start();
    const fast = await observer(pod);
    const slow = await observer(pod);
    const chunks: Buffer[] = [];
    slow.wire.socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      // One chunk a turn of the loop, and a round trip to the pod in between.
      slow.wire.socket.pause();
      void pod.call('status', {}).then(() => slow.wire.socket.resume());
    });
    const stopping = await observer(pod);
    const late: RawWire[] = [];
    const appending = (async () => {
      for (let round = 0; round < 10; round += 1) {
        await append(pod, 40, 16_000);
        late.push((await observer(pod)).wire);
        if (round === 2) stopping.wire.socket.pause();
      }
    })();
    await appending;
    stopping.wire.socket.resume();
    const end = await lastSeq(pod);
    for (const wire of [fast.wire, slow.wire, stopping.wire, ...late]) {
      await untilSeq(wire, end);
      expect(seqs(wire)).toEqual(upTo(end));
    }
  });

  it('[subscribe.log-is-the-stream] an entry on the wire is the entry in the log', async () => {
    const pod = await home.startRoot();
    await pod.run('hello');
    await pod.untilSettled();
    const { wire, header } = await observer(pod);
    const entries = await pod.entries();
    await untilSeq(wire, entries.at(-1)!.seq);
    const seen = wire.messages.flatMap(({ params }) => (params?.type === 'entry' ? [params['entry']] : []));
    expect(seen).toEqual(entries);
    expect(header.result).toMatchObject({
      reset: false,
      status: 'idle',
      cursor: { instance: pod.instance, seq: entries.at(-1)!.seq },
      greeting: { name: 'root', cwd: home.work },
    });
    // The answer to the request came before the first event.
    expect(wire.messages[0]).toEqual(header);
  });

  it('[subscribe.lagged] an observer that stops reading is told `lagged` with the entry it will go on from, and is brought up from the log', async () => {
    const pod = await home.startRoot();
    const { wire } = await observer(pod);
    await untilSeq(wire, 2);
    wire.socket.pause();
    // More than its queue (4 MiB) and the system's buffers hold.
    await append(pod, 120, 64 * 1024);
    wire.socket.resume();
    const end = await lastSeq(pod);
    await untilSeq(wire, end);
    await append(pod, 3);
    await untilSeq(wire, end + 3);
    expect(seqs(wire)).toEqual(upTo(end + 3));
    const lagged = wire.messages.flatMap(({ params }, at) => (params?.type === 'lagged' ? [at] : []));
    expect(lagged.length).toBeGreaterThanOrEqual(1);
    for (const at of lagged) {
      const before = { messages: wire.messages.slice(0, at) };
      expect(wire.messages[at]!.params!['from']).toBe((seqs(before).at(-1) ?? 0) + 1);
    }
  });

  it('[subscribe.twice] subscribing again on the same connection starts one stream anew, not a second one', async () => {
    const pod = await home.startRoot();
    const { wire } = await observer(pod);
    await untilSeq(wire, 2);
    const before = wire.messages.length;
    await wire.call('subscribe');
    await append(pod, 1);
    await untilSeq(wire, 3);
    // A second stream would have sent its copy before this answer.
    await wire.call('status');
    expect(seqs({ messages: wire.messages.slice(before) })).toEqual([1, 2, 3]);
  });
});

describe('where to begin', () => {
  it('[subscribe.since] `since` sends what is behind it and nothing before', async () => {
    const pod = await home.startRoot();
    await append(pod, 20);
    const end = await lastSeq(pod);
    for (const seq of [0, 1, 7, end - 1, end]) {
      const { wire, header } = await observer(pod, { since: { instance: pod.instance, seq } });
      expect(header.result).toMatchObject({ reset: false });
      await append(pod, 1);
      const now = await lastSeq(pod);
      await untilSeq(wire, now);
      expect(seqs(wire)).toEqual(upTo(now, seq + 1));
    }
  });

  it.each([
    ['another instance', () => ({ instance: '0190a1b2-0000-7000-8000-000000000001', seq: 1 })],
    ['an entry that there is not yet', (pod: TestPod) => ({ instance: pod.instance, seq: 10_000 })],
  ])(
    '[subscribe.reset] `since` of %s is answered `reset` and the stream starts from the beginning',
    async (_, of) => {
      const pod = await home.startRoot();
      const { instance, seq } = of(pod);
      const { wire, header } = await observer(pod, { since: { instance, seq } });
      expect(header.result).toMatchObject({ reset: true, cursor: { instance: pod.instance } });
      await append(pod, 1);
      await untilSeq(wire, 3);
      expect(seqs(wire)).toEqual([1, 2, 3]);
    },
  );

  it('[subscribe.after-restart] an observer goes on behind its last entry after the pod was killed and restored', async () => {
    const pod = await home.startRoot();
    await append(pod, 5);
    const first = await observer(pod);
    await untilSeq(first.wire, await lastSeq(pod));
    const had = seqs(first.wire).at(-1)!;
    await pod.kill();
    await first.wire.ended;
    await pod.start();
    const { wire, header } = await observer(pod, { since: { instance: pod.instance, seq: had } });
    expect(header.result).toMatchObject({ reset: false });
    await append(pod, 1);
    const end = await lastSeq(pod);
    await untilSeq(wire, end);
    expect(seqs(wire)).toEqual(upTo(end, had + 1));
  });
});

describe('the live lane', () => {
  const speaking = `rules:
  - tokenDelayMs: 15
    say: "${upTo(60).join(' ')}"
`;

  interface Delta {
    turn: string;
    step: number;
    offset: number;
    text: string;
  }
  function deltas(wire: RawWire): Delta[] {
    return wire.messages.flatMap(({ params }) =>
      params?.type === 'textDelta' ? [params as unknown as Delta] : [],
    );
  }

  it('[subscribe.in-flight] text that is being streamed at attach time is part of what an observer gets; the offsets join it to what follows', async () => {
    const pod = await home.startRoot({ scenario: speaking });
    const first = await observer(pod);
    await pod.run('speak');
    await first.wire.until('the tenth word', ({ params }) => String(params?.['text']).trim() === '10');
    const second = await observer(pod);
    const said = await pod.untilEntry('assistantMessage');
    const text = said.parts.map((part) => part.text).join('');
    for (const { wire } of [first, second]) {
      await untilSeq(wire, said.seq);
      let shown = '';
      for (const delta of deltas(wire)) {
        expect(delta.offset).toBe(shown.length);
        shown += delta.text;
      }
      expect(shown).toBe(text);
    }
    expect(deltas(second.wire)[0]!.text.trim().split(/\s+/).length).toBeGreaterThanOrEqual(10);
    expect(deltas(second.wire).length).toBeGreaterThan(1);
    const third = await observer(pod);
    await untilSeq(third.wire, said.seq);
    expect(deltas(third.wire)).toEqual([]);
  });

  it('[subscribe.no-deltas] `deltas: false` leaves out the stream of tokens and nothing else', async () => {
    const pod = await home.startRoot({ scenario: speaking });
    const { wire } = await observer(pod, { deltas: false });
    await pod.run('speak');
    const ended = await pod.untilEntry('turnEnded');
    await untilSeq(wire, ended.seq);
    expect(seqs(wire)).toEqual(upTo(ended.seq));
    const types = new Set(wire.messages.map(({ params }) => params?.type));
    expect([...types].filter((type) => type?.endsWith('Delta'))).toEqual([]);
    expect(types).toContain('status');
  });

  it('[subscribe.unsubscribe] after `unsubscribe` nothing more comes, and the connection lives on', async () => {
    const pod = await home.startRoot();
    const { wire } = await observer(pod);
    await untilSeq(wire, 2);
    expect((await wire.call('unsubscribe')).result).toEqual({});
    const before = wire.messages.length;
    await append(pod, 5);
    await pod.run('hello');
    await pod.untilSettled();
    const status = await wire.call('status');
    expect(status.result).toMatchObject({ name: 'root', turns: 1 });
    expect(wire.messages.slice(before)).toEqual([status]);
  });
});

describe('memory', () => {
  it.runIf(process.platform === 'linux')(
    '[subscribe.memory] ten observers that never read cost a pod with 64 MB of history next to nothing',
    async () => {
      const pod = home.makeRoot();
      await writeHistory(pod, 64 * megabyte);
      await pod.start();
      const tail = new LogTail(pod);
      await append(pod, 200);
      const before = await residentMegabytes(pod);
      for (let count = 0; count < 10; count += 1) wires.push(await deafObserver(pod.socket));
      await append(pod, 200);
      const after = await residentMegabytes(pod);
      expect(await tail.notices()).toHaveLength(400);
      expect(after - before, `${before} MB before, ${after} MB with ten deaf observers`).toBeLessThan(32);
    },
  );
});

async function residentMegabytes(pod: TestPod): Promise<number> {
  const { pid } = await pod.process();
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
