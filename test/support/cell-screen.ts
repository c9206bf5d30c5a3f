/**
 * A terminal in a few lines: what bytes come to as cells. It knows what the writer may send and throws for
 * all else, so that nothing else is ever sent.
 */
import { clustersOf } from '../../src/screen/clusters.ts';
import type { Place, Size } from '../../src/screen/line.ts';

interface Cell {
  /** Empty: the second half of a wide one. */
  readonly text: string;
  readonly pen: string;
}

interface Row {
  cells: (Cell | undefined)[];
  /** Goes on in the next one: the terminal has broken it. */
  goesOn: boolean;
}

export interface CellScreenOptions {
  /** Of a cluster whose width terminals disagree on. */
  readonly widthOf?: (cluster: string, ours: number) => number;
  /** `worn`: as tmux, where a row erased from its middle on breaks as if it were as long as before. */
  readonly reflow?: 'all' | 'none' | 'worn';
}

// oxlint-disable-next-line no-control-regex -- what a terminal obeys
const sequences = /\u001B\[[0-?]*[ -/]*[@-~]|[\u0000-\u001F\u007F-\u009F]|[^\p{Cc}]+/gu;

const emptyRow = (): Row => ({ cells: [], goesOn: false });

export class CellScreen {
  size: Size;
  /** The main screen with what has scrolled away above it; the alternate one has none. */
  readonly #main: Row[];
  #alternate: Row[] | null = null;
  #saved: Place = { row: 0, column: 0 };
  cursor: Place = { row: 0, column: 0 };
  isCursorShown = true;
  readonly modes = new Set<string>();
  #pen = '';
  #wraps = true;
  readonly #options: CellScreenOptions;

  constructor(size: Size, options: CellScreenOptions = {}) {
    this.size = size;
    this.#options = options;
    this.#main = Array.from({ length: size.rows }, emptyRow);
  }

  /** As text, without blanks at the ends of rows; pens in angles where `pens`. */
  rows(how: { pens?: boolean } = {}): string[] {
    return this.#screen.map((row) => textOf(row, how.pens === true));
  }

  /** All of the main screen, what has scrolled away first. */
  everything(): string[] {
    return this.#main.map((row) => textOf(row, false));
  }

  /** Its place in `everything`. */
  get cursorLine(): number {
    return this.#main.length - this.size.rows + this.cursor.row;
  }

  cellAt({ row, column }: Place): string {
    const cell = this.#screen[row]?.cells[column];
    return cell === undefined ? ' ' : `${cell.pen === '' ? '' : `<${cell.pen}>`}${cell.text}`;
  }

  write(bytes: string): void {
    for (const [part] of bytes.matchAll(sequences))
      if (part.startsWith('\u001B[')) this.#obey(part.slice(2, -1), part.at(-1) ?? '');
      else if (part === '\r') this.cursor = { ...this.cursor, column: 0 };
      else if (part === '\n') this.#down();
      else if (/^\p{Cc}/u.test(part)) throw new Error(`sent: ${JSON.stringify(part)}`);
      else for (const cluster of clustersOf(part)) this.#put(cluster);
  }

  /** What was on the alternate screen is anything. */
  resize(size: Size): void {
    if (this.#alternate !== null) {
      const junk = (): Row => ({
        cells: Array.from({ length: size.columns }, () => ({ text: '%', pen: '' })),
        goesOn: false,
      });
      this.#alternate = Array.from({ length: size.rows }, junk);
      while (this.#main.length < size.rows) this.#main.push(emptyRow());
    } else this.#reflow(size);
    this.size = size;
    const { row, column } = this.cursor;
    this.cursor = { row: Math.min(row, size.rows - 1), column: Math.min(column, size.columns - 1) };
  }

  get #screen(): Row[] {
    return this.#alternate ?? this.#main.slice(-this.size.rows);
  }

  get #row(): Row {
    const row = this.#screen[this.cursor.row];
    if (row === undefined) throw new Error(`no row ${this.cursor.row}`);
    return row;
  }

  #down(): void {
    if (this.cursor.row < this.size.rows - 1) this.cursor = { ...this.cursor, row: this.cursor.row + 1 };
    else if (this.#alternate === null) this.#main.push(emptyRow());
    else throw new Error('the alternate screen has scrolled');
  }

  #put({ text, width: ours, isCertain }: { text: string; width: number; isCertain: boolean }): void {
    const width = isCertain ? ours : (this.#options.widthOf?.(text, ours) ?? ours);
    if (width === 0) return;
    if (this.cursor.column + width > this.size.columns) {
      if (this.#wraps) throw new Error(`the terminal would wrap: ${text}`);
      // As xterm.js and tmux have it.
      if (width > 1) return;
      this.cursor = { ...this.cursor, column: this.size.columns - 1 };
    }
    const { cells } = this.#row;
    const { column } = this.cursor;
    for (let at = column; at < column + width; at += 1) this.#split(cells, at);
    cells[column] = { text, pen: this.#pen };
    for (let at = 1; at < width; at += 1) cells[column + at] = { text: '', pen: this.#pen };
    this.cursor = { ...this.cursor, column: column + width };
  }

  /** Half of a wide one cannot be drawn over alone. */
  #split(cells: Row['cells'], at: number): void {
    let first = at;
    while (first > 0 && cells[first]?.text === '') first -= 1;
    cells[first] = undefined;
    for (let next = first + 1; cells[next]?.text === ''; next += 1) cells[next] = undefined;
  }

  #obey(given: string, command: string): void {
    if (command === 'h' || command === 'l') this.#mode(given, command === 'h');
    else if (command === 'm') this.#pen = penAfter(this.#pen, given);
    else if ('HGAB'.includes(command)) this.#move(given, command);
    else if ('XKJ'.includes(command)) this.#erase(given, command);
    else if (command !== 'u' || !/^[<>]/.test(given)) throw new Error(`sent: ESC[${given}${command}`);
  }

  #move(given: string, command: string): void {
    const [first = 1, second = 1] = given.split(';').map((number) => Math.max(1, Number(number)));
    const { row, column } = this.cursor;
    const { rows, columns } = this.size;
    if (command === 'H') this.cursor = { row: first - 1, column: second - 1 };
    else if (command === 'G') this.cursor = { row, column: first - 1 };
    else if (command === 'A') this.cursor = { row: Math.max(0, row - first), column };
    else this.cursor = { row: Math.min(rows - 1, row + first), column };
    if (this.cursor.row >= rows || this.cursor.column > columns) throw new Error('out of the screen');
  }

  #erase(given: string, command: string): void {
    const { row, column } = this.cursor;
    if (command === 'X')
      for (let at = 0; at < Math.max(1, Number(given)); at += 1) this.#split(this.#row.cells, column + at);
    else if (command === 'K' && given === '') this.#eraseRight();
    else if (command === 'J' && given === '0') {
      this.#eraseRight();
      for (const below of this.#screen.slice(row + 1)) Object.assign(below, emptyRow());
    } else if (command === 'J' && given === '2')
      for (const any of this.#screen) Object.assign(any, emptyRow());
    else throw new Error(`sent: ESC[${given}${command}`);
  }

  #eraseRight(): void {
    const { column } = this.cursor;
    if (column >= this.size.columns) throw new Error('erased while waiting behind the last column');
    const row = this.#row;
    this.#split(row.cells, column);
    const { length } = row.cells;
    row.cells.length = Math.min(length, column);
    if (this.#options.reflow === 'worn' && column > 0) row.cells.length = Math.max(length, column);
    if (column === 0) row.goesOn = false;
  }

  #mode(given: string, isOn: boolean): void {
    if (isOn) this.modes.add(given);
    else this.modes.delete(given);
    if (given === '?25') this.isCursorShown = isOn;
    if (given === '?7') this.#wraps = isOn;
    if (given !== '?1049') return;
    if (isOn) this.#saved = this.cursor;
    else this.cursor = this.#saved;
    this.#alternate = isOn ? Array.from({ length: this.size.rows }, emptyRow) : null;
  }

  /** Lines that are too wide are broken anew, and what was broken goes together again; or they are cut. */
  #reflow({ columns, rows }: Size): void {
    const main = this.#main;
    const at = main.length - this.size.rows + this.cursor.row;
    while (main.length - 1 > at && textOf(main.at(-1) ?? emptyRow(), false) === '') main.pop();
    const next: Row[] = [];
    let cursor: Place = { row: 0, column: this.cursor.column };
    for (let index = 0; index < main.length; index += 1) {
      let cells: Row['cells'] = [];
      let offset: number | null = null;
      for (; ; index += 1) {
        if (index === at) offset = cells.length + this.cursor.column;
        const row = main[index] ?? emptyRow();
        cells = [...cells, ...Array.from(row.cells)];
        if (!row.goesOn) break;
      }
      const begin = next.length;
      const cut = this.#options.reflow === 'none';
      const end = cut ? columns : cells.length;
      next.push({ cells: cells.slice(0, columns), goesOn: false });
      for (let from = columns; from < end; from += columns) {
        (next.at(-1) as Row).goesOn = true;
        next.push({ cells: cells.slice(from, from + columns), goesOn: false });
      }
      if (offset === null) continue;
      const down = cut ? 0 : Math.min(Math.floor(offset / columns), next.length - 1 - begin);
      cursor = { row: begin + down, column: offset - down * columns };
    }
    while (next.length < rows) next.push(emptyRow());
    main.splice(0, main.length, ...next);
    this.cursor = { row: Math.max(0, cursor.row - (next.length - rows)), column: cursor.column };
  }
}

function textOf({ cells }: Row, pens: boolean): string {
  let text = '';
  for (const cell of Array.from(cells))
    text += cell === undefined ? ' ' : pens && cell.pen !== '' ? `<${cell.pen}>${cell.text}` : cell.text;
  return text.trimEnd();
}

function penAfter(pen: string, given: string): string {
  const codes = given.startsWith(';') || given === '' ? [] : pen.split(';').filter((code) => code !== '');
  const more = given.split(';').filter((code) => code !== '');
  for (const code of more) if (!/^(?:[1247]|3[1-6])$/.test(code)) throw new Error(`sent: ESC[${given}m`);
  return [...codes, ...more].join(';');
}
