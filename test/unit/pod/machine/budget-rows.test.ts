/** What one pod may spend, lend and return, by its log: a row for each rule. */
import { describe, expect, it } from 'vitest';
import {
  admit,
  costLimit,
  free,
  grant,
  hasNothingLeft,
  introduced,
  isBeyond,
  isLow,
  leaseAnswered,
  leasedTo,
  lentAtSpawn,
  reportUp,
  reported,
  settledByLog,
  stillLacks,
  surplus,
} from '../../../../src/pod/machine/budget.ts';
import type { Entry, EntryBody } from '../../../../src/session/facts/entries.ts';
import {
  type BudgetFacts,
  applyBudget,
  emptyBudget,
  nanoUsd,
  held,
} from '../../../../src/session/facts/replay-budget.ts';
import { endCompaction } from '../../../../src/pod/machine/compaction-inputs.ts';
import { endTurn } from '../../../../src/pod/machine/state.ts';
import { shutDownReport } from '../../../../src/pod/machine/reports.ts';
import {
  above,
  asked,
  begun,
  child,
  kid,
  linked,
  machineOf,
  session,
  shutDown,
  started,
} from '../../machine-rig.ts';
import { holds, reserves } from './budget-bodies.ts';

const budgetOf = (bodies: readonly EntryBody[]): BudgetFacts => {
  const budget = emptyBudget();
  bodies.forEach((body, at) => applyBudget(budget, { seq: at + 1, time: '', ...body }));
  return budget;
};
const root = (tokens: number, more: EntryBody[] = []) =>
  budgetOf([session({ settings: { budget: { tokens } } }), started(1), ...more]);
const leased = (settings: object, more: EntryBody[] = []) =>
  budgetOf([
    session({ parent: above, settings: { budget: { leased: ['tokens'], ...settings } } }),
    started(1),
    ...more,
  ]);
const used = (inputTokens: number): EntryBody => ({
  type: 'requestFailed',
  turn: 't1',
  step: 1,
  usage: { inputTokens, outputTokens: 0, cost: 0 },
});
const adds = (tokens: number): EntryBody => ({
  type: 'budgetReserved',
  turn: 't1',
  step: 1,
  tokens,
  adds: true,
});
const summed = (inputTokens: number): EntryBody => ({
  type: 'compaction',
  turn: 't1',
  why: 'size',
  through: 1,
  model: 'a/b',
  kept: [],
  summary: '',
  table: '',
  usage: { inputTokens, outputTokens: 0, cost: 0 },
  before: 2,
  after: 1,
});
const unsummed = (inputTokens: number): EntryBody => ({
  type: 'compactionFailed',
  turn: 't1',
  why: 'size',
  reason: 'no',
  usage: { inputTokens, outputTokens: 0, cost: 0 },
  before: 2,
});
const lent = (granted: number, returned = 0): EntryBody => ({
  type: 'budgetLent',
  child: kid,
  tokens: { granted, returned },
});

