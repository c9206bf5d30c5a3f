/** The oracle on budgets: what no pod may reserve, lend, return or report, and leases whose ends differ. */
import { beforeEach, describe, expect, it } from 'vitest';
import { budgetTotals } from '../../../src/delivery/emit.ts';
import type { Leases } from '../../../src/session/facts/budget-entries.ts';
import { type LogBuilder, type LogHome, finished, logHome, shutDown } from '../../support/log-builder.ts';
import { check } from './verify-rig.ts';

let home: LogHome;
let root: LogBuilder;
let kid: LogBuilder;

const reserve = (pod: LogBuilder, tokens: number, more: object = {}): void =>
  void pod.add({ type: 'budgetReserved', turn: pod.turn, step: 1, tokens, ...more });
const took = (pod: LogBuilder, inputTokens: number): void =>
  void pod.add({
    type: 'requestFailed',
    turn: pod.turn,
    step: 1,
    usage: { inputTokens, outputTokens: 0, cost: 0 },
  });
const lease = (granted: number, returned = 0): Leases => ({ tokens: { granted, returned } });
const lend = (granted: number, returned = 0, more: object = {}): void =>
  void root.add({ type: 'budgetLent', child: kid.ref, ...lease(granted, returned), ...more });
const hold = (granted: number, returned = 0, more: object = { confirmed: true }): void =>
  void kid.add({ type: 'budgetLease', ...lease(granted, returned), ...more });
const report = (event = finished()): void => {
  const budget = budgetTotals(kid.facts.budget, null);
  kid.emit(budget === undefined ? event : { ...event, budget });
};
/** The violations, and nothing else, each as `RULE POD: TEXT`. */
const found = (): string[] => check(home).violations.map(({ rule, pod, text }) => `${rule} ${pod}: ${text}`);

/** A root of 100 tokens, its child with 40 of them, each with a request behind it. */
beforeEach(() => {
  home = logHome();
  root = home.pod('root', null, { budget: { tokens: 100 } });
  kid = home.pod('kid', root, { budget: { leased: ['tokens'], cap: { tokens: 60 } } });
  lend(0, 0, { cap: { tokens: 60 } });
  root.link(kid);
  hold(0);
  reserve(root, 10);
  took(root, 8);
  lend(40);
  hold(40, 0, {});
  reserve(kid, 10);
  took(kid, 12);
  expect(found()).toEqual([]);
});

describe('verify: what a pod may spend, by its own log', () => {
  const cases: [string, () => void, string[]][] = [
    [
      'a request for which nothing was reserved',
      () => took(root, 5),
      ['B1 root: the request with the answer at entry 8 took 5 tokens, and nothing had been reserved for it'],
    ],
    [
      'a request that was sent before it was reserved',
      () => {
        root.start();
        took(root, 5);
        reserve(root, 5);
      },
      ['B1 root: the request with the answer at entry 9 took 5 tokens, and nothing had been reserved for it'],
    ],
    [
      'a reservation beyond what is held',
      () => reserve(root, 53),
      ['B1 root: 53 tokens are reserved at entry 8, and it held 52 tokens'],
    ],
    ['one of all that is held is right', () => reserve(root, 52), []],
    [
      'one beyond it that adds to another',
      () => {
        reserve(root, 50);
        reserve(root, 3, { adds: true });
      },
      ['B1 root: 3 tokens are reserved at entry 9, and it held 2 tokens'],
    ],
    [
      'one that an open one leaves no room for, which was spent',
      () => {
        reserve(root, 50);
        root.start();
        reserve(root, 3);
      },
      ['B1 root: 3 tokens are reserved at entry 10, and it held 2 tokens'],
    ],
    [
      'one of what its parent has not granted, by its word at a link',
      () => {
        hold(30);
        reserve(kid, 19);
      },
      ['B1 kid: 19 tokens are reserved at entry 8, and it held 18 tokens'],
    ],
    [
      'one that leaves a bounded unit out',
      () => void root.add({ type: 'budgetReserved', turn: root.turn, step: 1, nanoUsd: 0 }),
      ['B1 root: the reservation at entry 8 leaves tokens out, which is bounded'],
    ],
    [
      'one before the parent has said what is held',
      () => {
        kid.die();
        root.declare(kid);
        lend(40, 28);
        kid.start();
        reserve(kid, 5);
      },
      ['B1 kid: 5 tokens are reserved at entry 8, and its parent had not said yet what it holds'],
    ],
    [
      'one above the cap',
      () => {
        lend(60);
        hold(60, 0, {});
        reserve(kid, 49);
      },
      ['B3 kid: 49 tokens are reserved at entry 8, and 12 tokens of 60 tokens were used, which is its cap'],
    ],
    [
      'a return of more than is held',
      () => hold(40, 29, {}),
      ['B2 kid: 29 tokens are returned at entry 7, and it held 28 tokens'],
    ],
    [
      'an event that says another total',
      () => void kid.emit({ ...finished(), budget: { tokens: { granted: 40, returned: 0, used: 11 } } }),
      [
        'B2 kid: event 1 (entry 7) says of tokens 40 granted, 0 returned, 11 used, by the log it is 40 granted, 0 returned, 12 used',
      ],
    ],
  ];
  it.each(cases)('[verify.budget] tells %s', (_, damage, violations) => {
    damage();
    expect(found().filter((text) => / root: |: .*tokens/.test(text) && text.startsWith('B'))).toEqual(
      violations,
    );
  });

  it('[verify.budget] a count that no request comes to is taken for what was reserved', () => {
    reserve(root, 10);
    took(root, 9e15);
    expect(found()).toEqual([]);
    expect(root.facts.budget.tokens.spent).toBe(18);
    expect(found()).toEqual([]);
  });

  it('[verify.budget] an older build reserves nothing, and a bound that comes during a request was not there before it', () => {
    root.start();
    took(root, 30);
    expect(found()).toEqual([]);
    const other = home.pod('other');
    other.beginTurn();
    other.add({ type: 'budgetBound', tokens: 10 });
    took(other, 30);
    expect(found()).toEqual([]);
    took(other, 30);
    expect(found().map((text) => text.slice(0, 8))).toEqual(['B1 other']);
  });
});

