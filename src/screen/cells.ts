/**
 * A line as the cells that it takes on a terminal, and the bytes that make one row of cells another. Pure but
 * for what is remembered of cells that were made before.
 *
 * Invariants
 * - C1 Nothing that steers is in a cell, whatever a view has left in: what has no width has no cell either.
 * - C2 No row is longer than the screen is wide, and none ends with blanks.
 * - C3 Equal cells are the same object: rows are compared by identity.
 * - C4 Behind a cluster on whose width terminals disagree the row is addressed anew, and all that is behind
 *   it is written again: it may have been drawn over.
 */
import { clustersOf, isAscii } from './clusters.ts';
import type { Line, Style } from './line.ts';
import { clean } from './text.ts';

interface Cell {
  readonly text: string;
  /** What sets the pen; empty for the terminal's own. */
  readonly pen: string;
  readonly width: 1 | 2;
  readonly isCertain: boolean;
}

/** The second cell of a wide one is null. */
export type Row = readonly (Cell | null)[];

const esc = '\u001B[';
const blank: Cell = { text: ' ', pen: '', width: 1, isCertain: true };
const blankCode = 0x20;
/** Unchanged cells between changed ones that cost no more than another address. */
const gapMax = 4;

/** Of one pen: those of ASCII by their code, the others by their text. */
interface Pen {
  readonly codes: string;
  readonly ascii: (Cell | null | undefined)[];
  readonly others: Map<string, Cell | null>;
}

const pens = new Map<string, Pen>();
/** Most styles are constants of the views. */
let penByStyle = new WeakMap<Style, { readonly color: boolean; readonly pen: Pen }>();
let plainPen = newPens();
let cellCount = 0;
const cellsMax = 20_000;

/** Cut where it is wider. */
export function rowOf(line: Line, columns: number, { color }: { readonly color: boolean }): Row {
  boundPens();
  const row: (Cell | null)[] = [];
  for (const { text, style } of line) {
    const pen = style === undefined ? plainPen : penOf(style, color);
    if (isAscii(text)) {
      for (let at = 0; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        const known = pen.ascii[code];
        const cell = known === undefined ? asciiCell(code, pen) : known;
        if (cell === null) continue;
        if (row.length >= columns) return trimmed(row);
        row.push(cell);
      }
      continue;
    }
    for (const { text: piece } of clustersOf(text)) {
      const cell = cellOf(piece, pen);
      if (cell === null) continue;
      if (row.length + cell.width > columns) return trimmed(row);
      row.push(cell);
      if (cell.width === 2) row.push(null);
    }
  }
  return trimmed(row);
}

function trimmed(row: (Cell | null)[]): Row {
  while (row.at(-1) === blank) row.pop();
  return row;
}

function asciiCell(code: number, pen: Pen): Cell | null {
  const cell = newCell(String.fromCharCode(code), pen.codes);
  pen.ascii[code] = cell;
  return cell;
}

function cellOf(text: string, pen: Pen): Cell | null {
  // One of ASCII beside others: C3.
  if (text.length === 1 && isAscii(text)) {
    const known = pen.ascii[text.charCodeAt(0)];
    return known === undefined ? asciiCell(text.charCodeAt(0), pen) : known;
  }
  const made = pen.others.get(text);
  if (made !== undefined) return made;
  const cell = newCell(text, pen.codes);
  pen.others.set(text, cell);
  cellCount += 1;
  return cell;
}

/** Between two rows: one row is made of one set of pens. */
function boundPens(): void {
  if (cellCount < cellsMax) return;
  plainPen = newPens();
  cellCount = 0;
}

function newPens(): Pen {
  pens.clear();
  penByStyle = new WeakMap();
  const plain = penFor('');
  plain.ascii[blankCode] = blank;
  return plain;
}

function penFor(codes: string): Pen {
  const known = pens.get(codes);
  if (known !== undefined) return known;
  const pen: Pen = { codes, ascii: [], others: new Map() };
  pens.set(codes, pen);
  return pen;
}

