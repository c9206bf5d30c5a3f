/** What a pod says to its parent of a turn's end and of its own, as tables. */
import { describe, expect, it } from 'vitest';
import {
  type TurnEnd,
  excerptOf,
  finalText,
  reportOfTurn,
  shutDownReport,
} from '../../../../src/pod/machine/reports.ts';
import { textOf } from '../../../../src/session/facts/transcript.ts';
import type { PodRef } from '../../../../src/session/facts/entries.ts';
import {
  type Line,
  above,
  begun,
  called,
  completed,
  factsOf,
  fromAbove,
  notice,
  noticeItem,
  result,
  run,
  said,
  sent,
  session,
  shutDown,
  some,
  working,
} from '../../machine-rig.ts';

const settled = { settled: true, outstanding: [] };
const forParent = [...working('t1', 'a1', fromAbove), said('t1', 'done'), completed('t1', 6)];
const base = {
  turn: 't1',
  assignments: ['a1'],
  outstanding: [],
  settled: true,
  text: 'done',
  textChars: 4,
  usage: some,
  durationMs: 7,
  hops: 0,
};

function report(log: Line[], end: Partial<TurnEnd>, view = settled, parent: PodRef | null = above) {
  const facts = factsOf(log, parent);
  return reportOfTurn(facts, facts.turn!, { outcome: 'finished', durationMs: 7, ...end }, view);
}

describe('the report of a turn', () => {
  it.each<[string, Partial<TurnEnd>, object]>([
    ['finished', {}, { kind: 'turnEnded', outcome: 'finished' }],
    [
      'at a limit that is named',
      { outcome: 'limitReached', reason: 'steps' },
      { kind: 'turnEnded', outcome: 'limitReached', reason: 'steps' },
    ],
    [
      'cancelled by somebody',
      { outcome: 'cancelled', by: 'person' },
      { kind: 'turnEnded', outcome: 'cancelled', by: 'person' },
    ],
    ['paused', { outcome: 'paused' }, { kind: 'turnEnded', outcome: 'paused' }],
    [
      'with an error',
      { outcome: 'errored', error: { category: 'c', message: 'm' } },
      { kind: 'errored', error: { category: 'c', message: 'm' } },
    ],
    [
      'with an error by somebody',
      { outcome: 'errored', error: { category: 'c', message: 'm' }, by: 'parent' },
      { kind: 'errored', error: { category: 'c', message: 'm' }, by: 'parent' },
    ],
    [
      'with an error that nobody knows',
      { outcome: 'errored' },
      { kind: 'errored', error: { category: 'unknown', message: 'unknown' } },
    ],
  ])('[reports.turn] %s', (_, end, fields) => {
    expect(report(forParent, end)).toStrictEqual([sent(1, { ...base, ...fields } as never)]);
  });

  it('[reports.turn] names the span of its own turn alone, and the clone that was worked in', () => {
    const span = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
    const traced = (turn: string): Line => ({ type: 'traced', turn, span, parent: null });
    expect(report([...forParent, traced('t1')], {})).toMatchObject([{ event: { trace: span } }]);
    expect(report([...forParent, traced('t0')], {})).toStrictEqual(report(forParent, {}));
    const worktree = { branch: 'b', folder: '/f', base: 'c', fetched: true };
    const [one] = report(forParent, { outcome: 'cancelled', evidence: { worktree } });
    expect(one).toMatchObject({ event: { outcome: 'cancelled', worktree } });
  });

  it('[reports.turn] names a model that answered in the place of the pod’s own, in bounded words', () => {
    const by = (model: string, to: string, own = 'script/none') => {
      const why = 'busy';
      const log: Line[] = [
        session({ parent: above, model: own }),
        ...forParent,
        { ...said('t1', 'done'), model },
        { type: 'alert', code: 'modelSwitched', text: '', switched: { from: own, to, why } } as never,
      ];
      const [entry] = report(log, {});
      return entry?.type === 'podEventEmitted' ? entry.event : null;
    };
    expect(by('b/two', 'b/two')).toMatchObject({
      switched: { model: 'b/two', from: 'script/none', why: 'busy' },
    });
    const long = `b/${'x'.repeat(300)}`;
    expect(by(long, long, `${long}y`)).toMatchObject({
      switched: { model: long.slice(0, 256), from: long.slice(0, 256) },
    });
    expect(by('script/none', 'script/none')).not.toHaveProperty('switched');
    expect(by('c/three', 'b/two')).not.toHaveProperty('switched');
  });

  it('[reports.turn] says what the view says, and carries the turn’s chain on', () => {
    const log = [
      run('a1', { from: fromAbove, hops: 4 }),
      begun('t1', { hops: 4, cause: 'parent' }),
      { type: 'userMessage', turn: 't1', submission: 'a1', from: fromAbove, text: '' } as const,
    ];
    expect(report(log, {}, { settled: false, outstanding: ['kid' as never] })).toMatchObject([
      { event: { settled: false, outstanding: ['kid'], hops: 4, text: '', textChars: 0 } },
    ]);
  });

  it.each<[string, Line[], PodRef | null, number]>([
    ['of a pod without a parent is none', forParent, null, 0],
    ['of a turn that a person caused is none while no work is open', working('t1', 'r1'), above, 0],
    ['of a turn that a person caused is one where work is open', [...forParent, begun('t2')], above, 1],
    [
      'of a turn for the parent is one, also where no work is open',
      [begun('t1', { cause: 'parent' })],
      above,
      1,
    ],
  ])('[reports.turn] %s', (...[, log, parent, count]) => {
    expect(report(log, {}, settled, parent)).toHaveLength(count);
  });
});