describe('verify: both ends of a lease', () => {
  const ends = (): void => {
    kid.emit({ ...shutDown(), budget: budgetTotals(kid.facts.budget, null)! });
    kid.add({ type: 'stopped', incarnation: 1, reason: 'asked' });
    kid.die();
    root.receive(kid);
  };
  const dies = (): void => {
    kid.die();
    root.declare(kid);
  };
  const cases: [string, () => void, string[]][] = [
    [
      'a grant that the parent does not know of',
      () => hold(50, 0, {}),
      ['B2 root: of the budget of "kid" it has granted 40 tokens, and that pod holds 50 tokens as granted'],
    ],
    [
      'a grant of what the parent does not hold',
      () => {
        root.add({ type: 'budgetBound', tokens: 50 });
        lend(50);
      },
      [
        'B1 root: granted "kid" 50 tokens in all at entry 9, which it did not hold, and that child had not used',
      ],
    ],
    [
      'a grant above the cap',
      () => lend(70),
      [
        'B1 root: granted "kid" 70 tokens in all at entry 8, which it did not hold, and that child had not used',
      ],
    ],
    [
      'no debt: what was used beyond the lease is owed',
      () => {
        reserve(kid, 28);
        took(kid, 99);
        lend(111);
      },
      [],
    ],
    [
      'what was taken back from a child that has not returned it',
      () => lend(40, 5),
      ['B2 root: of the budget of "kid" it has taken back 5 tokens, and that pod has returned 0 tokens'],
    ],
    ['nothing of a return that is on its way', () => hold(40, 28, {}), []],
    ['nothing of a child that has ended in order', ends, []],
    [
      'the rest of an ended child, taken back twice',
      () => {
        ends();
        lend(40, 30);
      },
      [
        'B2 root: of the budget of "kid" it counts 10 tokens as used, and that pod, which has ended, had used 12 tokens',
      ],
    ],
    [
      'the rest of a dead child, not taken back',
      dies,
      [
        'B2 root: of the budget of "kid" it counts 40 tokens as used, and that pod, which has ended, had used 12 tokens',
      ],
    ],
    [
      'no reservation of a dead child that counts as spent',
      () => {
        reserve(kid, 10);
        lend(40, 18);
        dies();
      },
      [],
    ],
    [
      'one that was forgotten',
      () => {
        reserve(kid, 10);
        lend(40, 28);
        dies();
      },
      [
        'B2 root: of the budget of "kid" it counts 12 tokens as used, and that pod, which has ended, had used 22 tokens',
      ],
    ],
    [
      'nothing of one that is back and has not heard yet what it holds',
      () => {
        lend(40, 28);
        dies();
        kid.start();
      },
      [],
    ],
  ];
  it.each(cases)('[verify.budget] tells %s', (_, damage, violations) => {
    damage();
    expect(found().filter((text) => text.startsWith('B'))).toEqual(violations);
  });

  it('[verify.budget] tells a tree that was asked for more than its bound, whatever each log says', () => {
    // All logs are right alone: a root that hears of no request of its child's.
    const other = home.pod('other', root, { budget: { leased: ['tokens'] } });
    other.add({ type: 'budgetLease', ...lease(200), confirmed: true });
    reserve(other, 150);
    took(other, 150);
    expect(found().filter((text) => text.includes('tree'))).toEqual([
      'B1 root: its tree was asked for 170 tokens, and its bound was never above 100 tokens',
    ]);
    root.add({ type: 'budgetBound', tokens: 180 });
    expect(found().filter((text) => text.includes('tree'))).toEqual([]);
  });

  it('[verify.budget] counts what a removed child had, and nothing of one that was never begun', () => {
    hold(40, 28, {});
    report();
    root.receive(kid);
    root.add({ type: 'child', child: kid.ref, state: 'removed' });
    reserve(root, 80);
    expect(found().filter((text) => text.startsWith('B'))).toEqual([]);
    reserve(root, 1);
    expect(found()).toEqual([
      'B1 root: 1 tokens are reserved at entry 11, and it held 0 tokens',
      'B1 root: its tree was asked for 101 tokens, and its bound was never above 100 tokens',
    ]);
  });
});
