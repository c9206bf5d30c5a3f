/**
 * The ends of children as their parent tells them, and assignments held against a link or a dead child's log,
 * as tables.
 */
import { describe, expect, it } from 'vitest';
import {
  type DeathFindings,
  assignmentsOf,
  deathReceipt,
  reconcile,
  unaccepted,
  unreachableReceipt,
} from '../../../src/delivery/inbox.ts';
import type { PodEvent } from '../../../src/protocol/pod-event.ts';
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import {
  type Line,
  assigned,
  child,
  factsOf,
  kid,
  linked,
  me,
  received,
  shutDown,
  sib,
  unreachable,
} from '../machine-rig.ts';
import { family, holding, kidOf, returned, silently } from './inbox-rig.ts';

describe('a death', () => {
  const findings: DeathFindings = { exitCode: 3, restored: false, asked: false, outstanding: ['deep'] };
  const event = (fields: object = {}): PodEvent => ({
    kind: 'died',
    exitCode: 3,
    restored: false,
    outstanding: ['deep'],
    assignments: ['a1', 'a2'],
    ...fields,
  });

  const waits: Line = { type: 'scopeWait', state: 'waits', child: kid, reason: 'for /w/a' };
  const rows: [
    name: string,
    lines: Line[],
    incarnation: number,
    findings: Partial<DeathFindings>,
    bodies: EntryBody[],
  ][] = [
    ['closes all that the child had', family, 1, {}, [received(null, event(), { closes: ['a1', 'a2'] })]],
    [
      'returns what it held',
      [...family, holding],
      1,
      {},
      [received(null, event(), { closes: ['a1', 'a2'] }), returned('died')],
    ],
    [
      'of a pod that this one stops with its tree is read where it ends work',
      family,
      1,
      { asked: true },
      [received(null, event(), { closes: ['a1', 'a2'] })],
    ],
    [
      'of a pod without work that this one stops with its tree is silent',
      [child(kid, 'reserved'), linked(kid)],
      1,
      { asked: true },
      [received(null, event({ assignments: [] }), silently)],
    ],
    [
      'of an incarnation that another has followed closes and returns nothing',
      [...family, holding],
      1,
      { restored: true },
      [received(null, event({ restored: true, assignments: [] }), silently)],
    ],
    [
      'of a child that still waited for its paths says that nothing was begun',
      [...family, waits],
      1,
      {},
      [
        received(null, event({ reason: 'it had begun nothing, as it waited for its paths' }), {
          closes: ['a1', 'a2'],
        }),
        {
          type: 'scopeWait',
          state: 'over',
          child: { name: kid.name, instance: kid.instance },
          reason: 'died',
        },
      ],
    ],
    [
      'of a child that waited for its paths says nothing of it where another incarnation has followed',
      [...family, waits],
      1,
      { restored: true },
      [received(null, event({ restored: true, assignments: [] }), silently)],
    ],
    ['of an incarnation whose end stands here is nothing', [...family, received(1, shutDown())], 1, {}, []],
    [
      'of an earlier incarnation than the one whose end stands here is nothing',
      [...family, received(1, shutDown(), { from: { ...kid, incarnation: 2 } })],
      1,
      {},
      [],
    ],
    [
      'of the incarnation behind the one that has its end here is told',
      [...family, received(1, shutDown())],
      2,
      {},
      [received(null, event(), { from: { ...kid, incarnation: 2 }, closes: ['a1', 'a2'] })],
    ],
  ];
  it.each(rows)('[inbox.death] %s', (...[, lines, incarnation, more, bodies]) => {
    const facts = factsOf(lines);
    expect(deathReceipt(facts, kidOf(facts), incarnation, { ...findings, ...more })).toEqual(bodies);
  });

  it('[inbox.death] of a child that was removed meanwhile is nothing', () => {
    const facts = factsOf([...family, child(kid, 'removed')]);
    expect(deathReceipt(facts, kidOf(factsOf(family)), 1, findings)).toEqual([]);
  });
});

