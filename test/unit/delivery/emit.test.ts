/** What goes into the outbox, and which runs of the parent it can close. */
import { expect, it } from 'vitest';
import { begunAssignments, emitted, ownAssignments } from '../../../src/delivery/emit.ts';
import {
  above,
  acked,
  factsOf,
  finished,
  fromAbove,
  run,
  sent,
  shutDown,
  started,
  stopped,
  working,
} from '../machine-rig.ts';

const event = finished();

it.each([
  ['the first is 1', [], 1, 1],
  ['the next follows the last', [sent(1, event), sent(2, event)], 1, 3],
  ['an acknowledgement changes no number', [sent(1, event), acked(1)], 1, 2],
  [
    'a later incarnation counts on, and says that it is that one',
    [sent(1, event), stopped(1), started(2)],
    2,
    2,
  ],
])('[emit.numbers] %s', (_, log, incarnation, eventSeq) => {
  const body = emitted(factsOf(log, above), shutDown());
  expect(body).toEqual({ type: 'podEventEmitted', eventSeq, incarnation, event: shutDown() });
});

it('[emit.assignments] the parent’s runs are begun or queued until a report closes them; a person’s are none of them', () => {
  const log = [
    ...working('t1', 'a1', fromAbove),
    run('a2', { from: fromAbove }),
    run('r1'),
    run('a3', { from: fromAbove }),
  ];
  const facts = factsOf(log, above);
  expect(begunAssignments(facts)).toEqual(['a1']);
  expect(ownAssignments(facts, 'begun')).toEqual(['a1']);
  expect(ownAssignments(facts, 'queued')).toEqual(['a2', 'a3']);
  const closed = factsOf([...log, sent(1, finished({ assignments: ['a1', 'a3'] }))], above);
  expect(begunAssignments(closed)).toEqual([]);
  expect(ownAssignments(closed, 'queued')).toEqual(['a2']);
});
