/** Frames as a view may make them, well or badly, and the terminals that they are written to. */
import * as fc from 'fast-check';
import { Terminal } from '@xterm/headless';
import { clustersOf } from '../../../src/screen/clusters.ts';
import type { Frame, Line, Place, Size, Style } from '../../../src/screen/line.ts';
import { clean } from '../../../src/screen/text.ts';

// It reads its table from the beginning of whatever buffer that lies in: that must be one of its own.
const { poolSize } = Buffer;
Buffer.poolSize = 0;
const { UnicodeGraphemesAddon } = await import('@xterm/addon-unicode-graphemes');
Buffer.poolSize = poolSize;

const styles = fc.record(
  {
    bold: fc.constant(true),
    dim: fc.constant(true),
    inverse: fc.constant(true),
    underline: fc.constant(true),
    color: fc.constantFrom(1, 2, 3, 4, 5, 6),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Style>;

/** On these all terminals agree. */
export const certainText = fc
  .array(fc.constantFrom('a', 'word', ' ', '   ', '漢', '字', 'é', 'e\u0301', '│', '─', '…', '한', 'я'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

export const linesOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Line> =>
  fc.array(fc.oneof(fc.record({ text }), fc.record({ text, style: styles })), { maxLength: 4 });

export const sizes = fc.record({
  columns: fc.integer({ min: 2, max: 30 }),
  rows: fc.integer({ min: 1, max: 8 }),
});

export const framesOf = (text: fc.Arbitrary<string>): fc.Arbitrary<Frame> =>
  fc.record({
    lines: fc.array(linesOf(text), { maxLength: 9 }),
    caret: fc.option(fc.record({ row: fc.nat(8), column: fc.nat(30) })),
  });

/** A row as it should be: cells with their pens, blanks at its end left out. */
export function expectedRow(line: Line, columns: number): string[] {
  const cells: string[] = [];
  for (const { text, style } of line) {
    for (const cluster of clustersOf(clean(text))) {
      if (cluster.width === 0) continue;
      if (cells.length + cluster.width > columns) return trimmed(cells);
      const pen = style === undefined ? '' : penOf(style);
      cells.push(`${pen === '' ? '' : `<${pen}>`}${cluster.text}`);
      if (cluster.width === 2) cells.push(pen === '' ? '' : `<${pen}>`);
    }
  }
  return trimmed(cells);
}

function trimmed(cells: string[]): string[] {
  while (cells.at(-1) === ' ') cells.pop();
  return cells;
}

export function expectedRows(frame: Frame, { columns, rows }: Size): string[] {
  return Array.from({ length: rows }, (_, at) =>
    expectedRow(frame.lines[at] ?? [], columns)
      .join('')
      .trimEnd(),
  );
}

export function expectedCaret(caret: Place, { columns, rows }: Size): Place {
  return { row: Math.min(caret.row, rows - 1), column: Math.min(caret.column, columns - 1) };
}

function penOf(style: Style): string {
  const codes = [
    style.bold && 1,
    style.dim && 2,
    style.underline && 4,
    style.inverse && 7,
    style.color && 30 + style.color,
  ];
  return codes.filter((code) => code !== undefined && code !== false).join(';');
}

/** xterm.js without a window. */
export class Xterm {
  readonly terminal: Terminal;

  constructor({ columns, rows }: Size) {
    this.terminal = new Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 10_000 });
    this.terminal.loadAddon(new UnicodeGraphemesAddon());
  }

  async write(bytes: string): Promise<void> {
    await new Promise<void>((resolve) => this.terminal.write(bytes, resolve));
  }

  resize({ columns, rows }: Size): void {
    this.terminal.resize(columns, rows);
  }

  /** Of the screen. */
  rows(): string[] {
    const { active } = this.terminal.buffer;
    return Array.from(
      { length: this.terminal.rows },
      (_, at) => active.getLine(active.baseY + at)?.translateToString(true) ?? '',
    );
  }

  /** With what has scrolled away; rows that the terminal has broken go together. */
  everything(): string[] {
    const { active } = this.terminal.buffer;
    const lines: string[] = [];
    for (let at = 0; at < active.length; at += 1) {
      const line = active.getLine(at);
      const text = line?.translateToString(true) ?? '';
      if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${text}`);
      else lines.push(text);
    }
    return lines;
  }

  get cursor(): Place {
    const { active } = this.terminal.buffer;
    return { row: active.cursorY, column: active.cursorX };
  }
}
