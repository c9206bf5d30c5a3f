/**
 * Entries about what was asked of a pod beside its task: how long its turns work, and what its answers lack.
 */

/**
 * How long a turn has worked, with those that it goes on with and without pauses and open approvals, by a
 * clock that does not jump. A total: written while a limited turn runs, and at its end.
 */
export interface TurnTimeEntry {
  type: 'turnTime';
  turn: string;
  usedMs: number;
}

/** What an answer can lack. */
export type DemandKind = 'check' | 'result';

/** Given to the model within the turn whose last answer did not do. */
export interface UnmetItem {
  kind: 'unmet';
  of: DemandKind;
  body: string;
}

/** How often answers of a turn, with those that it goes on with, did not do. */
export type UnmetCounts = { readonly [K in DemandKind]: number };

export const nothingUnmet: UnmetCounts = { check: 0, result: 0 };
