/**
 * What is to be committed for an event of a child, as a table: P1–P5 of the design, the ends of lives, and
 * assignments held against a link.
 */
import { describe, expect, it } from 'vitest';
import { endsBefore, receive } from '../../../src/delivery/inbox.ts';
import type { SentPodEvent } from '../../../src/protocol/pod-event.ts';
import type { PodRef } from '../../../src/session/facts/entries.ts';
import {
  type Line,
  above,
  begun,
  called,
  child,
  completed,
  died,
  errored,
  factsOf,
  finished,
  kid,
  linked,
  received,
  result,
  scopeReport,
  sent,
  shutDown,
  sib,
} from '../machine-rig.ts';
import { family, holding, kidOf, returned, silently } from './inbox-rig.ts';

function take(
  lines: readonly Line[],
  event: SentPodEvent,
  options: {
    seq?: number;
    incarnation?: number;
    instance?: string;
    parent?: PodRef | null;
    stopping?: boolean;
  } = {},
) {
  const { seq = 1, incarnation = 1, instance = kid.instance, parent = null, stopping = false } = options;
  return receive(factsOf(lines, parent), { from: { instance, incarnation }, seq, event }, { stopping });
}

describe('an event of a child', () => {
  const three = [...family, ...[1, 2, 3].map((seq) => received(seq, finished()))];

  it.each([
    ['an instance that is no child of this pod', { instance: above.instance }, { kind: 'unknownChild' }],
    ['the number that is on disk', { seq: 3 }, { kind: 'duplicate', received: 3 }],
    ['a number below it', { seq: 1 }, { kind: 'duplicate', received: 3 }],
    ['a number past the next', { seq: 5 }, { kind: 'gap', received: 3 }],
    [
      'the next number',
      { seq: 4 },
      { kind: 'accept', received: 4, emits: false, bodies: [received(4, finished())] },
    ],
  ])('[inbox.numbers] %s', (_, from, answer) => {
    expect(take(three, finished(), from)).toEqual(answer);
  });
});

describe('the receipt', () => {
  const readOutput = (coversTurn: string | null) => ({
    readOutput: { instance: kid.instance, cursor: 'c', coversTurn },
  });
  // The result of ReadPodOutput is entry 12.
  const read = (coversTurn: string | null, seenThrough: number): Line[] => [
    ...family,
    begun('t1'),
    called('t1', 'c1'),
    result('t1', 'c1', readOutput(coversTurn)),
    completed('t1', seenThrough),
  ];
  const stopReported: Line = result('t1', 'c1', { stopped: { instance: kid.instance, incarnation: 1 } });

  const rows: [name: string, lines: Line[], event: SentPodEvent, fields: object, stopping?: boolean][] = [
    [
      'finished and settled: closes what it names and is open',
      family,
      finished({ assignments: ['a1', 'gone'] }),
      { closes: ['a1'] },
    ],
    [
      'finished, not settled: silent, closes nothing',
      family,
      finished({ assignments: ['a1'], settled: false }),
      silently,
    ],
    [
      'paused: read, closes nothing',
      family,
      finished({ assignments: ['a1'], outcome: 'paused', settled: false }),
      {},
    ],
    [
      'a limit: closes what it names, settled or not',
      family,
      finished({ assignments: ['a2'], outcome: 'limitReached', settled: false }),
      { closes: ['a2'] },
    ],
    [
      'cancelled: closes what it names, in the order of giving',
      family,
      finished({ assignments: ['a2', 'a1'], outcome: 'cancelled' }),
      { closes: ['a1', 'a2'] },
    ],
    [
      'an error closes what it names, and a queued run stays open',
      family,
      errored({ assignments: ['a1'] }),
      { closes: ['a1'] },
    ],
    ['another child’s assignment is never closed', family, finished({ assignments: ['b1'] }), {}],
    [
      'shut down: closes all of this child’s, named or not',
      family,
      shutDown({ assignments: ['a1'] }),
      { closes: ['a1', 'a2'] },
    ],
    [
      'shut down with work in hand because this pod stops: closes, read',
      family,
      shutDown(),
      { closes: ['a1', 'a2'] },
      true,
    ],
    [
      'shut down without work because this pod stops: silent',
      [child(kid, 'reserved'), linked(kid)],
      shutDown(),
      silently,
      true,
    ],
    [
      'shut down because this pod stops, after a StopPod result told it: silent',
      [...family, stopReported],
      shutDown(),
      { ...silently, closes: ['a1', 'a2'] },
      true,
    ],
    [
      'shut down after a StopPod result told it: silent',
      [...family, stopReported],
      shutDown(),
      { ...silently, closes: ['a1', 'a2'] },
    ],
    [
      'read with ReadPodOutput, and a response stands behind that',
      read('kid-turn', 12),
      finished({ assignments: ['a1'] }),
      { ...silently, closes: ['a1'], readAt: 12 },
    ],
    [
      'read with ReadPodOutput, no response behind it',
      read('kid-turn', 11),
      finished({ assignments: ['a1'] }),
      { closes: ['a1'] },
    ],
    ['another turn was read', read('before', 12), finished({ assignments: ['a1'] }), { closes: ['a1'] }],
    ['a part of the turn was read', read(null, 12), finished({ assignments: ['a1'] }), { closes: ['a1'] }],
    ['read, but the turn was cancelled', read('kid-turn', 12), finished({ outcome: 'cancelled' }), {}],
    ['read, but it failed', read('kid-turn', 12), errored(), {}],
  ];
  it.each(rows)('[inbox.receipt] %s', (...[, lines, event, fields, stopping = false]) => {
    const expected = received(1, event, fields);
    expect(take(lines, event, { stopping })).toEqual({
      kind: 'accept',
      received: 1,
      emits: false,
      bodies: [expected],
    });
  });

  it('[inbox.receipt] an end without readable assignments closes all of this child’s, and an alert names what is missing', () => {
    const event = errored({ unread: ['outstanding', 'assignments'] });
    const text =
      'Event 1 (errored) of "kid" was taken in without what could not be read of it: outstanding, assignments.';
    expect(take(family, event)).toEqual({
      kind: 'accept',
      received: 1,
      emits: false,
      bodies: [
        received(1, event, { closes: ['a1', 'a2'] }),
        { type: 'alert', level: 'warning', code: 'unreadFields', text },
      ],
    });
  });

  it('[inbox.receipt] another field that could not be read changes nothing of what is closed', () => {
    const event = finished({ assignments: ['a2'], unread: ['usage'] });
    expect(take(family, event)).toMatchObject({ bodies: [{ closes: ['a2'] }, { code: 'unreadFields' }] });
    for (const unread of [[], undefined]) {
      const whole = finished({ assignments: ['a2'], unread });
      expect(take(family, whole)).toMatchObject({ bodies: [{ closes: ['a2'] }] });
    }
  });

  it('[inbox.receipt] what the child held returns in the same append', () => {
    const event = shutDown();
    expect(take([...family, holding], event)).toMatchObject({
      bodies: [received(1, event, { closes: ['a1', 'a2'] }), returned('shutDown')],
    });
    expect(take([...family, holding], finished())).toMatchObject({ bodies: [{ event: finished() }] });
  });
});

