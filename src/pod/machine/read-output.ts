/**
 * The texts of a pod from a cursor on. Pure over the transcript, so it serves a living pod and the log of a
 * dead one alike.
 */
import * as z from 'zod';
import { once } from '../../std/once.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { saidFrom, textOf } from '../../session/facts/transcript.ts';

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
 * A cursor that is none begins at the beginning: nothing is skipped. `maxChars` counts UTF-16 units; texts
 * that were cut make the whole again when they are put together.
 */
export function readOutput(facts: Facts, since: string | undefined, maxChars: number): Output {
  const from = parseCursor(since);
  let text = '';
  let next = from;
  for (const entry of saidFrom(facts, from.seq)) {
    const whole = entry.type === 'assistantMessage' ? textOf(entry) : '';
    const start = entry.seq === from.seq ? from.offset : text === '' ? 0 : -separator.length;
    const rest = whole === '' ? '' : start < 0 ? separator.slice(start) + whole : whole.slice(start);
    const left = maxChars - text.length;
    if (rest.length > left) {
      const part = cutWhole(rest, left, text === '');
      const cursor = formatCursor({ seq: entry.seq, offset: start + part.length });
      return { text: text + part, cursor, truncated: true, coversTurn: null };
    }
    text += rest;
    next = { seq: entry.seq + 1, offset: 0 };
  }
  const { lastTurn, turn } = facts;
  const ended = turn === null && lastTurn?.outcome === 'finished';
  return {
    text,
    cursor: formatCursor(next),
    truncated: false,
    coversTurn: ended ? (lastTurn?.turn ?? null) : null,
  };
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
