/**
 * No outcome is refused for what stands in its details: real sockets, over the link and from the log of a
 * dead child.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SentPodEvent } from '../../src/protocol/pod-event.ts';
import { type FakeChild, fakeChildren } from '../support/fake-child.ts';
import { noticesOf, receiptsOf } from '../support/audit.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let root: TestPod;
let child: FakeChild;

beforeEach(async () => {
  home = new TestHome();
  root = home.makeRoot();
  [child] = (await fakeChildren(home, root, 1)) as [FakeChild];
});
afterEach(() => home.close());

/** What a right child would not say. */
const odd = (event: SentPodEvent, changes: object): SentPodEvent => ({ ...event, ...changes });

const details: [string, object, object][] = [
  [
    'a half token',
    { usage: { inputTokens: 1.5, outputTokens: 1, cost: 0 } },
    { usage: { inputTokens: 0, outputTokens: 1, cost: 0 } },
  ],
  [
    'fewer than no tokens',
    { usage: { inputTokens: 1, outputTokens: -1, cost: 0 } },
    { usage: { inputTokens: 1, outputTokens: 0, cost: 0 } },
  ],
  [
    '1e308 tokens',
    { usage: { inputTokens: 1e308, outputTokens: 2 ** 53, cost: null } },
    { usage: { inputTokens: 0, outputTokens: 0, cost: null } },
  ],
  ['no usage', { usage: undefined }, { usage: { inputTokens: 0, outputTokens: 0, cost: null } }],
  ['a text as its length', { textChars: 'many' }, { text: 'Found it.', textChars: 9 }],
  ['odd names', { outstanding: [7, 'x'.repeat(300)] }, { outstanding: [] }],
  ['no work named', { assignments: undefined }, { assignments: [] }],
  ['settled as a word', { settled: 'yes' }, { settled: true }],
];

describe('over the link', () => {
  it.each(details)(
    '[outcome.details][outcome.said][outcome.assignments-unread] %s: accepted, closed, read, and said',
    async (_, changes, taken) => {
      await root.start();
      await child.link();
      const event = odd(child.turnEnded('finished', { text: 'Found it.', textChars: 9 }), changes);
      expect(await child.send(child.emit(event))).toEqual({ outcome: 'accepted', received: 1 });
      await root.untilSettled();
      const [receipt] = receiptsOf(await root.entries(), child.instance);
      expect(receipt).toMatchObject({ reads: true, wakes: true, closes: child.assignments, event: taken });
      const [notice] = noticesOf(await root.entries(), child.instance);
      const named = Object.keys(changes)[0]!;
      expect(notice?.item.body).toMatch(new RegExp(`could not be read and are left out: .*${named}`));
      expect(notice?.item.body).toContain('Found it.');
      const alert = await root.untilEntry('alert', ({ code }) => code === 'unreadFields');
      expect(alert.text).toContain(`"${child.name}"`);
      await child.end();
    },
  );

  it('[outcome.details] an error as a bare word, and an outcome that nobody knows, are told as failures', async () => {
    await root.start();
    await child.link();
    await child.report(odd(child.errored(), { error: 'no key' }));
    await child.report(odd(child.turnEnded('finished', { text: 'Half.' }), { outcome: 'exploded' }));
    await root.untilSettled();
    const told = noticesOf(await root.entries(), child.instance).map(({ item }) => item.body);
    expect(told[0]).toContain('failed (unknown).');
    expect(told[0]).toContain('```data\nwhat went wrong cannot be read');
    expect(told[1]).toContain('failed (unknownOutcome)');
    expect(told[1]).toContain('Half.');
    await child.end();
  });

  it('[outcome.unknown-kind] what it says next is not stuck behind it', async () => {
    await root.start();
    await child.link();
    await child.report(odd(child.turnEnded('finished'), { kind: 'dreamt' }));
    await child.report(child.turnEnded('finished', { text: 'Awake.' }));
    await root.untilSettled();
    const told = noticesOf(await root.entries(), child.instance).map(({ item }) => item.body);
    expect(told[0]).toContain('unknownEvent');
    expect(told[1]).toContain('Awake.');
    await child.end();
  });

  it('[outcome.details] lists that no line of the log could hold beside the rest are left out', async () => {
    await root.start();
    await child.link();
    const names = Array.from({ length: 4_900 }, (_, i) => `${i}`.padEnd(256, '\u0001'));
    const event = child.turnEnded('finished', { text: 'Vast.', outstanding: names });
    expect(await child.send(child.emit(event))).toEqual({ outcome: 'accepted', received: 1 });
    await root.untilSettled();
    const [receipt] = receiptsOf(await root.entries(), child.instance);
    expect(receipt).toMatchObject({
      closes: child.assignments,
      event: { outcome: 'finished', text: 'Vast.' },
    });
    await child.end();
  });
});

it('[outcome.details-pulled] from the log of a dead child: as over the link, and its death behind it', async () => {
  const usage = { inputTokens: -1, outputTokens: 4, cost: 0 };
  child.emit(odd(child.turnEnded('finished', { text: 'Last words.' }), { usage, hops: 'none' }));
  await child.end();
  await root.start();
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
  await root.untilSettled();
  const [receipt] = receiptsOf(await root.entries(), child.instance);
  expect(receipt).toMatchObject({
    closes: child.assignments,
    event: {
      kind: 'turnEnded',
      usage: { inputTokens: 0, outputTokens: 4 },
      hops: 0,
      unread: ['usage.inputTokens', 'hops'],
    },
  });
  const [notice] = noticesOf(await root.entries(), child.instance);
  expect(notice?.item.body).toContain('Last words.');
});