describe('a request', () => {
  it.each<[string, BudgetFacts, ReturnType<typeof admit>]>([
    ['is free under no bound', budgetOf([session(), started(1)]), { kind: 'free' }],
    ['takes its estimate where it is the first', root(100), { kind: 'reserve', amounts: { tokens: 40 } }],
    [
      'takes what the dearest of the last three took',
      root(100, [used(50), used(5), used(7), used(6)]),
      { kind: 'reserve', amounts: { tokens: 7 } },
    ],
    [
      'takes no measure of a summary',
      root(100, [used(5), reserves(5), adds(50), summed(60)]),
      { kind: 'reserve', amounts: { tokens: 5 } },
    ],
    [
      'waits where less is left, and says how much it lacks',
      root(30),
      { kind: 'wait', unit: 'tokens', lacks: { tokens: 10 } },
    ],
    [
      'waits where nothing is left: no bound is not the same as none left',
      root(5, [used(5)]),
      { kind: 'wait', unit: 'tokens', lacks: { tokens: 5 } },
    ],
    [
      'of a child waits for its first grant',
      leased({}),
      { kind: 'wait', unit: 'tokens', lacks: { tokens: 40 } },
    ],
    [
      'past the child’s own cap is none',
      leased({ cap: { tokens: 50 } }, [holds(50), used(20), used(30)]),
      { kind: 'capped', unit: 'tokens' },
    ],
  ])('[budget.reserve] %s', (_, budget, admission) => {
    expect(admit(budget, { estimate: { tokens: 40 } })).toEqual(admission);
  });

  it.each<[string, object, EntryBody[], number]>([
    [
      'the dearest of the last ones and what it holds beyond the last',
      { beyond: { tokens: 30 } },
      [used(9), used(5)],
      39,
    ],
    ['its own estimate where it is the first', { beyond: { tokens: 30 } }, [], 40],
    ['all that it holds, where it does not go on from the last', { least: { tokens: 60 } }, [used(9)], 60],
    ['the dearest of the last ones where that is more', { least: { tokens: 6 } }, [used(9)], 9],
    ['the dearest of the last ones where nothing more is known', {}, [used(9)], 9],
  ])('[budget.size] takes %s', (_, known, before, tokens) => {
    const size = { estimate: { tokens: 40 }, ...known };
    expect(admit(root(100, before), size)).toEqual({ kind: 'reserve', amounts: { tokens } });
    expect(admit(leased({}, [holds(tokens - 1), ...before]), size)).toMatchObject({ kind: 'wait' });
  });

  it.each<[string, EntryBody[], number]>([
    ['with its response it was what that says', [reserves(40), used(15)], 85],
    ['without one it was what was reserved: the process died', [reserves(40), started(2)], 60],
    ['without one, and another begins', [reserves(40), reserves(30)], 30],
    ['failed and used nothing', [reserves(40), used(0)], 100],
    ['with a count that no request comes to it was what was reserved', [reserves(40), used(2e9)], 60],
    ['with such a count and no reservation it was nothing that is known', [used(2 ** 53 - 1)], 100],
    ['for a summary in pieces it was what their one entry says', [reserves(40), adds(30), summed(45)], 55],
    ['for a summary that failed too', [reserves(40), adds(30), unsummed(45)], 55],
    ['for a summary whose process died it was all of them', [reserves(40), adds(30), started(2)], 30],
  ])('[budget.reserve] %s', (_, more, left) => {
    expect(held(root(100, more).tokens)).toBe(left);
  });

  it('[budget.reserve] of a price that nobody knows counts as reserved, and sums of dollars are exact', () => {
    const usage = { inputTokens: 1, outputTokens: 1, cost: null };
    const settings = { limits: { cost: 1 } };
    const bodies: EntryBody[] = [
      session({ settings }),
      { type: 'budgetReserved', turn: 't1', step: 1, nanoUsd: 400_000_000 },
      { type: 'requestFailed', turn: 't1', step: 1, usage },
    ];
    expect(held(budgetOf(bodies).nanoUsd)).toBe(600_000_000);
    expect([nanoUsd(0.1) + nanoUsd(0.2), nanoUsd(0.1 + 0.2), nanoUsd(1e-12)]).toEqual([
      300_000_000, 300_000_000, 1,
    ]);
  });
});

it.each<[string, BudgetFacts, boolean]>([
  ['of a lease nothing is left', leased({}, [holds(10), used(10)]), true],
  ['more was used than granted', leased({}, [holds(10), used(12)]), true],
  ['something is left', leased({}, [holds(10), used(9)]), false],
  ['a root has no lease', root(5, [used(5)]), false],
])('[budget.return] a parent goes by what is said to it where %s', (_, budget, isSo) => {
  expect(hasNothingLeft(budget)).toBe(isSo);
});

