/** Columns, colours and ages for what is listed on a terminal. */
import { stripVTControlCharacters } from 'node:util';

const paints = { bold: '1', dim: '2', red: '31', green: '32', yellow: '33', cyan: '36' } as const;
export type Paint = keyof typeof paints;

/** `text` in a colour, or as it is where `color` is false. */
export function paint(text: string, name: Paint, color: boolean): string {
  return color ? `\u001B[${paints[name]}m${text}\u001B[0m` : text;
}

/** Left-aligned columns, two spaces between, each row a line. Colours take no room. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell));
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell))).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Without the colours. */
export function width(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** `12 s`, `3 min`, `5 h`, `2 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6_000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
