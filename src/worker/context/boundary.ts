/**
 * Where a history may be cut in two (K2). Pure.
 *
 * - K1 Nothing that was not seen is covered: no boundary lies above `seenThrough`.
 * - K2 A boundary lies between two steps: an assistant message, its reasoning, its calls and their results
 *   are on one side of it. The last step is always behind it, because its answer is above what it has seen;
 *   with Gemini so is everything since the last user text, whose thought signatures that provider checks.
 */
import type { HistoryEntry } from '../../session/facts/facts.ts';

export interface Seen {
  readonly seenThrough: number;
  /** Everything since the last user text stays together. */
  readonly keepsSinceUser: boolean;
}

/** Entry seqs behind which the history may be cut, in order. */
export function boundaries(history: readonly HistoryEntry[], seen: Seen): number[] {
  const end = seen.keepsSinceUser ? lastUserText(history) : history.length;
  const open = new Set<string>();
  const found: number[] = [];
  for (const [index, entry] of history.entries()) {
    if (entry.seq > seen.seenThrough) break;
    if (entry.type === 'toolCall') open.add(entry.call);
    if (entry.type === 'toolResult') open.delete(entry.call);
    const next = history[index + 1];
    const isWithin = next === undefined || next.type === 'toolCall' || next.type === 'toolResult';
    if (!isWithin && open.size === 0 && index < end) found.push(entry.seq);
  }
  return found;
}

function lastUserText(history: readonly HistoryEntry[]): number {
  return history.findLastIndex(({ type }) => type === 'userMessage' || type === 'systemItem');
}

/**
 * The first boundary behind which no more than `tail` units are left, else the last one; null where none
 * covers anything.
 */
export function boundaryFor(
  history: readonly HistoryEntry[],
  seen: Seen,
  { tail, unitsOf }: { tail: number; unitsOf: (entry: HistoryEntry) => number },
): number | null {
  const allowed = boundaries(history, seen);
  let left = history.reduce((sum, entry) => sum + unitsOf(entry), 0);
  let next = 0;
  for (const entry of history) {
    left -= unitsOf(entry);
    if (entry.seq !== allowed[next]) continue;
    if (left <= tail) return entry.seq;
    next += 1;
  }
  return allowed.at(-1) ?? null;
}