describe('a child out of reach', () => {
  const rows: [name: string, lines: Line[], bodies: EntryBody[]][] = [
    ['is told, and closes nothing', family, [received(null, unreachable)]],
    [
      'is told of the newest incarnation',
      [...family, linked(kid, 2)],
      [received(null, unreachable, { from: { ...kid, incarnation: 2 } })],
    ],
    ['is told once an episode', [...family, received(null, unreachable)], []],
    [
      'is told again after a link',
      [...family, received(null, unreachable), linked(kid)],
      [received(null, unreachable)],
    ],
    ['is not told after its end', [...family, received(1, shutDown())], []],
    [
      'is told of an incarnation behind one that has ended',
      [...family, received(1, shutDown()), linked(kid, 2)],
      [received(null, unreachable, { from: { ...kid, incarnation: 2 } })],
    ],
  ];
  it.each(rows)('[inbox.unreachable] %s', (_, lines, bodies) => {
    const facts = factsOf(lines);
    expect(unreachableReceipt(facts, kidOf(facts), 60_000)).toEqual(bodies);
  });

  it('[inbox.unreachable] is not told of a child that was removed meanwhile', () => {
    const facts = factsOf([...family, child(kid, 'removed')]);
    expect(unreachableReceipt(facts, kidOf(factsOf(family)), 60_000)).toEqual([]);
  });
});

describe('assignments', () => {
  const neverBegan = (assignment: string): EntryBody => ({
    type: 'assignment',
    assignment,
    child: kid,
    state: 'closed',
    text: '',
    outcome: 'notStarted',
    tell: true,
  });

  const rows: [
    name: string,
    told: { open?: string[]; closed?: string[] },
    sure: string[],
    closed: string[],
  ][] = [
    ['that the child does not know never began', {}, [], ['a1', 'a2']],
    ['that the child has open stay', { open: ['a1'] }, [], ['a2']],
    ['that the child has closed stay until its report', { closed: ['a2'] }, [], ['a1']],
    ['whose run is being sent are not judged', {}, ['a1'], ['a2']],
    ['that are all known leave nothing to do', { open: ['a2', 'other'], closed: ['a1'] }, [], []],
  ];
  it.each(rows)('[inbox.reconcile] %s', (_, told, sure, closed) => {
    const facts = factsOf(family);
    const bodies = reconcile(facts, kidOf(facts), { open: [], closed: [], ...told }, new Set(sure));
    expect(bodies).toEqual(closed.map(neverBegan));
  });

  it('[inbox.reconcile] are those of one child', () => {
    const facts = factsOf(family);
    expect(assignmentsOf(facts, kid.instance)).toEqual(['a1', 'a2']);
    expect(assignmentsOf(facts, sib.instance)).toEqual(['b1']);
    expect(assignmentsOf(facts, me.instance)).toEqual([]);
  });

  const dead = [
    ...family,
    received(1, shutDown({ assignments: ['a1'] }), { closes: ['a1', 'a2'] }),
    assigned('a3'),
    assigned('a4'),
  ];
  const given: [name: string, lines: Line[], inFlight: string[], closed: string[]][] = [
    ['given behind the end of the last incarnation never began', dead, [], ['a3', 'a4']],
    ['being sent right now are not judged', dead, ['a3'], ['a4']],
    ['of an incarnation without an end are not judged', family, [], []],
    ['of a later incarnation than the one that ended are not judged', [...dead, linked(kid, 2)], [], []],
  ];
  it.each(given)('[inbox.unaccepted] %s', (_, lines, inFlight, closed) => {
    const facts = factsOf(lines);
    expect(unaccepted(facts, kidOf(facts), new Set(inFlight))).toEqual(closed.map(neverBegan));
  });

  it('[inbox.unaccepted] of a child that was removed meanwhile are nobody’s', () => {
    const removed = factsOf([...dead, child(kid, 'removed')]);
    expect(unaccepted(removed, kidOf(factsOf(dead)), new Set())).toEqual([]);
  });
});
