/**
 * What a method costs does not depend on how long the receiver's history is, nor on who watches it: nothing
 * is lost with 64 MB behind the pod and an observer that never reads.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectAndSend } from '../../src/transport/connect-and-send.ts';
import { LogTail, megabyte, noticesIn, receiptsIn, writeHistory } from '../support/big-history.ts';
import { fakeChildren } from '../support/fake-child.ts';
import { type RawWire, deafObserver, rawWire, requestLine } from '../support/raw-wire.ts';
import { TestHome, type TestPod } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';

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

async function startWithHistory(bytes: number, name = 'root'): Promise<TestPod> {
  const pod = home.makeRoot({ name });
  await writeHistory(pod, bytes);
  await pod.start();
  wires.push(await deafObserver(pod.socket));
  return pod;
}

/** Calls `work` for 0 … count-1, so many at a time. */
async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

const sizes = [0, 1, 10, 64];
const notices = sizeOf('HISTORY_NOTICES', { short: 250, full: 1_000 });
/** Of four children. */
const events = notices - (notices % 4);

describe.each(sizes)('a history of %i MB and an observer that never reads', (mb) => {
  it(`[history.notify] ${notices} notices, each over a connection of its own, all arrive and are answered`, async () => {
    const pod = await startWithHistory(mb * megabyte);
    const tail = new LogTail(pod);
    const answered = new Set<string>();
    await inParallel(notices, 20, async (index) => {
      const submission = `notice-${index}`;
      const params = { message: `Number ${index}.`, wake: false, submission };
      if (index % 2 === 0) {
        const sent = await connectAndSend(pod.socket, 'notify', params, { deadlineMs: 30_000 });
        expect(sent).toMatchObject({ ok: true, result: { submission } });
      } else {
        const wire = (await rawWire(pod.socket)).listen();
        const answer = await wire.call('notify', params);
        expect(answer.result).toEqual({ submission });
        // It has its own answer and nothing else: a connection that did not ask for the history gets none of
        // it.
        expect(wire.messages).toHaveLength(1);
        wire.socket.destroy();
      }
      answered.add(submission);
    });
    expect(answered.size).toBe(notices);
    const arrived = noticesIn(await tail.entries());
    expect(arrived).toHaveLength(notices);
    expect(new Set(arrived)).toEqual(answered);
  });

  it(`[history.pod-event] ${events} events of linked children all arrive, once and in order, and are answered`, async () => {
    const pod = home.makeRoot();
    const children = await fakeChildren(home, pod, 4);
    await writeHistory(pod, mb * megabyte);
    await pod.start();
    wires.push(await deafObserver(pod.socket));
    const tail = new LogTail(pod);
    const working = { settled: false, outstanding: ['below'], assignments: [] };
    for (const child of children) await child.link();
    await Promise.all(
      children.map(async (child) => {
        const seqs = Array.from({ length: events / 4 }, () =>
          child.emit(child.turnEnded('finished', working)),
        );
        const answers = await Promise.all(seqs.map((seq) => child.send(seq)));
        expect(answers.map((answer) => answer.outcome)).toEqual(seqs.map(() => 'accepted'));
      }),
    );
    const entries = await tail.entries();
    const wanted = Array.from({ length: events / 4 }, (_, index) => index + 1);
    for (const child of children) expect(receiptsIn(entries, child.instance)).toEqual(wanted);
    for (const child of children) await child.end();
  });
});

describe('shutdown', () => {
  it.each([
    { pods: sizeOf('HISTORY_ENDS', { short: 5, full: 20 }), mb: 1, atOnce: 5 },
    { pods: sizeOf('HISTORY_LONG_ENDS', { short: 2, full: 5 }), mb: 64, atOnce: 2 },
  ])(
    '[history.shutdown] $pods fresh pods with $mb MB and a deaf observer are each ended by one method',
    async ({ pods, mb, atOnce }) => {
      await inParallel(pods, atOnce, async (index) => {
        const pod = await startWithHistory(mb * megabyte, `pod-${index}`);
        const tail = new LogTail(pod);
        const sent = await connectAndSend(pod.socket, 'shutdown', {});
        expect(sent).toEqual({ ok: true, result: {} });
        expect(await pod.exit()).toEqual({ exitCode: 0, signal: null });
        expect((await tail.entries()).at(-1)).toMatchObject({ type: 'stopped' });
      });
    },
  );
});

describe('senders that do not wait', () => {
  it.each([0, 10])(
    '[history.end-at-once] with %i MB behind the pod, what a sender wrote before it ended its side arrives and is answered',
    async (mb) => {
      const pod = await startWithHistory(mb * megabyte);
      const tail = new LogTail(pod);
      const senders = await Promise.all(
        Array.from({ length: 20 }, async (_, sender) => {
          const wire = (await rawWire(pod.socket)).listen();
          const lines = Array.from({ length: 50 }, (_, index) =>
            requestLine(index, 'notify', { message: 'x', wake: false, submission: `${sender}-${index}` }),
          );
          wire.socket.end(lines.join(''));
          return wire;
        }),
      );
      for (const wire of senders) {
        await wire.closed;
        expect(wire.messages.filter((message) => message.result !== undefined)).toHaveLength(50);
      }
      expect(noticesIn(await tail.entries())).toHaveLength(1_000);
    },
  );

  it('[history.unknown-is-known] a sender that breaks off: what it was answered is there, the rest it knows not to know', async () => {
    const pod = await startWithHistory(10 * megabyte);
    const tail = new LogTail(pod);
    const answered = new Set<string>();
    const sent = new Set<string>();
    const answersUntilBreak = [0, 1, 5, 20, 49];
    await Promise.all(
      answersUntilBreak.map(async (count, sender) => {
        const wire = (await rawWire(pod.socket)).listen();
        for (let index = 0; index < 50; index += 1) {
          const submission = `${sender}-${index}`;
          sent.add(submission);
          wire.request('notify', { message: 'x'.repeat(2_000), wake: false, submission });
        }
        await wire.untilCount(count);
        wire.socket.destroy();
        for (const { result } of wire.messages) answered.add(String(result?.['submission']));
      }),
    );
    // The last word of another connection: whatever the broken ones had brought is handled by then or never.
    await pod.call('notify', { message: 'last', wake: false, submission: 'last' });
    const arrived = noticesIn(await tail.until('the last notice', (all) => noticesIn(all).includes('last')));
    expect(new Set(arrived).size).toBe(arrived.length);
    for (const submission of answered) expect(arrived).toContain(submission);
    for (const submission of arrived) expect(submission === 'last' || sent.has(submission)).toBe(true);
    expect(answered.size).toBeGreaterThanOrEqual(75);
  });
});
