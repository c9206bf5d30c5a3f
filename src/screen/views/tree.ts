/**
 * The tree: a row a pod, nested as spawned. Narrow, a row has its name, tokens and a clock; wide, also what
 * it does, its context, and both its own cost and that of all below it (behind Σ). Pure.
 */
import { clean, lineWidth, span } from '../text.ts';
import type { Line, Span, Style } from '../line.ts';
import type { TreeModel, TreeRow, Used } from '../model/shape.ts';
import { type ShownRow, shownRows } from '../rows.ts';
import { cents, clockSince, dollars, tokens } from './figures.ts';
import { doingOf, done, markOf, shortEnd, sinceOf } from './row-words.ts';
import { bold, cut, dim, fitting, green, inStyle, inverse, joined, noLine, red, yellow } from './spans.ts';
import type { Room } from './transcript.ts';
import type { ViewAround } from './view.ts';

/** Exactly as many lines as there are rows; none wider. */
export function treeBlock(view: ViewAround, room: Room): Line[] {
  const { columns, rows } = room;
  const shown = shownRows(view.tree, view.state);
  const layout = layoutOf(shown, columns);
  const head = layout.isWide && rows > 4 ? [headLine(layout, columns)] : [];
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === view.state.selected),
  );
  const listed = inWindow(shown, at, Math.max(0, rows - head.length));
  const lines = listed.map((one) =>
    'kind' in one ? rowLine(view, one, layout) : cut(moreLine(one, shown), columns),
  );
  return Array.from({ length: rows }, (_, row) => [...head, ...lines][row] ?? noLine);
}

/** What is above or below what there is room for. */
interface More {
  readonly from: number;
  readonly to: number;
  readonly mark: '↑' | '↓';
}

function inWindow(shown: readonly ShownRow[], at: number, rows: number): (ShownRow | More)[] {
  if (shown.length <= rows) return [...shown];
  if (rows < 4) return shown.slice(at, at + rows);
  const room = rows - 1;
  // From the beginning, as long as the cursor is in sight.
  const first = at < room ? 0 : Math.min(at - Math.floor(room / 2), shown.length - room);
  if (first === 0) {
    return [...shown.slice(0, room), { from: room, to: shown.length, mark: '↓' }];
  }
  if (first >= shown.length - room) {
    return [{ from: 0, to: shown.length - room, mark: '↑' }, ...shown.slice(-room)];
  }
  const last = first + room - 1;
  return [
    { from: 0, to: first, mark: '↑' },
    ...shown.slice(first, last),
    { from: last, to: shown.length, mark: '↓' },
  ];
}

function moreLine({ from, to, mark }: More, shown: readonly ShownRow[]): Line {
  const rows = shown.slice(from, to).flatMap((one) => (one.kind === 'pod' ? [one.row] : []));
  return joined([[span(` ${mark} ${to - from} more`, dim)], countsOf(rows)], span('  '));
}

/** `? 1  ▶ 3  ✗ 1`: what a person would look for. */
function countsOf(rows: readonly TreeRow[]): Line {
  const marks = rows.map(markOf);
  const kinds = [...new Map(marks.map((mark) => [mark.text, mark])).values()];
  const order = '?✗!▶⏸◦■✓·';
  const shown = kinds.toSorted((one, other) => order.indexOf(one.text) - order.indexOf(other.text));
  return joined(
    shown.map(({ text, style }) => [
      span(`${text} ${marks.filter((mark) => mark.text === text).length}`, style),
    ]),
    span('  '),
  );
}

interface Layout {
  readonly columns: number;
  readonly isWide: boolean;
  readonly nameWidth: number;
  readonly doingWidth: number;
  readonly hasContext: boolean;
}

const wideFrom = 56;
/** Beside name and what it does: for how long, own tokens and cost, and those of the subtree. */
const figuresWidth = 6 + 7 + 7 + 8 + 7;
const contextWidth = 5;

function layoutOf(shown: readonly ShownRow[], columns: number): Layout {
  const isWide = columns >= wideFrom;
  const rows = shown.flatMap((one) => (one.kind === 'pod' ? [one] : []));
  const hasContext = columns >= 76 && rows.some(({ row }) => row.context !== null);
  const names = rows.map((one) => lineWidth(nameOf(one)) + indentOf(one.depth, columns));
  const most = isWide ? Math.min(32, Math.floor(columns / 3)) : columns;
  const nameWidth = Math.min(most, Math.max(10, ...names) + 4);
  const rest = columns - nameWidth - figuresWidth - (hasContext ? contextWidth : 0);
  return { columns, isWide, nameWidth, hasContext, doingWidth: Math.max(0, rest) };
}

/** Two cells a level, until that would take the room of the names. */
function indentOf(depth: number, columns: number): number {
  return Math.min(2 * depth, Math.max(2, Math.floor(columns / 4)));
}

