/** What the oracle says when a log breaks a promise of delivery §1. */

/** `S…`: who may write where. `log`: the file itself, not an invariant of delivery. */
export type Rule = 'I1' | 'I2' | 'I3' | 'I5' | 'I6' | 'I7' | 'I8' | 'I12' | 'C4' | 'S1' | 'S2' | 'log';

export interface Violation {
  rule: Rule;
  /** The pod in whose log it shows. */
  pod: string;
  text: string;
}

export interface Finding extends Violation {
  /** How many events, items or lives it is about. */
  count: number;
  /** It may be a death that its parent is about to tell: believed only when a second look finds it again. */
  fresh?: true;
}

/** Numbers from … to, both included. */
export interface Stretch {
  from: number;
  to: number;
}

/**
 * What of 1 … `through` is not among `present`. Its cost follows from what is there, not from how high a
 * broken log counts.
 */
export function holesIn(present: Iterable<number>, through: number): Stretch[] {
  const holes: Stretch[] = [];
  let next = 1;
  for (const number of [...present].sort((a, b) => a - b)) {
    if (number > through) break;
    if (number > next) holes.push({ from: next, to: number - 1 });
    next = Math.max(next, number + 1);
  }
  if (next <= through) holes.push({ from: next, to: through });
  return holes;
}

export function lengthOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

/** Rising numbers, neighbours drawn together. */
export function drawTogether(numbers: readonly number[]): Stretch[] {
  const found: Stretch[] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && number === last.to + 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found;
}

/** `3, 5–7, 9`; after twelve stretches only how many more. */
export function told(stretches: readonly Stretch[]): string {
  const shown = stretches.slice(0, 12).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  const more = stretches.length > shown.length ? [`and ${stretches.length - shown.length} more`] : [];
  return [...shown, ...more].join(', ');
}