describe('a report of a scope handed on below', () => {
  const event = scopeReport(kid, 4);
  const bare = (seq: number) => received(seq, event, silently);
  const again = sent(1, event);

  it('[inbox.re-emission] the root keeps it', () => {
    expect(take(family, event)).toEqual({ kind: 'accept', received: 1, emits: false, bodies: [bare(1)] });
  });

  it('[inbox.re-emission] a pod with a parent says it again in the same append, with its origin', () => {
    expect(take(family, event, { parent: above })).toEqual({
      kind: 'accept',
      received: 1,
      emits: true,
      bodies: [bare(1), again],
    });
  });

  it('[inbox.re-emission] what was not readable here is no word of this pod', () => {
    const unread = { ...event, unread: ['scope'] };
    expect(take(family, unread, { parent: above })).toMatchObject({
      bodies: [{ event: unread }, { code: 'unreadFields' }, again],
    });
  });

  it.each([
    [3, true],
    [4, false],
    [5, false],
  ])('[inbox.re-emission] after one of the same origin with number %i: %s', (before, emits) => {
    const lines = [...family, sent(1, scopeReport(kid, before))];
    expect(take(lines, event, { parent: above })).toMatchObject({ emits });
  });

  it('[inbox.re-emission] another origin is another report, and another event is none', () => {
    const lines = [...family, sent(1, scopeReport(sib, 9))];
    expect(take(lines, event, { parent: above })).toMatchObject({ emits: true });
    expect(take(family, finished(), { parent: above })).toMatchObject({ emits: false });
  });
});

const earlierDeath = (incarnation: number) =>
  received(
    null,
    { kind: 'died', restored: true, assignments: [], outstanding: [] },
    { from: { ...kid, incarnation }, ...silently },
  );

describe('lives before', () => {
  it('[inbox.lives-before] an event of a third incarnation is preceded by the deaths of the two before it', () => {
    const event = finished();
    const lines = [...family, linked(kid, 3), holding];
    expect(take(lines, event, { incarnation: 3 })).toMatchObject({
      bodies: [earlierDeath(1), earlierDeath(2), received(1, event, { from: { ...kid, incarnation: 3 } })],
    });
  });

  it.each([
    ['none where the incarnation is the first', [], 1, []],
    ['one for each incarnation without an end', [], 3, [1, 2]],
    [
      'none for an incarnation that has its end here',
      [received(null, died(), { from: { ...kid, incarnation: 2 } })],
      4,
      [3],
    ],
    ['none where all have theirs', [received(null, died(), { from: { ...kid, incarnation: 2 } })], 3, []],
  ])('[inbox.lives-before] %s', (_, more, incarnation, lives) => {
    const facts = factsOf([...family, ...more]);
    expect(endsBefore(facts, kidOf(facts), incarnation)).toEqual(lives.map(earlierDeath));
  });
});
