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
import { type Cluster, clustersOf, isAscii } from './clusters.ts';
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
const clusterCharsMax = 40;

/** One line: what would steer is left out, a line's end and a tab are blanks. */
export function clean(text: string): string {
  if (isAscii(text)) return text;
  return shortClusters(withoutSteering(text).replaceAll(/[\n\t]/g, ' ')).replace(leadingMarks, '');
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
  const shown = text.replaceAll(unseen, numbered).replaceAll(/[\n\t]/g, numbered);
  return shortClusters(shown.toWellFormed());
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
  if (lineWidth(spans) <= room) return [spans];
  const lines: Line[] = [];
  let cells = piecesOf(spans, room);
  while (cells.length > 0) {
    const end = endOfRow(cells, room);
    const kept = cells.slice(0, end.row);
    lines.push(spansOf(kept));
    cells = cells.slice(end.next);
  }
  return lines;
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

interface Piece extends Cluster {
  readonly style: Style | undefined;
}

function piecesOf(line: Line, room: number): Piece[] {
  return line.flatMap(({ text, style }) =>
    clustersOf(text).map((cluster) =>
      // One wide character in a single column.
      cluster.width > room ? { text: '?', width: 1 as const, isCertain: true, style } : { ...cluster, style },
    ),
  );
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
function endOfRow(pieces: readonly Piece[], room: number): { row: number; next: number } {
  let used = 0;
  let full = 0;
  while (full < pieces.length && used + pieces[full]!.width <= room) used += pieces[full++]!.width;
  if (full === pieces.length) return { row: full, next: full };
  for (let at = full; at > 0; at--) {
    if (pieces[at]!.text === ' ') {
      // Blanks before all text are an indentation, and no place to break.
      const row = endBefore(pieces, at);
      if (row === 0) break;
      return { row, next: endOfBlanks(pieces, at) };
    }
    if (pieces[at]!.width === 2 || pieces[at - 1]!.width === 2) return { row: at, next: at };
  }
  return { row: full, next: full };
}

function endBefore(pieces: readonly Piece[], at: number): number {
  let end = at;
  while (end > 0 && pieces[end - 1]!.text === ' ') end--;
  return end;
}

function endOfBlanks(pieces: readonly Piece[], at: number): number {
  let end = at;
  while (end < pieces.length && pieces[end]!.text === ' ') end++;
  return end;
}

function withoutSteering(text: string): string {
  return text
    .replaceAll(stringSequence, '')
    .replaceAll(sequence, '')
    .replaceAll(hidden, (character) => (joiners.test(character) || character === '\u2800' ? character : ''))
    .replaceAll(joinersAlone, '')
    .replaceAll(piled, '')
    .toWellFormed();
}

/** One that does not end would be as long as its writer liked. */
function shortClusters(text: string): string {
  if (text.length <= clusterCharsMax) return text;
  const clusters = clustersOf(text);
  if (clusters.every((cluster) => cluster.text.length <= clusterCharsMax)) return text;
  return clusters
    .map((cluster) => (cluster.text.length <= clusterCharsMax ? cluster.text : '\uFFFD'))
    .join('');
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