function nameOf({ row, hidden }: Extract<ShownRow, { kind: 'pod' }>): Line {
  const { name } = row;
  return hidden === 0 ? [span(clean(name))] : [span(clean(name)), span(` ▸${hidden}`, dim)];
}

function headLine(layout: Layout, columns: number): Line {
  const name = column([span('   pod', dim)], layout.nameWidth);
  const cells = [
    column([span('doing', dim)], layout.doingWidth),
    right('for', 6),
    ...(layout.hasContext ? [right('ctx', contextWidth)] : []),
    right('own', 7),
    right('', 7),
    right('Σ', 8),
    right('', 7),
  ];
  return cut([...name, ...cells.flatMap((cell) => inStyle(cell, dim))], columns);
}

function rowLine(view: ViewAround, one: ShownRow, layout: Layout): Line {
  const { selected, shown, focus } = view.state;
  const hasCursor = one.id === selected && one.id === null ? selected === null : one.id === selected;
  const isShown = one.id === shown;
  const line = joinedRow(view, one, layout, isShown ? span('›', bold) : span(' '));
  const styled = isShown ? boldName(line) : line;
  if (!hasCursor) return cut(styled, layout.columns);
  const style: Style = focus === 'tree' ? inverse : bold;
  return inStyle(column(styled, layout.columns), style);
}

function boldName(line: Line): Line {
  return line.map((one, at) => (at < 4 && one.style === undefined ? { ...one, style: bold } : one));
}

function joinedRow(view: ViewAround, one: ShownRow, layout: Layout, gutter: Span): Line {
  switch (one.kind) {
    case 'new':
      return [gutter, span('+ new', one.id === view.state.shown ? bold : green)];
    case 'settled':
      return settledRow(one, layout, gutter);
    case 'pod':
      return layout.isWide ? wideRow(view, one, layout, gutter) : narrowRow(view, one, layout, gutter);
  }
}

type PodRow = Extract<ShownRow, { kind: 'pod' }>;

function startOf(one: PodRow, layout: Layout, gutter: Span): Line {
  const mark = markOf(one.row);
  const indent = ' '.repeat(indentOf(one.depth, layout.columns));
  return [gutter, span(indent), span(mark.text, mark.style), span(' '), ...nameOf(one)];
}

/** Right of the name: tokens, and how long; of what went wrong the cause, since it says more. */
function narrowRow({ nowMs }: ViewAround, one: PodRow, layout: Layout, gutter: Span): Line {
  const { row } = one;
  const start = startOf(one, layout, gutter);
  const time = clockSince(sinceOf(row), nowMs);
  const isEnded = row.status === 'dead' || row.status === 'unreachable';
  const sum = hasBelow(row)
    ? `Σ${tokens(row.subtree.tokens)}`
    : row.own.tokens === 0
      ? ''
      : tokens(row.own.tokens);
  // A root has its cost in the place of a clock: it is asked for more often.
  const last = row.depth === 0 ? cents(row.subtree.cost) : time;
  const words: Line = isEnded ? [span(` ${shortEnd(row)}`, red)] : [span(` ${sum}`)];
  const figures: Line = [...words, span(` ${last.padStart(5)}`, dim)];
  return besides(start, figures, layout.columns);
}

/** The name counts more than the figures: those it leaves room for. */
function besides(start: Line, figures: Line, columns: number): Line {
  const width = lineWidth(figures);
  const room = columns - width;
  if (room < Math.min(lineWidth(start), nameLeast)) return cut(start, columns);
  return [...column(start, room), ...figures];
}

const nameLeast = 9;

function wideRow({ nowMs }: ViewAround, one: PodRow, layout: Layout, gutter: Span): Line {
  const { row } = one;
  const doing = doingOf(row);
  const pending = [
    ...(row.pendingIn > 0 ? [span(` ↓${row.pendingIn}`, yellow)] : []),
    ...(row.pendingOut > 0 ? [span(` ↑${row.pendingOut}`, yellow)] : []),
  ];
  const doingRoom = Math.max(0, layout.doingWidth - lineWidth(pending));
  const words: Line = [...cut([span(doing.text, doing.style)], doingRoom), ...pending];
  const sum = hasBelow(row) ? usedCells(row.subtree, 'Σ', 8) : [...right('', 15)];
  return [
    ...column(startOf(one, layout, gutter), layout.nameWidth),
    ...column(words, layout.doingWidth),
    ...right(clockSince(sinceOf(row), nowMs), 6),
    ...(layout.hasContext ? inStyle(right(contextOf(row), contextWidth), contextStyle(row)) : []),
    ...usedCells(row.own, '', 7),
    ...sum,
  ];
}

