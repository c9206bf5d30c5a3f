/**
 * The live region of the inline view, below what was printed: what is being said, a row a pod, the question,
 * and the input below a rule that says how its pod is. At most a third of the screen; a question, and a view
 * that a person has opened, may take more. Pure but for what `Laid` remembers.
 *
 * Invariants
 * - V10 One row of the screen is never taken: what is printed goes up through it.
 * - V11 Lines of a transcript are not padded and have no frame: they are what is selected and copied.
 */
import { clean, lineWidth, span } from '../text.ts';
import type { Line, Size } from '../line.ts';
import type { TreeRow } from '../model/shape.ts';
import { askedBlock, chosenQuestion } from './approvals.ts';
import { cents, clockSince, dollars, plural, tokens } from './figures.ts';
import { caretIn, footOf } from './foot.ts';
import { type Drawn, overlayFrame, paneFrame } from './frame.ts';
import { border, completionLines, inputBlock } from './input.ts';
import { liveLines } from './live.ts';
import { questionRows } from './question.ts';
import { doingOf, markOf, sinceOf } from './row-words.ts';
import { beside, bold, cut, dim, green, inStyle, inverse, noLine, red, yellow } from './spans.ts';
import type { View } from './view.ts';

const partOfScreen = 3;
const least: Size = { columns: 20, rows: 6 };

export function inlineLive(view: View, size: Size): Drawn {
  const { columns, rows } = size;
  if (columns < least.columns || rows < least.rows) return paneFrame(view, size);
  if (view.state.overlay !== null) return overlayFrame(view, { columns, rows: rows - 1 });
  const most = Math.max(5, Math.floor(rows / partOfScreen));
  const foot = footOf(view, columns);
  const input = inputBlock(view, columns, Math.max(1, Math.floor(most / 2)));
  const hasFoot = rows >= 10 || foot.column !== null || view.state.confirm !== null;
  const fixed = 1 + input.lines.length + (hasFoot ? 1 : 0);
  const offered = completionLines(view, columns, Math.max(0, rows - 2 - fixed));
  const asked = askedLines(view, { columns, rows: rows - 1 - fixed - offered.length });
  const room = Math.max(0, Math.min(most, rows - 1 - asked.lines.length) - fixed - offered.length);
  const pods = podLines(view, {
    columns,
    rows: asked.lines.length > 0 ? Math.min(2, room) : Math.ceil(room * 0.7),
  });
  const live = view.pod === null ? [] : liveTail(view, columns, room - pods.length);
  const rule = border(view, statusOf(view), columns);
  const above = [...live, ...pods, ...asked.lines, ...offered, rule];
  const lines = [...above, ...input.lines, ...(hasFoot ? [foot.line] : [])];
  const typed = view.state.focus === 'input' && view.state.confirm === null;
  const inInput = typed ? { row: above.length + input.caret.row, column: input.caret.column } : null;
  return {
    lines,
    caret: caretIn(foot, lines.length - 1) ?? inInput,
    question: asked.question,
    state: view.state,
    isAtTop: false,
  };
}

interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** The end of what is being said: what is above it is printed once it is committed. */
function liveTail(view: View, columns: number, rows: number): Line[] {
  if (view.pod === null || rows <= 0) return [];
  const { pod, rich, laid, state } = view;
  laid.use({ instance: pod.instance, columns, rich, showsMachinery: state.showsMachinery });
  return liveLines(view, pod, columns).slice(-rows);
}

function askedLines(view: View, room: Room): Pick<Drawn, 'lines' | 'question'> {
  const chosen = chosenQuestion(view);
  if (chosen === null || room.rows < 2) return { lines: [], question: null };
  const rows = Math.min(room.rows, questionRows(chosen.question, room.columns));
  const block = askedBlock(view, { columns: room.columns, rows }, {});
  if (block === null) return { lines: [], question: null };
  const { request, isWhole } = block;
  return { lines: block.lines.slice(0, room.rows), question: { request, isWhole } };
}

