/**
 * Foreign text made fit for a line, and lines made fit for a width.
 *
 * Invariants
 * - X1 What `clean` and `visible` answer holds no character that moves the cursor, reorders, hides or breaks
 *   a line, and no sequence that a terminal obeys; it begins with no mark that would be drawn on what is
 *   before.
 * - X2 No line of `wrap` is wider than it was asked for, and a line of `fit` is exactly as wide.
 */
import { hidden, sequence, unseen } from '../std/characters.ts';
import { clustersOf, isAscii } from './clusters.ts';
import type { Line, Span, Style } from './line.ts';

const tabColumns = 4;
/** Of a command to a terminal that takes a text: title, clipboard, link. */
// oxlint-disable-next-line no-control-regex -- this is what is to go
const stringSequence = /\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)/g;
/** Kept of what is hidden: they make one emoji or letter of several, where they stand behind one. */
const joiners = /\u200C|\u200D|\uFE0E|\uFE0F/;
const joinersAlone = /(?<![\p{L}\p{M}\p{Emoji}\p{Extended_Pictographic}])(?:\u200C|\u200D|\uFE0E|\uFE0F)/gu;
/** A fourth mark on one letter grows out of its cell. */
const piled = /(?<=\p{M}{3})\p{M}/gu;
const leadingMarks = /^(?:\p{M}|\u200C|\u200D)+/u;
/** A family of more than that is nobody's. */
const longJoined = /(?:\P{M}\p{M}*\u200D){8,}/gu;

/** One line: what would steer is left out, a line's end and a tab are blanks. */
export function clean(text: string): string {
  if (isAscii(text)) return text;
  return withoutSteering(text)
    .replaceAll(/[\n\t]/g, ' ')
    .replace(leadingMarks, '');
}

/** As `clean`, line by line; tabs go to the next stop. Never empty. */
export function cleanLines(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => clean(line.includes('\t') ? withoutTabs(line) : line));
}

/**
 * One line in which all that steers or cannot be seen is shown as its number, `\u{1b}`, also a tab and a
 * line's end: for what a person is to judge.
 */
export function visible(text: string): string {
  if (isAscii(text)) return text;
  return text
    .replaceAll(unseen, numbered)
    .replaceAll(/[\n\t]/g, numbered)
    .normalize('NFC');
}

/**
 * As `visible`, line by line; a tab is blanks, and padding that pushes what is behind it out of sight is said
 * as its length. Never empty.
 */
export function visibleLines(text: string): string[] {
  return text
    .replaceAll(/\n(?:[ \t]*\n){4,}/g, (run) => `\n<${run.split('\n').length - 2} empty lines>\n`)
    .split('\n')
    .map((line) =>
      visible(line.replaceAll('\t', '    ')).replaceAll(/ {24,}/g, (run) => `<${run.length} spaces>`),
    );
}

export function widthOf(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const cluster of clustersOf(text)) width += cluster.width;
  return width;
}

export function lineWidth(line: Line): number {
  let width = 0;
  for (const { text } of line) width += widthOf(text);
  return width;
}

/** A span; without a style where that is empty. */
export function span(text: string, style?: Style): Span {
  return style === undefined ? { text } : { text, style };
}

/** Words are kept where they fit; a blank at which a line is broken is left out. Never empty. */
export function wrap(spans: Line, columns: number): Line[] {
  const room = Math.max(1, columns);
  const charCount = spans.reduce((sum, { text }) => sum + text.length, 0);
  if (charCount <= 4 * room && lineWidth(spans) <= room) return [spans];
  if (spans.every(({ text }) => isAscii(text))) return wrapAscii(spans, room);
  const pieces = piecesOf(spans, room);
  const lines: Line[] = [];
  for (let from = 0; from < pieces.length;) {
    const end = endOfRow(pieces, from, room);
    lines.push(spansOf(pieces.slice(from, end.row)));
    from = end.next;
  }
  return lines;
}

/** As `wrap`, for text of which each character is a cell: most of it is. */
function wrapAscii(spans: Line, room: number): Line[] {
  const text = spans.map((one) => one.text).join('');
  const lines: Line[] = [];
  const cursor = { nth: 0, at: 0 };
  for (let from = 0; from < text.length;) {
    let end = Math.min(text.length, from + room);
    let next = end;
    if (end < text.length) {
      const blank = from + text.slice(from, end + 1).lastIndexOf(' ');
      const row = text.slice(from, Math.max(from, blank)).trimEnd().length;
      if (row > 0) {
        end = from + row;
        next = blank;
        while (text[next] === ' ') next += 1;
      }
    }
    lines.push(taken(spans, cursor, end - from));
    taken(spans, cursor, next - end);
    from = next;
  }
  return lines;
}

