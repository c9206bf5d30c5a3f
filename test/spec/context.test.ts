/**
 * Pods of real processes that outgrow their provider's window: days of work, deaths, controls, and a person's
 * wish.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { replay } from '../../src/session/facts/replay.ts';
import { SmallWindow, type SmallReply, type SmallRequest } from '../support/small-window.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

let home: TestHome;
let provider: SmallWindow;
beforeEach(() => {
  home = new TestHome();
  home.file('tiny.txt', 'a word\n');
  home.file('notes.txt', 'words of a long file, one after the other\n'.repeat(150));
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await provider.stop();
  }
});

const window = 20_000;

/** Reads a file in so many steps, then says so. */
const reads =
  (steps: number) =>
  (_: SmallRequest, nth: number): SmallReply =>
    nth % (steps + 1) === 0
      ? { say: 'All is read.' }
      : { say: `step ${nth}`, call: ['Read', { path: 'notes.txt' }] };

/** The same with long answers and short outputs: no pruning helps. */
const talks =
  (steps: number) =>
  (_: SmallRequest, nth: number): SmallReply =>
    nth % (steps + 1) === 0
      ? { say: 'All is said.' }
      : { say: `step ${nth} ${'thoughts '.repeat(500)}`, call: ['Read', { path: 'tiny.txt' }] };

async function rootWith(environment: NodeJS.ProcessEnv = {}): Promise<TestPod> {
  return await home.startRoot({
    model: provider.model,
    models: provider.settings,
    environment: { ...provider.environment, ...environment },
  });
}

const turnsEnded = (count: number) => (entries: Entry[]) =>
  entries.filter(({ type }) => type === 'turnEnded').length >= count;

function textOf({ prompt }: SmallRequest): string {
  return prompt.map(({ text }) => text).join('\n');
}

/** What every request of a turn holds, whatever was compacted. */
function expectTask(task: string): void {
  const without = provider.requests.filter((asked) => !asked.isSummary && !textOf(asked).includes(task));
  expect(without.length).toBe(0);
}

describe('a pod that works on and on', () => {
  it('[project.instructions-below] is given the instructions of a folder again once a compaction has taken them', async () => {
    mkdirSync(join(home.work, 'deep'));
    home.file('deep/AGENTS.md', 'RULES-OF-DEEP');
    home.file('deep/tiny.txt', 'a word\n');
    provider = await SmallWindow.start(window, (_, nth) =>
      nth % 36 === 0
        ? { say: 'All is said.' }
        : { say: `step ${nth} ${'thoughts '.repeat(500)}`, call: ['Read', { path: 'deep/tiny.txt' }] },
    );
    const root = await rootWith();
    await root.run('The task: talk.');
    await root.until('the turn ends', turnsEnded(1));
    const entries = await root.entries();
    const compactions = entries.filter(({ type }) => type === 'compaction').map(({ seq }) => seq);
    const given = entries.flatMap((entry) => ('instructed' in entry ? [entry.seq] : []));
    expect(compactions.length).toBeGreaterThan(0);
    // Once at first, and with the first touch behind each compaction.
    expect(given.length).toBe(1 + compactions.length);
    for (const [at, compaction] of compactions.entries()) {
      expect(given[at]).toBeLessThan(compaction);
      expect(given[at + 1]).toBeGreaterThan(compaction);
    }
    expect(textOf(provider.requests.at(-1)!)).toContain('RULES-OF-DEEP');
  });

  it('[context.days][context.prune] is never refused, keeps its task and the last words, and breaks the cached prefix rarely', async () => {
    provider = await SmallWindow.start(window, reads(45));
    const root = await rootWith();
    await root.run('The task: read the notes, forty times.');
    await root.until('the first turn ends', turnsEnded(1));
    await root.run('And once more, with care.');
    await root.until('the second turn ends', turnsEnded(2));
    const entries = await root.entries();
    const shortened = entries.filter(({ type }) => type === 'pruned' || type === 'compaction');
    expect(provider.refusals).toBe(0);
    expect(entries.filter(({ type }) => type === 'compaction').length).toBeGreaterThan(1);
    expect(provider.prefixBreaksOf('root')).toBeLessThanOrEqual(shortened.length);
    expectTask('The task: read the notes, forty times.');
    expect(textOf(provider.requests.at(-1)!)).toContain('And once more, with care.');
    expect(entries.filter(({ type }) => type === 'turnEnded')).toMatchObject([
      { outcome: 'finished' },
      { outcome: 'finished' },
    ]);
    // Every request counts, those for summaries too.
    const { usage, context } = await root.call('status', {});
    expect(usage.inputTokens).toBe(provider.requests.reduce((sum, { tokens }) => sum + tokens, 0));
    expect(context).toEqual({ tokens: provider.requests.at(-1)!.tokens + 20, window });
  });
  it('[context.refused] a window that is smaller than was thought is found out by one refusal', async () => {
    provider = await SmallWindow.start(window, talks(30));
    const root = await home.startRoot({
      model: provider.model,
      models: { [provider.model]: { contextTokens: 100_000, outputTokens: 1_000 } },
      environment: provider.environment,
    });
    await root.run('The task: read.');
    await root.until('the turn ends', turnsEnded(1));
    expect(provider.refusals).toBe(1);
    expect(await root.entriesOf('contextRefused')).toMatchObject([{ window: expect.any(Number) }]);
    expect(await root.entriesOf('compaction')).toMatchObject([{ why: 'contextTooLong' }, { why: 'size' }]);
    expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'finished' }]);
    expectTask('The task: read.');
  });
  it('[context.cut] a result larger than the window is cut, and the turn goes on', async () => {
    provider = await SmallWindow.start(4_500 + 4_000, (_, nth) =>
      nth === 1 ? { call: ['Read', { path: 'huge.txt' }] } : { say: 'Too much.' },
    );
    home.file('huge.txt', 'a line of something\n'.repeat(1_900));
    const root = await rootWith();
    await root.run('Read huge.txt.');
    await root.until('the turn ends', turnsEnded(1));
    expect(await root.entriesOf('turnEnded')).toMatchObject([{ outcome: 'finished' }]);
    expect(await root.entriesOf('itemCut')).toHaveLength(1);
    expect(provider.refusals).toBeLessThanOrEqual(1);
  });
  it('[context.too-big] a task larger than the window ends the turn, which says what is too big', async () => {
    provider = await SmallWindow.start(window, reads(1));
    const root = await rootWith();
    await root.run('long '.repeat(30_000));
    await root.until('the turn ends', turnsEnded(1));
    expect(await root.entriesOf('turnEnded')).toMatchObject([
      {
        outcome: 'limitReached',
        reason: expect.stringMatching(
          /^context: the system prompt .* do not fit into the window of 20,000 tokens/,
        ),
      },
    ]);
    expect(provider.requests).toEqual([]);
  });
});

