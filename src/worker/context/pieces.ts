/**
 * How a history that is to be summed up fits into requests itself: its outputs as lines first, then in
 * pieces. Pure.
 */
import type { Facts, HistoryEntry } from '../../session/facts/facts.ts';
import type { Part } from '../../session/facts/transcript.ts';
import { uncovered } from '../../session/facts/transcript.ts';
import { isPrunable } from '../../session/facts/shown.ts';
import { boundaries } from './boundary.ts';
import { unitsOfEntry } from './load.ts';

/** An item of a step that does not fit is sent so long, and where there is little room, shorter. */
const charsOfHuge = 2_000;
const charsLeast = 200;
/** Units: no step says anything in less. */
const roomLeast = 100;
const charsOfUnit = 4;
/** What stands around an entry, and what a line in the place of an output comes to. */
const unitsAround = 8;
const unitsOfLine = 40;

export interface Fitting {
  readonly facts: Facts;
  readonly through: number;
  /** Units that a piece may have; of the first one with what was kept and summed up before. */
  readonly room: number;
  /** The whole of it, shown so, fits into one request. */
  fits(part: Part): boolean;
}

/** Oldest first; one where that is enough. Null where there is no room for any. */
export function piecesOf(fitting: Fitting): Part[] | null {
  const { through } = fitting;
  const asShown: Part = { through };
  if (fitting.fits(asShown)) return [asShown];
  const pruned: Part = { through, prunedThrough: through };
  if (fitting.fits(pruned)) return [pruned];
  return fitting.room < roomLeast ? null : inPieces(fitting);
}

function inPieces({ facts, through, room }: Fitting): Part[] {
  const history = uncovered(facts).filter(({ seq }) => seq <= through);
  const ends = new Set([...boundaries(history, { seenThrough: through, keepsSinceUser: false }), through]);
  const pieces: Part[] = [];
  let after: number | undefined;
  let units = 0;
  let own = 0;
  let items = 0;
  let before = facts.context.compaction?.through ?? 0;
  const close = (end: number, isHuge: boolean) => {
    const chars = Math.floor((room * charsOfUnit) / Math.max(1, items));
    const huge = isHuge ? { charsMax: Math.max(charsLeast, Math.min(charsOfHuge, chars)) } : {};
    const from = after === undefined ? {} : { after };
    pieces.push({ ...from, through: end, prunedThrough: end, ...huge });
    after = end;
    units = 0;
  };
  for (const entry of history) {
    items += 1;
    own += unitsAround + (isLine(entry) ? unitsOfLine : unitsOfEntry(facts, entry));
    if (!ends.has(entry.seq)) continue;
    if (units > 0 && units + own > room) close(before, false);
    units += own;
    if (own > room) close(entry.seq, true);
    before = entry.seq;
    own = 0;
    items = 0;
  }
  if (units > 0) close(through, false);
  return pieces;
}

function isLine(entry: HistoryEntry): boolean {
  return entry.type === 'toolResult' && isPrunable(entry);
}
