/**
 * Damages to the logs of a home that a right tree of pods has left: each changes one thing, as a defect of
 * the code or a hand could have written it; entries are numbered anew and their checksums are right.
 */
import type { Entry } from '../../src/session/facts/entries.ts';
import { renumbered } from './renumbered.ts';

type OfType<T extends Entry['type']> = Extract<Entry, { type: T }>;

/** The logs of a root and of its child. */
export interface Logs {
  root: Entry[];
  kid: Entry[];
}

export type Damage = (logs: Logs) => void;

/** Where the entry of that type and shape is; `at`: the first, or counted from the end. */
export function indexOf<T extends Entry['type']>(
  log: readonly Entry[],
  type: T,
  where: { at?: number; fits?: (entry: OfType<T>) => boolean } = {},
): number {
  const { at = 0, fits = () => true } = where;
  const found = log.flatMap((entry, index) => {
    return entry.type === type && fits(entry as OfType<T>) ? [index] : [];
  });
  const index = found.at(at);
  if (index === undefined) throw new Error(`there is no ${type} to damage`);
  return index;
}

/** Changes the entry at an index as an object without a type: what a damage writes may be no entry. */
export function edit(log: Entry[], index: number, fields: object): void {
  const entry = log[index];
  if (entry === undefined) throw new Error('there is no such entry');
  log[index] = Object.assign({}, entry, fields);
}

/** Leaves out so many entries from there on. */
export function leaveOut(log: Entry[], index: number, count = 1): void {
  replace(log, log.toSpliced(index, count));
}

/** Behind itself. */
export function double(log: Entry[], index: number): void {
  const entry = log[index];
  if (entry === undefined) throw new Error('there is no such entry');
  replace(log, log.toSpliced(index + 1, 0, { ...entry, seq: Number.MAX_SAFE_INTEGER }));
}

export function swap(log: Entry[], one: number, other: number): void {
  const [a, b] = [log[one], log[other]];
  if (a === undefined || b === undefined) throw new Error('there are no such entries');
  log[one] = { ...b, seq: a.seq };
  log[other] = { ...a, seq: b.seq };
}

function replace(log: Entry[], entries: Entry[]): void {
  log.splice(0, log.length, ...renumbered(entries));
}
