/** Pieces that all views make lines of. Pure. */
import type { Line, Span, Style } from '../line.ts';
import { fit, lineWidth, span } from '../text.ts';

export const dim: Style = { dim: true };
export const bold: Style = { bold: true };
export const red: Style = { color: 1 };
export const green: Style = { color: 2 };
export const yellow: Style = { color: 3 };
export const cyan: Style = { color: 6 };
export const inverse: Style = { inverse: true };

export const noLine: Line = [];

/** No wider than that, and never padded. */
export function cut(line: Line, columns: number): Line {
  if (columns <= 0) return noLine;
  return lineWidth(line) <= columns ? line : fit(line, columns);
}

/**
 * The left one is cut so that the right one, at the edge, is whole; where that leaves too little, it is
 * alone.
 */
export function beside(left: Line, right: Line, columns: number): Line {
  const room = columns - lineWidth(right) - 1;
  if (right.length === 0 || room < Math.min(lineWidth(left), leftLeast)) return cut(left, columns);
  const shown = cut(left, room);
  return [...shown, span(' '.repeat(columns - lineWidth(shown) - lineWidth(right))), ...right];
}

const leftLeast = 8;

/** Every span of it in that style too. */
export function inStyle(line: Line, style: Style): Line {
  return line.map((one) => ({ text: one.text, style: { ...one.style, ...style } }));
}

/** Joined by what stands between them; empty ones are left out. */
export function joined(parts: readonly Line[], between: Span): Line {
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, at) => (at === 0 ? part : [between, ...part]));
}

/** As many of them as there is room for, from the first. */
export function fitting(parts: readonly Line[], between: Span, columns: number): Line {
  let line: Line = noLine;
  for (const part of parts) {
    const longer = joined([line, part], between);
    if (lineWidth(longer) > columns) break;
    line = longer;
  }
  return line;
}

/** Exactly so many lines: what is missing is empty, what is too much is left out. */
export function filled(lines: readonly Line[], rows: number): Line[] {
  return Array.from({ length: Math.max(0, rows) }, (_, at) => lines[at] ?? noLine);
}
