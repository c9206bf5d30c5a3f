/** What a pod says of itself to those who look at it: where its history ends, what it is at, its queue. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { failureOf } from '../support/approval-watch.ts';
import { eventually, TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(() => home.close());

type Raw = { type: string; [field: string]: unknown };

const slow = `
rules:
  - last: user
    matches: "^slow"
    say: "one two three four five six seven eight nine ten eleven twelve"
    tokenDelayMs: 250
  - { say: "Done." }
`;

async function observed(pod: TestPod, params: object): Promise<{ events: Raw[]; end: () => void }> {
  const events: Raw[] = [];
  const client = await pod.client((event) => void events.push(event));
  await client.call('subscribe', params);
  return { events, end: () => client.connection.destroy() };
}

const seen = (pod: TestPod, what: string, events: readonly Raw[], fits: (event: Raw) => boolean) =>
  eventually(
    pod.folder.path,
    () => events.some(fits),
    what,
    () => JSON.stringify(events.slice(-5)),
  );

it('[screen.live] live comes once, behind the last entry of the history and before what is new', async () => {
  const root = await home.startRoot({ scenario: slow });
  await root.run('go');
  const { lastSeq } = await root.untilSettled();
  for (const params of [{}, { last: 0 }, { last: 2 }]) {
    const { events } = await observed(root, params);
    await seen(root, 'live', events, ({ type }) => type === 'live');
    expect(events.find(({ type }) => type === 'live')).toEqual({ type: 'live', seq: lastSeq });
    const at = events.findIndex(({ type }) => type === 'live');
    expect(events.slice(0, at).every(({ type }) => type === 'entry')).toBe(true);
    expect(events.slice(at + 1)).toEqual([]);
  }
  const { events } = await observed(root, { last: 0 });
  await seen(root, 'live', events, ({ type }) => type === 'live');
  await root.call('notify', { message: 'n', wake: false });
  await seen(root, 'news', events, ({ type }) => type === 'entry');
  expect(events.map(({ type }) => type)).toEqual(['live', 'entry']);
});

it('[screen.activity] who is not sent each word is sent what the turn is at, and nothing at rest', async () => {
  const root = await home.startRoot({ scenario: slow });
  const plain = await observed(root, { deltas: false });
  const each = await observed(root, {});
  await root.run('slow');
  const doing = (of: readonly Raw[]) => of.filter(({ type }) => type === 'activity');
  await seen(root, 'an answer', plain.events, ({ type, text }) => type === 'activity' && text === 'answers');
  await root.untilSettled();
  await root.run('quick');
  await root.untilSettled();
  await seen(root, 'the end', plain.events, ({ entry }) => (entry as Raw | undefined)?.type === 'turnEnded');
  expect(doing(each.events)).toEqual([]);
  // Three seconds of words: one at once, then one a second.
  expect(doing(plain.events).length).toBeLessThanOrEqual(7);
  const tokens = doing(plain.events).map(({ outputTokens }) => outputTokens as number);
  expect(Math.max(...tokens)).toBeGreaterThan(0);
  expect(plain.events.some(({ type }) => type === 'textDelta')).toBe(false);
});

it('[screen.drop] [screen.queue] a run is seen in the queue and taken out of it, once, and never begins', async () => {
  const root = await home.startRoot({ scenario: slow });
  const { events } = await observed(root, { deltas: false });
  await root.run('slow');
  const { submission } = await root.call('run', { input: 'second', submission: 's2' });
  await root.call('run', { input: 'third', submission: 's3' });
  const { queue } = await root.call('status', {});
  expect(queue).toMatchObject([
    { submission: 's2', from: 'you', text: 'second', droppable: true },
    { submission: 's3', text: 'third' },
  ]);
  expect(await root.call('drop', { submission })).toMatchObject({ submission: 's2' });
  const again = await root.call('drop', { submission }).catch((error: unknown) => error);
  expect(failureOf(again)).toMatchObject({ code: 'forbidden' });
  await root.untilSettled();
  const asked = (await root.entriesOf('userMessage')).map(({ submission: id }) => id);
  expect(asked).not.toContain('s2');
  expect(asked).toContain('s3');
  await seen(root, 'the drop', events, ({ entry }) => (entry as Raw | undefined)?.type === 'inputDropped');
});

it('[screen.watching] the connections of one watcher count once, and one that ends counts no more', async () => {
  const root = await home.startRoot();
  const watching = async () => (await root.call('status', {})).watching;
  expect(await watching()).toBe(0);
  const first = await observed(root, { watcher: 'w' });
  const second = await observed(root, { watcher: 'w', deltas: false });
  await observed(root, {});
  expect(await watching()).toBe(2);
  first.end();
  second.end();
  await eventually(root.folder.path, async () => (await watching()) === 1, 'they are gone');
});
