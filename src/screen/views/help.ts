/** The keys, by where they count, and the commands: made of the tables that decode them. Pure. */
import { lineWidth, span, wrap } from '../text.ts';
import { type Keymap, keySections } from '../keymap.ts';
import type { Line } from '../line.ts';
import { slashCommands } from '../slash.ts';
import { bold, cut, cyan, noLine } from './spans.ts';

const keysColumn = 22;
/** From there on in two columns. */
const wideFrom = 130;
const gap = 3;

export function helpLines(keymap: Keymap, columns: number): Line[] {
  const commands = slashCommands.map(({ name, takes, does }) => ({ keys: `/${name} ${takes}`.trim(), does }));
  const sections = [...keySections(keymap), { title: 'Commands', rows: commands }].filter(
    ({ rows }) => rows.length > 0,
  );
  const width = columns < wideFrom ? columns : Math.floor((columns - gap) / 2);
  const blocks = sections.map(({ title, rows }): Line[] => [
    [span(title, { ...bold, ...cyan })],
    ...rows.flatMap(({ keys, does }) => rowLines(keys, does, width)),
    noLine,
  ]);
  return columns < wideFrom ? blocks.flat() : inTwo(blocks, width);
}

function rowLines(keys: string, does: string, columns: number): Line[] {
  const left = Math.min(keysColumn, Math.floor(columns / 2));
  const words = wrap([span(does)], Math.max(1, columns - left - 2));
  const name: Line = [span('  '), ...cut([span(keys, bold)], left - 1)];
  // Keys that take more than their column stand alone.
  if (lineWidth([span(keys)]) > left - 1) {
    const rows = wrap([span(keys, bold)], Math.max(1, columns - 2));
    return [...rows.map((row) => [span('  '), ...row]), ...set(words, left + 1)].map((row) =>
      cut(row, columns),
    );
  }
  const [first = noLine, ...rest] = words;
  const blank = span(' '.repeat(Math.max(1, left + 1 - lineWidth(name))));
  return [[...name, blank, ...first], ...set(rest, left + 1)].map((row) => cut(row, columns));
}

function set(rows: readonly Line[], inset: number): Line[] {
  return rows.map((row) => [span(' '.repeat(inset)), ...row]);
}

/** The first sections left, as soon as they are half of it the others right. */
function inTwo(blocks: readonly Line[][], width: number): Line[] {
  const total = blocks.reduce((sum, block) => sum + block.length, 0);
  const left: Line[] = [];
  const right: Line[] = [];
  for (const block of blocks) (left.length < total / 2 && right.length === 0 ? left : right).push(...block);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => {
    const one = left[row] ?? noLine;
    const blank = span(' '.repeat(Math.max(0, width - lineWidth(one)) + gap));
    return [...one, blank, ...(right[row] ?? noLine)];
  });
}