describe('a lease', () => {
  it.each<[string, EntryBody[], number, EntryBody | null]>([
    ['half of what is left', [], 10, lent(50)],
    ['what it lacks, where that is more than half', [], 80, lent(80)],
    ['nothing, where there is less', [], 101, null],
    ['nothing again for what it was granted', [lent(50)], 50, null],
    ['what it returned and wants again, in running totals', [lent(50, 40)], 20, lent(95, 40)],
  ])('[budget.grant] a child that wants it gets %s', (_, more, wants, entry) => {
    expect(grant(root(100, more), kid, { tokens: wants })).toEqual(entry);
  });

  it('[budget.grant] a portion at once, so that the totals of a lease stay whole numbers however often it is granted and returned', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(grant(root(most), kid, { tokens: 10 })).toEqual(lent(2 ** 32));
    expect(grant(root(most), kid, { tokens: 2 ** 40 })).toEqual(lent(2 ** 40));
    const years = 2 ** 20 * 2 ** 32;
    expect(grant(root(most, [lent(years, years)]), kid, { tokens: 10 })).toEqual(
      lent(years + 2 ** 32, years),
    );
  });

  it('[budget.lowered] is beyond a bound that a person has set below what was used and lent; no pod below a root is', () => {
    const lower = (tokens: number | null): EntryBody => ({ type: 'budgetBound', tokens });
    expect(isBeyond(root(100, [lent(50), used(10), lower(60)]))).toBe(false);
    expect(isBeyond(root(100, [lent(50), used(10), lower(59)]))).toBe(true);
    expect(isBeyond(root(100, [lent(50, 50), used(10), lower(59)]))).toBe(false);
    expect(isBeyond(root(100, [lent(50), lower(null)]))).toBe(false);
    expect(isBeyond(leased({}, [holds(10), used(20)]))).toBe(false);
  });

  it('[budget.none] is under no limit of the start once a person has taken the bound away; a new one holds', () => {
    const none: EntryBody = { type: 'budgetBound', nanoUsd: null };
    const settings = { limits: { cost: 2 } };
    const bounded = (...more: EntryBody[]) => budgetOf([session({ settings }), started(1), ...more]);
    expect(costLimit(2, bounded())).toBe(2);
    expect(costLimit(2, bounded({ type: 'budgetBound', tokens: 5 }))).toBe(2);
    expect(costLimit(2, bounded(none))).toBeNull();
    expect(costLimit(2, bounded(none, started(2)))).toBeNull();
    expect(costLimit(2, bounded(none, { ...none, nanoUsd: 3 }))).toBe(2);
    // Of an older build, which holds nothing of its parent's: its own.
    expect(costLimit(2, budgetOf([session({ parent: above, settings })]))).toBe(2);
  });

  it('[budget.own-word] is as large as its parent’s log says, whatever the child says that it was granted', () => {
    const says = (granted: number, returned: number, used: number) =>
      reported(root(100, [lent(50)]), kid, { tokens: { granted, returned, used } });
    expect(says(10 ** 15, 0, 0)).toBeNull();
    expect(says(10 ** 15, 20, 10)).toEqual(lent(50, 20));
    expect(says(60, 20, 35)).toEqual(lent(55, 20));
    expect(reported(root(100), kid, { tokens: { granted: 90, returned: 0, used: 0 } })).toBeNull();
  });

  it('[budget.own-word] is at a link what the parent says, also where its log is an older copy; between links none falls', () => {
    const budget = leased({}, [holds(100, 40), used(30)]);
    const answer = { tokens: { granted: 70, returned: 40 } };
    expect(leaseAnswered(budget, answer, { linked: false })).toBeNull();
    const entry = leaseAnswered(budget, answer, { linked: true });
    expect(entry).toEqual(holds(70, 40));
    applyBudget(budget, { seq: 9, time: '', ...entry } as Entry);
    expect([held(budget.tokens), leaseAnswered(budget, answer, { linked: true })]).toEqual([0, null]);
  });

  it('[budget.grant] what it lacks, where a person has taken the bound away', () => {
    const none: EntryBody = { type: 'budgetBound', tokens: null };
    expect(grant(root(100, [lent(50), none]), kid, { tokens: 500 })).toEqual(lent(500));
    // It was made under the bound, and had not come to its first request.
    expect(grant(root(100, [none]), kid, { tokens: 40 })).toEqual(lent(40));
    expect(stillLacks(root(100, [none]), kid.instance, { tokens: 40 })).toEqual({ tokens: 40 });
  });

  it('[budget.cap] no more than its cap, also from a pod under no bound', () => {
    const capped = budgetOf([session(), ...lentAtSpawn(kid, { nanoUsd: 30 })]);
    const granted = grant(capped, kid, { nanoUsd: 10 });
    expect(granted).toMatchObject({ nanoUsd: { granted: 30, returned: 0 } });
    expect(grant(capped, kid, { nanoUsd: 31 })).toBeNull();
    expect(leasedTo(budgetOf([session()]), kid.instance)).toEqual({});
  });

  it('[budget.grant] is low with less than two usual requests left, and then wants them', () => {
    const budget = leased({}, [holds(30), used(11)]);
    expect([isLow(budget, 'tokens'), isLow(leased({}, [holds(33), used(11)]), 'tokens')]).toEqual([
      true,
      false,
    ]);
    expect(reportUp(budget, { tokens: 22 })).toEqual({
      tokens: { granted: 30, returned: 0, used: 11, wants: 33 },
    });
  });

  it('[budget.restored] is nobody’s in a new incarnation until the parent has confirmed it', () => {
    const budget = leased({}, [holds(30), started(2)]);
    expect([held(budget.tokens), free(budget, 'tokens'), surplus(budget, 0)]).toEqual([30, 0, null]);
    const answer = leaseAnswered(budget, { tokens: { granted: 30, returned: 30 } }, { linked: true });
    expect(answer).toEqual({ type: 'budgetLease', confirmed: true, tokens: { granted: 30, returned: 30 } });
    expect(
      leaseAnswered(leased({}, [holds(30)]), { tokens: { granted: 20, returned: 0 } }, { linked: false }),
    ).toBeNull();
  });

  it('[budget.older] what a pod of an older build had spent is taken into its parent’s at its link', () => {
    const old = budgetOf([
      session({ parent: above, settings: { limits: { cost: 1 } } }),
      started(1),
      used(70),
    ]);
    expect(admit(old, { estimate: { tokens: 40 } })).toEqual({ kind: 'free' });
    // It says so before it has heard of any lease; a pod under no bound takes no account of it.
    expect(reportUp(old)).toEqual({});
    expect(reported(root(100), kid, introduced(old))).toEqual(lent(70));
    expect(reported(budgetOf([session()]), kid, introduced(old))).toBeNull();
    expect(introduced(budgetOf([session(), started(1)]))).toEqual({});
    expect(introduced(leased({}, [holds(30), used(11)]))).toEqual({
      tokens: { granted: 30, returned: 0, used: 11 },
    });
    const answered = leaseAnswered(old, { tokens: { granted: 0, returned: 0 } }, { linked: true });
    applyBudget(old, { seq: 9, time: '', ...answered } as Entry);
    expect(reported(root(100), kid, reportUp(old))).toEqual(lent(70));
  });
});