function usedCells({ tokens: count, cost }: Used, mark: string, width: number): Line {
  if (count === 0 && (cost === null || cost === 0)) return right('', width + 7);
  return [...right(`${mark}${tokens(count)}`, width), ...inStyle(right(cents(cost), 7), dim)];
}

function contextOf({ context }: TreeRow): string {
  return context === null ? '' : `${Math.round((100 * context.tokens) / Math.max(1, context.window))}%`;
}

function contextStyle({ context }: TreeRow): Style {
  return context !== null && context.tokens > 0.8 * context.window ? yellow : dim;
}

function hasBelow({ own, subtree }: TreeRow): boolean {
  return subtree.tokens !== own.tokens || subtree.cost !== own.cost;
}

function settledRow(one: Extract<ShownRow, { kind: 'settled' }>, layout: Layout, gutter: Span): Line {
  const used = one.rows.reduce((sum, { subtree }) => sum + subtree.tokens, 0);
  const start: Line = [
    gutter,
    span(' '.repeat(indentOf(one.depth, layout.columns))),
    span(`${done.text} `, done.style),
    span(`${one.rows.length} done`),
    span(one.isUnfolded ? ' ▾' : ' ▸', dim),
  ];
  if (!layout.isWide) return besides(start, [span(` ${tokens(used)}`), span(' '.repeat(6))], layout.columns);
  const costs = one.rows.map(({ subtree }) => subtree.cost);
  const cost = costs.includes(null) ? null : costs.reduce<number>((sum, one_) => sum + (one_ ?? 0), 0);
  const before = column(start, layout.columns - 15);
  return [...before, ...usedCells({ tokens: used, cost }, 'Σ', 8)];
}

/** Exactly so wide. */
function column(line: Line, width: number): Line {
  const shown = cut(line, width);
  return [...shown, span(' '.repeat(Math.max(0, width - lineWidth(shown))))];
}

/** At the right edge, with at least a blank before it. */
function right(text: string, width: number): Line {
  return [span(text.padStart(width))];
}

/** ` ? 1 waits   ▶ 3   ✗ 1 · 12.4k tok  $0.41`: the whole tree in a line. */
export function totalsLine({ rows, questions }: TreeModel, columns: number): Line {
  const waits: Line =
    questions.length === 0
      ? noLine
      : [span(`? ${questions.length} ${questions.length === 1 ? 'waits' : 'wait'}`, { ...yellow, ...bold })];
  const counts = (text: string): number => rows.filter((row) => markOf(row).text === text).length;
  const running = counts('▶');
  const failed = counts('✗');
  const used = rows.filter(({ depth }) => depth === 0).map(({ subtree }) => subtree);
  const total = used.reduce((sum, one) => sum + one.tokens, 0);
  const costs = used.map(({ cost }) => cost);
  const cost = costs.includes(null) ? null : costs.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  const parts: Line[] = [
    waits,
    running === 0 ? noLine : [span(`▶ ${running}`, green)],
    failed === 0 ? noLine : [span(`✗ ${failed}`, red)],
    total === 0 ? noLine : [span(`${tokens(total)} tok`, dim)],
    total === 0 || dollars(cost) === '' ? noLine : [span(dollars(cost), dim)],
  ];
  const shown = fitting(parts, span('  '), Math.max(0, columns - 1));
  return shown.length === 0 ? [span(' nothing runs', dim)] : [span(' '), ...shown];
}

/** In the place of the tree where that has no room: one row, the shown one in the middle. */
export function podsLine(view: ViewAround, columns: number): Line {
  const shown = shownRows(view.tree, view.state);
  const at = Math.max(
    0,
    shown.findIndex(({ id }) => id === view.state.shown),
  );
  const cells = shown.map((one, index) => cellOf(one, index === at));
  let first = at;
  let last = at;
  const width = (): number =>
    cells.slice(first, last + 1).reduce((sum, cell) => sum + lineWidth(cell) + 2, 0);
  for (let grew = true; grew;) {
    grew = false;
    if (last + 1 < cells.length) {
      last += 1;
      if (width() <= columns) grew = true;
      else last -= 1;
    }
    if (first > 0) {
      first -= 1;
      if (width() <= columns) grew = true;
      else first += 1;
    }
  }
  return cut(joined(cells.slice(first, last + 1), span('  ')), columns);
}

function cellOf(one: ShownRow, isShown: boolean): Line {
  const line = cellWords(one);
  return isShown ? [span('›', bold), ...inStyle(line, bold)] : line;
}

function cellWords(one: ShownRow): Line {
  if (one.kind === 'new') return [span('+ new')];
  if (one.kind === 'settled') return [span('✓', green), span(` ${one.rows.length} done`)];
  const mark = markOf(one.row);
  return [span(mark.text, mark.style), span(` ${clean(one.row.name)}`)];
}
