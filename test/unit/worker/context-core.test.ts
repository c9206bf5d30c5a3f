/** The pure core of what a request holds: sizes, boundaries, what is kept, what is done at each size. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { toCallOptions } from '../../../src/model/prompt.ts';
import { cutText, prunedLine } from '../../../src/session/facts/shown.ts';
import { boundaries, boundaryFor } from '../../../src/worker/context/boundary.ts';
import { keptOf } from '../../../src/worker/context/keep.ts';
import { type Load, type Plan, planOf } from '../../../src/worker/context/plan.ts';
import { prunableOf } from '../../../src/worker/context/prune.ts';
import { summaryOf } from '../../../src/worker/context/summary-request.ts';
import { tableOf } from '../../../src/worker/context/table.ts';
import {
  above,
  asked,
  assigned,
  called,
  child,
  factsOf,
  fromAbove,
  kid,
  noticeItem,
  result,
  said,
} from '../machine-rig.ts';
import { historyOf } from './worker-rig.ts';

const step = (n: number, fields: { text?: string; tool?: string } = {}): EntryBody[] => [
  said('t1', `step ${n}`, n),
  called('t1', `c${n}`, fields.tool ?? 'Bash', n),
  result('t1', `c${n}`, { step: n, ...fields }),
];
const long = 'x'.repeat(4_000);

describe('a boundary', () => {
  const history = historyOf([
    asked('t1', 'r1'), // 1
    ...step(1), // 2 3 4
    ...step(2), // 5 6 7
    noticeItem('t1', 'n1'), // 8
    ...step(3), // 9 10 11
  ]);
  it.each([
    ['lies between two steps', 7, false, [1, 4, 7]],
    ['is never above what was seen', 3, false, [1]],
    ['of a history that was all seen leaves the last step', 11, false, [1, 4, 7, 8]],
    ['leaves with Gemini everything since the last user text', 11, true, [1, 4, 7]],
    ['is nowhere where nothing was seen', 0, false, []],
  ])('[context.whole-steps][context.seen] %s', (_, seenThrough, keepsSinceUser, found) => {
    expect(boundaries(history, { seenThrough, keepsSinceUser })).toEqual(found);
  });
  it.each([
    [100, 1],
    [6, 7],
    [0, 8],
  ])('[context.whole-steps] leaves no more than %i entries where it can', (tail, through) => {
    const seen = { seenThrough: 8, keepsSinceUser: false };
    const all = history.filter(({ seq }) => seq > 0);
    // The last one that was seen is the notice at 8: behind it a step begins.
    expect(boundaryFor(all, seen, { tail, unitsOf: () => 1 })).toBe(through);
  });
  it('[context.whole-steps] never parts a call from its result, whatever the order of results and notices', () => {
    const parallel = historyOf([
      asked('t1', 'r1'),
      said('t1', 'two'),
      called('t1', 'a'),
      called('t1', 'b'),
      result('t1', 'b'),
      result('t1', 'a'),
      said('t1', 'done', 2),
    ]);
    expect(boundaries(parallel, { seenThrough: 99, keepsSinceUser: false })).toEqual([1, 6]);
  });
  it('[context.whole-steps][context.seen] of any history holds both', () => {
    const bodies = fc.array(
      fc.constantFrom('input', 'notice', 'step', 'twoCalls', 'answer').map((kind) => kind),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(bodies, fc.nat(60), fc.boolean(), (kinds, seenThrough, keepsSinceUser) => {
        let n = 0;
        const entries = historyOf(
          kinds.flatMap((kind): EntryBody[] => {
            n += 1;
            if (kind === 'input') return [asked('t1', `r${n}`)];
            if (kind === 'notice') return [noticeItem('t1', `n${n}`)];
            if (kind === 'answer') return [said('t1', 'x', n)];
            if (kind === 'step') return step(n);
            return [
              said('t1', 'x', n),
              called('t1', `p${n}`),
              called('t1', `q${n}`),
              result('t1', `q${n}`),
              result('t1', `p${n}`),
            ];
          }),
        );
        for (const through of boundaries(entries, { seenThrough, keepsSinceUser })) {
          expect(through).toBeLessThanOrEqual(seenThrough);
          const sides = [
            entries.filter(({ seq }) => seq <= through),
            entries.filter(({ seq }) => seq > through),
          ];
          for (const side of sides) {
            const calls = side.flatMap((entry) => (entry.type === 'toolCall' ? [entry.call] : []));
            const results = side.flatMap((entry) => (entry.type === 'toolResult' ? [entry.call] : []));
            expect(results.toSorted()).toEqual(calls.toSorted());
          }
          expect(['toolCall', 'toolResult']).not.toContain(sides[1]?.[0]?.type);
          expect(sides[1]).not.toEqual([]);
        }
      }),
    );
  });
});

describe('pruning', () => {
  const history = historyOf([1, 2, 3, 4, 5, 6].flatMap((n) => step(n, { text: long })));
  const all = { prunedThrough: 0, seenThrough: 99 };
  it('[context.prune] takes outputs that are older than the last three steps', () => {
    expect(prunableOf(history, all)).toEqual({ through: 9, units: 3 * 960 });
  });
  it('[context.prune] takes none twice, none that was not seen, and no short one', () => {
    expect(prunableOf(history, { prunedThrough: 6, seenThrough: 99 })).toEqual({ through: 9, units: 960 });
    expect(prunableOf(history, { prunedThrough: 0, seenThrough: 5 })).toEqual({ through: 3, units: 960 });
    expect(prunableOf(historyOf([1, 2, 3, 4, 5].flatMap((n) => step(n))), all)).toBeNull();
  });
  it.each([
    ['Read', { path: 'src/a.ts' }, 'Read src/a.ts'],
    ['Bash', { command: 'npm test\n--all' }, 'Bash npm test --all'],
    ['Odd', null, 'Odd'],
  ])('[context.prune] says of %s what it was and how large', (tool, input, of) => {
    const output = result('t1', 'c1', { tool, text: 'x'.repeat(12_345) });
    expect(prunedLine(output, { ...called('t1', 'c1', tool), input })).toBe(
      `[Output of ${of}, 12,345 characters, is not shown any more: read it again if needed.]`,
    );
  });
});

describe('a cut item', () => {
  it.each([
    ['Read', 'Read the rest in parts, with offset and limit.'],
    ['Bash', 'run it again with its output in a file'],
    ['Other', 'ask for less at once'],
    [null, 'Ask for the rest as a file'],
  ])('[context.cut] of %s has its beginning, its end, its size and the way to the rest', (tool, rest) => {
    const cut = cutText(`${'a'.repeat(5_000)}${'z'.repeat(5_000)}`, 1_000, tool);
    expect(cut).toMatch(
      /^a{750}\n\[… 9,000 of 10,000 characters are not shown: they do not fit\. .* …\]\nz{250}$/,
    );
    expect(cut).toContain(rest);
  });
  it('[context.cut] is well-formed wherever it is cut', () => {
    for (let chars = 2_000; chars < 2_010; chars += 1) {
      expect(cutText('😀'.repeat(4_000), chars, null).isWellFormed()).toBe(true);
    }
  });
});

describe('what is kept', () => {
  const history = historyOf([
    asked('t1', 'task'),
    ...step(1),
    asked('t2', 'second'),
    noticeItem('t2', 'from a person'),
    asked('t3', 'third', fromAbove),
    asked('t4', 'last'),
  ]);
  const owedNothing = new Set<string>();
  it.each([
    ['the task and the newest without any room', 0, owedNothing, [1, 8]],
    ['what is owed, whatever it comes to', 0, new Set(['second']), [1, 5, 8]],
    ['the newest first, as far as there is room', 6, owedNothing, [1, 7, 8]],
    ['all of it', 1_000, owedNothing, [1, 5, 6, 7, 8]],
  ])('[context.keep] %s', (_, room, owed, kept) => {
    expect(keptOf({ items: history, owed, room })).toEqual(kept);
  });
});

describe('the table of facts', () => {
  it('[context.keep] names children, what they have, files and open work', () => {
    const facts = factsOf(
      [
        child(kid, 'reserved', { task: 'count\nlines' }),
        child(kid, 'started'),
        assigned('a1'),
        asked('t1', 'r1', fromAbove),
      ],
      above,
    );
    facts.context.files.set('src/a.ts', 'changed');
    facts.context.files.set('b.md', 'read');
    facts.context.reports.set(kid.instance, 'finished: 12 lines');
    expect(tableOf(facts)).toBe(
      [
        'Pods that you have started:\n- kid (not ended), task: count lines; last report: finished: 12 lines',
        'Work that you have given and that has not ended:\n- kid: do a1',
        'Files that you have changed:\n- src/a.ts',
        'Files that you have read:\n- b.md',
      ].join('\n\n'),
    );
  });
  it('[context.keep] is empty where there is nothing to say', () => expect(tableOf(factsOf([]))).toBe(''));
});

describe('the plan', () => {
  const covers = { through: 9, tokens: 500 };
  const prunable = { through: 5, tokens: 250 };
  const largest = { item: 7, tokens: 800, chars: 3_200 };
  const none = { count: 0, tokens: 0 };
  const compact = (why: string) => ({ kind: 'compact', through: 9, why }) as Plan;
  it.each<[string, Partial<Load>, Plan]>([
    ['699: sent', { tokens: 699, prunable, covers }, { kind: 'send' }],
    ['700: pruned', { tokens: 700, prunable, covers }, { kind: 'prune', through: 5, after: 450 }],
    [
      'less than a quarter is not pruned',
      { tokens: 700, prunable: { through: 5, tokens: 249 } },
      { kind: 'send' },
    ],
    ['850: compacted', { tokens: 850, covers }, compact('size')],
    ['pruning is tried first', { tokens: 999, covers, prunable }, { kind: 'prune', through: 5, after: 749 }],
    ['849 without pruning: sent', { tokens: 849, covers }, { kind: 'send' }],
    ['little to cover: sent', { tokens: 950, covers: { through: 9, tokens: 99 } }, { kind: 'send' }],
    ['nothing to cover: sent', { tokens: 1_000 }, { kind: 'send' }],
    [
      'too long, little to cover: compacted all the same',
      { tokens: 1_001, covers: { through: 9, tokens: 20 } },
      compact('size'),
    ],
    ['refused', { tokens: 1_001, covers, refused: true }, compact('contextTooLong')],
    [
      'one item larger than all that a compaction frees',
      { tokens: 1_600, covers, largest },
      { kind: 'cut', item: 7, chars: 2_000 },
    ],
    [
      'an item that needs little to be cut',
      { tokens: 2_000, largest: { item: 7, tokens: 1_600, chars: 6_400 } },
      { kind: 'cut', item: 7, chars: 2_000 },
    ],
    ['an item of half', { tokens: 1_100, largest }, { kind: 'cut', item: 7, chars: 2_000 }],
    [
      'a large one that stays long',
      { tokens: 10_500, window: 10_000, largest: { item: 7, tokens: 8_000, chars: 32_000 } },
      { kind: 'cut', item: 7, chars: 18_000 },
    ],
    ['nothing can be taken: too big', { tokens: 1_001 }, { kind: 'tooBig' }],
    [
      'what was cut already and still does not fit: half of it',
      { tokens: 1_001, window: 500, largest: { item: 7, tokens: 500, chars: 2_000 } },
      { kind: 'cut', item: 7, chars: 1_000 },
    ],
    [
      'what was cut already: too big',
      { tokens: 1_001, largest: { ...largest, chars: 200 } },
      { kind: 'tooBig' },
    ],
    [
      'any pruning before that',
      { tokens: 1_001, prunable: { through: 5, tokens: 10 } },
      { kind: 'prune', through: 5, after: 991 },
    ],
    ['asked for', { tokens: 10, covers, asked: true }, compact('asked')],
    ['asked for, and nothing to cover', { tokens: 10, asked: true }, { kind: 'nothingToCompact' }],
    [
      'failed, not grown: sent',
      { tokens: 879, covers, failures: { count: 1, tokens: 850 } },
      { kind: 'send' },
    ],
    ['failed, grown: again', { tokens: 880, covers, failures: { count: 2, tokens: 850 } }, compact('size')],
    [
      'failed, and it does not fit: again',
      { tokens: 1_001, covers, failures: { count: 2, tokens: 1_001 } },
      compact('size'),
    ],
    [
      'failed three times',
      { tokens: 10, covers, failures: { count: 3, tokens: 850 } },
      { kind: 'compactionFails' },
    ],
  ])('[context.plan] %s', (_, load, plan) => {
    const whole: Load = {
      tokens: 0,
      window: 1_000,
      prunable: null,
      covers: null,
      largest: null,
      asked: false,
      refused: false,
      failures: none,
      ...load,
    };
    expect(planOf(whole)).toEqual(plan);
  });
});

describe('an answer to the request for a summary', () => {
  const response = (parts: object[], finishReason = 'stop') =>
    ({ parts, finishReason, usage: { inputTokens: 1, outputTokens: 1, cost: null } }) as never;
  const text = { type: 'text', text: ' all done ' };
  it.each([
    ['is its text', response([text]), { text: 'all done' }],
    [
      'that is a call is none',
      response([text, { type: 'toolCall', call: 'c', tool: 'Bash', input: {} }]),
      { problem: 'the model called a tool instead of writing a summary' },
    ],
    [
      'without a word is none',
      response([{ type: 'reasoning', text: 'hm' }]),
      { problem: 'the model answered without a word' },
    ],
    [
      'that was cut is none',
      response([text], 'length'),
      { problem: 'the summary was cut by a limit of its length' },
    ],
    [
      'that was withheld is none',
      response([text], 'contentFilter'),
      { problem: 'the provider withheld the summary' },
    ],
  ])('[context.failure] %s', (_, answer, found) => expect(summaryOf(answer)).toEqual(found));
});

it.each([
  ['with tools', [{ name: 'Echo', description: '', inputSchema: {} }], { type: 'none' }],
  ['without any, no choice: some servers refuse one', [], undefined],
])('[context.tool-choice] %s', (_, tools, choice) => {
  const request = {
    pod: 'p',
    system: 's',
    messages: [{ role: 'user' as const, text: 'sum up' }],
    newest: 'user' as const,
    tools,
    toolUse: 'none' as const,
    signal: new AbortController().signal,
  };
  for (const dialect of ['anthropic', 'openai', 'google', 'compatible'] as const) {
    const options = toCallOptions(dialect, request);
    expect(options.toolChoice).toEqual(choice);
    expect(options.tools?.length ?? 0).toBe(tools.length);
  }
});