/** Pods that are at something or need a person, where there are several; what is left out is counted. */
function podLines(view: View, room: Room): Line[] {
  const { tree, state } = view;
  if (room.rows <= 0 || tree.rows.length < 2) return [];
  const wanted = tree.rows.filter(
    (row) => row.questions > 0 || row.hasFailed || row.status === 'running' || !row.settled,
  );
  const quiet = tree.rows.length - wanted.length;
  const withRest = wanted.length > room.rows || quiet > 0;
  const shown = wanted.slice(0, Math.max(0, withRest && room.rows > 1 ? room.rows - 1 : room.rows));
  const names = Math.min(
    Math.floor(room.columns / 3),
    Math.max(8, ...shown.map(({ name, depth }) => lineWidth([span(clean(name))]) + indentOf(depth))),
  );
  const lines = shown.map((row) => {
    const line = podLine(view, row, { columns: room.columns, names });
    return state.focus === 'tree' && state.selected === row.instance ? inStyle(line, inverse) : line;
  });
  if (!withRest || room.rows < 2) return lines;
  const left = wanted.length - shown.length;
  const rest = [...(left > 0 ? [`${left} more`] : []), ...(quiet > 0 ? [`✓ ${quiet} done`] : [])].join(', ');
  return [...lines, cut([span(`  ${rest}`, dim)], room.columns)];
}

function indentOf(depth: number): number {
  return 2 * Math.min(depth, 3);
}

function podLine(
  { nowMs }: View,
  row: TreeRow,
  { columns, names }: { readonly columns: number; readonly names: number },
): Line {
  const mark = markOf(row);
  const name = cut([span(clean(row.name), bold)], names - indentOf(row.depth));
  const doing = doingOf(row);
  const time = clockSince(sinceOf(row), nowMs).padStart(6);
  const used = row.own.tokens === 0 ? '' : tokens(row.own.tokens);
  const cost = row.own.tokens === 0 ? '' : cents(row.own.cost);
  return beside(
    [
      span(' '.repeat(indentOf(row.depth))),
      span(`${mark.text} `, mark.style),
      ...name,
      span(' '.repeat(Math.max(0, names - indentOf(row.depth) - lineWidth(name)) + 2)),
      span(doing.text, doing.style),
    ],
    [span(time), span(columns < 40 ? '' : `${used.padStart(7)}${cost.padStart(6)}`, dim)],
    columns,
  );
}

/** For the rule: how the pod is, for how long, what it and all below it have used, and how they are. */
function statusOf({ tree, state, nowMs }: View): readonly Line[] {
  const row = tree.rows.find(({ instance }) => instance === state.shown);
  if (row === undefined) return [];
  const mark = markOf(row);
  const time = clockSince(sinceOf(row), nowMs);
  const below = tree.rows.filter(({ path }) => path.startsWith(`${row.path}/`));
  const count = (text: string): number => below.filter((one) => markOf(one).text === text).length;
  const children: Line[] = [
    ...marks('?', count('?'), { ...yellow, ...bold }),
    ...marks('▶', count('▶'), green),
    ...marks('✗', count('✗'), red),
    ...marks('✓', count('✓'), green),
  ];
  return [
    [span(mark.text, mark.style), span(` ${row.status}${time === '' ? '' : ` ${time}`}`)],
    row.subtree.tokens === 0 ? noLine : [span(`${tokens(row.subtree.tokens)} tok`)],
    row.subtree.tokens === 0 || dollars(row.subtree.cost) === '' ? noLine : [span(dollars(row.subtree.cost))],
    children.length === 0
      ? noLine
      : [
          span(`${plural(below.length, 'pod')} below: `, dim),
          ...children.flatMap((one, at) => (at === 0 ? one : [span(' '), ...one])),
        ],
  ].filter((part) => part.length > 0);
}

function marks(text: string, count: number, style: NonNullable<Line[number]['style']>): Line[] {
  return count === 0 ? [] : [[span(`${text} ${count}`, style)]];
}
