/** When nothing of a pod is outstanding, and what is worth a wake, over logs. */
import { describe, expect, it } from 'vitest';
import { settledView, wakeWorthy } from '../../../src/delivery/settled.ts';
import {
  type Line,
  assigned,
  begun,
  child,
  completed,
  ended,
  factsOf,
  finished,
  input,
  interrupted,
  itemOf,
  kid,
  notice,
  noticeItem,
  received,
  run,
  sib,
} from '../machine-rig.ts';

// The first line of each log is entry 3.
const taken: Line[] = [notice('n1'), begun('t1'), noticeItem('t1', 'n1')];
const failed: Line[] = [...taken, ended('t1', 'errored')];

interface Case {
  log: Line[];
  settled: boolean;
  /** Entries of the items that are worth a wake. */
  worth?: number[];
  outstanding?: string[];
}

const table: Record<string, Case> = {
  'an empty log': { log: [], settled: true },
  'a queued run': { log: [run('r1')], settled: false },
  'an interrupted turn': { log: [begun('t1'), interrupted('t1')], settled: false },
  'a paused turn': { log: [begun('t1'), ended('t1', 'paused')], settled: false },
  'open work of children, each named once': {
    log: [child(kid, 'linked'), child(sib, 'linked'), assigned('a1'), assigned('b1', sib), assigned('a2')],
    settled: false,
    outstanding: ['kid', 'sib'],
  },
  'closed work': {
    log: [child(kid, 'linked'), assigned('a1'), received(1, finished(), { closes: ['a1'], reads: false })],
    settled: true,
  },
  'a notice that wakes': { log: [notice('n1')], settled: false, worth: [3] },
  'a notice that does not': { log: [notice('n1', { wake: false })], settled: true },
  'an event that the model reads': {
    log: [child(kid, 'linked'), received(1, finished())],
    settled: false,
    worth: [4],
  },
  'an event that wakes nobody': {
    log: [child(kid, 'linked'), received(1, finished(), { wakes: false })],
    settled: true,
  },
  'an item that no answer has seen': {
    log: [...taken, interrupted('t1'), begun('t2'), ended('t2')],
    settled: false,
    worth: [5],
  },
  'an item that wakes nobody, unseen': {
    log: [notice('n1', { wake: false }), begun('t1'), noticeItem('t1', 'n1'), ended('t1')],
    settled: true,
  },
  'an item that an answer has seen': { log: [...taken, completed('t1', 5), ended('t1')], settled: true },
  'an item that was taken in behind what the answer saw': {
    log: [...taken, completed('t1', 4), ended('t1')],
    settled: false,
    worth: [5],
  },
  'an item in the hands of a turn that failed': { log: failed, settled: true },
  'a notice that the failed turn did not take': {
    log: [notice('n1'), begun('t1'), ended('t1', 'errored')],
    settled: true,
  },
  // Entry 7 lifts no hold: it wakes nobody.
  'what comes after the failed turn and wakes nobody': {
    log: [...failed, notice('n2', { wake: false })],
    settled: true,
  },
  // A notice that wakes lifts the hold of what the failed turn had in hand.
  'what comes after the failed turn and wakes': {
    log: [...failed, notice('n2')],
    settled: false,
    worth: [7, 5],
  },
  'what came while the turn was failing': {
    log: [notice('n1'), begun('t1'), notice('n2'), ended('t1', 'errored')],
    settled: false,
    worth: [5],
  },
  'after a person’s resume the held item counts again': {
    log: [...failed, input('resume')],
    settled: false,
    worth: [5],
  },
  'a limit holds as a failure does': { log: [...taken, ended('t1', 'limitReached')], settled: true },
  'a cancel holds as a failure does': { log: [...taken, ended('t1', 'cancelled')], settled: true },
};

describe('settled', () => {
  it.each(Object.entries(table))(
    '[settled.table] %s',
    (_, { log, settled, worth = [], outstanding = [] }) => {
      const facts = factsOf(log);
      expect(settledView(facts)).toEqual({ settled, outstanding });
      expect(wakeWorthy(facts).map((item) => item.entrySeq)).toEqual(worth);
    },
  );

  it('[settled.table] what waits is listed before what was taken in', () => {
    const facts = factsOf([
      child(kid, 'linked'),
      received(1, finished()),
      begun('t1'),
      itemOf('t1', 1, finished()),
      interrupted('t1'),
      notice('n2'),
    ]);
    expect(wakeWorthy(facts).map((item) => item.entrySeq)).toEqual([8, 6]);
  });
});

/** A turn that fails, met a limit or was cancelled is about to end: what it had in hand will be held. */
const holding: Record<string, Case> = {
  'what the turn took in is held': { log: taken, settled: true },
  'what waited before the turn is held': { log: [notice('n1'), begun('t1')], settled: true },
  'what came during the turn is not': { log: [begun('t1'), notice('n1')], settled: false },
  'what came during the turn and wakes nobody': {
    log: [begun('t1'), notice('n1', { wake: false })],
    settled: true,
  },
  'of several one is enough': {
    log: [notice('n1'), begun('t1'), notice('n2'), notice('n3', { wake: false })],
    settled: false,
  },
  'without a turn everything waits': { log: [notice('n1')], settled: false },
  'a queued run': { log: [begun('t1'), run('r1')], settled: false },
  'open work': {
    log: [child(kid, 'linked'), begun('t1'), assigned('a1')],
    settled: false,
    outstanding: ['kid'],
  },
};

describe('settled at an end that holds', () => {
  it.each(Object.entries(holding))('[settled.holding] %s', (_, { log, settled, outstanding = [] }) => {
    expect(settledView(factsOf(log), { holding: true })).toEqual({ settled, outstanding });
  });
});
