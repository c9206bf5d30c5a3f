/** The fold from entries to facts, as a table: children, and the outbox. */
import { describe, expect, it } from 'vitest';
import {
  above,
  acked,
  assigned,
  begun,
  child,
  factsOf,
  finished,
  fromAbove,
  interrupted,
  kid,
  linked,
  received,
  result,
  run,
  scopeReport,
  sent,
  shutDown,
  sib,
  stopped,
  timeOf,
  unreachable,
  working,
} from '../machine-rig.ts';

import { type Row, queue, buffer, own, theKid, assignments, pending, scope, refuses } from './replay-rig.ts';

const children: Row[] = [
  [
    'a child that is being made',
    [child(kid, 'reserved', { tokenHash: 'h', scope, task: 'look', call: 'c1' })],
    theKid,
    expect.objectContaining({
      ...kid,
      state: 'reserved',
      tokenHash: 'h',
      scope,
      holds: null,
      task: 'look',
      call: 'c1',
      incarnation: 0,
      process: null,
      begun: false,
    }),
  ],
  [
    'a child of which a later entry says less',
    [child(kid, 'reserved', { tokenHash: 'h', scope, task: 'look', call: 'c1' }), child(kid, 'started')],
    theKid,
    expect.objectContaining({
      state: 'started',
      tokenHash: 'h',
      scope,
      task: 'look',
      call: 'c1',
      process: null,
    }),
  ],
  [
    'a child’s process',
    [child(kid, 'started', { pid: 7, startTime: '8', bootId: 'b' })],
    (facts) => theKid(facts)?.process,
    { pid: 7, startTime: '8', bootId: 'b' },
  ],
  [
    'a child’s process of which little is known',
    [child(kid, 'started', { pid: 7 })],
    (facts) => theKid(facts)?.process,
    { pid: 7, startTime: '', bootId: '' },
  ],
  [
    'the newest incarnation counts',
    [linked(kid, 3), linked(kid, 2)],
    (facts) => theKid(facts)?.incarnation,
    3,
  ],
  [
    'a link ends a refusal and an unreachable episode',
    [linked(kid), received(null, unreachable), refuses, linked(kid)],
    (facts) => [theKid(facts)?.unreachable, theKid(facts)?.refused],
    [false, null],
  ],
  [
    'a start does not',
    [linked(kid), received(null, unreachable), refuses, child(kid, 'started')],
    (facts) => [theKid(facts)?.unreachable, theKid(facts)?.refused],
    [true, 'badToken'],
  ],
  ['a refusal of a child that is gone', [refuses], (facts) => facts.children.size, 0],
  [
    'another alert refuses nobody',
    [linked(kid), { type: 'alert', level: 'error', code: 'c', text: '' }],
    (facts) => [theKid(facts)?.refused, facts.refusal, facts.overBudgetAt, [...facts.quarantined]],
    [null, null, null, []],
  ],
  [
    'an undone child is forgotten with its work',
    [
      linked(kid),
      linked(sib),
      assigned('a1'),
      assigned('b1', sib),
      result('t1', 'c1', { readOutput: { instance: kid.instance, cursor: 'c', coversTurn: null } }),
      child(kid, 'undone'),
    ],
    (facts) => [facts.children.has(kid.instance), assignments(facts), facts.readCursors.size],
    [false, ['b1'], 0],
  ],
  [
    'a removed child is forgotten too',
    [linked(kid), assigned('a1'), child(kid, 'removed')],
    (facts) => [facts.children.size, assignments(facts)],
    [0, []],
  ],
  ['a child with work has begun', [linked(kid), assigned('a1')], (facts) => theKid(facts)?.begun, true],
  [
    'work of a child that is not known',
    [assigned('a1')],
    (facts) => [facts.children.size, facts.assignments.get('a1')],
    [0, { assignment: 'a1', child: kid, turn: 't1', text: 'do a1', openedAt: timeOf(3) }],
  ],
  [
    'closed work is told where it is to be',
    [assigned('a1'), assigned('a1', kid, { state: 'closed', text: '', outcome: 'notStarted', tell: true })],
    ({ assignments, notifyBuffer }) => [assignments.size, notifyBuffer],
    [
      0,
      [
        {
          entrySeq: 4,
          wakes: true,
          hops: 0,
          receivedAt: timeOf(4),
          deathsAt: [],
          content: { kind: 'assignment', assignment: 'a1', child: kid, outcome: 'notStarted', text: 'do a1' },
        },
      ],
    ],
  ],
  [
    'closed work that nobody knows the outcome of',
    [assigned('a1', kid, { state: 'closed', tell: true })],
    ({ notifyBuffer }) => notifyBuffer[0]?.content,
    { kind: 'assignment', assignment: 'a1', child: kid, outcome: 'closed', text: 'do a1' },
  ],
  [
    'closed work is not told otherwise',
    [assigned('a1'), assigned('a1', kid, { state: 'closed' })],
    (facts) => [assignments(facts), buffer(facts)],
    [[], []],
  ],
  [
    'a scope that is handed down',
    [linked(kid), { type: 'scope', change: 'delegated', child: kid, scope }],
    (facts) => [theKid(facts)?.holds, facts.granted],
    [scope, null],
  ],
  [
    'a scope that returns',
    [
      linked(kid),
      { type: 'scope', change: 'delegated', child: kid, scope },
      { type: 'scope', change: 'reclaimed', child: kid, scope },
    ],
    (facts) => theKid(facts)?.holds,
    null,
  ],
  [
    'a scope that is granted',
    [linked(kid), { type: 'scope', change: 'granted', scope }],
    (facts) => [theKid(facts)?.holds, facts.granted],
    [null, scope],
  ],
  [
    'a scope of a child that is gone',
    [{ type: 'scope', change: 'delegated', child: kid, scope }],
    (facts) => facts.children.size,
    0,
  ],
];

