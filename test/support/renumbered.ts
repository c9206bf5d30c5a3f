/** Logs that were changed by hand. */
import type { Entry } from '../../src/session/facts/entries.ts';

/**
 * Numbers the entries anew after some were moved, doubled or left out; what points at an entry points at the
 * same one, or the last before it.
 */
export function renumbered(entries: readonly Entry[]): Entry[] {
  const seqs = new Map<number, number>();
  for (const [index, entry] of entries.entries()) seqs.set(entry.seq, index + 1);
  const placeOf = (seq: number): number => {
    for (let at = seq; at > 0; at -= 1) if (seqs.has(at)) return seqs.get(at) ?? 0;
    return 0;
  };
  return entries.map((entry, index) => ({
    ...entry,
    seq: index + 1,
    ...(entry.type === 'stepCompleted' ? { seenThrough: Math.min(index, placeOf(entry.seenThrough)) } : {}),
    ...('readAt' in entry && entry.readAt !== undefined ? { readAt: placeOf(entry.readAt) } : {}),
  }));
}

type OfType<T extends Entry['type']> = Extract<Entry, { type: T }>;

/** Changes the newest entry of a type. */
export function changed<T extends Entry['type']>(
  entries: Entry[],
  type: T,
  edit: (entry: OfType<T>) => OfType<T>,
): void {
  const index = entries.findLastIndex((entry) => entry.type === type);
  const entry = entries[index];
  if (entry === undefined) throw new Error(`there is no ${type}`);
  entries[index] = edit(entry as OfType<T>);
}
