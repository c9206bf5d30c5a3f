/** What is believed of a window against what the provider itself has answered. */
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { effectiveWindow } from '../../../src/session/facts/learned-window.ts';
import { worker } from '../../../src/worker/drive-turn.ts';
import { called, completed, ended, factsOf, result, said, working } from '../machine-rig.ts';
import { pod, says, usageOf, works, type World } from './context-rig.ts';

const model = 'a/b';
/** A response to a request of so many tokens, in units the same. */
const answered = (seenThrough: number, inputTokens: number) =>
  completed('t1', seenThrough, {
    usage: usageOf(inputTokens),
    size: { model, request: inputTokens, answer: 10 },
  });
const refused = (window: number): EntryBody => ({ type: 'contextRefused', turn: 't1', model, window });
const windowAfter = (...bodies: EntryBody[]) =>
  factsOf([...working('t1', 'task'), ...bodies]).context.windows.get(model);

/** Steps of about 420 units each; the last answer was to a request of so many tokens. */
const worked = (steps: number, tokens: number): EntryBody[] => [
  ...working('t1', 'task'),
  ...Array.from({ length: steps }, (_, n) => [
    said('t1', `old ${n} ${'y'.repeat(700)}`, n + 1),
    called('t1', `o${n}`, 'Bash', n + 1),
    result('t1', `o${n}`, { step: n + 1, text: 'x'.repeat(900) }),
  ]).flat(),
  said('t1', 'the last word', steps + 1),
  answered(5 + 3 * steps, tokens),
  ended('t1'),
];

describe('the fold', () => {
  it.each([
    ['a refusal below what was answered', [answered(5, 4_000), refused(1_351)], 4_000],
    ['one above it', [answered(5, 4_000), refused(6_000)], 6_000],
    ['a larger answer behind it', [refused(1_351), answered(5, 4_000)], 4_000],
    ['a smaller one', [refused(5_000), answered(5, 4_000)], 5_000],
    ['an answer that nobody refused', [answered(5, 4_000)], undefined],
    ['the largest counts', [answered(5, 4_000), answered(5, 10), refused(1_351)], 4_000],
  ])('[context.believed] %s', (_, bodies, window) => {
    expect(windowAfter(...bodies)).toBe(window);
  });
  it('[context.believed] a count of far more than was sent proves nothing, one of less does', () => {
    const size = { model, request: 100, answer: 1 };
    expect(windowAfter(completed('t1', 5, { usage: usageOf(9_000), size }), refused(500))).toBe(500);
    const few = { ...size, request: 9_000 };
    expect(windowAfter(completed('t1', 5, { usage: usageOf(900), size: few }), refused(500))).toBe(900);
  });
});

describe('what a person says of the window', () => {
  const told = (given?: number): EntryBody[] => [
    ...worked(1, 400),
    { ...refused(2_000), ...(given !== undefined && { given }) },
  ];
  const window = (given?: number) => ({
    tokens: 100_000,
    isKnown: true,
    isBound: true,
    ...(given && { given }),
  });
  it.each<[string, number | undefined, number | undefined, number]>([
    ['nothing was said, then or now', undefined, undefined, 2_000],
    ['the same was said then', 120_000, 120_000, 2_000],
    ['something else is said since', 120_000, 110_000, 100_000],
    ['nothing was said then, or another build did not note it', undefined, 110_000, 100_000],
  ])('[context.given] %s', (_, then, now, expected) => {
    expect(effectiveWindow(factsOf(told(then)), model, window(now))).toBe(expected);
  });
  it('[context.given] the log says what was said when a window was learned', async () => {
    const turn = pod(200, { answer: works(60), believed: 100_000, given: 110_000 });
    await turn.run();
    expect(turn.of('contextRefused')[0]).toMatchObject({ given: 110_000 });
  });
});

