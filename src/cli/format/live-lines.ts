/**
 * One committed entry as one line, for people who watch work go by. The whole of it is in `podkin logs`.
 * Pure.
 */
import { callWords } from '../../session/facts/call-words.ts';
import type { JsonValue } from '../../std/json.ts';
import type { Entry, EntryBody, TurnEndedEntry } from '../../session/facts/entries.ts';
import { alertText, duration, grouped, oneLine, printable } from './printable.ts';
import { lacking, renderEntry } from './transcript.ts';

const lineCharsMax = 110;

type Lines = {
  readonly [T in EntryBody['type']]?: (entry: Entry<Extract<EntryBody, { type: T }>>) => string | null;
};

const lines: Lines = {
  userMessage: (entry) => `> ${oneLine(entry.text, lineCharsMax)}`,
  assistantMessage(entry) {
    const text = messageText(entry);
    return text.trim() === '' ? null : oneLine(text, lineCharsMax);
  },
  toolCall: ({ tool, input }) =>
    `→ ${[oneLine(tool, 60), callSummary(input)].filter((part) => part !== '').join(' ')}`,
  toolResult({ tool, text, isError, denied, interrupted }) {
    if (!isError && denied !== true && interrupted !== true) return null;
    const how = denied === true ? 'denied' : interrupted === true ? 'interrupted' : 'failed';
    return `✗ ${oneLine(tool, 60)} ${how}: ${oneLine(text.replace(/^Denied: /, ''), lineCharsMax)}`;
  },
  systemItem: (entry) => renderEntry(entry, { color: false }),
  turnEnded: turnLine,
  compaction: ({ before, after }) => `— history summed up: ${grouped(before)} → ${grouped(after)} tokens`,
  compactionFailed: (entry) => renderEntry(entry, { color: false }),
  interrupted: (entry) => `■ interrupted: ${oneLine(entry.reason, lineCharsMax)}`,
  alert: (entry) => alertText(entry.text),
};

/** Null for what is no news to a watcher. Unknown types are none. */
export function lineOf(entry: Entry): string | null {
  // A newer pod's type may be any word.
  if (!Object.hasOwn(lines, entry.type)) return null;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the line of a type is handed entries of that type alone
  const line = lines[entry.type] as ((entry: Entry) => string | null) | undefined;
  return line?.(entry) ?? null;
}

/** The whole text of an answer, without its reasoning. */
export function messageText(entry: Entry & { type: 'assistantMessage' }): string {
  return entry.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('');
}

function turnLine(entry: Entry<TurnEndedEntry>): string {
  const took = duration(entry.durationMs);
  switch (entry.outcome) {
    case 'finished':
      return entry.outstanding.length === 0
        ? `■ finished${lacking(entry)} (${took})`
        : `■ waits for ${entry.outstanding.map(printable).join(', ')}`;
    case 'errored':
      return `■ failed (${entry.error?.category ?? 'unknown'}): ${oneLine(entry.error?.message ?? '', lineCharsMax)}`;
    case 'limitReached':
      return `■ stopped at a limit${entry.reason === undefined ? '' : `: ${printable(entry.reason)}`}`;
    case 'cancelled':
    case 'paused':
      return `■ ${entry.outcome}${entry.by === undefined ? '' : ` by ${entry.by === 'parent' ? 'its parent' : 'a person'}`}`;
  }
}

function callSummary(input: JsonValue): string {
  return callWords(input)
    .map((word) => oneLine(word, 80))
    .join(': ');
}
