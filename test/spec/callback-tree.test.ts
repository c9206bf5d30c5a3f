/**
 * The way of an outcome through real trees: from a child's turn to the parent's next request, silent where
 * the table says so, once at every level.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, EntryBody } from '../../src/session/facts/entries.ts';
import { promiseKept } from '../support/promise-kept.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

type Of<T extends EntryBody['type']> = Entry<Extract<EntryBody, { type: T }>>;

/** Notices of pods, each with its place. */
async function noticesOf(
  pod: TestPod,
): Promise<{ from: string; event: string; turn: string; body: string }[]> {
  return (await pod.entriesOf('systemItem')).flatMap(({ item, turn }) =>
    item.kind === 'podEvent' ? [{ from: item.from.name, event: item.event.kind, turn, body: item.body }] : [],
  );
}

const kindsOf = async (pod: TestPod) => (await pod.entriesOf('turnStarted')).map(({ kind }) => kind);

const said = async (pod: TestPod) =>
  (await pod.entriesOf('assistantMessage')).map(({ parts }) => parts.map((part) => part.text).join(''));

const spawnsWorker = `
  - { pod: root, last: user, call: [{ SpawnPod: { name: worker, task: "work", write: [] } }] }`;

/** It works until the file `go` is there. */
const workerHolds = `
  - { pod: worker, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - { pod: worker, say: "the answer is 42" }`;

describe('completion', () => {
  it('[callback.wakes-idle] the end of a child turn wakes the idle parent, stands in its history and in its next request', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:${spawnsWorker}
  - { pod: root, last: notification, matches: 'Pod "worker" finished[^]*the answer is 42', say: "I have read it." }
  - { pod: root, last: tool, say: "I wait." }
${workerHolds}
`,
    });
    await root.run('go');
    await root.untilEntry('turnEnded');
    home.file('go');
    await root.untilEntry('systemItem');
    await root.untilSettled();
    expect(await kindsOf(root)).toEqual(['run', 'runForNotification']);
    expect((await said(root)).at(-1)).toBe('I have read it.');
    const [receipt] = await root.entriesOf('podEventReceived');
    expect(receipt).toMatchObject({
      from: { name: 'worker', incarnation: 1 },
      eventSeq: 1,
      event: { kind: 'turnEnded', outcome: 'finished', settled: true, text: 'the answer is 42' },
      reads: true,
      wakes: true,
    });
    expect(receipt!.closes).toHaveLength(1);
    const [item] = await root.entriesOf('systemItem');
    expect(item!.item).toMatchObject({
      kind: 'podEvent',
      from: receipt!.from,
      seq: 1,
      event: receipt!.event,
    });
    await promiseKept(home);
  });

  it('[callback.drained-running] a running parent takes it in before its next request of the same turn', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - pod: root
    last: user
    call:
      - SpawnPod: { name: worker, task: "work", write: [] }
      - Bash: { command: "until [ -e go ]; do sleep 0.02; done" }
  - { pod: root, last: notification, matches: "the answer is 42", say: "I have read it." }
  - { pod: worker, say: "the answer is 42" }
`,
    });
    await root.run('go');
    await root.untilEntry('podEventReceived');
    home.file('go');
    await root.untilEntry('turnEnded');
    expect(await kindsOf(root)).toEqual(['run']);
    expect((await said(root)).at(-1)).toBe('I have read it.');
    const [started] = await root.entriesOf('turnStarted');
    expect(await noticesOf(root)).toMatchObject([
      { from: 'worker', event: 'turnEnded', turn: started!.turn },
    ]);
    await root.untilSettled();
    await promiseKept(home);
  });

  it('[callback.paused-counts] a paused parent shows it as received and reads it after its resume', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:${spawnsWorker}
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, matches: "the answer is 42", say: "I have read it." }
${workerHolds}
`,
    });
    await root.run('go');
    await root.untilEntry('turnEnded');
    await root.call('pause', {});
    home.file('go');
    await root.untilEntry('podEventReceived');
    expect(await root.call('status', {})).toMatchObject({
      status: 'paused',
      settled: false,
      pending: { received: 1, unseen: 0 },
    });
    expect(await root.call('deliveries', { direction: 'in' })).toMatchObject([
      { from: 'worker', state: 'received', reason: 'the pod is paused' },
    ]);
    await root.call('resume', {});
    await root.untilSettled();
    expect((await said(root)).at(-1)).toBe('I have read it.');
    expect(await noticesOf(root)).toHaveLength(1);
    await promiseKept(home);
  });

  it('[callback.every-turn] each later turn of the same child is reported as well', async () => {
    const root = await home.startRoot({
      scenario: `
