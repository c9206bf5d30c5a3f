/**
 * The three regions on the alternate screen, for every size: tree, transcript, question, input, and one view
 * over them all. Pure but for what `Laid` remembers.
 *
 * Invariants
 * - F2 A frame has no more lines than the screen, and none is wider.
 * - V9 The input and a question's keys are in each frame that is not too small.
 */
import { clean, lineWidth, span, wrap } from '../text.ts';
import type { Frame, Line, Place, Size } from '../line.ts';
import { type DrawnInFrame, waitingQuestions } from '../answering.ts';
import type { ScreenState } from '../state.ts';
import { approvalsBlock, askedBlock, chosenQuestion } from './approvals.ts';
import { deliveriesBelow, deliveryCounts, deliveryLines } from './deliveries.ts';
import { clockSince, dollars, tokens } from './figures.ts';
import { caretIn, footOf, longMessage, titleLine } from './foot.ts';
import { helpLines } from './help.ts';
import { aboutLines, border, completionLines, inputBlock } from './input.ts';
import { plainLines } from './item.ts';
import { questionRows } from './question.ts';
import { doingOf, markOf, sinceOf } from './row-words.ts';
import { beside, bold, cut, dim, filled, noLine } from './spans.ts';
import { transcriptWindow, type Window } from './transcript.ts';
import { podsLine, totalsLine, treeBlock } from './tree.ts';
import type { View, ViewAround } from './view.ts';

export interface Drawn extends Frame {
  /** The question that is in it, and whether the end of it is. */
  readonly question: DrawnInFrame | null;
  /** With the places that were found: what was scrolled too far, or to an entry, is where it is. */
  readonly state: ScreenState;
  /** No entry above it is here: older ones may be asked for. */
  readonly isAtTop: boolean;
}

const leastSize: Size = { columns: 20, rows: 6 };
const treeFrom = 70;

export function paneFrame(view: View, size: Size): Drawn {
  const { columns, rows } = size;
  if (rows <= 0 || columns <= 0) return nothing(view, []);
  if (rows < leastSize.rows || columns < leastSize.columns) {
    const least = `${leastSize.columns}×${leastSize.rows}`;
    return nothing(view, [cut([span(`too small: ${least} at least`)], columns)]);
  }
  return view.state.overlay === null ? regions(view, size) : overlayFrame(view, size);
}

function nothing({ state }: View, lines: readonly Line[]): Drawn {
  return { lines, caret: null, question: null, state, isAtTop: false };
}

/** Of the screen's width; 0: there is no room for one. */
function treeColumns(columns: number): number {
  if (columns < treeFrom) return 0;
  if (columns < 100) return 28;
  if (columns < 130) return Math.round(columns * 0.4);
  return Math.min(100, Math.round(columns * 0.52));
}

function regions(view: View, size: Size): Drawn {
  const { tree, state, input, nowMs, keymap, hasKitty, folder, laid, pod } = view;
  const fixed: ViewAround = { tree, state, nowMs, keymap, hasKitty, pod, input: laid.input(input) };
  const withFolder = folder === undefined ? fixed : { ...fixed, folder };
  const name = pod?.name ?? null;
  const of = [tree, state, nowMs, keymap, hasKitty, name, fixed.input, folder, size.columns, size.rows];
  const around = laid.around(of, () => aroundOf(withFolder, size));
  const body = bodyPart(view, around, size.columns);
  const { window } = body;
  return {
    lines: [...around.above, ...body.lines, ...around.below],
    caret: around.caret,
    question: around.question,
    state: window === null ? state : withPlaces(state, window),
    isAtTop: window?.isAtTop === true,
  };
}

/** The same one, where it is the same: what hangs on it is not made again. */
function withPlaces(state: ScreenState, { scroll, item }: Window): ScreenState {
  const { scroll: before } = state;
  const isSame =
    before === scroll ||
    (before !== null &&
      scroll !== null &&
      before.by === scroll.by &&
      before.since === scroll.since &&
      before.at?.seq === scroll.at?.seq &&
      before.at?.line === scroll.at?.line);
  return isSame && item === state.item ? state : { ...state, scroll, item };
}

/** All but the transcript. */
interface Around {
  /** Of the transcript's room. */
  readonly left: number;
  readonly rows: number;
  readonly tree: readonly Line[];
  readonly above: readonly Line[];
  readonly below: readonly Line[];
  readonly caret: Place | null;
  readonly question: Drawn['question'];
}

