/** Amounts at the edges of a budget: just enough, just too much, and what each side's totals come to. */
import { describe, expect, it } from 'vitest';
import {
  admit,
  budgetOfChild,
  grant,
  isLow,
  leaseAnswered,
  leasedTo,
  lentAtSpawn,
  settledByLog,
  stillLacks,
  wantsOf,
} from '../../../../src/pod/machine/budget.ts';
import type { EntryBody } from '../../../../src/session/facts/entries.ts';
import { type BudgetFacts, applyBudget, emptyBudget } from '../../../../src/session/facts/replay-budget.ts';
import { above, kid, session, started } from '../../machine-rig.ts';
import { holds, reserves } from './budget-bodies.ts';

const budgetOf = (...bodies: EntryBody[]): BudgetFacts => {
  const budget = emptyBudget();
  bodies.forEach((body, at) => applyBudget(budget, { seq: at + 1, time: '', ...body }));
  return budget;
};
const root = (settings: object, ...more: EntryBody[]) =>
  budgetOf(session({ settings: { budget: { ...settings } } }), started(1), ...more);
const leased = (settings: object, ...more: EntryBody[]) =>
  budgetOf(
    session({ parent: above, settings: { budget: { leased: ['tokens'], ...settings } } }),
    started(1),
    ...more,
  );
const lends = (granted: number, returned = 0): EntryBody => ({
  type: 'budgetLent',
  child: kid,
  tokens: { granted, returned },
});
const takes = (tokens: number) => ({ estimate: { tokens } });

describe('a request', () => {
  it('[budget.reserve] begins with just enough, and waits for one token that lacks', () => {
    expect(admit(root({ tokens: 10 }), takes(10))).toEqual({ kind: 'reserve', amounts: { tokens: 10 } });
    expect(admit(root({ tokens: 10 }), takes(11))).toEqual({
      kind: 'wait',
      unit: 'tokens',
      lacks: { tokens: 1 },
    });
  });

  it('[budget.cap] goes up to its cap, and not beyond', () => {
    const capped = leased({ cap: { tokens: 10 } }, holds(100));
    expect(admit(capped, takes(10)).kind).toBe('reserve');
    expect(admit(capped, takes(11))).toEqual({ kind: 'capped', unit: 'tokens' });
  });

  it('[budget.grant] of a root wants nothing of anybody, however little is left', () => {
    expect(isLow(root({ tokens: 1 }, reserves(1)), 'tokens')).toBe(false);
  });
});

describe('an answer of the parent', () => {
  it('[budget.own-word] between links is noted where it is more, and confirms nothing', () => {
    expect(leaseAnswered(leased({}), { tokens: { granted: 5, returned: 0 } }, { linked: false })).toEqual({
      type: 'budgetLease',
      tokens: { granted: 5, returned: 0 },
    });
  });

  it('[budget.restored] at a link that says nothing confirms nothing', () => {
    expect(leaseAnswered(leased({}), {}, { linked: true })).toBeNull();
  });
});

describe('a child', () => {
  it('[budget.grant] wants what its reports say, by unit', () => {
    const of = { granted: 1, returned: 0, used: 1 };
    expect(wantsOf({ tokens: { ...of, wants: 7 }, nanoUsd: of })).toEqual({ tokens: 7 });
    expect(wantsOf({})).toEqual({});
  });

  it('[budget.grant] lacks what it wants beyond its grants, less what it has returned', () => {
    const budget = root({ tokens: 100 }, lends(10, 4));
    const lacks = (tokens: number) => stillLacks(budget, kid.instance, { tokens });
    expect([5, 6, 8].map(lacks)).toEqual([{}, {}, { tokens: 2 }]);
    expect(stillLacks(root({ tokens: 100 }), kid.instance, { tokens: 3 })).toEqual({ tokens: 3 });
    expect(stillLacks(root({}), kid.instance, { nanoUsd: 3 })).toEqual({ nanoUsd: 3 });
  });

  it('[budget.grant] is granted all that is left where it lacks just that, and nothing of what is kept free', () => {
    const budget = root({ tokens: 10 });
    const granted = (wants: number, kept: number) => grant(budget, kid, { tokens: wants }, { tokens: kept });
    expect(granted(10, 0)).toMatchObject({ tokens: { granted: 10 } });
    expect(granted(7, 3)).toMatchObject({ tokens: { granted: 7 } });
    expect(granted(8, 3)).toBeNull();
  });

  it('[budget.cap] is granted up to its cap in all, whatever it holds of it already', () => {
    const budget = root({ tokens: 1_000 }, ...lentAtSpawn(kid, { tokens: 10 }), lends(8, 2));
    const granted = (wants: number) => grant(budget, kid, { tokens: wants });
    expect(granted(9)).toMatchObject({ tokens: { granted: 12, returned: 2 } });
    expect(granted(11)).toBeNull();
  });

  it('[budget.cap] is under a bound with its pod, or with a cap of its own', () => {
    const none = { granted: 0, returned: 0 };
    expect(leasedTo(root({ tokens: 9 }, lends(5, 2)), kid.instance)).toEqual({
      tokens: { granted: 5, returned: 2 },
    });
    expect(leasedTo(root({ tokens: 9 }), kid.instance)).toEqual({ tokens: none });
    expect(leasedTo(root({}), kid.instance)).toEqual({});
    expect(leasedTo(root({}, ...lentAtSpawn(kid, { tokens: 5 })), kid.instance)).toEqual({ tokens: none });
  });

  it('[budget.cap] that is made now has the bounds of its pod and its own cap in its settings, and one under none has none', () => {
    expect(budgetOfChild(root({}), {})).toEqual({});
    expect(lentAtSpawn(kid, {})).toEqual([]);
    expect(budgetOfChild(root({ tokens: 9 }), {})).toEqual({ budget: { leased: ['tokens'], cap: {} } });
    expect(budgetOfChild(root({}), { nanoUsd: 3 })).toEqual({
      budget: { leased: ['nanoUsd'], cap: { nanoUsd: 3 } },
    });
    expect(budgetOfChild(root({ tokens: 9 }), { tokens: 3 })).toEqual({
      budget: { leased: ['tokens'], cap: { tokens: 3 } },
    });
  });

  it.each<[string, EntryBody[], BudgetFacts, object | null]>([
    [
      'what its log says of grants that never came',
      [lends(40, 15)],
      leased({}, holds(50, 10), reserves(20)),
      { granted: 50, returned: 30 },
    ],
    [
      'what its log says of returns that never came',
      [lends(50)],
      leased({}, holds(50, 20), reserves(45)),
      { granted: 65, returned: 20 },
    ],
    [
      'what was returned before, where its log is an older copy',
      [lends(50, 25)],
      leased({}, holds(50, 20), reserves(45)),
      { granted: 70, returned: 25 },
    ],
    [
      'all that it has used, where no lease was known',
      [],
      root({ tokens: 90 }, reserves(30)),
      { granted: 30, returned: 0 },
    ],
    ['nothing, where nothing was used and lent', [], root({ tokens: 90 }), null],
  ])('[budget.death] that has died settles by %s', (_, lent, left, tokens) => {
    const entry = settledByLog(root({ tokens: 1_000 }, ...lent), kid, left);
    expect(entry).toEqual(
      tokens === null
        ? null
        : { type: 'budgetLent', child: { name: kid.name, instance: kid.instance }, tokens },
    );
  });
});
