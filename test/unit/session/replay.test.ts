/** The fold from entries to facts, as a table: incarnations, inputs and turns. */
import { nothingUnmet } from '../../../src/session/facts/demand-entries.ts';
import { describe, expect, it } from 'vitest';
import {
  above,
  asked,
  begun,
  called,
  completed,
  ended,
  factsOf,
  free,
  fromAbove,
  input,
  interrupted,
  notice,
  noticeItem,
  result,
  run,
  said,
  some,
  started,
  stopped,
  timeOf,
  working,
} from '../machine-rig.ts';

import { type Row, queue, held, own, deaths, budgetAlert, drop, taken, failed } from './replay-rig.ts';

const kept = { deny: [{ path: '/w/s', right: 'read' as const }], rules: { ask: ['Bash'], deny: [] } };

const incarnations: Row[] = [
  [
    'what a restore takes from the pod stays, also behind one that takes nothing',
    [{ ...started(2), restrictions: kept }, { ...started(3), restrictions: kept }, started(4)],
    ({ restrictions }) => restrictions,
    kept,
  ],
  ['who it is of', [], ({ session }) => [session?.name, session?.parent], ['me', above]],
  [
    'what was said, in its order',
    [asked('t1', 'r1'), said('t1', 'a'), called('t1', 'c1'), result('t1', 'c1'), noticeItem('t1', 'n1')],
    ({ history }) => history.map(({ type }) => type),
    ['userMessage', 'assistantMessage', 'toolCall', 'toolResult', 'systemItem'],
  ],
  [
    'what is kept from the model',
    [{ type: 'alert', level: 'error', code: 'quarantined', text: '', quarantines: 5 }],
    ({ quarantined }) => [...quarantined],
    [5],
  ],
  [
    'since when the budget is used up',
    [budgetAlert, budgetAlert],
    ({ overBudgetAt }) => overBudgetAt,
    timeOf(3),
  ],
  [
    'an incarnation',
    [started(2)],
    ({ incarnation, stopped, started: last }) => [incarnation, stopped, last?.pid],
    [2, false, 102],
  ],
  ['an orderly stop', [stopped(1)], (facts) => facts.stopped, true],
  ['a start after it', [stopped(1), started(2)], (facts) => facts.stopped, false],
  [
    'a death with a notice in the buffer of a turn that had no answer',
    [notice('n1'), begun('t1'), started(2)],
    deaths,
    [1],
  ],
  [
    'a death behind its first answer',
    [notice('n1'), begun('t1'), completed('t1', 1), started(2)],
    deaths,
    [0],
  ],
  ['a death with an item in hand', [...taken, completed('t1', 4), started(2)], deaths, [1]],
  ['a death between turns', [...taken, ended('t1'), started(2)], deaths, [0]],
  ['no death but a start after a stop', [notice('n1'), begun('t1'), stopped(1), started(2)], deaths, [0]],
  [
    'a death is counted with its time',
    [notice('n1'), begun('t1'), started(2)],
    ({ notifyBuffer }) => notifyBuffer[0]?.deathsAt,
    [timeOf(5)],
  ],
  ['a new incarnation may try again what failed', [...failed, started(2)], held, null],
  [
    'a new incarnation does not try again what met a limit',
    [...taken, ended('t1', 'limitReached'), started(2)],
    held,
    { why: 'limit', through: 6, before: 4 },
  ],
  [
    'a new incarnation forgets a refusal',
    [{ type: 'alert', level: 'error', code: 'c', text: 't', refusal: 'badToken' }, started(2)],
    ({ refusal }) => refusal,
    null,
  ],
  [
    'an entry of a type that nobody knows is passed over',
    [{ type: 'toString' } as never, { type: 'later' } as never],
    ({ lastSeq, lastTime }) => [lastSeq, lastTime],
    [4, timeOf(4)],
  ],
];

