/**
 * Claims over a home, rule by rule: who is in the way of whom, and what a pod may write beside the others.
 */
import { describe, expect, it } from 'vitest';
import {
  type Claim,
  type StatusOf,
  conflictText,
  counts,
  giverOf,
  heldByOthers,
  podsAbove,
  replaced,
  scopeBesideOthers,
  seenAlive,
  writersText,
} from '../../../src/scope/ownership/claims.ts';

const maker = { pid: 1, startTime: '1', bootId: 'b' };
const ref = (name: string) => ({ name, instance: `${name}-id` });
/** `above`: the names of those above it, the root first. */
const claim = (name: string, write: string[], more: Partial<Claim> & { under?: string[] } = {}): Claim => {
  const { under = [], ...rest } = more;
  const above = under.map((one) => `${one}-id`);
  return { owner: ref(name), above, write, deny: [], exclusive: true, maker, process: null, ...rest };
};
const alive: StatusOf = () => 'alive';
const statusOf =
  (states: Record<string, ReturnType<StatusOf>>): StatusOf =>
  ({ owner }) =>
    states[owner.name] ?? 'alive';
const names = (claims: readonly Claim[]) => claims.map(({ owner }) => owner.name);

it('[scope.claims-conflict] a claim is its giver’s: the pod right above, or its own where it is a root', () => {
  expect(giverOf(claim('root', ['/a']))).toBe('root-id');
  expect(giverOf(claim('leaf', ['/a'], { under: ['root', 'kid'] }))).toBe('kid-id');
});

it('[scope.claims-unknown] only the dead do not count', () => {
  const one = claim('a', ['/a']);
  expect((['alive', 'unknown', 'dead'] as const).map((state) => counts(one, () => state))).toEqual([
    true,
    true,
    false,
  ]);
});

describe('claims in the place of a giver’s', () => {
  it('[scope.claims-dead] drop those of the dead and what the giver had, and keep all others', () => {
    const before = [
      claim('dead', ['/d']),
      claim('other', ['/o']),
      claim('me', ['/old']),
      claim('kid', ['/old/kid'], { under: ['me'] }),
    ];
    const { claims, conflicts } = replaced(
      before,
      'me-id',
      [claim('me', ['/new'])],
      statusOf({ dead: 'dead' }),
    );
    expect([names(claims), claims[1]?.write, conflicts]).toEqual([['other', 'me'], ['/new'], []]);
  });

  it.each<[string, Claim, Claim, boolean]>([
    ['the same place', claim('other', ['/w']), claim('me', ['/w']), true],
    ['a place below', claim('other', ['/w']), claim('me', ['/w/a']), true],
    ['another place', claim('other', ['/w']), claim('me', ['/v']), false],
    ['a shared claim there', claim('other', ['/w'], { exclusive: false }), claim('me', ['/w']), false],
    ['an own shared claim', claim('other', ['/w']), claim('me', ['/w'], { exclusive: false }), false],
    ['the claim of one above', claim('top', ['/w']), claim('me', ['/w/a'], { under: ['top', 'mid'] }), false],
    ['the claim of one below', claim('low', ['/w/a'], { under: ['me', 'x'] }), claim('me', ['/w']), false],
    [
      'the claim of a sibling',
      claim('sib', ['/w/a'], { under: ['top', 'x'] }),
      claim('me', ['/w/a'], { under: ['top'] }),
      true,
    ],
  ])('[scope.claims-conflict] %s', (_, other, wanted, isInTheWay) => {
    const { claims, conflicts } = replaced([other], giverOf(wanted), [wanted], alive);
    expect(names(claims)).toEqual(isInTheWay ? [other.owner.name] : [other.owner.name, 'me']);
    const conflict = {
      claim: wanted,
      path: wanted.write[0],
      owner: other.owner,
      theirs: other.write[0],
      isKnown: true,
    };
    expect(conflicts).toEqual(isInTheWay ? [conflict] : []);
  });

  it('[scope.claims-conflict] whose process is seen, or whose maker’s, is alive', () => {
    const own = { pid: 2, startTime: '2', bootId: 'b' };
    const lives = (pids: number[]) =>
      seenAlive(claim('a', [], { process: own }), ({ pid }) => pids.includes(pid));
    expect([lives([]), lives([1]), lives([2]), lives([1, 2])]).toEqual([false, true, true, true]);
    expect(seenAlive(claim('a', []), ({ pid }) => pid === 2)).toBe(false);
  });

  it('[scope.siblings] of two that are wanted together the first one stays', () => {
    const wanted = [claim('a', ['/w'], { under: ['me'] }), claim('b', ['/w'], { under: ['me'] })];
    const { claims, conflicts } = replaced([], 'me-id', wanted, alive);
    expect([names(claims), conflicts.map(({ owner }) => owner.name)]).toEqual([['a'], ['a']]);
  });

  it('[scope.claims-unknown] one of which nobody knows whether it runs is in the way, and said to be that', () => {
    const { conflicts } = replaced([claim('far', ['/w'])], 'me-id', [claim('me', ['/w'])], () => 'unknown');
    expect(conflicts).toMatchObject([{ isKnown: false }]);
    const text = conflictText(conflicts[0]!);
    expect(text).toContain(
      '/w is held for writing by the pod "far" (/w), and whether that pod runs is not known',
    );
    expect(text).toContain('"podkin restore --force far"');
    expect(conflictText({ ...conflicts[0]!, isKnown: true })).toBe(
      '/w is held for writing by the pod "far" (/w); stop that pod first, or use another path.',
    );
  });
});

