/**
 * A tree that works through many windows of its provider: turn after turn with children that report, against
 * a mock that refuses what is longer, and against aimock. A few turns each time; the whole (CONTEXT_TURNS)
 * takes a quarter of an hour.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import type { PromptItem } from '../support/provider-prompt.ts';
import { ProviderServer } from '../support/provider-server.ts';
import { sizeOf } from '../support/size.ts';
import { SmallWindow, type SmallReply } from '../support/small-window.ts';
import { TestHome, type TestPod } from '../support/rig.ts';

const turns = sizeOf('CONTEXT_TURNS', { short: 36, full: 300 });
const children = Math.max(4, Math.floor((turns * 40) / 300));
/** Of 60,000 tokens with 300 turns; with fewer of them smaller, so that as much has to happen. */
const window = turns >= 300 ? 60_000 : 16_000;
const timeoutMs = 60_000 + turns * 6_000;

let home: TestHome;
let close: () => Promise<void>;
beforeEach(() => {
  home = new TestHome();
  home.file('notes.txt', 'words of a long file, one after the other\n'.repeat(120));
  close = () => Promise.resolve();
});
afterEach(async () => {
  try {
    await home.close();
  } finally {
    await close();
  }
});

const task = 'The task, word for word: read and delegate, and keep the colour ultramarine.';
const words = (turn: number) => `Turn ${turn}: go on, and mind the number ${turn * 7919}.`;

/** What a person says last, and what children have reported, both in the prompt. */
const newestTurn = (prompt: readonly PromptItem[]) =>
  Math.max(
    0,
    ...prompt.flatMap(({ text }) => [...text.matchAll(/Turn (\d+): go on/g)].map((m) => Number(m[1]))),
  );

const everyTurns = Math.max(1, Math.floor(turns / children));

/**
 * A child is started in every so many turns, and the one before it stopped; a file is read in all of them.
 */
class Tale {
  readonly #steps = new Map<number, number>();

