/**
 * Who may write where by one pod's log: handed down, returned once, and given again to a child that is back.
 */
import { describe, expect, it } from 'vitest';
import {
  beginsToWait,
  delegation,
  forgotten,
  grant,
  inForce,
  reclaim,
  reclaimAtEnd,
  regrant,
  scopeByLog,
  waitOver,
} from '../../../src/scope/ownership/delegation.ts';
import type { EntryBody, PathScope } from '../../../src/session/facts/entries.ts';
import type { ChildFacts, Facts } from '../../../src/session/facts/facts.ts';
import {
  type Line,
  child,
  died,
  errored,
  factsOf,
  finished,
  kid,
  linked,
  shutDown,
  sib,
  timeOf,
} from '../machine-rig.ts';

const part: PathScope = { read: ['/w'], write: ['/w/a'] };
const gives = (ref: typeof kid, scope: PathScope): EntryBody => ({
  type: 'scope',
  change: 'delegated',
  child: ref,
  scope,
});
const takes = (ref: typeof kid, scope: PathScope, reason: string): EntryBody => ({
  type: 'scope',
  change: 'reclaimed',
  child: ref,
  scope,
  reason,
});
const reserved = (ref: typeof kid, scope: PathScope): Line[] => [
  child(ref, 'reserved', { scope }),
  gives(ref, scope),
];
const childOf = (facts: Facts, ref = kid): ChildFacts => facts.children.get(ref.instance)!;

describe('what a pod has left', () => {
  it.each<[string, Line[], PathScope]>([
    ['all where nothing is handed down', [], { read: ['/w'], write: ['/w'] }],
    [
      'all but what each child holds, by its name',
      [
        ...reserved(kid, { read: [], write: ['/w/a', '/w/b'] }),
        ...reserved(sib, { read: [], write: ['/w/c'] }),
      ],
      {
        read: ['/w'],
        write: ['/w'],
        deny: [
          { path: '/w/a', right: 'write', holder: 'kid' },
          { path: '/w/b', right: 'write', holder: 'kid' },
          { path: '/w/c', right: 'write', holder: 'sib' },
        ],
      },
    ],
    [
      'all again behind the return',
      [...reserved(kid, part), takes(kid, part, 'undone')],
      { read: ['/w'], write: ['/w'] },
    ],
    [
      'what its parent says by now, with the denies of that',
      [
        {
          type: 'scope',
          change: 'granted',
          scope: { read: ['/w'], write: ['/w'], deny: [{ path: '/w/z', right: 'read' }] },
        },
        ...reserved(kid, part),
      ],
      {
        read: ['/w'],
        write: ['/w'],
        deny: [
          { path: '/w/z', right: 'read' },
          { path: '/w/a', right: 'write', holder: 'kid' },
        ],
      },
    ],
  ])('[scope.by-log] %s', (_, lines, scope) => {
    expect(scopeByLog(factsOf(lines))).toStrictEqual(scope);
  });
});

describe('what is handed down', () => {
  it('[scope.by-log] is one entry where something may be written, and none where it may be read only', () => {
    const ref = { ...kid, more: 'of a child' };
    expect(delegation(ref, part)).toStrictEqual([gives(kid, part)]);
    expect(delegation(kid, { read: ['/w'], write: [] })).toEqual([]);
  });

  it.each<[string, Parameters<typeof reclaimAtEnd>[1], number, string | null]>([
    ['an orderly end', shutDown(), 2, 'shutDown'],
    ['a death', died(), 2, 'died'],
    ['a death that a later life has followed', died({ restored: true }), 2, null],
    ['an end of an earlier life', shutDown(), 1, null],
    ['a report', finished(), 2, null],
    ['a failure', errored(), 2, null],
  ])('[scope.reclaim] %s', (_, event, incarnation, reason) => {
    const holder = childOf(factsOf([...reserved(kid, part), linked(kid, 2)]));
    const returned = reason === null ? [] : [takes(kid, part, reason)];
    expect(reclaimAtEnd(holder, event, incarnation)).toStrictEqual(returned);
  });

  it('[scope.reclaim] returns once: a child that holds nothing returns nothing', () => {
    const lines = [...reserved(kid, part), linked(kid), takes(kid, part, 'died')];
    expect(reclaimAtEnd(childOf(factsOf(lines)), died(), 1)).toEqual([]);
  });

  it.each<[string, Line[], EntryBody[]]>([
    ['a child that holds something', reserved(kid, part), [takes(kid, part, 'undone')]],
    ['a child that holds nothing', [child(kid, 'reserved')], []],
    ['a child that nobody knows', [], []],
  ])('[scope.reclaim-undone] forgetting %s', (_, lines, before) => {
    const end = { state: 'undone', reason: 'it did not start' } as const;
    expect(forgotten(factsOf(lines), kid, end)).toStrictEqual([
      ...before,
      { type: 'child', child: kid, ...end },
    ]);
  });
});