describe('the last word of a pod', () => {
  const stop = { reason: 'asked', by: 'person' } as const;

  it('[worktree.stop] names the clone that was worked in', () => {
    const worktree = { branch: 'b', folder: '/f', base: 'c', fetched: true };
    const [entry] = shutDownReport(factsOf([], above), stop, { outstanding: [], worktree });
    expect(entry).toMatchObject({ event: { kind: 'shutDown', worktree } });
    const [none] = shutDownReport(factsOf([], above), stop, { outstanding: [], worktree: null });
    expect(none?.type === 'podEventEmitted' && 'worktree' in none.event).toBe(false);
  });

  it('[reports.shut-down] names what was begun, what never was, and who still works below', () => {
    const facts = factsOf(
      [...working('t1', 'a1', fromAbove), run('a2', { from: fromAbove }), run('r1')],
      above,
    );
    expect(shutDownReport(facts, stop, { outstanding: ['deep'], worktree: null })).toEqual([
      sent(
        1,
        shutDown({
          reason: 'asked',
          by: 'person',
          assignments: ['a1'],
          notStarted: ['a2'],
          outstanding: ['deep'],
        }),
      ),
    ]);
  });

  it('[reports.shut-down] of a root is said to nobody', () => {
    expect(shutDownReport(factsOf([]), stop, { outstanding: [], worktree: null })).toEqual([]);
  });
});

describe('the text of a report', () => {
  const two = {
    ...said('t1', 'one '),
    parts: [
      { type: 'text', text: 'one ' } as const,
      { type: 'reasoning', text: 'hm' } as const,
      { type: 'text', text: 'two' } as const,
    ],
  };

  it.each<[string, Line[], string]>([
    ['nothing was said', [], ''],
    ['an answer that nobody asked for', [said('t1', 'alone')], 'alone'],
    ['an answer', [...working('t1', 'r1'), said('t1', 'done')], 'done'],
    ['an answer in parts, without its reasoning', [...working('t1', 'r1'), two], 'one two'],
    [
      'the last of several',
      [
        ...working('t1', 'r1'),
        said('t1', 'first'),
        called('t1', 'c1'),
        result('t1', 'c1'),
        said('t1', 'last', 2),
      ],
      'last',
    ],
    [
      'what was said before the last calls, where nothing was said behind them',
      [...working('t1', 'r1'), said('t1', 'first'), called('t1', 'c1'), result('t1', 'c1')],
      'first',
    ],
    [
      'what was said before an answer without words',
      [
        ...working('t1', 'r1'),
        said('t1', 'first'),
        called('t1', 'c1'),
        result('t1', 'c1'),
        said('t1', '', 2),
      ],
      'first',
    ],
    [
      'what an earlier turn said to the same input',
      [...working('t1', 'r1'), said('t1', 'first'), begun('t2')],
      'first',
    ],
    [
      'nothing of what was said before a run',
      [...working('t1', 'r1'), said('t1', 'old'), ...working('t2', 'r2')],
      '',
    ],
    [
      'nothing of what was said before a notice',
      [...working('t1', 'r1'), said('t1', 'old'), notice('n1'), noticeItem('t1', 'n1')],
      '',
    ],
  ])('[reports.text] is %s', (_, log, text) => {
    expect(finalText(factsOf(log))).toBe(text);
  });

  it.each<[string, string, { text: string; textChars: number }]>([
    ['2,000 characters whole', 'x'.repeat(2_000), { text: 'x'.repeat(2_000), textChars: 2_000 }],
    ['of more, the first 2,000', 'x'.repeat(2_001), { text: 'x'.repeat(2_000), textChars: 2_001 }],
    [
      'half a character is none',
      `${'x'.repeat(1_999)}\u{1F600}`,
      { text: `${'x'.repeat(1_999)}\uFFFD`, textChars: 2_001 },
    ],
  ])('[reports.text] has a bound: %s', (_, text, excerpt) => {
    expect(excerptOf(text)).toEqual(excerpt);
    expect(textOf(said('t1', text))).toBe(text);
  });
});

describe('the model that has answered in another’s place', () => {
  const switched = { from: 'script/none', to: 'b/two', why: 'out of credit' };
  const alert: Line = { type: 'alert', level: 'warning', code: 'modelSwitched', text: 'x', switched };
  const by = (model: string): Line => ({ ...said('t1', 'done'), model });
  const set: Line = { type: 'set', by: 'person', model: 'b/two', alternatives: [] };
  const named = { model: 'b/two', from: 'script/none', why: 'out of credit' };
  it.each<[string, Line[], object | undefined]>([
    ['is named with what was said of why', [alert, by('b/two')], named],
    ['is not where the first has answered again', [alert, by('b/two'), by('script/none')], undefined],
    ['nor where none has answered', [alert], undefined],
    ['nor where a person has set it', [alert, set, by('b/two')], undefined],
    ['nor where a person has set another since', [set, by('b/two')], undefined],
  ])('[report.switched] %s', (_, lines, expected) => {
    const log = [...working('t1', 'a1', fromAbove), ...lines, completed('t1', 6)];
    expect(report(log, {})).toMatchObject([{ event: { kind: 'turnEnded' } }]);
    const [body] = report(log, {});
    const event = body?.type === 'podEventEmitted' ? body.event : null;
    expect(event !== null && 'switched' in event ? event.switched : undefined).toEqual(expected);
  });

  it('[report.switched] of a later turn too, while it goes on answering', () => {
    const log = [
      ...working('t0', 'a0', fromAbove),
      alert,
      ...working('t1', 'a1', fromAbove),
      by('b/two'),
      completed('t1', 9),
    ];
    const error = { category: 'x', message: 'y' };
    expect(report(log, { outcome: 'errored', error })).toMatchObject([
      { event: { kind: 'errored', switched: named } },
    ]);
  });
});