describe('what others keep from a pod', () => {
  const me = { instance: 'me-id', above: ['top-id'] };
  it.each<[string, Claim[], string[]]>([
    ['nothing', [], []],
    ['each root of a stranger', [claim('other', ['/a', '/b'])], ['/a', '/b']],
    ['nothing that is shared', [claim('other', ['/a'], { exclusive: false })], []],
    ['nothing of a dead one', [claim('dead', ['/a'])], []],
    ['nothing of its own, or of one above', [claim('me', ['/a']), claim('top', ['/b'])], []],
    ['nothing that it gave itself', [claim('kid', ['/a'], { under: ['top', 'me'] })], []],
    ['what a grandchild has by another’s gift', [claim('x', ['/a'], { under: ['me', 'kid'] })], ['/a']],
    [
      'what meets its own claim only',
      [claim('me', ['/w']), claim('o', ['/v']), claim('p', ['/w/a'])],
      ['/w/a'],
    ],
    [
      'all, where its own claim is shared',
      [claim('me', ['/w'], { exclusive: false }), claim('o', ['/v'])],
      ['/v'],
    ],
  ])('[scope.two-trees] %s', (_, claims, paths) => {
    const held = heldByOthers(claims, me, statusOf({ dead: 'dead' }));
    expect(held.map(({ path }) => path)).toEqual(paths);
  });

  it('[scope.two-trees] is named by its holder', () => {
    expect(heldByOthers([claim('other', ['/a'])], me, alive)).toEqual([{ path: '/a', holder: 'other' }]);
  });
});

describe('the scope in force', () => {
  const root = { instance: 'me-id', parent: null, root: ref('me') };
  const kid = { instance: 'kid-id', parent: ref('mid'), root: ref('top') };
  const byLog = { read: ['/r'], write: ['/w', '/v'] };

  it('[scope.now] of a root is its own without what others hold, beside what it denies itself', () => {
    const claims = [claim('other', ['/w/a'])];
    const registry = { claims, statusOf: alive };
    const held = { path: '/w/a', holder: 'other', right: 'write' };
    expect(scopeBesideOthers(byLog, root, registry)).toStrictEqual({ ...byLog, deny: [held] });
    const own = { path: '/w/no', right: 'write' as const };
    expect(scopeBesideOthers({ ...byLog, deny: [own] }, root, registry)).toStrictEqual({
      ...byLog,
      deny: [own, held],
    });
    expect(scopeBesideOthers(byLog, root, { claims: [], statusOf: alive })).toStrictEqual(byLog);
  });

  it('[scope.now] of a child has the roots that a claim is made for, and none without a claim', () => {
    const claims = [claim('kid', ['/w'], { under: ['top', 'mid'] })];
    expect(scopeBesideOthers(byLog, kid, { claims, statusOf: alive })).toStrictEqual({
      read: ['/r'],
      write: ['/w'],
    });
    expect(scopeBesideOthers(byLog, kid, { claims: [], statusOf: alive }).write).toEqual([]);
  });

  it('[scope.now] of a pod that only reads is what it is', () => {
    const reads = { read: ['/r'], write: [] };
    expect(scopeBesideOthers(reads, root, { claims: [claim('o', ['/r'])], statusOf: alive })).toBe(reads);
  });

  it('[scope.now] those above a pod are as its claim says; without one its root and its parent, each once', () => {
    const claims = [claim('kid', ['/w'], { under: ['top', 'x', 'mid'] })];
    expect(podsAbove(claims, root)).toEqual([]);
    expect(podsAbove(claims, kid)).toEqual(['top-id', 'x-id', 'mid-id']);
    expect(podsAbove([], kid)).toEqual(['top-id', 'mid-id']);
    expect(podsAbove([], { ...kid, root: ref('mid') })).toEqual(['mid-id']);
  });
});

it('[scope.running-command] who writes where is named once, with all the places', () => {
  expect(writersText(['/a', '/b'], [ref('x'), ref('y'), ref('x')])).toBe(
    'A command of the pod "x", "y" is running that can write in /a, /b; try again when it has ended, stop that pod, or use another path.',
  );
});