describe('a child that is back', () => {
  const back = (scope: PathScope, more: Line[] = []): Line[] => [
    ...reserved(kid, scope),
    linked(kid),
    takes(kid, scope, 'died'),
    child(kid, 'ended'),
    ...more,
  ];
  const two: PathScope = { read: ['/r'], write: ['/w/a', '/w/b'] };

  it('[scope.regrant] holds again what it held', () => {
    const facts = factsOf(back(two));
    expect(regrant(facts, childOf(facts), 2)).toStrictEqual([gives(kid, two)]);
  });

  it('[worktree.scope] holds the clone that was made for it again, which this pod never had', () => {
    const clone: PathScope = { read: ['/r'], write: ['/clones/kid/repo', '/w/a'] };
    const known = child(kid, 'reserved', { scope: clone, own: ['/clones/kid/repo'] });
    const facts = factsOf([...back(clone), known, child(kid, 'ended')]);
    expect(regrant(facts, childOf(facts), 2)).toStrictEqual([gives(kid, clone)]);
    const stranger = factsOf(back(clone));
    expect(regrant(stranger, childOf(stranger), 2)).toStrictEqual([
      gives(kid, { read: ['/r'], write: ['/w/a'] }),
    ]);
  });

  it('[scope.regrant-rest] holds what is left of it, with the denies that go along', () => {
    const lines: Line[] = [
      {
        type: 'scope',
        change: 'granted',
        scope: { read: ['/w'], write: ['/w'], deny: [{ path: '/w/b/no', right: 'read' }] },
      },
      ...back(two, reserved(sib, { read: [], write: ['/w/a'] })),
    ];
    const facts = factsOf(lines);
    expect(regrant(facts, childOf(facts), 2)).toStrictEqual([
      gives(kid, { read: ['/r'], write: ['/w/b'], deny: [{ path: '/w/b/no', right: 'read' }] }),
    ]);
    const denied: PathScope = { ...two, deny: [{ path: '/w/a/mine', right: 'write' }] };
    const own = factsOf(back(denied));
    expect(regrant(own, childOf(own), 2)).toStrictEqual([gives(kid, denied)]);
  });

  it.each<[string, Line[], number]>([
    ['by the last link of a life that has its end here', [...reserved(kid, part), linked(kid)], 0],
    ['while it holds it still', [...reserved(kid, part), linked(kid)], 2],
    ['where nothing is known of its scope', [child(kid, 'reserved'), linked(kid)], 2],
    ['where it could read only', [child(kid, 'reserved', { scope: { read: ['/w'], write: [] } })], 2],
    ['where all of it is another’s', back(part, reserved(sib, { read: [], write: ['/w'] })), 2],
  ])('[scope.regrant] holds nothing anew %s', (_, lines, incarnation) => {
    const facts = factsOf(lines);
    expect(regrant(facts, childOf(facts), incarnation)).toEqual([]);
  });

  it('[scope.regrant] not by a link of the life that has its end here', () => {
    const facts = factsOf(back(part));
    const one = { ...childOf(facts), terminal: 1 };
    expect([regrant(facts, one, 1), regrant(facts, one, 2).length]).toEqual([[], 1]);
  });

  it.each<[string, Line[], PathScope | null]>([
    ['what it holds', [...reserved(kid, part)], part],
    ['to read only, where it holds nothing', back(part), { read: ['/w'], write: [] }],
    ['nothing, where its scope is not known', [child(kid, 'reserved')], null],
  ])('[scope.regrant] hears at its link %s', (_, lines, scope) => {
    const facts = factsOf(lines);
    expect(inForce(facts, childOf(facts))).toEqual(scope);
  });
});

