/** What was said in a session, read out of its history: all, from a place on, one by its number. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type HistoryEntry, emptyFacts } from '../../../src/session/facts/facts.ts';
import { forgetSaid, saidAt, saidFrom, textOf, transcriptOf } from '../../../src/session/facts/transcript.ts';
import { foldLog } from '../../../src/session/log/fold-log.ts';
import { nodeDisk } from '../../../src/session/log/log-disk.ts';
import { alert, errno, newLog, place, session, tempFolder } from './log-rig.ts';

const at = (seq: number, turn: string) => ({ seq, time: 't', turn });
const input = (seq: number, turn: string): HistoryEntry => ({
  ...at(seq, turn),
  type: 'userMessage',
  submission: `r${seq}`,
  from: { kind: 'person' },
  text: `input ${seq}`,
});
const answer = (seq: number, partial?: boolean): HistoryEntry => ({
  ...at(seq, 't1'),
  type: 'assistantMessage',
  step: 1,
  model: 'm',
  parts: [{ type: 'text', text: 'so' }],
  ...(partial === undefined ? {} : { partial }),
});
const item = (seq: number, turn = 't2'): HistoryEntry => ({
  ...at(seq, turn),
  type: 'systemItem',
  item: {
    kind: 'assignment',
    assignment: 'a1',
    child: { name: 'kid', instance: 'i1' },
    outcome: 'notStarted',
    body: `body ${seq}`,
  },
});
const call: HistoryEntry = {
  ...at(9, 't1'),
  type: 'toolCall',
  step: 1,
  call: 'c1',
  tool: 'Bash',
  input: { command: 'ls' },
  providerMetadata: { id: 'p' },
  partsBefore: 1,
};
const result: HistoryEntry = {
  ...at(10, 't1'),
  type: 'toolResult',
  step: 1,
  call: 'c1',
  tool: 'Bash',
  text: 'a',
  isError: true,
};
const history = [input(3, 't1'), answer(5), call, result, item(12)];
const facts = { ...emptyFacts(), history };
const seqs = (entries: Iterable<HistoryEntry>) => [...entries].map(({ seq }) => seq);

describe('a transcript', () => {
  it('[transcript.items] says each thing in its own words, and what was put aside in those of its place', () => {
    const quarantined = new Set([3, 14]);
    const said = transcriptOf(
      { history: [...history, answer(13, true), item(14)], quarantined },
      'put aside',
    );
    const parts = [{ type: 'text', text: 'so' }];
    const shown = { call: 'c1', tool: 'Bash' };
    expect(said).toEqual([
      { kind: 'input', text: 'input 3' },
      { kind: 'answer', model: 'm', parts, isPartial: false },
      { kind: 'call', ...shown, input: { command: 'ls' }, providerMetadata: { id: 'p' }, partsBefore: 1 },
      { kind: 'result', ...shown, text: 'a', isError: true },
      { kind: 'notice', text: 'body 12' },
      { kind: 'answer', model: 'm', parts, isPartial: true },
      { kind: 'notice', text: 'put aside' },
    ]);
  });

  it.each([
    [0, [3, 5, 9, 10, 12]],
    [3, [3, 5, 9, 10, 12]],
    [4, [5, 9, 10, 12]],
    [5, [5, 9, 10, 12]],
    [6, [9, 10, 12]],
    [10, [10, 12]],
    [11, [12]],
    [12, [12]],
    [13, []],
  ])('[transcript.places] from %j on, and the first of it', (seq, expected) => {
    expect(seqs(saidFrom(facts, seq))).toEqual(expected);
    expect(saidAt(facts, seq)?.seq).toBe(expected[0]);
  });

  it('[transcript.places] nothing of an empty one', () => {
    expect(seqs(saidFrom(emptyFacts(), 0))).toEqual([]);
    expect(saidAt(emptyFacts(), 0)).toBeUndefined();
  });

  it('[transcript.items] the text of an answer is its texts alone, one behind the other', () => {
    const parts = [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'so ' },
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'it is' },
    ] as const;
    expect(textOf({ parts: [...parts] })).toBe('so it is');
    expect(textOf({ parts: [] })).toBe('');
  });

  it('[transcript.items] is forgotten as a whole, and nothing else is', () => {
    const kept = { ...emptyFacts(), history: [...history], lastSeq: 12 };
    forgetSaid(kept);
    expect(kept).toEqual({ ...emptyFacts(), lastSeq: 12, heldFrom: 13 });
  });
});

describe('the facts of a log without a writer', () => {
  it('[log.folded] what it says, without what was said; on the disk that is given', async () => {
    const where = await place();
    const log = newLog(where);
    const { seq, time, ...said } = input(3, 't1');
    log.append([session(), alert('a'), said]);
    await log.close();
    const opens: string[] = [];
    const disk = {
      ...nodeDisk,
      open: (path: string) => {
        opens.push(path);
        return nodeDisk.open(path);
      },
    };
    const folded = await foldLog(where.path, disk);
    expect([seq, time, folded.session?.name, folded.history, [...new Set(opens)]]).toEqual([
      3,
      't',
      'pod',
      [],
      [where.path],
    ]);
    expect((await foldLog(where.path)).session?.name).toBe('pod');
  });

  it('[log.folded] one that is not there says nothing, one that cannot be read is an error', async () => {
    expect(await foldLog(join(tempFolder(), 'none'))).toEqual(emptyFacts());
    const disk = {
      ...nodeDisk,
      open: () => {
        throw errno('EACCES');
      },
    };
    await expect(foldLog('/nowhere', disk)).rejects.toThrow('EACCES: injected');
  });
});
