/** The fold from entries to facts, as a table: what waits for the model, and receipts. */
import { describe, expect, it } from 'vitest';
import {
  above,
  assigned,
  begun,
  completed,
  died,
  errored,
  factsOf,
  finished,
  fromAbove,
  interrupted,
  itemOf,
  kid,
  linked,
  notice,
  noticeItem,
  received,
  result,
  scopeReport,
  shutDown,
  sib,
  started,
  timeOf,
  unreachable,
} from '../machine-rig.ts';

import {
  type Row,
  buffer,
  unseen,
  held,
  theKid,
  assignments,
  deaths,
  assignmentItem,
  taken,
  failed,
  family,
  stopReported,
  endOf,
  refuses,
} from './replay-rig.ts';

const items: Row[] = [
  [
    'an item takes its own notice, also behind others',
    [notice('n1'), notice('n2'), noticeItem('t1', 'n2')],
    buffer,
    [3],
  ],
  [
    'an item of an assignment takes no event',
    [...family, received(1, finished()), assignmentItem],
    buffer,
    [6],
  ],
  [
    'an item of an event takes no assignment',
    [assigned('a2', kid, { state: 'closed', tell: true }), itemOf('t1', 1, finished())],
    buffer,
    [3],
  ],
  [
    'a StopPod result leaves work that never began',
    [...family, assigned('a2', kid, { state: 'closed', tell: true }), stopReported(1)],
    buffer,
    [6],
  ],
  [
    'a notice waits',
    [notice('n1', { hops: 2, from: fromAbove })],
    ({ notifyBuffer }) => notifyBuffer,
    [
      {
        entrySeq: 3,
        wakes: true,
        hops: 2,
        receivedAt: timeOf(3),
        deathsAt: [],
        content: { kind: 'notice', submission: 'n1', from: fromAbove, text: 'see n1' },
      },
    ],
  ],
  [
    'an item takes its own notice',
    [notice('n1', { hops: 2 }), notice('n2'), begun('t1'), noticeItem('t1', 'n1')],
    ({ notifyBuffer, unseen }) => [notifyBuffer.map(({ entrySeq }) => entrySeq), unseen],
    [[4], [{ entrySeq: 6, receivedAt: timeOf(3), wakes: true, hops: 2, deathsAt: [] }]],
  ],
  [
    'an item without its receipt',
    [noticeItem('t1', 'n1')],
    ({ unseen }) => unseen,
    [{ entrySeq: 3, receivedAt: null, wakes: false, hops: 0, deathsAt: [] }],
  ],
  [
    'an item takes its deaths with it',
    [notice('n1'), begun('t1'), started(2), interrupted('t1'), begun('t2'), noticeItem('t2', 'n1')],
    deaths,
    [1],
  ],
  ['what was seen is final', [...taken, completed('t1', 5)], unseen, []],
  ['what came behind it is not', [...taken, completed('t1', 4)], unseen, [5]],
  [
    'an item takes the event with its number',
    [...family, received(1, finished()), received(2, finished()), itemOf('t1', 2, finished())],
    buffer,
    [6],
  ],
  [
    'an item takes the event of its sender',
    [
      ...family,
      received(1, finished(), { from: { ...sib, incarnation: 1 } }),
      received(1, finished()),
      itemOf('t1', 1, finished()),
    ],
    buffer,
    [6],
  ],
  [
    'an item takes the end of its own incarnation',
    [...family, endOf(2, died()), endOf(1, died()), itemOf('t1', null, died())],
    buffer,
    [6],
  ],
  [
    'an item without a number takes what is of its kind',
    [...family, endOf(1, unreachable), endOf(1, died()), itemOf('t1', null, died())],
    buffer,
    [6],
  ],
  [
    'an item with a number takes it whatever incarnation sent it',
    [...family, received(1, finished(), { from: { ...kid, incarnation: 2 } }), itemOf('t1', 1, finished())],
    buffer,
    [],
  ],
  ['an item of an event takes no notice', [notice('n1'), itemOf('t1', 1, finished())], buffer, [3]],
  [
    'an item of a notice takes no event',
    [...family, received(1, finished()), noticeItem('t1', 'n1')],
    buffer,
    [6],
  ],
  [
    'an item of an assignment takes it',
    [
      assigned('a1', kid, { state: 'closed', tell: true }),
      assigned('a2', kid, { state: 'closed', tell: true }),
      assignmentItem,
    ],
    buffer,
    [3],
  ],
  [
    'an item of a notice takes no assignment',
    [assigned('n1', kid, { state: 'closed', tell: true }), noticeItem('t1', 'n1')],
    buffer,
    [3],
  ],
  [
    'an item says that its event was received',
    [...family, itemOf('t1', 7, finished())],
    (facts) => theKid(facts)?.received,
    7,
  ],
  [
    'an item of an earlier event changes nothing of that',
    [...family, received(9, finished()), itemOf('t1', 7, finished())],
    (facts) => theKid(facts)?.received,
    9,
  ],
  [
    'an item of a death has no number',
    [...family, itemOf('t1', null, died())],
    (facts) => theKid(facts)?.received,
    0,
  ],
  ['an item of a stranger makes no child', [itemOf('t1', 7, finished())], (facts) => facts.children.size, 0],
  ['a StopPod result makes final what it tells', [...family, endOf(1), stopReported(1)], buffer, []],
  [
    'a StopPod result makes an earlier death final too',
    [...family, endOf(1, died()), stopReported(2)],
    buffer,
    [],
  ],
  [
    'a StopPod result leaves the end of a later incarnation',
    [...family, endOf(2), stopReported(1)],
    buffer,
    [6],
  ],
  [
    'a StopPod result leaves the reports of that incarnation',
    [...family, received(1, finished()), stopReported(1)],
    buffer,
    [6],
  ],
  [
    'a StopPod result leaves the end of another child',
    [...family, received(1, shutDown(), { from: { ...sib, incarnation: 1 } }), stopReported(1)],
    buffer,
    [6],
  ],
  ['a StopPod result leaves notices', [...family, notice('n1'), stopReported(1)], buffer, [6]],
  [
    'a StopPod result is remembered, the latest',
    [...family, stopReported(3), stopReported(2)],
    (facts) => theKid(facts)?.stopReported,
    3,
  ],
  ['a StopPod result of a child that is gone', [stopReported(1)], (facts) => facts.children.size, 0],
  [
    'a reading',
    [
      result('t1', 'c1', { readOutput: { instance: kid.instance, cursor: 'c', coversTurn: 'k1' } }),
      result('t1', 'c2', { readOutput: { instance: kid.instance, cursor: 'd', coversTurn: null } }),
    ],
    ({ readCursors, readTurns }) => [[...readCursors], [...readTurns]],
    [[[kid.instance, 'd']], [['k1', 3]]],
  ],
];

