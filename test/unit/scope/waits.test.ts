/** Who waits for which paths of a home: who keeps whom from them, in which order, and in which circle. */
import { describe, expect, it } from 'vitest';
import type { Claim, StatusOf } from '../../../src/scope/ownership/claims.ts';
import { blockedText, circleText } from '../../../src/pod/children/wait-text.ts';
import {
  type Registered,
  type Wait,
  blockersOf,
  circleClosedBy,
  circleThrough,
  replacedWaits,
  waitersFor,
} from '../../../src/scope/ownership/waits.ts';

const maker = { pid: 1, startTime: '1', bootId: 'b' };
const ref = (name: string) => ({ name, instance: `${name}-id` });
type More = Partial<Claim> & { under?: string[] };
const claim = (name: string, write: string[], { under = [], ...more }: More = {}): Claim => {
  const above = under.map((one) => `${one}-id`);
  return { owner: ref(name), above, write, deny: [], exclusive: true, maker, process: null, ...more };
};
const wait = (name: string, write: string[], at: number, more: More = {}): Wait => ({
  ...claim(name, write, more),
  since: `2026-01-01T00:00:0${at}.000Z`,
});
const statusOf =
  (...dead: string[]): StatusOf =>
  ({ owner }) =>
    dead.includes(owner.name) ? 'dead' : 'alive';
const home = (claims: Claim[], waits: Wait[] = [], ...dead: string[]): Registered => ({
  claims,
  waits,
  statusOf: statusOf(...dead),
});
const said = (blockers: ReturnType<typeof blockersOf>) =>
  blockers.map(({ path, owner, how }) => `${owner.name} ${how} ${path}`);

const mine = wait('me', ['/w/a', '/w/b'], 5, { under: ['root'] });
const root = claim('root', ['/w'], { exclusive: false });

describe('what keeps one from its paths', () => {
  it.each<[string, Registered, string[]]>([
    ['nothing', home([root], [mine]), []],
    ['who holds one of them', home([claim('x', ['/w/b'])]), ['x holds /w/b']],
    ['who holds what is around it', home([claim('x', ['/w'])]), ['x holds /w/a']],
    ['who holds a part of it', home([claim('x', ['/w/b/deep'])]), ['x holds /w/b']],
    ['each of several', home([claim('x', ['/w/a']), claim('y', ['/w/b'])]), ['x holds /w/a', 'y holds /w/b']],
    ['not a root that shares', home([root, claim('other', ['/w'], { exclusive: false })]), []],
    ['not those above it', home([claim('root', ['/w'])]), []],
    ['not who holds nothing of it', home([claim('x', ['/w/c'])]), []],
    [
      'not what is denied to the holder',
      home([claim('x', ['/w'], { deny: ['/w/a', '/w/b'].map((path) => ({ path, right: 'write' })) })]),
      [],
    ],
    ['not the dead', home([claim('x', ['/w/a'])], [wait('y', ['/w/b'], 1)], 'x', 'y'), []],
    ['who came first', home([], [wait('y', ['/w/b'], 4), mine]), ['y waits /w/b']],
    ['not who came later', home([], [mine, wait('y', ['/w/b'], 6)]), []],
    [
      'of one moment the one that was made first',
      home([], [wait('la', ['/w/b'], 5), wait('ny', ['/w/a'], 5)]),
      ['la waits /w/b'],
    ],
  ])('[scope.wait-blockers] %s', (_, registered, blockers) => {
    expect(said(blockersOf(mine, registered))).toEqual(blockers);
  });

  it('[scope.wait-blockers] whoever asks without waiting comes behind all who wait, but for those in its line', () => {
    const waits = [
      wait('y', ['/w/b'], 9),
      wait('dead', ['/w/b'], 1),
      wait('below', ['/w/b/c'], 1, { under: ['z'] }),
    ];
    expect(said(waitersFor(claim('z', ['/w/b']), home([], waits, 'dead')))).toEqual(['y waits /w/b']);
    expect(waitersFor(claim('z', ['/w/c']), home([], waits))).toEqual([]);
  });
});