describe('a child that was spawned with wait', () => {
  const waits: EntryBody = { type: 'scopeWait', state: 'waits', child: kid };
  const over = (reason: string): EntryBody => ({ type: 'scopeWait', state: 'over', child: kid, reason });
  const queued: Line[] = [child(kid, 'reserved', { scope: part, isToWait: true }), waits];
  const cancelled = finished({ outcome: 'cancelled' });

  it('[scope.wait-log] is in the queue from its reservation on, and holds nothing', () => {
    const facts = factsOf(queued);
    expect(beginsToWait(kid)).toEqual(waits);
    expect(childOf(facts)).toMatchObject({ isToWait: true, waitsSince: timeOf(4), holds: null });
    expect(scopeByLog(facts)).toEqual({ read: ['/w'], write: ['/w'] });
    expect(inForce(facts, childOf(facts))).toEqual({ read: ['/w'], write: [] });
    expect(regrant(facts, childOf(facts), 1)).toEqual([]);
    expect(grant(facts, childOf(facts))).toEqual([gives(kid, part)]);
  });

  it.each<[string, Line[], Parameters<typeof reclaimAtEnd>[1], EntryBody[]]>([
    ['its death', queued, died(), [over('died')]],
    ['its stop', queued, shutDown(), [over('shutDown')]],
    [
      'its death while it holds and is not told',
      [...queued, gives(kid, part)],
      died(),
      [takes(kid, part, 'died'), over('died')],
    ],
    ['a cancel of all its work', queued, cancelled, [over('cancelled')]],
    ['not a cancel of a part', queued, { ...cancelled, settled: false }, []],
    ['not a death that a later life has followed', queued, died({ restored: true }), []],
    ['nothing of one that waits no more', [...queued, over('granted')], cancelled, []],
  ])('[scope.wait-log] its wait ends with %s', (_, log, event, bodies) => {
    const facts = factsOf([...log, linked(kid)]);
    expect(reclaimAtEnd(childOf(facts), event, 1)).toStrictEqual(bodies);
  });

  it('[scope.wait-log] a cancel that an earlier life has said ends no wait of this one', () => {
    const facts = factsOf([...queued, linked(kid, 2)]);
    expect(reclaimAtEnd(childOf(facts), cancelled, 1)).toEqual([]);
  });

  it('[scope.wait-log] and with its undoing, in the append of that', () => {
    const end = { state: 'undone', reason: 'it did not start' } as const;
    expect(forgotten(factsOf(queued), kid, end)).toStrictEqual([
      over('undone'),
      { type: 'child', child: kid, ...end },
    ]);
  });

  it('[scope.wait-restored] back after its end it is in the queue again, from then on', () => {
    const lines = [
      ...queued,
      gives(kid, part),
      over('granted'),
      linked(kid),
      takes(kid, part, 'died'),
      child(kid, 'ended'),
    ];
    const facts = factsOf(lines);
    expect(childOf(facts).waitsSince).toBe(null);
    expect(regrant(facts, childOf(facts), 2)).toEqual([waits]);
    const back = factsOf([...lines, waits]);
    expect(childOf(back).waitsSince).toBe(timeOf(lines.length + 3));
    expect(regrant(back, childOf(back), 2)).toEqual([]);
  });

  it('[scope.wait-cancelled] that was given up is one like any other: a link gives it what is free', () => {
    const facts = factsOf([...queued, linked(kid), over('cancelled')]);
    expect(childOf(facts)).toMatchObject({ isToWait: false, waitsSince: null });
    expect(regrant(facts, childOf(facts), 1)).toEqual([gives(kid, part)]);
  });

  it('[scope.wait-steps] what another tree was quicker with is taken back, and the wait goes on', () => {
    const facts = factsOf([...queued, gives(kid, part)]);
    expect(reclaim(childOf(facts), 'taken')).toEqual([takes(kid, part, 'taken')]);
    expect(waitOver(childOf(facts), 'granted')).toEqual([over('granted')]);
    expect(childOf(factsOf([...queued, gives(kid, part), takes(kid, part, 'taken')])).waitsSince).toBe(
      timeOf(4),
    );
  });
});
