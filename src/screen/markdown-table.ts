/** A table as lines: columns apart by two blanks, or, where they have no room, a line for each cell. Pure. */
import type { Line, Span } from './line.ts';
import { clean, fit, lineWidth, span, wrap } from './text.ts';

const between = '  ';
/** Narrower than that a column cannot be read. */
const columnMin = 5;

export function tableLines({ header, rows }: { header: Line[]; rows: Line[][] }, columns: number): Line[] {
  const heads = header.map(oneLine);
  const body = rows.map((row) => row.map(oneLine));
  const wanted = heads.map((head, at) =>
    Math.max(1, lineWidth(head), ...body.map((row) => lineWidth(row[at] ?? []))),
  );
  const room = columns - between.length * (heads.length - 1);
  const widths = fitting(wanted, room);
  if (widths === null) return listed(heads, body, columns);
  return [heads, ...body].flatMap((row) => rowLines(row, widths));
}

/** Cells are one line: an end of a line in them is a blank. */
function oneLine(cell: Line): Line {
  return cell.map(({ text, style }) => span(clean(text.replaceAll('\n', ' ')), style));
}

/** The widest give way; null where too many are too narrow. */
function fitting(wanted: readonly number[], room: number): number[] | null {
  const widths = [...wanted];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= columnMin) return null;
    const next = Math.max(columnMin, ...widths.filter((width) => width < widest));
    const many = widths.filter((width) => width === widest).length;
    const by = Math.max(1, Math.min(widest - next, Math.ceil(over / many)));
    for (const [at, width] of widths.entries()) {
      if (width !== widest || over <= 0) continue;
      widths[at] = width - by;
      over -= by;
    }
  }
  return widths;
}

function rowLines(row: readonly Line[], widths: readonly number[]): Line[] {
  const cells = widths.map((width, at) => wrap(row[at] ?? [], width));
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) => {
    const last = cells.findLastIndex((cell) => (cell[line]?.length ?? 0) > 0);
    return cells.slice(0, last + 1).flatMap((cell, at): Span[] => {
      const shown = cell[line] ?? [];
      return at === last ? [...shown] : [...fit(shown, widths[at] ?? 0), span(between)];
    });
  });
}

function listed(heads: readonly Line[], rows: readonly Line[][], columns: number): Line[] {
  return rows.flatMap((row, nth) => [
    ...(nth > 0 ? [[]] : []),
    ...row.flatMap((cell, at) => wrap([...(heads[at] ?? []), span(': '), ...cell], columns)),
  ]);
}
