/** What a compaction keeps word for word: the pod's task and what people said. Pure. */
import type { HistoryEntry } from '../../session/facts/facts.ts';
import { unitsOfText } from './size.ts';

export interface Keeping {
  /** What is shown at or below the boundary: what was kept before, and the history. */
  readonly items: readonly HistoryEntry[];
  /** Submissions of work that is still owed: its words stay, whatever they come to. */
  readonly owed: ReadonlySet<string>;
  /** Units for all of it. */
  readonly room: number;
}

/**
 * Entry seqs, in order. The first input, the newest and what is owed always; of the others the newest first,
 * as far as there is room.
 */
export function keptOf({ items, owed, room }: Keeping): number[] {
  const said = items.filter(isPersons);
  const first = said.find(({ type }) => type === 'userMessage');
  const must = said.filter(
    (entry, index) =>
      entry === first ||
      index === said.length - 1 ||
      (entry.type === 'userMessage' && owed.has(entry.submission)),
  );
  let left = room - must.reduce((sum, entry) => sum + unitsOfSaid(entry), 0);
  const kept = new Set(must);
  for (const entry of said.toReversed()) {
    if (kept.has(entry)) continue;
    left -= unitsOfSaid(entry);
    if (left < 0) break;
    kept.add(entry);
  }
  return said.flatMap((entry) => (kept.has(entry) ? [entry.seq] : []));
}

/** A run's text, whoever gave it, and a notice that a person has left. */
function isPersons(entry: HistoryEntry): boolean {
  if (entry.type === 'userMessage') return true;
  return entry.type === 'systemItem' && entry.item.kind === 'notice' && entry.item.from.kind === 'person';
}

/** Of what people and other pods said; 0 of all else. */
export function unitsOfSaid(entry: HistoryEntry): number {
  if (entry.type === 'userMessage') return unitsOfText(entry.text);
  return entry.type === 'systemItem' ? unitsOfText(entry.item.body) : 0;
}
