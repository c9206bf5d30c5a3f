/** Entries about a budget that several tables are made of. Amounts are tokens. */
import type { EntryBody } from '../../../../src/session/facts/entries.ts';

export const holds = (granted: number, returned = 0): EntryBody => ({
  type: 'budgetLease',
  confirmed: true,
  tokens: { granted, returned },
});
export const reserves = (tokens: number): EntryBody => ({
  type: 'budgetReserved',
  turn: 't1',
  step: 1,
  tokens,
});