rules:${spawnsWorker}
  - { pod: root, last: notification, times: 2, call: [{ SendToPod: { name: worker, message: "more" } }] }
  - { pod: worker, say: "answer" }
  - say: "Noted."
`,
    });
    await root.run('go');
    await root.until('three reports are seen', (all) => reports(all) === 3);
    await root.untilSettled();
    expect(await noticesOf(root)).toHaveLength(3);
    const seqs = (await root.entriesOf('podEventReceived')).map(({ eventSeq }) => eventSeq);
    expect(seqs).toEqual([1, 2, 3]);
    await promiseKept(home);
  });

  it('[callback.nested-once] a child that only waits for its own child reports silently; the parent is woken once, by the settled outcome', async () => {
    const root = await home.startRoot({
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: middle, task: "work", write: [] } }] }
  - { pod: root, last: notification, matches: "all is done", say: "I have read it." }
  - { pod: root, last: tool, say: "I wait." }
  - { pod: middle, last: user, call: [{ SpawnPod: { name: leaf, task: "work", write: [] } }] }
  - { pod: middle, last: tool, say: "I wait for leaf." }
  - { pod: middle, last: notification, say: "all is done" }
  - { pod: leaf, last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - { pod: leaf, say: "leaf is done" }
`,
    });
    await root.run('go');
    // The unsettled end of middle has arrived, and the root rests.
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
    await root.untilEntry('turnEnded');
    home.file('go');
    await root.untilEntry('systemItem');
    await root.untilSettled();
    const ends = (await root.entriesOf('podEventReceived')).flatMap(({ event, reads, wakes, closes }) =>
      event.kind === 'turnEnded' ? [{ settled: event.settled, text: event.text, reads, wakes, closes }] : [],
    );
    expect(ends).toMatchObject([
      { settled: false, text: 'I wait for leaf.', reads: false, wakes: false, closes: [] },
      { settled: true, text: 'all is done', reads: true, wakes: true },
    ]);
    expect(await kindsOf(root)).toEqual(['run', 'runForNotification']);
    expect(await noticesOf(root)).toHaveLength(1);
    expect((await said(root)).at(-1)).toBe('I have read it.');
    const middle = home.pod('middle');
    expect(await kindsOf(middle)).toEqual(['run', 'runForNotification']);
    await promiseKept(home);
  });

  it('[callback.siblings-one-turn] siblings that report together cost the idle parent one turn and one message', async () => {
    const names = ['one', 'two', 'three'];
    const root = await home.startRoot({
      limits: { coalesceMs: 1_500 },
      permissionMode: 'bypassPermissions',
      scenario: `
rules:
  - pod: root
    last: user
    call:
${names.map((name) => `      - SpawnPod: { name: ${name}, task: "work", write: [] }`).join('\n')}
  - { pod: root, last: tool, say: "I wait." }
  - { pod: root, last: notification, matches: "finished[^]*finished[^]*finished", say: "I have read all three." }
  - { pod: "*", last: user, call: [{ Bash: { command: "until [ -e go ]; do sleep 0.02; done" } }] }
  - { pod: "*", say: "{{pod}} is done" }
`,
    });
    await root.run('go');
    await root.untilEntry('turnEnded');
    home.file('go');
    await root.untilEntry('turnStarted', ({ kind }) => kind === 'runForNotification');
    await root.untilSettled();
    expect(await kindsOf(root)).toEqual(['run', 'runForNotification']);
    expect((await noticesOf(root)).map(({ from }) => from).sort()).toEqual(names.toSorted());
    expect((await said(root)).at(-1)).toBe('I have read all three.');
    await promiseKept(home);
  });
});