/** So many characters from there on. */
function taken(spans: Line, cursor: { nth: number; at: number }, count: number): Line {
  const made: Span[] = [];
  for (let left = count; left > 0 && cursor.nth < spans.length;) {
    const { text, style } = spans[cursor.nth] ?? { text: '' };
    const piece = text.slice(cursor.at, cursor.at + left);
    if (piece !== '') made.push(span(piece, style));
    left -= piece.length;
    cursor.at += piece.length;
    if (cursor.at >= text.length) {
      cursor.nth += 1;
      cursor.at = 0;
    }
  }
  return made;
}

/** Cut with `…`, or padded with blanks, to exactly so many columns. */
export function fit(line: Line, columns: number): Line {
  const width = lineWidth(line);
  if (width === columns) return line;
  if (width < columns) return [...line, { text: ' '.repeat(columns - width) }];
  if (columns <= 0) return [];
  const kept: Piece[] = [];
  let used = 0;
  for (const piece of piecesOf(line, columns)) {
    if (used + piece.width > columns - 1) break;
    kept.push(piece);
    used += piece.width;
  }
  const style = line.at(-1)?.style;
  return [...spansOf(kept), span('…', style), ...(used < columns - 1 ? [{ text: ' ' }] : [])];
}

interface Piece {
  readonly text: string;
  readonly width: number;
  readonly style: Style | undefined;
}

function piecesOf(line: Line, room: number): Piece[] {
  const pieces: Piece[] = [];
  for (const { text, style } of line) {
    for (const { text: cluster, width } of clustersOf(text))
      // One wide character in a single column.
      pieces.push(width > room ? { text: '?', width: 1, style } : { text: cluster, width, style });
  }
  return pieces;
}

function spansOf(pieces: readonly Piece[]): Line {
  const spans: { text: string; style: Style | undefined }[] = [];
  for (const { text, style } of pieces) {
    const last = spans.at(-1);
    if (last !== undefined && last.style === style) last.text += text;
    else spans.push({ text, style });
  }
  return spans.map(({ text, style }) => span(text, style));
}

/** Where a row ends, and where the next one begins: behind the blank, where it is broken at one. */
function endOfRow(pieces: readonly Piece[], from: number, room: number): { row: number; next: number } {
  let used = 0;
  let full = from;
  while (full < pieces.length && used + pieces[full]!.width <= room) used += pieces[full++]!.width;
  if (full === pieces.length) return { row: full, next: full };
  for (let at = full; at > from; at--) {
    if (pieces[at]!.text === ' ') {
      // Blanks before all text are an indentation, and no place to break.
      const row = endBefore(pieces, from, at);
      if (row === from) break;
      return { row, next: endOfBlanks(pieces, at) };
    }
    if (pieces[at]!.width === 2 || pieces[at - 1]!.width === 2) return { row: at, next: at };
  }
  return { row: full, next: full };
}

function endBefore(pieces: readonly Piece[], from: number, at: number): number {
  let end = at;
  while (end > from && pieces[end - 1]!.text === ' ') end--;
  return end;
}

function endOfBlanks(pieces: readonly Piece[], at: number): number {
  let end = at;
  while (end < pieces.length && pieces[end]!.text === ' ') end++;
  return end;
}

function withoutSteering(text: string): string {
  return (
    text
      .replaceAll(stringSequence, '')
      .replaceAll(sequence, '')
      .replaceAll(hidden, (character) => (joiners.test(character) || character === '\u2800' ? character : ''))
      .replaceAll(joinersAlone, '')
      // Letters in parts are one where there is one: on its width terminals agree.
      .normalize('NFC')
      .replaceAll(piled, '')
      .replaceAll(longJoined, (family) => family.replaceAll('\u200D', ''))
      .toWellFormed()
  );
}

function withoutTabs(line: string): string {
  let made = '';
  for (const [index, part] of line.split('\t').entries()) {
    if (index > 0) made += ' '.repeat(tabColumns - (widthOf(clean(made)) % tabColumns));
    made += part;
  }
  return made;
}

function numbered(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
