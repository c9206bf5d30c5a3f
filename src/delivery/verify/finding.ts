/** The rules of the oracle, each with the promise that it checks, and what it says where one is broken. */

import type { Entry, EntryBody } from '../../session/facts/entries.ts';

/** `log`: the file itself, no promise of delivery. */
export const promises = {
  I1: 'every report that a pod committed is received, and what the model reads is in its history',
  I2: 'nothing is received, accepted or given to the model twice',
  I3: 'the events of one pod are received and read in the order in which it committed them',
  I5: 'what was given to the model was in a request that completed',
  I6: 'what is acknowledged was on disk',
  I7: 'every end of an incarnation is reported, once, and every incarnation has a start',
  I8: 'an event is the one that its sender committed, and concerns that pod alone',
  I12: 'a call has one result, and no call of an earlier turn runs again',
  C1: 'the end of a turn and its report are committed together',
  C4: 'what is refused for good is decided by a person',
  V1: 'the model reads and is woken by what the table of events says',
  V2: 'a report ends the work that the table of events says',
  V3: 'a report says what the log of its pod comes to',
  V4: 'the text that the model reads is of the event that it stands for',
  R1: 'an accepted run is begun, given up with a reason, or waits',
  R2: 'an accepted notice is given to the model, or waits',
  R3: 'work that was given to a pod is held by it, or closed',
  W1: 'a turn for notifications has some',
  Q1: 'a call that needs the yes of a person runs only with it',
  Q2: 'a no keeps its call from running',
  Q3: 'an answer serves the call that it was given for, once',
  B1: 'no request is made but out of what its pod holds of the budget of its tree',
  B2: 'nothing of a budget is lost or doubled: both ends of a lease come to the same',
  B3: 'a pod draws no more than its cap',
  L1: 'what a turn has worked is counted on, over pauses and deaths',
  E1: 'finished work is reported with the evidence that was asked for',
  E2: 'an answer that does not do is asked for again as often as was allowed',
  S1: 'a path is held by one pod at a time',
  S2: 'what was handed down returns once',
  S4: 'who waits for paths begins nothing, and its wait ends once',
  X1: 'a mailbox begins no turn, and what its host has acknowledged was handed out to it',
  X2: 'a call of a host outside is done once',
  log: 'the file is whole and of a pod',
} as const;
export type Rule = keyof typeof promises;

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

/** A check of one log, which takes the entries of some types. */
export abstract class Check {
  readonly findings: Finding[] = [];
  abstract readonly types: readonly EntryBody['type'][];
  readonly #pod: string;

  constructor(pod: string) {
    this.#pod = pod;
  }

  /** Judges by what was before; the entry counts after all checks have seen it. */
  abstract take(entry: Entry): void;

  /** At the log's end. */
  end(): void {}

  protected find(rule: Rule, text: string): void {
    this.findings.push({ rule, pod: this.#pod, text, count: 1 });
  }
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
export function sequenceList(stretches: readonly Stretch[]): string {
  const shown = stretches.slice(0, 12).map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
  const more = stretches.length > shown.length ? [`and ${stretches.length - shown.length} more`] : [];
  return [...shown, ...more].join(', ');
}
