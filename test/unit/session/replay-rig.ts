/**
 * What the tables over the fold of a log share: what is picked of the facts, and lines that several of them
 * play.
 */

import type { EntryBody } from '../../../src/session/facts/entries.ts';
import type { Facts } from '../../../src/session/facts/facts.ts';
import {
  type Line,
  begun,
  child,
  ended,
  kid,
  linked,
  notice,
  noticeItem,
  received,
  result,
  shutDown,
  sib,
} from '../machine-rig.ts';

/** The first line of each log is entry 3. */
export type Row = [name: string, log: Line[], pick: (facts: Facts) => unknown, expected: unknown];

export const queue = (facts: Facts): string[] => facts.queue.map(({ submission }) => submission);
export const buffer = (facts: Facts) => facts.notifyBuffer.map(({ entrySeq }) => entrySeq);
export const unseen = (facts: Facts) => facts.unseen.map(({ entrySeq }) => entrySeq);
export const held = (facts: Facts) => facts.held;
export const own = (facts: Facts) => [...facts.ownAssignments];
export const theKid = (facts: Facts) => facts.children.get(kid.instance);
export const assignments = (facts: Facts) => [...facts.assignments.keys()];
export const pending = (facts: Facts) => [...facts.outbox.pending.keys()];
export const deaths = (facts: Facts) =>
  [...facts.notifyBuffer, ...facts.unseen].map(({ deathsAt }) => deathsAt.length);

export const assignmentItem: EntryBody = {
  type: 'systemItem',
  turn: 't1',
  item: { kind: 'assignment', assignment: 'a2', child: kid, outcome: 'notStarted', body: '' },
};
export const budgetAlert: EntryBody = { type: 'alert', level: 'warning', code: 'wakeBudget', text: '' };
export const drop: EntryBody = { type: 'inputDropped', submission: 'r1', reason: 'removed' };
export const taken = [notice('n1'), begun('t1'), noticeItem('t1', 'n1')];
export const failed = [...taken, ended('t1', 'errored')];
export const family = [child(kid, 'reserved', { task: 'look' }), linked(kid), child(sib, 'linked')];

export const stopReported = (incarnation: number) =>
  result('t1', 'c1', { stopped: { instance: kid.instance, incarnation } });
export const endOf = (incarnation: number, event = shutDown() as Parameters<typeof received>[1]) =>
  received(null, event, { from: { ...kid, incarnation } });

export const scope = { read: [], write: ['/w/a'] };
export const refuses: EntryBody = {
  type: 'alert',
  level: 'error',
  code: 'badToken',
  text: '',
  refuses: { child: kid, code: 'badToken' },
};
