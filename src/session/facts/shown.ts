/**
 * The words that stand in the place of what the model is not shown any more. Pure: the same entries give the
 * same words (K3).
 */
import { isJsonObject } from '../../std/json.ts';
import type { ShownCompaction } from './context-facts.ts';
import type { ToolCallEntry, ToolResultEntry } from './entries.ts';

/** Shorter outputs are not worth a line in their place. */
const prunableChars = 400;
const subjectCharsMax = 160;

export function isPrunable({ text, images = [] }: Pick<ToolResultEntry, 'text' | 'images'>): boolean {
  return text.length > prunableChars || images.length > 0;
}

export function prunedLine(
  { tool, text, images = [] }: ToolResultEntry,
  call: ToolCallEntry | undefined,
): string {
  const subject = call === undefined ? '' : subjectOf(call);
  const of = subject === '' ? tool : `${tool} ${subject}`;
  const what = images.length > 0 ? 'an image' : `${count(text.length)} characters`;
  return `[Output of ${of}, ${what}, is not shown any more: read it again if needed.]`;
}

/** What a call is about, in a few words: the first of its inputs that says so. */
function subjectOf({ input }: ToolCallEntry): string {
  if (!isJsonObject(input)) return '';
  const named = ['path', 'command', 'pattern', 'name'].map((field) => input[field]);
  const subject = named.find((value): value is string => typeof value === 'string') ?? '';
  const line = subject.replaceAll(/\s+/g, ' ').trim();
  return line.length > subjectCharsMax ? `${line.slice(0, subjectCharsMax).toWellFormed()}…` : line;
}

/** Its beginning and its end, together so long. `tool`: whose output it is. */
export function cutText(text: string, chars: number, tool: string | null): string {
  const head = Math.ceil((chars * 3) / 4);
  const tail = chars - head;
  const left = count(text.length - chars);
  const note = `[… ${left} of ${count(text.length)} characters are not shown: they do not fit. ${restOf(tool)} …]`;
  const end = tail === 0 ? '' : `\n${text.slice(-tail).toWellFormed()}`;
  return `${text.slice(0, head).toWellFormed()}\n${note}${end}`;
}

function restOf(tool: string | null): string {
  switch (tool) {
    case null:
      return 'Ask for the rest as a file, and read that in parts.';
    case 'Read':
      return 'Read the rest in parts, with offset and limit.';
    case 'Bash':
      return 'To read the rest, run it again with its output in a file, and read that in parts.';
    default:
      return 'To read the rest, ask for less at once.';
  }
}

function count(chars: number): string {
  return String(chars).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

const summaryPreamble =
  'Automatic notice from the podkin runtime: the earlier part of this conversation no longer fits and was replaced by the summary below, which you wrote. The messages of people above stand as they were written, oldest first; unless the summary says that they are done, they hold. Go on with the work; do not begin anew what is done.';

export function summaryText({ summary, table }: Pick<ShownCompaction, 'summary' | 'table'>): string {
  const facts = table === '' ? [] : [`What the runtime knows at this point:\n\n${table}`];
  return [summaryPreamble, `Summary:\n\n${summary}`, ...facts].join('\n\n');
}
