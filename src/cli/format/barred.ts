/**
 * Foreign words as rows of a screen, for a person who is to judge them. Pure.
 *
 * Invariants
 * - K1 Nothing of theirs begins a row of the screen: rows are broken here, narrower than it, and each stands
 * behind a bar; what cannot be seen is shown
 *   as its number, and padding as its length.
 */
import { visible } from './printable.ts';

const bar = '  │ ';
const columnsMin = 24;

/** Each row behind `before`, none wider than the screen. */
export function barred(text: string, columns: number, before = bar): string[] {
  const room = Math.max(columnsMin, columns) - widthOf(before) - 1;
  return squeezed(text)
    .split('\n')
    .flatMap((line) => brokenInto(line, room))
    .map((row) => `${before}${row}`);
}

/** Padding pushes what stands behind it out of sight. */
function squeezed(text: string): string {
  return visible(text.replaceAll(/\r\n|\r/g, '\n'))
    .replaceAll('\t', '    ')
    .replaceAll(/ {24,}/g, (run) => `<${run.length} spaces>`)
    .replaceAll(/\n(?: *\n){4,}/g, (run) => `\n<${run.split('\n').length - 2} empty lines>\n`);
}

function brokenInto(line: string, room: number): string[] {
  const rows: string[] = [];
  let row = '';
  let used = 0;
  for (const character of line) {
    const width = widthOf(character);
    if (used + width > room) {
      rows.push(row);
      row = '';
      used = 0;
    }
    row += character;
    used += width;
  }
  return [...rows, row];
}

/**
 * The most that it can be: what is not ASCII takes one column or two, as the terminal and its fonts have it.
 */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += character < '\u007F' ? 1 : 2;
  return width;
}