describe('a death during a compaction', () => {
  it.each(['compaction.asked', 'compaction.answered', 'compaction.committed'])(
    '[context.crash][context.replay] at %s: it happened or it did not, and the work goes on',
    async (point) => {
      provider = await SmallWindow.start(window, talks(18));
      const root = await rootWith({ PODKIN_CRASH_AT: `root:${point}` });
      home.expectsNoSockets = false;
      await root.run('The task: read.');
      await root.exit();
      const before = await root.entries();
      expect(before.filter(({ type }) => type === 'compaction')).toHaveLength(
        point === 'compaction.committed' ? 1 : 0,
      );
      const { context } = replay(before);
      await root.start(provider.environment);
      await root.until('the turn ends', turnsEnded(1));
      const after = await root.entries();
      // What was there is as it was.
      expect(replay(after.slice(0, before.length)).context).toEqual(context);
      expect(after.filter(({ type }) => type === 'compaction').length).toBeGreaterThan(0);
      expect(after.filter(({ type }) => type === 'turnEnded')).toMatchObject([{ outcome: 'finished' }]);
      expect(provider.refusals).toBe(0);
      expectTask('The task: read.');
    },
  );
});

describe('a compaction that fails', () => {
  it('[context.failure] three times in a row ends the turn and not the pod, and costs what it costs', async () => {
    // Room for the two steps between the three, from wherever the first is.
    provider = await SmallWindow.start(window * 1.4, talks(22));
    provider.summary = () => ({ call: ['Read', { path: 'notes.txt' }] });
    const root = await rootWith();
    await root.run('The task: read.');
    await root.until('the turn ends', turnsEnded(1));
    expect(await root.entriesOf('turnEnded')).toMatchObject([
      { outcome: 'limitReached', reason: expect.stringMatching(/^context: compaction failed three times/) },
    ]);
    expect(await root.entriesOf('compactionFailed')).toHaveLength(3);
    const { usage } = await root.call('status', {});
    expect(usage.inputTokens).toBe(provider.requests.reduce((sum, { tokens }) => sum + tokens, 0));
    // The next turn begins anew, and succeeds once the provider does.
    provider.summary = () => ({ say: 'SUMMARY' });
    await root.run('Go on.');
    await root.until('the second turn ends', turnsEnded(2));
    expect((await root.entriesOf('compaction')).length).toBeGreaterThan(0);
  });
});
