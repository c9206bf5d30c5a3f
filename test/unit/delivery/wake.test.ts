/** The wake rule as a table: what waits, what is left of the budget, and what is started. */
import { describe, expect, it } from 'vitest';
import { notificationHops, wakeRule } from '../../../src/delivery/wake.ts';
import {
  type Line,
  assigned,
  begun,
  child,
  ended,
  factsOf,
  finished,
  interrupted,
  itemOf,
  kid,
  notice,
  received,
} from '../machine-rig.ts';

const budget = { turnsPerMinute: 2, hopsMax: 5 };
const nowMs = 100_000;
const minute = 60_000;

const free = { kind: 'now', counted: false };
const counted = { kind: 'now', counted: true };
const nothing = { kind: 'nothing' };
const spent = (items: number, refillAtMs: number) => ({
  kind: 'overBudget',
  why: 'turnsPerMinute',
  items,
  refillAtMs,
});
const chained = (items: number) => ({ kind: 'overBudget', why: 'hops', items, refillAtMs: null });

const work: Line[] = [child(kid, 'linked'), assigned('a1')];
const report = (hops: number, closes: string[]) => received(1, finished({ hops }), { closes });
const full = [nowMs - 2, nowMs - 1];

interface Case {
  log: Line[];
  /** When the counted turns began, oldest first. */
  spentAt?: number[];
  wake: object;
}

const table: Record<string, Case> = {
  'nothing waits': { log: [], wake: nothing },
  'what waits wakes nobody': { log: [notice('n1', { wake: false })], wake: nothing },
  'a notice costs one of the minute’s turns': { log: [notice('n1')], wake: counted },
  'one turn is left': { log: [notice('n1')], spentAt: [nowMs - 1], wake: counted },
  'none is left: until the oldest is a minute old': {
    log: [notice('n1')],
    spentAt: full,
    wake: spent(1, nowMs - 2 + minute),
  },
  'more were spent than there are': {
    log: [notice('n1')],
    spentAt: [nowMs - 3, ...full],
    wake: spent(1, nowMs - 3 + minute),
  },
  'a turn a minute ago is forgotten': {
    log: [notice('n1')],
    spentAt: [nowMs - minute, nowMs - 1],
    wake: counted,
  },
  'a turn less than a minute ago is not': {
    log: [notice('n1')],
    spentAt: [nowMs - minute + 1, nowMs - 1],
    wake: spent(1, nowMs + 1),
  },
  'all that wait are counted': {
    log: [notice('n1'), notice('n2'), notice('n3', { wake: false })],
    spentAt: full,
    wake: spent(2, nowMs - 2 + minute),
  },
  'an own report is free': { log: [...work, report(0, ['a1'])], spentAt: full, wake: free },
  'an own report among others makes the turn free': {
    log: [...work, notice('n1'), report(0, ['a1'])],
    spentAt: full,
    wake: free,
  },
  'a report that closes nothing is not': {
    log: [...work, report(0, [])],
    spentAt: full,
    wake: spent(1, nowMs - 2 + minute),
  },
  'an own report that was taken in and not seen is free no longer': {
    log: [
      ...work,
      report(0, ['a1']),
      begun('t2'),
      itemOf('t2', 1, finished()),
      interrupted('t2'),
      begun('t3'),
      ended('t3'),
    ],
    spentAt: full,
    wake: spent(1, nowMs - 2 + minute),
  },
  'a chain one short of the longest': { log: [notice('n1', { hops: 4 })], wake: counted },
  'a chain at the longest': { log: [notice('n1', { hops: 5 })], wake: chained(1) },
  'a chain past it': { log: [notice('n1', { hops: 6 }), notice('n2', { hops: 5 })], wake: chained(2) },
  'one fresh item takes the chained ones with it': {
    log: [notice('n1', { hops: 5 }), notice('n2', { hops: 4 })],
    wake: counted,
  },
  'an own report is not free of its hops': { log: [...work, report(5, ['a1'])], wake: chained(1) },
};

describe('the wake rule', () => {
  it.each(Object.entries(table))('[wake.table] %s', (_, { log, spentAt = [], wake }) => {
    expect(wakeRule(factsOf(log), budget, spentAt, nowMs)).toEqual(wake);
  });

  it.each<[string, Line[], number]>([
    ['nothing that waits', [], 1],
    ['a person’s notice', [notice('n1')], 1],
    [
      'the longest chain of what waits',
      [notice('n1', { hops: 2 }), notice('n2', { hops: 7 }), notice('n3', { hops: 3 })],
      8,
    ],
    [
      'what wakes nobody is not asked',
      [notice('n1', { hops: 2 }), notice('n2', { hops: 7, wake: false })],
      3,
    ],
  ])('[wake.hops] a notification turn is one step further than %s', (_, log, hops) => {
    expect(notificationHops(factsOf(log))).toBe(hops);
  });
});
