/**
 * Words of another process for a model: data that can neither end the quotation nor hide in it. Pure.
 *
 * Invariants
 * - W1 What stands in a fence cannot close it: the fence is longer than any run of backticks inside.
 * - W2 What stands in a line cannot end it, and is bounded.
 */
import { withoutHidden } from '../std/characters.ts';

/** Lines: the text behind a fence. */
export function fenced(text: string, charsMax: number): string[] {
  const clean = clip(withoutHidden(text), charsMax);
  const longest = Math.max(2, ...[...clean.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}data`, clean, fence];
}

/** In a line, between quotation marks; what would end the line or the quotation is escaped. */
export function quoted(text: string, charsMax: number): string {
  return JSON.stringify(clip(withoutHidden(text), charsMax));
}

const wordCharsMax = 64;

/** A name or a path in a line: as it is where it is a plain word of names and paths, else quoted. */
export function inLine(text: string, charsMax = wordCharsMax): string {
  // A filler counts as a letter.
  const isPlain = /^[\p{L}\p{N}_./~@+*-]+$/u.test(text) && withoutHidden(text) === text;
  return isPlain && text.length <= charsMax ? text : quoted(text, charsMax);
}

const namesShown = 20;

/** Many of them. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).map((name) => inLine(name));
  const left = names.length - shown.length;
  return left === 0 ? shown.join(', ') : `${shown.join(', ')} and ${left} more`;
}

function clip(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax).toWellFormed()}…`;
}
