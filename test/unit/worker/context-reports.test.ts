/** What has gone wrong with compactions of other agents, as their users report it, played against ours. */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { worker } from '../../../src/worker/drive-turn.ts';
import { called, ended, result, said, working } from '../machine-rig.ts';
import { podWith, says, works } from './context-rig.ts';

const tool = (description: string, chars: number) =>
  defineTool({
    name: 'Bash',
    description,
    input: () => z.object({ command: z.string() }),
    order: 'parallel',
    needs: () => ({ kind: 'nothing' }) as never,
    run: ({ command }) => Promise.resolve({ text: `${command} ${'x'.repeat(chars)}` }),
  });

describe('what nothing makes smaller leaves little room', () => {
  const turnOf = (share: number) =>
    podWith({ window: 8_000, tools: [tool('d'.repeat(4 * 8_000 * share), 600)], answer: works(60) });
  // A step comes to 3 % of the window.
  it.each([
    [0.5, 9],
    [0.6, 12],
    [0.7, 16],
    [0.8, 16],
  ])(
    '[context.days][context.plan] %d of the window: the work goes on, and a summary is no habit of each step',
    async (share, most) => {
      const turn = turnOf(share);
      expect(await turn.run()).toEqual({ kind: 'finished' });
      expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
      expect(turn.of('itemCut')).toEqual([]);
      expect(turn.of('compactionFailed')).toEqual([]);
      expect(turn.of('compaction').length).toBeGreaterThan(0);
      expect(turn.of('compaction').length).toBeLessThanOrEqual(most);
      // Each one made room for several steps.
      const steps = turn
        .committed()
        .flatMap(({ type }) => (type === 'compaction' || type === 'stepCompleted' ? [type] : []));
      expect(steps.join()).not.toContain('compaction,compaction');
      expect(turn.promptAgain()).toEqual(turn.promptNow());
    },
  );
  it('[context.too-big] nine tenths of it: no summary can be asked for, none is, and the end says what is too big', async () => {
    const turn = turnOf(0.9);
    expect(await turn.run()).toEqual({
      kind: 'limitReached',
      reason: expect.stringMatching(
        /^context: compaction failed three times in a row, the last time because the system prompt and the tools leave no room to ask for a summary\. The system prompt \(\d+\) and the tools \(7,2\d\d\) leave little of the window of 8,000 tokens$/,
      ),
    });
    expect(turn.requests.filter(({ request, refused }) => refused || request.toolUse === 'none')).toEqual([]);
  });
});

describe('asked for while it is nearly full', () => {
  it('[context.asked] in the middle of an answer: one compaction, not two, and none after it', async () => {
    const turn = podWith({
      window: 4_000,
      tools: [tool('d', 200)],
      answer: (request, nth) => {
        if (nth === 19) turn.core.ports.commit([{ type: 'compactionAsked', instructions: null }]);
        return works(22)(request, nth);
      },
    });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    const before = turn.requests.findIndex(({ request }) => request.toolUse === 'none') - 1;
    expect(turn.requests[before]!.tokens).toBeGreaterThan(0.8 * 4_000);
    expect(turn.of('compaction')).toMatchObject([{ why: 'asked' }]);
    expect(turn.of('compactionFailed')).toEqual([]);
  });
});

describe('results that are large for the window', () => {
  it.each([0.25, 0.4, 0.6, 0.9])('[context.cut][context.days] each of them %d of it', async (share) => {
    const turn = podWith({ window: 8_000, tools: [tool('d', 4 * 8_000 * share)], answer: works(12) });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
    expect(turn.of('compactionFailed')).toEqual([]);
    expect(turn.promptAgain()).toEqual(turn.promptNow());
  });
  it('[context.cut][context.whole-steps] eight at once, together twice the window', async () => {
    const parts = Array.from({ length: 8 }, (_, n) => ({
      type: 'toolCall' as const,
      call: `p${n}`,
      tool: 'Bash',
      input: { command: `make ${n}` },
    }));
    const turn = podWith({
      window: 8_000,
      tools: [tool('d', 8_000)],
      answer: (_, nth) => (nth === 1 ? { parts, finishReason: 'toolCalls' } : says('done')),
    });
    expect(await turn.run()).toEqual({ kind: 'finished' });
    expect(turn.requests.filter(({ refused }) => refused)).toEqual([]);
    expect(turn.of('toolResult')).toHaveLength(8);
  });
});

describe('calls that have no result of their own', () => {
  const lines: EntryBody[] = [
    ...working('t1', 'task'),
    said('t1', 'y'.repeat(3_000), 1),
    called('t1', 'a', 'Bash', 1),
    called('t1', 'b', 'Bash', 1),
    {
      type: 'stepCompleted',
      turn: 't1',
      step: 1,
      finishReason: 'toolCalls',
      usage: { inputTokens: 9, outputTokens: 1, cost: 0 },
      seenThrough: 5,
    },
    result('t1', 'a', { step: 1, text: 'x' }),
    {
      ...result('t1', 'b', { step: 1, text: 'This call was cancelled before it ended' }),
      isError: true,
      interrupted: true,
    },
    ended('t1', 'cancelled'),
    { type: 'compactionAsked', instructions: null },
  ];
  it('[context.asked][context.whole-steps] a turn cancelled in a call: what is asked and what is left is what providers take', async () => {
    const pod = podWith({ window: 8_000, lines, tools: [tool('d', 9)], answer: () => says('done') });
    expect(await worker.compact!(pod.ports)).toEqual({ kind: 'finished' });
    // The task alone has been seen, and that stays word for word.
    expect(pod.of('compactionFailed')).toMatchObject([{ reason: 'there is nothing to compact yet' }]);
    expect(pod.requests).toEqual([]);
    expect(await pod.run()).toEqual({ kind: 'finished' });
  });
});