const reports = (entries: readonly Entry[]) => {
  const seen = Math.max(
    0,
    ...entries.map((entry) => (entry.type === 'stepCompleted' ? entry.seenThrough : 0)),
  );
  return entries.filter(
    (entry): entry is Of<'systemItem'> => entry.type === 'systemItem' && entry.seq <= seen,
  ).length;
};

describe('ends that were asked for', () => {
  it('[callback.stop-pod-silent] StopPod delivers shutdown, its result names the incarnation that ended, and the shutDown adds nothing', async () => {
    const root = await home.startRoot({
      scenario: `
rules:${spawnsWorker}
  - { pod: root, last: tool, matches: "is working on it", call: [{ StopPod: { name: worker } }] }
  - { pod: root, last: tool, matches: "has shut down", say: "It is stopped." }
  - { pod: worker, fail: hang }
`,
    });
    await root.run('go');
    await root.untilSettled();
    const worker = home.pod('worker');
    const results = await root.entriesOf('toolResult');
    expect(results.at(-1)).toMatchObject({
      tool: 'StopPod',
      isError: false,
      stopped: { instance: worker.instance, incarnation: 1 },
    });
    expect(await root.entriesOf('podEventReceived')).toMatchObject([
      { event: { kind: 'shutDown', by: 'parent' }, from: { incarnation: 1 } },
    ]);
    expect((await root.entriesOf('podEventReceived'))[0]!.closes).toHaveLength(1);
    expect(await noticesOf(root)).toEqual([]);
    expect(await kindsOf(root)).toEqual(['run']);
    expect(await root.call('deliveries', { direction: 'in' })).toMatchObject([{ state: 'consumed' }]);
    expect(await worker.entriesOf('stopped')).toMatchObject([{ reason: 'stopped by its parent' }]);
    // Its parent may be reading its log at this very moment.
    expect(await worker.lock()).not.toBe('held');
    await promiseKept(home);
  });

  it('[callback.scope-to-root] a scope handed down three levels is told to every level above once, with its first origin', async () => {
    const root = await home.startRoot({
      scenario: `
rules:
  - { pod: root, last: user, call: [{ SpawnPod: { name: a, task: "work", write: ["x"] } }] }
  - { pod: a, last: user, call: [{ SpawnPod: { name: b, task: "work", write: ["x/y"] } }] }
  - { pod: b, last: user, call: [{ SpawnPod: { name: c, task: "work", write: ["x/y/z"] } }] }
  - { last: tool, say: "I wait." }
  - say: "{{pod}} is done"
`,
    });
    await root.run('go');
    await root.untilEntry('systemItem');
    await root.untilSettled();
    const scopesAt = async (name: string) =>
      (await home.pod(name).entriesOf('podEventReceived')).flatMap(({ event, reads, wakes }) =>
        event.kind === 'scopeSubDelegated'
          ? [
              {
                to: event.to.name,
                by: event.by.name,
                origin: event.origin,
                write: event.scope.write,
                reads,
                wakes,
              },
            ]
          : [],
      );
    const fromB = {
      to: 'c',
      by: 'b',
      origin: { instance: home.pod('b').instance, seq: 1 },
      write: [`${home.work}/x/y/z`],
      reads: false,
      wakes: false,
    };
    const fromA = {
      to: 'b',
      by: 'a',
      origin: { instance: home.pod('a').instance, seq: 1 },
      write: [`${home.work}/x/y`],
      reads: false,
      wakes: false,
    };
    expect(await scopesAt('a')).toEqual([fromB]);
    expect(await scopesAt('root')).toEqual([fromA, fromB]);
    expect(await noticesOf(root)).toHaveLength(1);
    await promiseKept(home);
  });
});
