/** The entries of a log by their type. Pure. */
import type { Entry, EntryBody } from '../../session/facts/entries.ts';

export type EntryOf<T extends EntryBody['type']> = Entry<Extract<EntryBody, { type: T }>>;

export function ofType<T extends EntryBody['type']>(entries: readonly Entry[], type: T): EntryOf<T>[] {
  return entries.filter((entry): entry is EntryOf<T> => entry.type === type);
}

/** The highest entry that a completed request has held. */
export function seenThrough(entries: readonly Entry[]): number {
  return ofType(entries, 'stepCompleted').reduce((most, entry) => Math.max(most, entry.seenThrough), 0);
}