const outbox: Row[] = [
  [
    'an event is pending',
    [sent(1, finished())],
    ({ outbox }) => outbox,
    {
      emitted: 1,
      acked: 0,
      pending: new Map([[1, { event: finished(), incarnation: 1, committedAt: timeOf(3) }]]),
    },
  ],
  [
    'an acknowledgement ends what it covers',
    [sent(1, finished()), sent(2, finished()), sent(3, finished()), acked(2)],
    (facts) => [pending(facts), facts.outbox.acked],
    [[3], 2],
  ],
  [
    'acknowledgements in another order',
    [sent(1, finished()), sent(2, finished()), acked(2), acked(1)],
    (facts) => facts.outbox.acked,
    2,
  ],
  [
    'an acknowledgement ends a refusal',
    [{ type: 'alert', level: 'error', code: 'c', text: 't', refusal: 'badToken' }, acked(1)],
    ({ refusal }) => refusal,
    null,
  ],
  [
    'a refusal',
    [{ type: 'alert', level: 'error', code: 'c', text: 't', refusal: 'badToken' }],
    ({ refusal }) => refusal,
    { code: 'badToken', text: 't', at: timeOf(3) },
  ],
  [
    'what a person gave up is not pending',
    [sent(1, finished()), sent(2, finished()), { type: 'discarded', through: 1, reason: 'rm' }],
    (facts) => [pending(facts), facts.outbox.acked],
    [[2], 0],
  ],
  [
    'a report closes the work that it names',
    [
      ...working('t1', 'a1', fromAbove),
      run('a2', { from: fromAbove }),
      sent(1, finished({ assignments: ['a1', 'a9'] })),
    ],
    (facts) => [own(facts), [...facts.closedAssignments]],
    [[['a2', 'queued']], [['a1', 1]]],
  ],
  [
    'a report that is not settled closes none',
    [...working('t1', 'a1', fromAbove), sent(1, finished({ assignments: ['a1'], settled: false }))],
    own,
    [['a1', 'begun']],
  ],
  [
    'a shutdown closes what it never began too',
    [
      ...working('t1', 'a1', fromAbove),
      run('a2', { from: fromAbove }),
      sent(1, shutDown({ assignments: ['a1'], notStarted: ['a2'] })),
    ],
    (facts) => [own(facts), [...facts.closedAssignments.keys()]],
    [[], ['a1', 'a2']],
  ],
  [
    'closed work is known until its report is acknowledged',
    [
      ...working('t1', 'a1', fromAbove),
      sent(1, finished({ assignments: ['a1'] })),
      ...working('t2', 'a2', fromAbove),
      sent(2, finished({ assignments: ['a2'] })),
      acked(1),
    ],
    ({ closedAssignments }) => [...closedAssignments],
    [['a2', 2]],
  ],
  [
    'a scope report is no work',
    [sent(1, scopeReport(kid, 4)), sent(2, scopeReport(kid, 2))],
    ({ origins }) => [...origins],
    [[kid.instance, 4]],
  ],
  [
    'a shutdown gives up what was at work and what its parent gave',
    [run('r1'), run('a2', { from: fromAbove }), begun('t1'), interrupted('t1'), sent(1, shutDown())],
    (facts) => [facts.resumable, queue(facts)],
    [null, ['r1']],
  ],
  [
    'a stop does so too',
    [run('r1'), run('a2', { from: fromAbove }), begun('t1'), interrupted('t1'), stopped(1)],
    (facts) => [facts.resumable, queue(facts)],
    [null, ['r1']],
  ],
  [
    'another event gives up nothing',
    [run('a2', { from: fromAbove }), begun('t1'), interrupted('t1'), sent(1, finished())],
    (facts) => [facts.resumable === null, queue(facts)],
    [false, ['a2']],
  ],
];

describe('a log', () => {
  it.each(children)('[replay.table] %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });

  it.each(outbox)('[replay.table] of an outbox: %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });
});