describe('what is not used', () => {
  it('[budget.return] is its parent’s again as soon as the child says that it has returned it, once', () => {
    const budget = root(100, [lent(50)]);
    const says = { tokens: { granted: 50, returned: 20, used: 10 } };
    const entry = reported(budget, kid, says);
    expect(entry).toEqual(lent(50, 20));
    applyBudget(budget, { seq: 9, time: '', ...entry } as Entry);
    expect([held(budget.tokens), reported(budget, kid, says)]).toEqual([70, null]);
  });

  it('[budget.return] above one request goes back with the end of a turn, and all of it with the pod’s own', () => {
    const { core, committed } = machineOf(
      [asked('t1', 'r1'), begun('t1', { submissions: ['r1'], cause: 'parent' }), holds(100), used(10)],
      { parent: above, live: { mode: 'running' } },
    );
    endTurn(core, { outcome: 'finished', durationMs: 1 });
    expect(committed[0]?.find(({ type }) => type === 'budgetLease')).toEqual({
      type: 'budgetLease',
      tokens: { granted: 100, returned: 80 },
    });
    expect(held(core.facts.budget.tokens)).toBe(10);
    const [back, event] = shutDownReport(
      core.facts,
      { reason: 'x', by: 'person' },
      { outstanding: [], worktree: null },
    );
    expect(back).toEqual({ type: 'budgetLease', tokens: { granted: 100, returned: 90 } });
    expect(event).toMatchObject({ event: { budget: { tokens: { granted: 100, returned: 90, used: 10 } } } });
  });

  it('[budget.return] above one request goes back with the end of a compaction between two turns', () => {
    const log = [holds(100), used(10), summed(20)];
    const { core, committed } = machineOf(log, { parent: above, live: { mode: 'running' } });
    endCompaction(core, null);
    expect(committed).toEqual([[{ type: 'budgetLease', tokens: { granted: 100, returned: 60 } }]]);
    expect(core.live.mode).toBe('idle');
  });

  it('[budget.death] is what the log of a dead child does not say to be used, also what was granted and never came', () => {
    const left = leased({}, [holds(30), used(10), reserves(5)]);
    const budget = root(100, [lent(50)]);
    const entry = settledByLog(budget, kid, left);
    expect(entry).toEqual(lent(50, 35));
    applyBudget(budget, { seq: 9, time: '', ...entry } as Entry);
    expect([held(budget.tokens), settledByLog(budget, kid, left)]).toEqual([85, null]);
  });

  it('[budget.death] an orderly end of the newest incarnation settles too; of an earlier one it says only what was returned', () => {
    const budget = { tokens: { granted: 30, returned: 5, used: 10 } };
    const ends = (incarnation: number): EntryBody => ({
      type: 'podEventReceived',
      from: { ...kid, incarnation },
      eventSeq: 1,
      event: { ...shutDown(), budget },
      reads: false,
      wakes: false,
      closes: [],
    });
    expect(held(root(100, [linked(kid, 2), lent(50), ends(2)]).tokens)).toBe(90);
    expect(held(root(100, [linked(kid, 2), lent(50), ends(1)]).tokens)).toBe(55);
    // It has used more than it was granted.
    expect(held(root(100, [linked(kid, 2), lent(3), ends(2)]).tokens)).toBe(90);
  });

  it('[budget.death] of an undone child is all; what a removed one had not returned is spent', () => {
    expect(held(root(100, [child(kid, 'reserved'), lent(50), child(kid, 'undone')]).tokens)).toBe(100);
    expect(held(root(100, [child(kid, 'reserved'), lent(50, 20), child(kid, 'removed')]).tokens)).toBe(70);
  });
});