const inputs: Row[] = [
  ['runs wait in their order', [run('r1'), run('r2')], queue, ['r1', 'r2']],
  ['a run that was dropped', [run('r1'), run('r2'), drop], queue, ['r2']],
  ['a run that was begun', [run('r1'), run('r2'), asked('t1', 'r1')], queue, ['r2']],
  ['the parent’s run is queued', [run('a1', { from: fromAbove }), run('r1')], own, [['a1', 'queued']]],
  [
    'the parent’s run is begun',
    [run('a1', { from: fromAbove }), asked('t1', 'a1', fromAbove)],
    own,
    [['a1', 'begun']],
  ],
  ['a run of the parent that was never taken in', [asked('t1', 'a1', fromAbove)], own, []],
  [
    'a person’s run with the name of an assignment',
    [run('a1', { from: fromAbove }), asked('t1', 'a1')],
    own,
    [['a1', 'queued']],
  ],
  [
    'every submission is known for ever',
    [run('r1'), asked('t1', 'r1'), notice('n1')],
    ({ submissions }) => [...submissions],
    ['r1', 'n1'],
  ],
  ['a run lifts a hold', [...failed, run('r1')], held, null],
  ['a notice that wakes lifts a hold', [...failed, notice('n2')], held, null],
  [
    'a notice that does not wake leaves it',
    [...failed, notice('n2', { wake: false })],
    held,
    { why: 'failed', through: 6, before: 4 },
  ],
  ['a pause', [input('pause')], ({ paused }) => paused, true],
  [
    'a resume lifts a pause and a hold',
    [...failed, input('pause'), input('resume')],
    ({ paused, held }) => [paused, held],
    [false, null],
  ],
  [
    'a cancel gives up the interrupted turn and its approvals',
    [...working('t1', 'r1'), interrupted('t1'), input('pause'), input('cancel')],
    ({ paused, resumable }) => [paused, resumable],
    [false, null],
  ],
  [
    'a cancel holds what the interrupted turn had taken in',
    [...taken, interrupted('t1'), input('cancel')],
    held,
    { why: 'cancelled', through: 7, before: 0 },
  ],
  [
    'a cancel of an interrupted turn with nothing in hand holds nothing',
    [begun('t1'), interrupted('t1'), input('cancel')],
    held,
    null,
  ],
  [
    'a cancel without an interrupted turn holds nothing',
    [...taken, ended('t1'), input('cancel')],
    held,
    null,
  ],
];