  next(pod: string, prompt: readonly PromptItem[]): SmallReply {
    if (/^kid-\d+$/.test(pod)) return { say: `report of ${pod}: the sum is 31. ${'detail '.repeat(40)}` };
    const turn = newestTurn(prompt);
    // Notices alone are answered with a word.
    const last = prompt.at(-1)!;
    if (last.role === 'user' && last.text.startsWith('Automatic notice'))
      return { say: `noted in turn ${turn}` };
    const step = (this.#steps.get(turn) ?? 0) + 1;
    this.#steps.set(turn, step);
    const nth = turn / everyTurns;
    const isChildTurn = Number.isInteger(nth) && nth >= 1 && nth <= children;
    if (step === 1 && isChildTurn) return { call: ['SpawnPod', { name: `kid-${nth}`, task: 'count' }] };
    if (step === 2 && isChildTurn && nth > 1) return { call: ['StopPod', { name: `kid-${nth - 1}` }] };
    if (step <= 3)
      return { say: `in turn ${turn}: ${'thought '.repeat(60)}`, call: ['Read', { path: 'notes.txt' }] };
    return { say: `done with turn ${turn}` };
  }
}

const ended = (submission: string) => (entries: Entry[]) => {
  const begun = entries.find(
    (entry) => entry.type === 'turnStarted' && entry.submissions.includes(submission),
  );
  return (
    begun !== undefined &&
    entries.some((entry) => entry.type === 'turnEnded' && 'turn' in begun && entry.turn === begun.turn)
  );
};

async function work(root: TestPod): Promise<void> {
  const { submission } = await root.run(task);
  await root.until('the task is begun', ended(submission));
  for (let turn = 1; turn <= turns; turn += 1) {
    const said = await root.run(words(turn));
    await root.until(`turn ${turn} ends`, ended(said.submission));
  }
  await root.untilSettled();
}

/**
 * K1 over the whole log: whatever was consumed was in a request that completed before any compaction covered
 * it.
 */
function expectSeen(entries: readonly Entry[]): void {
  let seen = 0;
  for (const entry of entries) {
    if (entry.type === 'stepCompleted') seen = Math.max(seen, entry.seenThrough);
    if (entry.type === 'compaction') expect(entry.through).toBeLessThanOrEqual(seen);
  }
  for (const entry of entries) if (entry.type === 'systemItem') expect(entry.seq).toBeLessThanOrEqual(seen);
}

const textOf = (prompt: readonly PromptItem[]) => prompt.map(({ text }) => text).join('\n');

describe('days of work', () => {
  it(
    '[context.days][context.seen][context.keep] against a window that refuses what is longer: no refusal, every report read, the task and the last words in each request',
    async () => {
      const tale = new Tale();
      const provider = await SmallWindow.start(window, ({ pod, prompt }) => tale.next(pod, prompt));
      close = () => provider.stop();
      const root = await home.startRoot({
        model: provider.model,
        models: provider.settings,
        environment: provider.environment,
      });
      await work(root);
      const entries = await root.entries();
      const compactions = await root.entriesOf('compaction');
      expect(compactions.length).toBeGreaterThan(2);
      expect(await root.entriesOf('compactionFailed')).toEqual([]);
      expect(provider.refusals).toBe(0);
      const own = provider.requests.filter(({ pod, isSummary }) => pod === 'root' && !isSummary);
      expect(own.filter(({ prompt }) => !textOf(prompt).includes(task))).toEqual([]);
      expect(textOf(own.at(-1)!.prompt)).toContain(words(turns));
      // Each report was shown to the model.
      const shown = own.map(({ prompt }) => textOf(prompt)).join('\n');
      for (let nth = 1; nth <= children; nth += 1)
        expect(shown).toContain(`report of kid-${nth}: the sum is`);
      expectSeen(entries);
      // The prefix is broken by what is in the log, and by nothing else.
      const breaks = provider.prefixBreaksOf('root');
      expect(breaks).toBeLessThanOrEqual(
        compactions.length +
          (await root.entriesOf('pruned')).length +
          (await root.entriesOf('itemCut')).length,
      );
      // All that was asked for is in the sums, summaries too.
      const { usage, context } = await root.call('status', {});
      const asked = provider.requests.filter(({ pod }) => pod === 'root');
      expect(usage.inputTokens).toBe(asked.reduce((sum, { tokens }) => sum + tokens, 0));
      expect(context?.tokens).toBeLessThanOrEqual(window);
      expect((await home.run(['verify'])).code).toBe(0);
    },
    timeoutMs,
  );
  it(
    '[context.days][context.seen] against aimock, with a window that a person gives: the same',
    async () => {
      const tale = new Tale();
      const provider = await ProviderServer.start('openai', ({ pod, prompt, last }) =>
        last.text.includes('Write a summary that takes its place')
          ? { say: 'SUMMARY of the work so far.' }
          : replyOf(tale.next(pod, prompt)),
      );
      close = () => provider.stop();
      const root = await home.startRoot({
        model: provider.model,
        models: { [provider.model]: { contextTokens: window + 1_000, outputTokens: 1_000 } },
        environment: provider.environment,
      });
      await work(root);
      const entries = await root.entries();
      expect((await root.entriesOf('compaction')).length).toBeGreaterThan(2);
      const own = provider.requests.filter(
        ({ pod, last }) => pod === 'root' && !last.text.includes('Write a summary'),
      );
      expect(own.filter(({ prompt }) => !textOf(prompt).includes(task))).toEqual([]);
      expect(textOf(own.at(-1)!.prompt)).toContain(words(turns));
      const shown = own.map(({ prompt }) => textOf(prompt)).join('\n');
      for (let nth = 1; nth <= children; nth += 1)
        expect(shown).toContain(`report of kid-${nth}: the sum is`);
      expectSeen(entries);
      expect((await home.run(['verify'])).code).toBe(0);
    },
    timeoutMs,
  );
});

const replyOf = ({ say, call }: SmallReply) => ({
  ...(say === undefined ? {} : { say }),
  ...(call === undefined ? {} : { call: [call] }),
});
