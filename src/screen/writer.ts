/**
 * From frames to bytes: what differs from the frame before, in one synchronized write. Nothing here touches a
 * terminal; a writer remembers what it has written.
 *
 * Invariants
 * - W1 Equal frames are no bytes.
 * - W2 `2J` is only in a frame that takes the screen, and nothing ever erases what has scrolled away.
 * - W3 Inline, lines move up by newlines only, and what was printed is never written again.
 * - W4 Nothing is wrapped by the terminal: a cluster that it draws wider than counted stays in its row.
 * - W5 Inline, a row that becomes shorter is erased from its first column on: tmux breaks one that was erased
 *   from its middle on as if it were as long as before.
 */
import { changedParts, columnAddress, type Row, rowOf, wholeRow, writePart } from './cells.ts';
import type { Frame, Line, Place, Size } from './line.ts';

export interface WriterOptions {
  /** False: NO_COLOR. */
  readonly color?: boolean;
  /**
   * What the terminal does with lines that it has when it becomes narrower: breaks them anew, all or all but
   * the cursor's, or cuts them.
   */
  readonly reflow?: 'all' | 'butCursor' | 'none';
}

/** Of what a terminal says of itself. Most break lines anew; these are known not to. */
export function writerOptions(environment: NodeJS.ProcessEnv): WriterOptions {
  const { TERM = '', TERM_PROGRAM, NO_COLOR = '', TMUX = '', STY = '', XTERM_VERSION = '' } = environment;
  const isIn = (value: string): boolean => value !== '';
  const cuts = isIn(STY) || isIn(XTERM_VERSION) || /^(?:linux|rxvt|st-|vt\d)/.test(TERM);
  const reflow = isIn(TMUX) ? 'all' : TERM_PROGRAM === 'vscode' ? 'butCursor' : cuts ? 'none' : 'all';
  return { color: NO_COLOR === '', reflow };
}

const unknown: Place = { row: -1, column: -1 };
const esc = '\u001B[';
const [syncOn, syncOff] = [`${esc}?2026h`, `${esc}?2026l`];
const [wrapOff, wrapOn] = [`${esc}?7l`, `${esc}?7h`];
const [caretOff, caretOn] = [`${esc}?25l`, `${esc}?25h`];
/** Each of a terminal's two screens has modes of the keyboard of its own. */
const alternateOn = `${esc}?1049h${esc}>1u`;
const alternateOff = `${esc}<u${esc}?1049l`;
/** A caret that runs over the screen is seen where a write is long and the terminal not synchronized. */
const longWrite = 400;

/** The bytes of one write, and where the cursor comes to be by them. */
class Writing {
  bytes = '';
  isCertain = true;
  /** A column of -1 is one that is not known. */
  at: Place;
  readonly columns: number;

  constructor(at: Place, columns: number) {
    this.at = at;
    this.columns = columns;
  }

  add(bytes: string): void {
    this.bytes += bytes;
  }

  /** What differs between two rows of the same place. */
  row(index: number, before: Row, after: Row, moveTo: (place: Place) => void): void {
    if (before === after) return;
    for (const part of changedParts(before, after)) {
      moveTo({ row: index, column: part.from });
      const written = writePart(after, part, this.columns, columnAddress);
      this.bytes += written.bytes;
      this.isCertain &&= written.isCertain;
      this.at = { row: index, column: written.column ?? -1 };
      // What is behind it, too, may have been drawn over.
      if (!written.isCertain && after.length < this.columns && before.length <= after.length)
        this.bytes += `${esc}K`;
    }
    if (before.length <= after.length) return;
    moveTo({ row: index, column: after.length });
    this.bytes += `${esc}K`;
  }

  /** The whole of it, from its first column, where the cursor is. */
  whole(row: Row, how?: 'below'): void {
    const written = wholeRow(row, this.columns, how);
    this.bytes += written.bytes;
    this.isCertain &&= written.isCertain;
  }

  /** One synchronized write of it. */
  done(isCaretShown: boolean): string {
    if (this.bytes === '') return '';
    const hides = isCaretShown && this.bytes.length > longWrite;
    const inside = this.isCertain ? this.bytes : `${wrapOff}${this.bytes}${wrapOn}`;
    return `${syncOn}${hides ? caretOff : ''}${inside}${hides ? caretOn : ''}${syncOff}`;
  }
}

/** The alternate screen. */
export class PaneWriter {
  readonly #color: boolean;
  /** Null: the screen is not ours. */
  #lines: readonly Line[] | null = null;
  #rows: readonly Row[] = [];
  #size: Size = { columns: 0, rows: 0 };
  #cursor: Place = unknown;
  #isCaretShown = true;