it('[scope.wait-place] a giver’s waits are what its log says, in their old place; those of the dead are dropped', () => {
  const before = [
    wait('one', ['/w/a'], 1, { under: ['t'] }),
    wait('dead', ['/w/a'], 2, { under: ['t'] }),
    wait('gone', ['/w/a'], 3, { under: ['me'] }),
  ];
  const wanted = [
    wait('late', ['/w/a'], 8, { under: ['me'] }),
    wait('early', ['/w/a'], 0, { under: ['me'] }),
  ];
  const after = replacedWaits(before, 'me-id', wanted, statusOf('dead'));
  expect(after.map(({ owner }) => owner.name)).toEqual(['early', 'one', 'late']);
});

describe('a circle', () => {
  // "w" would wait for "h", below which "v" waits for "p", which is above "w".
  const w = wait('w', ['/w/h'], 9, { under: ['root', 'p'] });
  const v = wait('v', ['/w/p'], 1, { under: ['t', 'h'] });
  const claims = [claim('h', ['/w/h'], { under: ['t'] }), claim('p', ['/w/p'], { under: ['root'] })];
  const names = (circle: ReturnType<typeof circleThrough>) => circle?.map(({ name }) => name) ?? null;

  it.each<[string, Registered, string[] | null]>([
    ['over two trees', home(claims, [v, w]), ['w', 'h', 'v', 'p']],
    ['over one that came first', home(claims.slice(1), [wait('h', ['/w/h'], 2), v, w]), ['w', 'h', 'v', 'p']],
    ['not where the one between has died', home(claims, [v, w], 'h'), null],
    ['not where its wait has', home(claims, [v, w], 'v'), null],
    ['not where it waits for something else', home(claims, [{ ...v, write: ['/w/other'] }, w]), null],
    [
      'not of a chain',
      home([claim('h', ['/w/h'])], [wait('a', ['/w/h'], 1), wait('b', ['/w/h'], 2), w]),
      null,
    ],
    [
      'nor where others wait in one',
      home([...claims, claim('x', ['/w/x'])], [v, { ...w, owner: ref('u') }, wait('w', ['/w/x'], 9)]),
      null,
    ],
  ])('[scope.wait-graph] %s', (_, registered, circle) => {
    const me = registered.waits.find(({ owner }) => owner.name === 'w')!;
    expect(names(circleThrough(me, registered))).toEqual(circle);
    expect(names(circleClosedBy(me, registered))).toEqual(circle);
  });

  it('[scope.wait-graph] is closed by the latest of its waits alone', () => {
    const late = { ...v, since: '2027-01-01T00:00:00.000Z' };
    const registered = home(claims, [w, late]);
    expect(names(circleClosedBy(w, registered))).toBe(null);
    expect(names(circleThrough(w, registered))).toEqual(['w', 'h', 'v', 'p']);
    expect(names(circleClosedBy(late, registered))).toEqual(['v', 'p', 'w', 'h']);
  });
});

describe('in words', () => {
  const naming = { cwd: '/w', claims: [root, claim('x', ['/w/a'], { under: ['root'] })] };
  const held = (path: string, owner = 'x', how: 'holds' | 'waits' = 'holds') => ({
    path,
    owner: ref(owner),
    above: ['root-id'],
    how,
  });

  it.each<[string, ReturnType<typeof held>[], string]>([
    ['a path inside the working directory', [held('/w/src/a')], 'src/a, which root/x holds'],
    ['the directory itself', [held('/w')], '., which root/x holds'],
    ['one outside', [held('/v/a')], '/v/a, which root/x holds'],
    ['one with a name that lies', [held('/w/a\n"b"')], '"a\\n\\"b\\"", which root/x holds'],
    ['one that came first', [held('/w/a', 'y', 'waits')], 'a, for which root/y waits and came first'],
    [
      'both',
      [held('/w/a'), held('/w/a', 'y', 'waits'), held('/w/a')],
      'a, which root/x holds; a, for which root/y waits and came first',
    ],
    [
      'many',
      ['a', 'b', 'c', 'd', 'e'].map((one) => held(`/w/${one}`)),
      'a, which root/x holds; b, which root/x holds; c, which root/x holds; and 2 more',
    ],
  ])('[scope.wait-words] %s', (_, blockers, text) => {
    expect(blockedText(blockers, naming)).toBe(text);
  });

  it('[scope.wait-words] who is above and not known is left out; a circle is named from the one that closes it', () => {
    expect(blockedText([{ ...held('/w/a'), above: ['gone-id', 'root-id'] }], naming)).toBe(
      'a, which root/x holds',
    );
    expect(circleText([ref('a'), ref('b')])).toContain('"a" → "b" → "a".');
  });
});
