/**
 * Compactions that a person asks for, in a turn and between two, and summaries that the provider finds too
 * long.
 */
import * as z from 'zod';
import { describe, expect, it } from 'vitest';
import { ModelFailure } from '../../../src/model/port.ts';
import { Rests } from '../../../src/pod/turn/rests.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { worker } from '../../../src/worker/drive-turn.ts';
import { called, completed, ended, notice, result, said, working } from '../machine-rig.ts';
import { type World, podWith, says } from './context-rig.ts';

const asked = (instructions: string | null = null): EntryBody => ({ type: 'compactionAsked', instructions });

/** Steps of 400 units each, seen, and a turn that has ended. */
const worked = (steps: number): EntryBody[] => [
  ...working('t1', 'task'),
  ...Array.from({ length: steps }, (_, n) => [
    said('t1', `old ${n} ${'y'.repeat(700)}`, n + 1),
    called('t1', `o${n}`, 'Bash', n + 1),
    result('t1', `o${n}`, { step: n + 1, text: 'x'.repeat(900) }),
  ]).flat(),
  said('t1', 'the last word', steps + 1),
  completed('t1', 5 + 3 * steps),
  ended('t1'),
];

const bash = defineTool({
  name: 'Bash',
  description: 'runs',
  input: () => z.object({}),
  order: 'parallel',
  needs: () => ({ kind: 'nothing' }) as never,
  run: () => Promise.resolve({ text: '' }),
});

const idle = (lines: EntryBody[], world: Partial<World> = {}) => {
  const turn = podWith({ window: 8_000, lines, tools: [bash], answer: () => says('never'), ...world });
  return { ...turn, compact: () => worker.compact!(turn.ports) };
};

describe('between two turns', () => {
  it('[context.asked][context.replay] all that was seen is summed up, and the last answer stays', async () => {
    const pod = idle([...worked(5), asked('keep names')]);
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compaction')).toMatchObject([{ why: 'asked', asked: 24, through: 20 }]);
    expect(pod.requests).toHaveLength(1);
    expect(pod.promptNow()).toEqual([
      { role: 'user', text: 'do task' },
      { role: 'user', text: expect.stringContaining('SUMMARY') },
      { role: 'assistant', parts: [{ type: 'text', text: 'the last word' }] },
    ]);
    expect(pod.promptAgain()).toEqual(pod.promptNow());
    expect(pod.of('stepCompleted')).toEqual([]);
  });
  it('[context.seen] a notice that waits is not drained for it, and is in no summary', async () => {
    const pod = idle([...worked(5), notice('n1'), asked()]);
    await pod.compact();
    expect(pod.facts.notifyBuffer).toHaveLength(1);
    expect(JSON.stringify(pod.requests[0]?.request.messages)).not.toContain('see n1');
  });
  it('[context.asked] what came of Gemini is summed up too: no turn is under way', async () => {
    const pod = idle([...worked(5), asked()], { model: 'google/x' });
    await pod.compact();
    expect(pod.of('compaction')).toMatchObject([{ through: 20 }]);
  });
  it('[context.asked] a second request with words of its own, while the first is met, is met after it', async () => {
    const pod = idle([...worked(5), asked()], {
      summary: (_, nth) => {
        if (nth === 1) pod.core.ports.commit([asked('keep the colours')]);
        return says(`SUMMARY ${nth}`);
      },
    });
    await pod.compact();
    // All is summed up by then: it is said that nothing is left.
    expect(pod.of('compaction')).toHaveLength(1);
    expect(pod.of('compactionFailed')).toMatchObject([
      { why: 'asked', reason: 'there is nothing to compact yet' },
    ]);
    expect(pod.facts.context.asked).toBeNull();
  });
  it('[context.failure] a pod that never worked has nothing to compact, and asks nobody', async () => {
    const pod = idle([asked()]);
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compactionFailed')).toHaveLength(1);
    expect(pod.requests).toEqual([]);
  });
  it.each(['cancel', 'pause'] as const)('[context.failure] %s before it is asked', async (control) => {
    const pod = idle([...worked(5), asked()]);
    Object.assign(pod.ports, { control: () => control });
    expect(await pod.compact()).toEqual({ kind: control === 'cancel' ? 'cancelled' : 'paused' });
    expect(pod.requests).toEqual([]);
    expect(pod.facts.context.asked).not.toBeNull();
  });
});

describe('a list of models', () => {
  const limit = new ModelFailure('rateLimit', 'no more today', { transient: true, retryAfterMs: 3_600_000 });
  const listed = (answers: readonly string[]) => {
    const rests = new Rests(
      () => ({ names: ['a/b', 'c/d'], waits: false }),
      () => 1_000,
    );
    const pod = idle([...worked(5), asked()], {
      summary: () => (answers.includes(rests.current) ? says('SUMMARY') : limit),
    });
    const { model } = pod.ports;
    Object.assign(pod.ports, { rests, model: async () => ({ ...(await model()), name: rests.current }) });
    return pod;
  };
  it('[rest.compact] the next one makes the summary, once the first one says no more: nothing has failed', async () => {
    const pod = listed(['c/d']);
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compaction')).toMatchObject([{ model: 'c/d', summary: 'SUMMARY' }]);
    expect(pod.of('alert')).toMatchObject([{ code: 'modelSwitched' }]);
    expect(pod.of('compactionFailed')).toEqual([]);
  });
  it('[rest.compact] none does: it fails once', async () => {
    const pod = listed([]);
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compaction')).toEqual([]);
    expect(pod.of('compactionFailed')).toMatchObject([{ reason: expect.stringContaining('no more today') }]);
    expect(pod.requests).toHaveLength(2);
  });
});

describe('a request for a summary that is refused as too long', () => {
  it.each([
    ['and told how long it may be', true],
    ['and told nothing', false],
  ])('[context.refused][context.pieces] %s: it is asked for in pieces, once', async (_, tells) => {
    const pod = idle([...worked(30), asked()], { believed: 100_000, window: 6_000, tells });
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compactionFailed')).toEqual([]);
    expect(pod.of('compaction')).toHaveLength(1);
    const refused = pod.requests.filter((one) => one.refused).length;
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThanOrEqual(tells ? 1 : 3);
    expect(pod.of('contextRefused')).toHaveLength(refused);
    expect(pod.facts.context.windows.get('a/b')).toBeLessThan(100_000);
    expect(pod.promptAgain()).toEqual(pod.promptNow());
  });
  it('[context.failure] again and again: it fails after the third, and nothing is changed', async () => {
    const pod = idle([...worked(10), asked()], { believed: 100_000, window: 500 });
    expect(await pod.compact()).toEqual({ kind: 'finished' });
    expect(pod.of('compactionFailed')).toMatchObject([{ why: 'asked', reason: 'too long' }]);
    expect(pod.requests.filter(({ refused }) => refused)).toHaveLength(4);
    expect(pod.of('compaction')).toEqual([]);
  });
});