describe('a learned window into which nothing fits', () => {
  const lines = (): EntryBody[] => [...working('t1', 'task'), refused(40)];
  it('[context.doubted] is asked about anew: the answer makes it larger', async () => {
    const turn = pod(200, { lines: lines(), believed: 100_000, answer: () => says('well') });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests).toHaveLength(1);
    expect(turn.facts.context.windows.get(model)).toBeGreaterThanOrEqual(turn.requests[0]!.tokens);
  });
  it('[context.doubted] a refusal says that it is so', async () => {
    const turn = pod(200, { lines: lines(), window: 20, believed: 100_000, answer: () => says('well') });
    expect(await turn.run()).toMatchObject({
      kind: 'limitReached',
      reason: expect.stringMatching(/^context: /),
    });
    expect(turn.requests).toHaveLength(1);
  });
});

describe('a proxy that counts bytes', () => {
  const proxy = { isProxy: true, believed: 100_000 };
  it('[context.bytes] a history that can be made shorter is, once, and no window is learned from it', async () => {
    const lines = [...worked(9, 4_000), ...working('t2', 'more')];
    const turn = pod(200, { ...proxy, lines, window: 3_000, answer: () => says('well') });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests.filter((one) => one.refused)).toHaveLength(1);
    expect(turn.of('compaction')).toHaveLength(1);
    expect(turn.of('contextRefused')).toEqual([]);
    expect(turn.facts.context.windows.size).toBe(0);
  });
  it.each([
    ['nothing can be left out', working('t1', 'task'), 1],
    // The first, the summary in shorter and shorter pieces.
    ['not even the summary is taken', [...worked(9, 4_000), ...working('t2', 'more')], 5],
  ])('[context.bytes] %s: it is told as that, at once', async (_, lines, most) => {
    const turn = pod(200, { ...proxy, lines, window: 10, answer: () => says('well') });
    const category = 'requestTooLarge';
    expect(await turn.run()).toMatchObject({
      kind: 'errored',
      category,
      message: expect.stringContaining('413'),
    });
    expect(turn.requests.length).toBeLessThanOrEqual(most);
    expect(turn.of('contextRefused')).toEqual([]);
  });
});

describe('a provider that refuses for a moment', () => {
  const world = (steps: number): World => ({
    window: 300,
    believed: 100_000,
    answer: () => says('well'),
    lines: [...worked(steps, 4_000), { type: 'compactionAsked', instructions: null }],
  });
  it('[context.believed][context.failure] what a compaction asks for: it fails, and the window is what it was', async () => {
    const turn = pod(200, world(9));
    expect(await worker.compact!(turn.ports)).toEqual({ kind: 'finished' });
    expect(turn.requests.map((one) => one.refused)).toEqual([true, true, true]);
    expect(turn.of('compactionFailed')).toMatchObject([{ why: 'asked' }]);
    expect(turn.of('contextRefused')).toEqual([]);
    expect(turn.facts.context.windows.get(model)).toBeUndefined();
  });
  it.each([true, false])(
    '[context.believed] a turn, saying how much it takes: %s; nothing below what it took is believed',
    async (tells) => {
      const lines = [...worked(9, 4_000), ...working('t2', 'more')];
      const turn = pod(200, { ...world(9), tells, lines });
      await turn.run();
      expect(turn.requests.length).toBeGreaterThan(0);
      expect(turn.requests.every((one) => one.refused)).toBe(true);
      expect(turn.facts.context.windows.get(model) ?? 100_000).toBeGreaterThanOrEqual(4_000);
    },
  );
});

it('[context.believed][context.refused] a window that has become smaller than what was answered: the turn goes on in it', async () => {
  const lines = [...worked(20, 8_000), ...working('t2', 'more')];
  const turn = pod(200, { lines, window: 4_000, believed: 100_000, tells: true, answer: () => says('well') });
  expect(await turn.run()).toEqual({ kind: 'finished' });
  expect(turn.of('compaction')).toMatchObject([{ why: 'contextTooLong' }]);
  expect(turn.requests.filter((one) => one.refused)).toHaveLength(1);
  expect(turn.promptAgain()).toEqual(turn.promptNow());
});