function aroundOf(view: ViewAround, size: Size): Around {
  const { columns, rows } = size;
  const { state } = view;
  const left = state.zoomed ? 0 : treeColumns(columns);
  const foot = footOf(view, columns);
  const input = inputBlock(view, columns, Math.max(1, Math.floor(rows / 4)));
  const head = rows >= 8 && !state.zoomed ? [headLine(view, columns, left)] : [];
  const pods = left === 0 && !state.zoomed && rows >= 8 ? [podsLine(view, columns)] : [];
  const fixed = head.length + pods.length + 1 + input.lines.length + 1;
  const offered = completionLines(view, columns, rows - fixed - 1);
  const asked = questionPart(view, columns, rows - fixed - offered.length);
  const bodyRows = Math.max(0, rows - fixed - offered.length - asked.lines.length);
  const below = [...asked.lines, ...offered, border(view, [], columns)];
  const joint = left > 0 && bodyRows > 0 ? withJoint(below, left) : below;
  const above = [...head, ...pods];
  const inputRow = above.length + bodyRows + joint.length;
  const typed = state.focus === 'input' && state.confirm === null;
  const caret =
    caretIn(foot, rows - 1) ??
    (typed ? { row: inputRow + input.caret.row, column: input.caret.column } : null);
  return {
    left,
    rows: bodyRows,
    tree: left === 0 ? [] : treePart(view, { columns: left, rows: bodyRows }),
    above,
    below: [...joint, ...input.lines, foot.line],
    caret: inside(caret, size),
    question: asked.question,
  };
}

function inside(caret: Place | null, { columns, rows }: Size): Place | null {
  if (caret === null) return null;
  return { row: Math.min(caret.row, rows - 1), column: Math.min(caret.column, columns - 1) };
}

/** Tree and transcript beside each other, or the transcript alone. */
function bodyPart(
  view: View,
  { left, rows, tree }: Around,
  columns: number,
): { readonly lines: Line[]; readonly window: Window | null } {
  const right = left === 0 ? columns : columns - left - 2;
  const window = view.pod === null ? null : transcriptWindow(view, view.pod, { columns: right, rows });
  const shown = window === null ? startLines(view, right) : window.lines;
  const transcript = filled(shown, rows);
  if (left === 0) return { lines: transcript, window };
  const lines = transcript.map((line, row): Line => {
    const own = tree[row] ?? noLine;
    return view.laid.joined(row, [own, left, line], () => {
      const blank = span(' '.repeat(Math.max(0, left - lineWidth(own))));
      return [...own, blank, span(line.length === 0 ? '│' : '│ ', dim), ...line];
    });
  });
  return { lines, window };
}

/** Below the tree, where it is wide: what is on its way or late. */
function treePart(view: ViewAround, room: Size): Line[] {
  const { columns, rows } = room;
  const most = columns < 40 || rows < 16 ? 0 : Math.min(6, Math.floor(rows / 4));
  const below = deliveriesBelow(view.tree, { columns, rows: most }, view.nowMs);
  return [...treeBlock(view, { columns, rows: rows - below.length }), ...below];
}

/** Where the rule below the tree meets the bar beside it. */
function withJoint(lines: readonly Line[], left: number): Line[] {
  const [first = noLine, ...rest] = lines;
  const last = first.at(-1);
  const from = lineWidth(first.slice(0, -1));
  if (last === undefined || from > left || !/^\u2500+$/.test(last.text)) return [...lines];
  const at = left - from;
  const text = `${last.text.slice(0, at)}┴${last.text.slice(at + 1)}`;
  return [[...first.slice(0, -1), { ...last, text }], ...rest];
}

interface QuestionPart {
  readonly lines: readonly Line[];
  readonly question: Drawn['question'];
}

/** At most so much that some of the transcript is left, where there is room for that. */
function questionPart(view: ViewAround, columns: number, room: number): QuestionPart {
  const chosen = chosenQuestion(view);
  if (chosen === null || room < 2) return { lines: [], question: null };
  const ruled = room >= 10 ? [[span('─'.repeat(columns), dim)]] : [];
  const needed = questionRows(chosen.question, columns);
  const most = Math.max(3, (ruled.length === 0 ? room : Math.ceil(room * 0.7)) - ruled.length);
  const block = askedBlock(view, { columns, rows: Math.min(needed, most) }, {});
  if (block === null) return { lines: [], question: null };
  const lines = [...ruled, ...block.lines].slice(0, room);
  return { lines, question: { request: block.request, isWhole: block.isWhole } };
}

/** Of the whole tree at the left, of the shown pod at the right. */
function headLine(view: ViewAround, columns: number, left: number): Line {
  const totals = totalsLine(view.tree, left === 0 ? columns : Math.max(left, 28));
  const shown = shownWords(view, Math.max(0, columns - lineWidth(totals) - 3));
  return beside(totals, shown, columns);
}

function shownWords({ tree, state, nowMs }: ViewAround, room: number): Line {
  const row = tree.rows.find(({ instance }) => instance === state.shown);
  if (row === undefined) return noLine;
  const mark = markOf(row);
  const doing = doingOf(row);
  const time = clockSince(sinceOf(row), nowMs);
  const path = clean(row.path).split('/');
  const used = row.own.tokens === 0 ? '' : `${tokens(row.own.tokens)} ${dollars(row.own.cost)}`.trim();
  const start: Line = [span(mark.text, mark.style), span(` ${path.join(' ▸ ')}`, bold)];
  const parts: Line[] = [
    [span(`${doing.text.slice(0, 60).toWellFormed()}${time === '' ? '' : ` ${time}`}`, doing.style)],
    used === '' ? noLine : [span(used, dim)],
    ...(row.context === null
      ? []
      : [[span(`ctx ${Math.round((100 * row.context.tokens) / Math.max(1, row.context.window))}%`, dim)]]),
    ...(row.model === '' ? [] : [[span(clean(row.model), dim)]]),
  ];
  let line = start;
  if (lineWidth(line) > room && path.length > 1)
    line = [span(mark.text, mark.style), span(` … ▸ ${path.at(-1) ?? ''}`, bold)];
  for (const part of parts) {
    const longer: Line = part.length === 0 ? line : [...line, span('  '), ...part];
    if (lineWidth(longer) <= room) line = longer;
  }
  if (time !== '' && line === start && lineWidth(start) + time.length + 2 <= room)
    line = [...start, span(`  ${time}`, dim)];
  return cut([...line, span(' ')], room);
}

