/** Which outputs of tools are to be shown as one line (stage 1). Pure. */
import { tokensOfImages } from '../../std/image.ts';
import type { HistoryEntry } from '../../session/facts/facts.ts';
import { isPrunable } from '../../session/facts/shown.ts';
import { unitsOfText } from './size.ts';

/** Steps whose outputs stay: what they say is in use. */
const stepsKept = 3;
/** About what a line comes to that stands in the place of an output. */
const unitsOfLine = 40;

export interface Prunable {
  /** An entry seq: the last output that becomes a line. */
  readonly through: number;
  readonly units: number;
}

/** `history`: what is shown behind the newest compaction. Null where there is nothing. */
export function prunableOf(
  history: readonly HistoryEntry[],
  { prunedThrough, seenThrough }: { prunedThrough: number; seenThrough: number },
): Prunable | null {
  const end = Math.min(seenThrough, lastOld(history));
  let through = 0;
  let units = 0;
  for (const entry of history) {
    if (entry.type !== 'toolResult' || entry.seq <= prunedThrough || entry.seq > end) continue;
    if (!isPrunable(entry)) continue;
    through = entry.seq;
    units += unitsOfText(entry.text) + tokensOfImages(entry.images) - unitsOfLine;
  }
  return through === 0 ? null : { through, units };
}

/** Seq of the last output that is older than the last few steps. */
function lastOld(history: readonly HistoryEntry[]): number {
  const steps = new Set<string>();
  for (const entry of history.toReversed()) {
    if (entry.type !== 'toolResult') continue;
    steps.add(`${entry.turn} ${entry.step}`);
    if (steps.size > stepsKept) return entry.seq;
  }
  return 0;
}
