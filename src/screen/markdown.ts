/** Markdown of a model as lines. Pure. */
import type { Line } from './line.ts';
import { cleanLines, wrap } from './text.ts';

export function markdownLines(text: string, columns: number): Line[] {
  let isCode = false;
  return cleanLines(text).flatMap((row): Line[] => {
    if (/^\s*(?:```|~~~)/.test(row)) {
      isCode = !isCode;
      return [];
    }
    if (row.trim() === '') return [[]];
    if (isCode) return wrap([{ text: `  ${row}`, style: { color: 6 } }], columns);
    const heading = /^#{1,6}\s+(.*)$/.exec(row)?.[1];
    if (heading !== undefined) return wrap([{ text: heading, style: { bold: true } }], columns);
    return wrap(inlineSpans(row), columns);
  });
}

function inlineSpans(row: string): Line {
  return row.split(/(\*\*[^*]+\*\*|`[^`]+`)/).flatMap((piece) => {
    if (piece === '') return [];
    if (piece.startsWith('**') && piece.endsWith('**') && piece.length > 4)
      return [{ text: piece.slice(2, -2), style: { bold: true } }];
    if (piece.startsWith('`') && piece.endsWith('`') && piece.length > 2)
      return [{ text: piece.slice(1, -1), style: { color: 6 as const } }];
    return [{ text: piece }];
  });
}
