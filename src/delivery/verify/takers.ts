/** Entries handed to a function of their own type; types that none is for are passed over. */
import type { Entry, EntryBody } from '../../session/facts/entries.ts';

export type Takers = {
  readonly [T in EntryBody['type']]?: (entry: Entry<Extract<EntryBody, { type: T }>>) => void;
};

export function takeBy(takers: Takers, entry: Entry): void {
  if (!Object.hasOwn(takers, entry.type)) return;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the function of an entry's own type takes that entry
  (takers[entry.type] as (entry: Entry) => void)(entry);
}