  constructor({ color = true }: WriterOptions = {}) {
    this.#color = color;
  }

  frame(frame: Frame, size: Size, how?: 'take'): string {
    const writing = new Writing(this.#cursor, size.columns);
    const isOther = size.columns !== this.#size.columns || size.rows !== this.#size.rows;
    if (this.#lines === null) writing.add(alternateOn);
    if (this.#lines === null || how === 'take' || isOther) {
      writing.add(`${esc}m${caretOn}${esc}H${esc}2J`);
      writing.at = { row: 0, column: 0 };
      [this.#lines, this.#rows, this.#size, this.#isCaretShown] = [[], [], size, true];
    }
    const moveTo = (place: Place): void => absolutely(writing, place);
    const lines = frame.lines.slice(0, size.rows);
    const rows = lines.map((line, at) => this.#rowOf(line, at));
    for (let at = 0; at < size.rows; at += 1) writing.row(at, this.#rows[at] ?? [], rows[at] ?? [], moveTo);
    this.#lines = lines;
    this.#rows = rows;
    const wasShown = this.#isCaretShown;
    this.#isCaretShown = frame.caret !== null;
    if (frame.caret !== null) moveTo(within(frame.caret, size));
    if (wasShown !== this.#isCaretShown) writing.add(this.#isCaretShown ? caretOn : caretOff);
    this.#cursor = writing.at;
    return writing.done(wasShown && this.#isCaretShown);
  }

  leave(last: readonly Line[]): string {
    if (this.#lines === null) return printed(last, this.#color);
    const caret = this.#isCaretShown ? '' : caretOn;
    [this.#lines, this.#rows, this.#cursor, this.#isCaretShown] = [null, [], unknown, true];
    return `${esc}m${caret}${alternateOff}${printed(last, this.#color)}`;
  }

  #rowOf(line: Line, at: number): Row {
    const known = this.#rows[at];
    if (known !== undefined && this.#lines?.[at] === line) return known;
    return rowOf(line, this.#size.columns, { color: this.#color });
  }
}

/**
 * The terminal's own screen: a live region below what has been printed. Where the region becomes lower, blank
 * rows take its place above it, and what is printed next takes theirs: so it stays at the bottom. A terminal
 * that becomes narrower breaks wide rows and moves all above them up, also where there is room below: what it
 * moves out of reach is blank then.
 */
export class InlineWriter {
  readonly #color: boolean;
  readonly #reflow: NonNullable<WriterOptions['reflow']>;
  /** Null: there is no live region, and the cursor is at the beginning of a line of its own. */
  #rows: readonly Row[] | null = null;
  /** Of the region that is there: rows of the screen are counted from its first. */
  #cursor: Place = { row: 0, column: 0 };
  #size: Size = { columns: 0, rows: 0 };
  #isCaretShown = true;

  constructor({ color = true, reflow = 'all' }: WriterOptions = {}) {
    this.#color = color;
    this.#reflow = reflow;
  }

  /** `take`: the region is written anew. */
  print(lines: readonly Line[], live: Frame, size: Size, how?: 'take'): string {
    const { columns } = size;
    const above = lines.map((line) => this.#rowOf(line, columns));
    const shown = live.lines.slice(0, size.rows).map((line) => this.#rowOf(line, columns));
    if (shown.length === 0) shown.push([]);
    const left = Math.min(this.#height(columns), size.rows) - above.length - shown.length;
    const padding = Array.from({ length: Math.max(0, left) }, (): Row => []);
    const rows = [...padding, ...shown];
    const before = this.#rows;
    const isOther = columns !== this.#size.columns || size.rows !== this.#size.rows;
    const isWhole = before === null || isOther || how === 'take' || above.length > 0;
    const writing = new Writing(this.#cursor, columns);
    // After a resize, the rows below may be any.
    const below = before === null || isOther || how === 'take' ? ('below' as const) : undefined;
    if (isWhole) this.#writeWhole(writing, [...above, ...rows], below);
    else this.#writeChanges(writing, before, rows);
    [this.#rows, this.#size] = [rows, size];
    const caret = within(live.caret ?? { row: size.rows, column: 0 }, { columns, rows: shown.length });
    this.#cursor = { row: caret.row + padding.length, column: caret.column };
    const offset = isWhole ? above.length : 0;
    relatively(writing, { row: this.#cursor.row + offset, column: caret.column });
    const wasShown = this.#isCaretShown;
    this.#isCaretShown = live.caret !== null;
    if (wasShown !== this.#isCaretShown) writing.add(this.#isCaretShown ? caretOn : caretOff);
    return writing.done(wasShown && this.#isCaretShown);
  }

  /** The region goes; the cursor is at the beginning of the line below the last. */
  leave(last: readonly Line[], { columns }: Size): string {
    const caret = this.#isCaretShown ? '' : caretOn;
    this.#isCaretShown = true;
    const height = this.#height(columns);
    let bytes = `${esc}m${caret}${this.#toTop(columns)}`;
    for (const line of last) bytes += `${wholeRow(this.#rowOf(line, columns), columns).bytes}\r\n`;
    const left = Math.max(0, height - last.length);
    bytes += Array.from({ length: left }, () => `${esc}K`).join(`${esc}B`);
    if (left > 1) bytes += `${esc}${left - 1}A`;
    this.#rows = null;
    this.#cursor = { row: 0, column: 0 };
    return `${syncOn}${wrapOff}${bytes}${wrapOn}${syncOff}`;
  }

  #rowOf(line: Line, columns: number): Row {
    return rowOf(line, columns, { color: this.#color });
  }

  /** Printed lines and the region, from its first row on. */
  #writeWhole(writing: Writing, rows: readonly Row[], below: 'below' | undefined): void {
    writing.add(this.#toTop(writing.columns));
    for (const [at, row] of rows.entries()) {
      if (at > 0) writing.add('\r\n');
      writing.whole(row, at === rows.length - 1 ? below : undefined);
    }
    writing.at = { row: rows.length - 1, column: -1 };
  }

  #writeChanges(writing: Writing, before: readonly Row[], rows: readonly Row[]): void {
    const moveTo = (place: Place): void => relatively(writing, place);
    const kept = Math.min(before.length, rows.length);
    for (const [at, was] of before.entries()) {
      const row = rows[at] ?? [];
      if (was.length <= row.length) {
        writing.row(at, was, row, moveTo);
        continue;
      }
      // W5
      moveTo({ row: at, column: 0 });
      writing.whole(row);
      writing.at = { row: at, column: -1 };
    }
    if (rows.length === kept) return;
    moveTo({ row: kept - 1, column: 0 });
    for (const row of rows.slice(kept)) {
      writing.add('\r\n');
      writing.whole(row);
    }
    writing.at = { row: rows.length - 1, column: -1 };
  }

  /** From the cursor to the first cell of the region, as the terminal has it at that width. */
  #toTop(columns: number): string {
    const above = this.#heightOf((this.#rows ?? []).slice(0, this.#cursor.row), columns);
    const inside = this.#reflow === 'all' ? Math.floor(this.#cursor.column / Math.max(1, columns)) : 0;
    const up = above + inside;
    return `\r${up > 0 ? `${esc}${up}A` : ''}`;
  }

  #height(columns: number): number {
    return this.#heightOf(this.#rows ?? [], columns);
  }

  #heightOf(rows: readonly Row[], columns: number): number {
    const isCut = this.#reflow === 'none';
    return rows.reduce((sum, row) => sum + (isCut ? 1 : Math.max(1, Math.ceil(row.length / columns))), 0);
  }
}

function absolutely(writing: Writing, { row, column }: Place): void {
  const { at } = writing;
  if (at.row === row && at.column === column) return;
  // Column addresses are shorter, and the row is right.
  if (at.row === row) writing.add(columnAddress(column));
  else writing.add(column === 0 ? `${esc}${row + 1}H` : `${esc}${row + 1};${column + 1}H`);
  writing.at = { row, column };
}

function relatively(writing: Writing, { row, column }: Place): void {
  const { at } = writing;
  const down = row - at.row;
  const by = Math.abs(down) === 1 ? '' : Math.abs(down);
  if (down !== 0) writing.add(`${esc}${by}${down > 0 ? 'B' : 'A'}`);
  if (at.column !== column) writing.add(columnAddress(column));
  writing.at = { row, column };
}

function within({ row, column }: Place, { columns, rows }: Size): Place {
  const clamp = (value: number, count: number): number => Math.max(0, Math.min(value, count - 1));
  return { row: clamp(row, rows), column: clamp(column, columns) };
}

/** On a screen of which nothing is known. */
function printed(lines: readonly Line[], color: boolean): string {
  return lines
    .map(
      (line) =>
        `${wholeRow(rowOf(line, Number.POSITIVE_INFINITY, { color }), Number.POSITIVE_INFINITY).bytes}\r\n`,
    )
    .join('');
}
