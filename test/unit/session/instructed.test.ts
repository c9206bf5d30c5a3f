/** Which instructions of touched folders the model still has, by the log. */
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import { called, factsOf, result, working } from '../machine-rig.ts';

const path = '/w/sub/AGENTS.md';
const touched: EntryBody[] = [
  ...working('t1', 'r1'),
  called('t1', 'c1'),
  result('t1', 'c1', { instructed: [path] }),
];
const seq = factsOf(touched).lastSeq;
const size = { before: 10, after: 5 };
const compaction = {
  type: 'compaction',
  turn: 't1',
  why: 'full',
  summary: '',
  table: '',
  kept: [],
  usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
  ...size,
} as unknown as EntryBody;

describe('instructions that came with a result', () => {
  it.each<[string, EntryBody[], string[]]>([
    ['are had', [], [path]],
    ['are not had once the output is one line', [{ type: 'pruned', turn: 't1', through: seq, ...size }], []],
    ['are had behind what was pruned', [{ type: 'pruned', turn: 't1', through: seq - 1, ...size }], [path]],
    ['are not had once the output is cut', [{ type: 'itemCut', turn: 't1', item: seq, chars: 9 }], []],
    ['are had where another is cut', [{ type: 'itemCut', turn: 't1', item: seq - 1, chars: 9 }], [path]],
    ['are not had behind a compaction', [{ ...compaction, through: seq } as EntryBody], []],
    ['are had where a compaction ends before', [{ ...compaction, through: seq - 1 } as EntryBody], [path]],
    [
      'are had where they came anew',
      [
        { type: 'pruned', turn: 't1', through: seq, ...size },
        called('t1', 'c2'),
        result('t1', 'c2', { instructed: [path] }),
      ],
      [path],
    ],
  ])('[project.instructions-below] %s', (_, more, had) => {
    expect([...factsOf([...touched, ...more]).context.instructed.keys()]).toEqual(had);
  });
});