const turns: Row[] = [
  [
    'an error with an item from before and one that came during the turn',
    [notice('n1'), begun('t1'), notice('n2'), ended('t1', 'errored')],
    held,
    { why: 'failed', through: 6, before: 4 },
  ],
  [
    'a turn',
    [begun('t1', { kind: 'run', submissions: ['r1'], hops: 2, cause: 'parent' })],
    ({ turn, lastCause, turns }) => [turn, lastCause, turns],
    [
      {
        turn: 't1',
        turns: ['t1'],
        usedMs: 0,
        unmet: nothingUnmet,
        entrySeq: 3,
        kind: 'run',
        submissions: ['r1'],
        hops: 2,
        cause: 'parent',
        startedAt: timeOf(3),
        steps: 0,
        answeredBy: null,
        usage: free,
        dangling: new Map(),
      },
      'parent',
      1,
    ],
  ],
  [
    'a resumed turn goes on with those before it',
    [begun('t1'), interrupted('t1'), begun('t2', { kind: 'resume' })],
    ({ turn, resumable }) => [turn?.turns, resumable],
    [['t1', 't2'], null],
  ],
  [
    'another turn does not',
    [begun('t1'), interrupted('t1'), begun('t2', { kind: 'run' })],
    ({ turn }) => turn?.turns,
    ['t2'],
  ],
  [
    'a resumed turn with nothing before it',
    [begun('t1', { kind: 'resume' })],
    ({ turn }) => turn?.turns,
    ['t1'],
  ],
  [
    'a step',
    [begun('t1'), completed('t1', 3, { step: 2 })],
    ({ turn, usage, seenThrough }) => [turn?.steps, turn?.usage, usage, seenThrough],
    [2, some, some, 3],
  ],
  ['a step of no turn', [completed('t1', 3)], ({ turn, usage }) => [turn, usage], [null, some]],
  ['what was seen stays seen', [completed('t1', 3), completed('t1', 2)], ({ seenThrough }) => seenThrough, 3],
  [
    'calls dangle until their result',
    [begun('t1'), called('t1', 'c1'), called('t1', 'c2'), result('t1', 'c1')],
    ({ turn }) => [...turn!.dangling.keys()],
    ['c2'],
  ],
  [
    'calls and results of no turn',
    [called('t1', 'c1'), result('t1', 'c1')],
    ({ turn, history }) => [turn, history.length],
    [null, 2],
  ],
  [
    'an end',
    [begun('t1'), ended('t1', 'limitReached', { reason: 'steps' })],
    ({ turn, lastTurn, paused, resumable }) => [turn, lastTurn, paused, resumable],
    [
      null,
      { turn: 't1', outcome: 'limitReached', reason: 'steps', at: timeOf(4), settled: true },
      false,
      null,
    ],
  ],
  [
    'an end with an error',
    [begun('t1'), ended('t1', 'errored', { error: { category: 'c', message: 'm' } })],
    ({ lastTurn }) => lastTurn?.reason,
    'm',
  ],
  [
    'an end of no turn',
    [ended('t1', 'paused'), ended('t2', 'errored')],
    ({ paused, resumable, held, lastTurn }) => [paused, resumable, held, lastTurn?.reason],
    [false, null, null, null],
  ],
  [
    'a pause at the end',
    [begun('t1', { submissions: ['r1'], hops: 3 }), ended('t1', 'paused')],
    ({ paused, resumable }) => [paused, resumable],
    [true, { turns: ['t1'], usedMs: 0, unmet: nothingUnmet, submissions: ['r1'], hops: 3, cause: 'person' }],
  ],
  ['an error with an item in hand holds it', failed, held, { why: 'failed', through: 6, before: 4 }],
  [
    'an error with an item in the buffer from before',
    [notice('n1'), begun('t1'), ended('t1', 'errored')],
    held,
    { why: 'failed', through: 5, before: 4 },
  ],
  [
    'an error with nothing in hand but what came during the turn',
    [begun('t1'), notice('n1'), ended('t1', 'errored')],
    held,
    null,
  ],
  [
    'a cancel at the end',
    [...taken, ended('t1', 'cancelled')],
    held,
    { why: 'cancelled', through: 6, before: 4 },
  ],
  ['a good end holds nothing', [...taken, ended('t1')], held, null],
  [
    'an interruption',
    [begun('t1', { submissions: ['r1'], hops: 3 }), interrupted('t1')],
    ({ turn, resumable }) => [turn, resumable],
    [null, { turns: ['t1'], usedMs: 0, unmet: nothingUnmet, submissions: ['r1'], hops: 3, cause: 'person' }],
  ],
  [
    'an interruption of another turn',
    [begun('t1'), interrupted('t0')],
    ({ turn, resumable }) => [turn?.turn, resumable],
    ['t1', null],
  ],
  ['an interruption of none', [interrupted('t0')], ({ resumable }) => resumable, null],
  [
    'a turn ends what was said of the budget',
    [{ type: 'alert', level: 'warning', code: 'wakeBudget', text: '' }, begun('t1')],
    ({ overBudgetAt }) => overBudgetAt,
    null,
  ],
];

describe('a log', () => {
  it.each(incarnations)('[replay.table] %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });

  it.each(inputs)('[replay.table] %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });

  it.each(turns)('[replay.table] %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });
});