function newCell(text: string, pen: string): Cell | null {
  const [cluster, more] = clustersOf(clean(text));
  if (cluster === undefined || more !== undefined || cluster.width === 0) return null;
  return { text: cluster.text, pen, width: cluster.width, isCertain: cluster.isCertain };
}

function penOf(style: Style, color: boolean): Pen {
  const known = penByStyle.get(style);
  if (known?.color === color) return known.pen;
  const pen = penFor(codesOf(style, color));
  penByStyle.set(style, { color, pen });
  return pen;
}

function codesOf(style: Style, color: boolean): string {
  const codes = [
    ...(style.bold === true ? [1] : []),
    ...(style.dim === true ? [2] : []),
    ...(style.underline === true ? [4] : []),
    ...(style.inverse === true ? [7] : []),
    ...(color && style.color !== undefined ? [30 + style.color] : []),
  ];
  return codes.join(';');
}

/** Which cells of a row are to be written, `to` excluded. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** Those that differ, together where little is between them. */
export function changedParts(before: Row, after: Row): Part[] {
  const parts: { from: number; to: number }[] = [];
  for (let at = 0; at < after.length; at += 1) {
    const cell = after[at];
    if (cell === null || isSame(before, after, at)) continue;
    const to = at + (cell?.width ?? 1);
    const last = parts.at(-1);
    if (last !== undefined && isShortGap(after, { from: last.to, to: at })) last.to = to;
    else parts.push({ from: at, to });
    // C4
    if (cell?.isCertain === false) {
      const part = parts.at(-1);
      if (part !== undefined) part.to = after.length;
      break;
    }
  }
  return parts;
}

/** A wide one is never without its second cell: the first says enough. */
function isSame(before: Row, after: Row, at: number): boolean {
  const old = before[at];
  return (old === undefined ? blank : old) === after[at];
}

function isShortGap(row: Row, { from, to }: Part): boolean {
  if (to - from > gapMax) return false;
  for (let at = from; at < to; at += 1) if (row[at]?.isCertain === false) return false;
  return true;
}

/** How one gets to a column of the row that is written. */
export type Address = (column: number) => string;

export interface Written {
  readonly bytes: string;
  /** Where the cursor is then; null where it waits behind the last column. */
  readonly column: number | null;
  readonly isCertain: boolean;
}

/** The cursor is at its beginning; the pen is the terminal's own before and after. */
export function writePart(row: Row, { from, to }: Part, columns: number, address: Address): Written {
  let bytes = '';
  let pen = '';
  let isCertain = true;
  for (let at = from; at < to; at += 1) {
    const cell = row[at];
    if (cell === null) continue;
    const { text, width, isCertain: isSure, pen: wanted } = cell ?? blank;
    if (wanted !== pen) bytes += penChange(pen, wanted);
    pen = wanted;
    if (isSure) bytes += text;
    // One that is drawn narrower leaves no rest of what was there.
    else
      bytes += `${esc}${width === 1 ? '' : width}X${text}${at + width < columns ? address(at + width) : ''}`;
    isCertain &&= isSure;
  }
  if (pen !== '') bytes += `${esc}m`;
  return { bytes, column: to < columns ? to : null, isCertain };
}

function penChange(from: string, to: string): string {
  if (to === '') return `${esc}m`;
  return from === '' ? `${esc}${to}m` : `${esc};${to}m`;
}

/** The whole of a row, from its first column. What was in it is gone; with `below`, all below it too. */
export function wholeRow(row: Row, columns: number, how?: 'below'): Written {
  const written = writePart(row, { from: 0, to: row.length }, columns, columnAddress);
  return { ...written, bytes: `${esc}${how === 'below' ? '0J' : 'K'}${written.bytes}` };
}

export function columnAddress(column: number): string {
  return column === 0 ? '\r' : `${esc}${column + 1}G`;
}
