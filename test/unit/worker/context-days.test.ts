/**
 * Turn after turn with children's reports and a window of 60,000 tokens that refuses what is longer;
 * CONTEXT_TURNS=300 for all of them, with forty children.
 */
import * as z from 'zod';
import { expect, it } from 'vitest';
import { sizeOf } from '../../support/size.ts';
import type { ModelRequest } from '../../../src/model/port.ts';
import { defineTool } from '../../../src/tools/define-tool.ts';
import { child, ended, finished, received, run, working } from '../machine-rig.ts';
import { podWith, says } from './context-rig.ts';

const turns = sizeOf('CONTEXT_TURNS', { short: 60, full: 300 });
const children = Math.floor((turns * 40) / 300);
const window = 60_000;
const task = 'do the task, word for word, and keep the colour ultramarine';
const wordsOf = (turn: number) => `turn ${turn}: go on, and mind the number ${turn * 7_919}`;
const refOf = (nth: number) => ({
  name: `kid-${nth}`,
  instance: `0190a1b2-0000-7000-8000-${String(1_000 + nth).padStart(12, '0')}`,
});

const read = defineTool({
  name: 'Read',
  description: 'reads',
  input: () => z.object({ path: z.string() }),
  order: 'parallel',
  needs: () => ({ kind: 'nothing' }) as never,
  // Now and then a file that takes half the window.
  run: ({ path }) => Promise.resolve({ text: `${path} ${'x'.repeat(path.endsWith('7') ? 100_000 : 5_000)}` }),
});

/** Three readings a turn, with thoughts, then a word. */
const answer = (_: ModelRequest, nth: number) =>
  nth % 4 === 0
    ? says(`done ${nth}`)
    : {
        parts: [
          { type: 'text' as const, text: `thoughts ${nth} ${'y'.repeat(1_500)}` },
          { type: 'toolCall' as const, call: `c${nth}`, tool: 'Read', input: { path: `file-${nth}` } },
        ],
        finishReason: 'toolCalls' as const,
      };

const textOf = ({ messages }: ModelRequest) => JSON.stringify(messages);

it(
  '[context.days][context.seen][context.keep][context.replay] refused by nobody, with every report read, the task in each request and the last words in the last',
  { timeout: 30_000 + turns * 500 },
  async () => {
    const [, begins, asks] = working('t1', 'task');
    const lines = [run('task', { text: task }), begins!, { ...asks!, text: task }] as ReturnType<
      typeof working
    >;
    const pod = podWith({ window, rate: 1.21, tools: [read], lines, answer });
    for (let turn = 1; turn <= turns; turn += 1) {
      if (turn > 1) {
        const [, started, words] = working(`t${turn}`, `r${turn}`);
        const text = wordsOf(turn);
        pod.core.ports.commit([run(`r${turn}`, { text }), started!, { ...words!, text } as never]);
      }
      Object.assign(pod.ports, { turn: `t${turn}` });
      const nth = Math.floor((turn * children) / turns);
      const isNew = nth > Math.floor(((turn - 1) * children) / turns);
      if (isNew) {
        const [from, event] = [
          { ...refOf(nth), incarnation: 1 },
          finished({ text: `the sum of ${nth} is ${nth * 31}` }),
        ];
        pod.core.ports.commit([
          child(refOf(nth), 'started', { task: `count ${nth}` }),
          received(1, event, { from }),
        ]);
      }
      expect(await pod.run()).toEqual({ kind: 'finished' });
      pod.core.ports.commit([ended(`t${turn}`)]);
      if (turn % 50 === 0) expect(pod.promptAgain()).toEqual(pod.promptNow());
    }
    const compactions = pod.of('compaction');
    expect(compactions.length).toBeGreaterThan(turns / 8);
    expect(pod.of('compactionFailed')).toEqual([]);
    expect(pod.requests.filter(({ refused }) => refused)).toEqual([]);
    const own = pod.requests.flatMap(({ request }) => (request.toolUse === 'none' ? [] : [request]));
    const texts = own.map(textOf);
    expect(texts.filter((text) => !text.includes(task))).toEqual([]);
    expect(texts.at(-1)).toContain(wordsOf(turns));
    for (let nth = 1; nth <= children; nth += 1) {
      expect(texts.some((text) => text.includes(`the sum of ${nth} is ${nth * 31}`))).toBe(true);
      // And the last table has them, as far as there is room; the newest have come behind it.
      if (nth > children - 30 && nth < children - 1)
        expect(compactions.at(-1)!.table).toContain(
          `kid-${nth} (not ended), task: count ${nth}; last report: finished`,
        );
    }
    let seen = 0;
    for (const body of pod.committed()) {
      if (body.type === 'compaction') expect(body.through).toBeLessThanOrEqual(seen);
      if (body.type === 'stepCompleted') seen = body.seenThrough;
    }
    expect(pod.facts.unseen).toEqual([]);
    // Each summary is paid for and said.
    const asked = pod.requests.reduce((sum, { tokens }) => sum + tokens, 0);
    expect(pod.facts.usage.inputTokens).toBe(asked);
    const paid = compactions.reduce((sum, { usage }) => sum + usage.inputTokens, 0);
    expect(paid).toBe(
      pod.requests.reduce((sum, { request, tokens }) => sum + (request.toolUse === 'none' ? tokens : 0), 0),
    );
    // What the provider has cached is broken by what is in the log alone.
    const breaks = own.filter((request, at) => {
      const before = own[at - 1]?.messages ?? [];
      return (
        textOf({ ...request, messages: request.messages.slice(0, before.length) }) !== JSON.stringify(before)
      );
    }).length;
    expect(breaks).toBeLessThanOrEqual(
      compactions.length + pod.of('pruned').length + pod.of('itemCut').length,
    );
    // Between two of them lie many requests.
    expect(own.length / compactions.length).toBeGreaterThan(10);
  },
);
