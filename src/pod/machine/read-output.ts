/**
 * The texts of a pod from a cursor on. Pure over the transcript, so it serves a living pod and the log of a
 * dead one alike.
 */
import * as z from 'zod';
import { once } from '../../std/once.ts';
import type { Facts, HistoryEntry } from '../../session/facts/facts.ts';
import { holdsSaid, saidFrom, textOf } from '../../session/facts/transcript.ts';

/** Stands between two texts of one reading. */
const separator = '\n\n';

/**
 * Place in the log: the next entry to read, and how many characters of it have been read; below 0 so many of
 * the separator before it are still to come.
 */
const cursorSchema = once(() => z.object({ seq: z.int().min(1), offset: z.int().min(-separator.length) }));

export interface Output {
  text: string;
  cursor: string;
  truncated: boolean;
  coversTurn: string | null;
}

/**
 * One reading, entry by entry, wherever they come from: memory, the pod's own log, or that of a dead one. A
 * cursor that is none begins at the beginning: nothing is skipped. `maxChars` counts UTF-16 units; texts that
 * were cut make the whole again when they are put together. What the facts say counts as of the beginning.
 */
export class OutputReading {
  readonly #from: { seq: number; offset: number };
  readonly #maxChars: number;
  /** The turn whose end is read when all is. */
  readonly #endedTurn: string | null;
  #next: { seq: number; offset: number };
  #text = '';
  #isFull = false;

  constructor({ lastTurn, turn }: Facts, since: string | undefined, maxChars: number) {
    this.#from = parseCursor(since);
    this.#next = this.#from;
    this.#maxChars = maxChars;
    this.#endedTurn = turn === null && lastTurn?.outcome === 'finished' ? lastTurn.turn : null;
  }

  /** Entries before it are not wanted. */
  get fromSeq(): number {
    return this.#from.seq;
  }

  /** In order; false where no more is wanted. */
  take(entry: HistoryEntry): boolean {
    const { seq, offset } = this.#from;
    if (entry.seq < seq) return true;
    const whole = entry.type === 'assistantMessage' ? textOf(entry) : '';
    const start = entry.seq === seq ? offset : this.#text === '' ? 0 : -separator.length;
    const rest = whole === '' ? '' : start < 0 ? separator.slice(start) + whole : whole.slice(start);
    const left = this.#maxChars - this.#text.length;
    this.#isFull = rest.length > left;
    const part = this.#isFull ? cutWhole(rest, left, this.#text === '') : rest;
    this.#next = this.#isFull
      ? { seq: entry.seq, offset: start + part.length }
      : { seq: entry.seq + 1, offset: 0 };
    this.#text += part;
    return !this.#isFull;
  }

  end(): Output {
    return {
      text: this.#text,
      cursor: formatCursor(this.#next),
      truncated: this.#isFull,
      coversTurn: this.#isFull ? null : this.#endedTurn,
    };
  }
}

/** Of what memory holds; null where it does not hold all of it. */
export function readHeldOutput(facts: Facts, since: string | undefined, maxChars: number): Output | null {
  const reading = new OutputReading(facts, since, maxChars);
  if (!holdsSaid(facts, reading.fromSeq)) return null;
  for (const entry of saidFrom(facts, reading.fromSeq)) if (!reading.take(entry)) break;
  return reading.end();
}

/** Never between the halves of one character, unless there would be no step forward otherwise. */
function cutWhole(text: string, chars: number, mustMove: boolean): string {
  const last = text.charCodeAt(chars - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splits && !(mustMove && chars === 1) ? chars - 1 : chars);
}

function parseCursor(text: string | undefined): { seq: number; offset: number } {
  const start = { seq: 1, offset: 0 };
  if (text === undefined) return start;
  try {
    return cursorSchema().parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    return start;
  }
}

function formatCursor(cursor: { seq: number; offset: number }): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}