/** `+ new`: what a text typed here does. */
function startLines({ folder }: View, columns: number): Line[] {
  const where = folder === undefined || folder === '' ? 'this directory' : clean(folder);
  return [
    noLine,
    [span('A new agent', bold)],
    ...plainLines(
      `Type a task and press Enter: a root starts in ${where} and works on it. It can start others; they all show up in the tree.`,
      columns,
    ),
    noLine,
    ...plainLines('/model, /mode and /write set what it may use; the border shows it.', columns).map((line) =>
      line.map((one) => ({ ...one, style: dim })),
    ),
  ].map((line) => cut(line, columns));
}

/** A list or a text over all regions, with its title above and its keys below. */
export function overlayFrame(view: View, size: Size): Drawn {
  const { columns, rows } = size;
  const { overlay } = view.state;
  if (overlay === null) return nothing(view, []);
  const foot = footOf(view, columns);
  const part = { columns, rows: Math.floor(rows / 3) };
  const about = [...aboutLines(view.state.prompt?.about ?? '', part), ...longMessage(view, part)];
  const room = { columns, rows: rows - 2 - about.length };
  const caret = inside(caretIn(foot, rows - 1), size);
  if (overlay.kind === 'approvals' || overlay.kind === 'question') {
    const shown =
      overlay.kind === 'approvals'
        ? approvalsBlock(view, room, overlay.scroll)
        : questionOnly(view, room, overlay);
    const title = titleLine(
      [
        span(
          overlay.kind === 'approvals'
            ? `Approvals: ${waitingQuestions(view.tree, view.state).length} pending`
            : 'The whole question',
        ),
      ],
      columns,
    );
    const lines = [
      title,
      ...Array.from({ length: room.rows }, (_, row) => shown.lines[row] ?? noLine),
      ...about,
      foot.line,
    ];
    const { block } = shown;
    const question = block === null ? null : { request: block.request, isWhole: block.isWhole };
    return { lines, caret, question, state: scrolledTo(view, block?.scroll ?? 0), isAtTop: false };
  }
  const all = textOf(view, overlay, columns);
  const scroll = Math.max(0, Math.min(overlay.scroll, all.length - room.rows));
  const shown = all.slice(scroll, scroll + room.rows);
  const place = all.length > room.rows ? `${scroll + 1}–${scroll + shown.length} of ${all.length}` : '';
  const title = titleLine(beside(titleOf(view, overlay), [span(place)], Math.max(1, columns - 2)), columns);
  const lines = [
    title,
    ...Array.from({ length: room.rows }, (_, row) => shown[row] ?? noLine),
    ...about,
    foot.line,
  ];
  return { lines, caret, question: null, state: scrolledTo(view, scroll), isAtTop: false };
}

function scrolledTo({ state }: View, scroll: number): ScreenState {
  return state.overlay === null ? state : { ...state, overlay: { ...state.overlay, scroll } };
}

type Overlay = NonNullable<View['state']['overlay']>;

function questionOnly(
  view: View,
  room: { readonly columns: number; readonly rows: number },
  overlay: Extract<Overlay, { kind: 'question' }>,
): ReturnType<typeof approvalsBlock> {
  const block = askedBlock(view, room, { request: overlay.request, scroll: overlay.scroll });
  return block === null
    ? { lines: [noLine, cut([span('  It has been answered.', dim)], room.columns)], block: null }
    : { lines: block.lines, block };
}

function titleOf({ tree, nowMs }: View, overlay: Overlay): Line {
  if (overlay.kind === 'help') return [span('Keys and commands')];
  if (overlay.kind === 'deliveries')
    return [span('Deliveries  '), ...deliveryCounts(tree, nowMs).map(({ text }) => span(text))];
  return [span(overlay.kind === 'text' ? clean(overlay.title) : '')];
}

function textOf({ tree, keymap, nowMs }: View, overlay: Overlay, columns: number): Line[] {
  if (overlay.kind === 'help') return helpLines(keymap, columns);
  if (overlay.kind === 'deliveries') return deliveryLines(tree, columns, nowMs);
  if (overlay.kind !== 'text') return [];
  const rows = overlay.text.slice(0, textCharsMax).split(/\r\n|\n|\r/);
  return rows.flatMap((row) => wrap([span(clean(row.replaceAll('\t', '    ')))], columns));
}

const textCharsMax = 500_000;