const receipts: Row[] = [
  [
    'of a finish',
    [
      ...family,
      assigned('a1'),
      assigned('a2'),
      received(1, finished({ hops: 3, outstanding: ['deep'] }), { closes: ['a1'] }),
    ],
    (facts) => [facts.notifyBuffer[0], assignments(facts)],
    [
      {
        entrySeq: 8,
        wakes: true,
        hops: 3,
        receivedAt: timeOf(8),
        deathsAt: [],
        content: {
          kind: 'podEvent',
          from: { ...kid, incarnation: 1 },
          seq: 1,
          event: finished({ hops: 3, outstanding: ['deep'] }),
          closes: ['a1'],
          asked: 'do a1',
        },
      },
      ['a2'],
    ],
  ],
  [
    'says what the child knows and when it spoke',
    [...family, received(1, finished({ outstanding: ['deep'] }))],
    (facts) => [
      theKid(facts)?.received,
      theKid(facts)?.outstanding,
      theKid(facts)?.lastReportAt,
      theKid(facts)?.begun,
      theKid(facts)?.state,
    ],
    [1, ['deep'], timeOf(6), true, 'linked'],
  ],
  [
    'of what has no number leaves the number',
    [...family, received(4, finished()), received(null, unreachable)],
    (facts) => [theKid(facts)?.received, theKid(facts)?.unreachable, theKid(facts)?.outstanding],
    [4, true, []],
  ],
  [
    'of a later event ends an unreachable episode',
    [...family, received(null, unreachable), received(1, finished())],
    (facts) => theKid(facts)?.unreachable,
    false,
  ],
  ['that is silent is final', [...family, received(1, finished(), { reads: false })], buffer, []],
  [
    'that is silent lifts no hold',
    [...failed, received(1, finished(), { reads: false })],
    held,
    { why: 'failed', through: 6, before: 4 },
  ],
  [
    'that wakes nobody lifts no hold',
    [...failed, received(1, finished(), { wakes: false })],
    held,
    { why: 'failed', through: 6, before: 4 },
  ],
  ['that wakes lifts a hold', [...failed, received(1, finished())], held, null],
  [
    'asks for the task where the work had no text',
    [...family, assigned('a1', kid, { text: '' }), received(1, finished(), { closes: ['a1'] })],
    ({ notifyBuffer }) => notifyBuffer[0]?.content,
    expect.objectContaining({ asked: 'look' }),
  ],
  [
    'asks for the task where no work is known',
    [...family, received(1, finished(), { closes: ['gone'] })],
    ({ notifyBuffer }) => notifyBuffer[0]?.content,
    expect.objectContaining({ asked: 'look' }),
  ],
  [
    'of a shutdown ends the child',
    [...family, refuses, received(1, shutDown())],
    (facts) => [
      theKid(facts)?.state,
      theKid(facts)?.terminal,
      theKid(facts)?.terminalKind,
      theKid(facts)?.refused,
    ],
    ['ended', 1, 'shutDown', null],
  ],
  [
    'of an earlier incarnation’s death leaves the child',
    [...family, linked(kid, 2), refuses, endOf(1, died())],
    (facts) => [
      theKid(facts)?.state,
      theKid(facts)?.terminal,
      theKid(facts)?.terminalKind,
      theKid(facts)?.refused,
    ],
    ['linked', 1, null, 'badToken'],
  ],
  [
    'of ends in another order keeps the latest',
    [...family, endOf(3, died()), endOf(2, died())],
    (facts) => theKid(facts)?.terminal,
    3,
  ],
  [
    'of a stranger makes a child',
    [received(1, errored())],
    (facts) => [theKid(facts)?.name, theKid(facts)?.state, buffer(facts)],
    ['kid', 'reserved', [3]],
  ],
  [
    'of a scope handed on remembers who has it',
    [...family, received(1, scopeReport(kid, 1), { reads: false })],
    ({ descendants }) => [...descendants],
    [[sib.instance, { name: 'sib', by: kid.instance }]],
  ],
];

describe('a log', () => {
  it.each(items)('[replay.table] %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });

  it.each(receipts)('[replay.table] a receipt %s', (...[, log, pick, expected]) => {
    expect(pick(factsOf(log, above))).toEqual(expected);
  });
});
