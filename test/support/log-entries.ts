/** Entries of a log that may be longer than memory: only those that are wanted are kept. */
import { existsSync } from 'node:fs';
import type { Entry, EntryBody } from '../../src/session/facts/entries.ts';
import { readEntries } from '../../src/session/log/read-log.ts';

export type EntryOf<T extends EntryBody['type']> = Entry<Extract<EntryBody, { type: T }>>;

/** A log that is not there has none. */
export async function entriesOfType<T extends EntryBody['type']>(
  log: string,
  type: T,
): Promise<EntryOf<T>[]> {
  const found: EntryOf<T>[] = [];
  if (!existsSync(log)) return found;
  const fits = (entry: Entry): entry is EntryOf<T> => entry.type === type;
  for await (const { entry } of readEntries(log)) if (fits(entry)) found.push(entry);
  return found;
}
