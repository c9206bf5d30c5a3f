/**
 * A TOML text with all that is wrong in it. The parser ends at the first problem: where that is in one line,
 * the line is left out, and the rest is read all the same. What is said is ours.
 */
import { parse, TomlDate, TomlError } from 'smol-toml';
import type { Place } from './toml-places.ts';

export interface TextProblem extends Place {
  readonly text: string;
}

export interface TomlText {
  /** As far as it is understood; dates as symbols, since no setting is one. */
  readonly said: Readonly<Record<string, unknown>>;
  /** The text with the lines emptied that are not understood. */
  readonly read: string;
  readonly problems: readonly TextProblem[];
  /** False: what is behind the last problem was not read. */
  readonly isWhole: boolean;
}

/** More are hardly problems but another language. */
const problemsMax = 100;

export function readToml(text: string): TomlText {
  const lines = text.split('\n');
  const problems: TextProblem[] = [];
  for (;;) {
    const read = lines.join('\n');
    const parsed = parsedOr(read);
    if (!(parsed instanceof TomlError)) return { said: parsed, read, problems, isWhole: true };
    const { line, column } = parsed;
    const wrong = lines[line - 1] ?? '';
    problems.push({ line, column, text: sentenceOf(parsed, wrong) });
    if (problems.length >= problemsMax || !isAlone(parsed, wrong))
      return { said: {}, read, problems, isWhole: false };
    const end = wrong.trimStart().startsWith('[') ? headerEnd(lines, line) : line;
    lines.fill('', line - 1, end);
  }
}

function parsedOr(text: string): Record<string, unknown> | TomlError {
  try {
    return withoutDates(parse(text));
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
}

/** The problem is in this line and not in what began above it. */
function isAlone(error: TomlError, line: string): boolean {
  return /redefine/.test(error.message) || parsedOr(line) instanceof TomlError;
}

/** Without its header, what is in a table would be taken for another one's. */
function headerEnd(lines: readonly string[], header: number): number {
  const next = lines.findIndex((line, index) => index >= header && line.trimStart().startsWith('['));
  return next < 0 ? lines.length : next;
}

const sentences: readonly (readonly [RegExp, string])[] = [
  [/redefine/, 'this has been set above: say it once'],
  [/unfinished string/, 'a text begins here and does not end: close it with the same quote'],
  [/escape/, 'a text in "…" has a "\\" that means nothing: write "\\\\", or put the text in \'…\''],
  [/control characters/, 'there is a control character: take it out, or close the text in its own line'],
  [/losslessly/, 'the number is too large'],
  [/expected comma/, 'a comma or the end of the list or table is missing'],
  [/unfinished (?:array|table)/, 'a list or table begins here and does not end'],
  [/followed by an end-of-line/, 'there is something behind the value: begin a new line with each key'],
  [/end of table array/, 'a table of a list is written [[name]]'],
  [/numeric|leading zero|underscore/, 'the number is not written as one'],
  [/date/, 'the value is neither a number nor a date: put a text in quotes'],
  [
    /key/,
    'no key can be read: write key = value, the key in quotes if it has other characters than A-Z, a-z, 0-9, "_" and "-"',
  ],
  [/invalid value/, 'no value can be read: put a text in quotes'],
];

function sentenceOf({ message }: TomlError, line: string): string {
  const first = message.split('\n')[0] ?? '';
  const known = sentences.find(([pattern]) => pattern.test(first))?.[1] ?? 'this is not TOML';
  if (/invalid value/.test(first) && /=\s*(?:#.*)?$/.test(line)) return 'the value behind "=" is missing';
  return known;
}

function withoutDates<T>(value: T): T {
  const copy = (part: unknown): unknown => {
    if (part instanceof TomlDate) return Symbol.for('date');
    if (Array.isArray(part)) return part.map(copy);
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, copy(inner)]));
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same but for the dates
  return copy(value) as T;
}
