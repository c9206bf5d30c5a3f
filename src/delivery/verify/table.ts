/**
 * The table of delivery §3 as the oracle has it: who reads an event, whom it wakes, what work it ends.
 * Written anew, so that a mistake in `visibility.ts` or `facts.ts` does not stand here as well.
 */
import type { PodEvent } from '../../protocol/pod-event.ts';

/** `named`: the assignments that the event lists; `all`: every one that its child has open. */
export type Ends = 'none' | 'named' | 'all';

export interface TableRow {
  /** The model reads it, and it wakes an idle pod: one answer in every row. */
  readonly isShown: boolean;
  readonly ends: Ends;
}

const rows = new Map<string, TableRow>(
  Object.entries({
    'turnEnded finished settled': { isShown: true, ends: 'named' },
    'turnEnded finished unsettled': { isShown: false, ends: 'none' },
    'turnEnded limitReached': { isShown: true, ends: 'named' },
    'turnEnded cancelled': { isShown: true, ends: 'named' },
    'turnEnded paused': { isShown: true, ends: 'none' },
    errored: { isShown: true, ends: 'named' },
    shutDown: { isShown: true, ends: 'all' },
    died: { isShown: true, ends: 'all' },
    'died restored': { isShown: false, ends: 'none' },
    unreachable: { isShown: true, ends: 'none' },
    scopeSubDelegated: { isShown: false, ends: 'none' },
  }),
);

/** Undefined for an event of a kind or outcome that only another version of podkin knows. */
export function tableRow(event: PodEvent): TableRow | undefined {
  const row = rows.get(rowName(event));
  // Which work it names could not be read: none of it is waited for any longer.
  const isUnread = 'unread' in event && event.unread?.includes('assignments') === true;
  return row?.ends === 'named' && isUnread ? { ...row, ends: 'all' } : row;
}

function rowName(event: PodEvent): string {
  if (event.kind === 'died') return event.restored ? 'died restored' : 'died';
  if (event.kind !== 'turnEnded') return event.kind;
  if (event.outcome !== 'finished') return `turnEnded ${event.outcome}`;
  return `turnEnded finished ${event.settled ? 'settled' : 'unsettled'}`;
}

/** The end of an incarnation: its own last word, or its parent's about it. */
export function isEnd(event: PodEvent): boolean {
  return event.kind === 'shutDown' || event.kind === 'died';
}

/** A list of names in an event; nothing where this version cannot read it. */
export function namesIn(event: PodEvent, field: 'assignments' | 'notStarted'): readonly string[] {
  const value: unknown = Reflect.get(event, field);
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

export function textIn(event: PodEvent): string {
  const value: unknown = Reflect.get(event, 'text');
  return typeof value === 'string' ? value : '';
}
