/**
 * Where a person types: a border that names who will read it, the lines, what is offered for completion.
 * Pure.
 */
import { clean, lineWidth, span, wrap } from '../text.ts';
import type { Line, Place } from '../line.ts';
import { longMessage } from './foot.ts';
import { bold, cut, dim, inStyle, inverse, yellow } from './spans.ts';
import type { ViewAround } from './view.ts';

/** Before the first line. */
const prompt = '> ';

/** What the editor breaks lines for: the caret may stand behind the last of them. */
export function inputColumns(columns: number): number {
  return Math.max(1, columns - prompt.length);
}

export interface InputBlock {
  readonly lines: readonly Line[];
  /** Inside of `lines`. */
  readonly caret: Place;
}

/** As many of the lines as there are rows, that of the caret among them. */
export function inputBlock({ input, state }: ViewAround, columns: number, rows: number): InputBlock {
  const isHere = state.focus === 'input';
  const { row, column } = input.caret;
  const count = Math.max(1, Math.min(rows, input.lines.length));
  const at = Math.max(0, Math.min(row, input.lines.length - 1));
  const first = Math.max(0, Math.min(at - count + 1 + Math.floor(count / 3), input.lines.length - count));
  const shown = Array.from({ length: count }, (_, line) => input.lines[first + line] ?? '');
  const isEmpty = input.lines.every((line) => line === '');
  const lines = shown.map((text, line): Line => {
    const mark = first + line === 0 ? prompt : '  ';
    const before = span(mark, isHere ? bold : dim);
    if (isEmpty && line === 0) return cut([before, span(hintOf(state.shown, isHere), dim)], columns);
    return cut([before, span(clean(text))], columns);
  });
  return {
    lines,
    caret: {
      row: Math.max(0, Math.min(at - first, count - 1)),
      column: Math.max(0, Math.min(column + prompt.length, columns - 1)),
    },
  };
}

function hintOf(shown: string | null, isHere: boolean): string {
  if (!isHere) return 'Esc comes back here';
  return shown === null ? ' say what a new agent is to do' : '';
}

/** `─ to review-api ─ running 1m12s ───`: who reads it, and what of that pod a person should know. */
export function border(view: ViewAround, parts: readonly Line[], columns: number): Line {
  const isHere = view.state.focus === 'input';
  let line: Line = [span('─ ', dim), ...readerOf(view, isHere)];
  for (const part of parts) {
    const longer: Line = [...line, span(' · ', dim), ...part];
    if (lineWidth(longer) > columns - 3) break;
    line = longer;
  }
  const shown = cut([...line, span(' ')], columns);
  return [...shown, span('─'.repeat(Math.max(0, columns - lineWidth(shown))), dim)];
}

function readerOf({ pod, state, tree, folder }: ViewAround, isHere: boolean): Line {
  const style = isHere ? bold : dim;
  if (state.shown === null) {
    const { model, mode, effort, write } = state.draft;
    const settings = [model, mode, effort, write === undefined ? undefined : `write ${write.join(' ')}`];
    const said = settings.filter((one) => one !== undefined).map((one) => ` · ${clean(one)}`);
    const where = folder === undefined || folder === '' ? '' : ` in ${clean(folder)}`;
    return [span(`to a new root${where}`, style), span(said.join(''), dim)];
  }
  const row = tree.rows.find(({ instance }) => instance === state.shown);
  const name = row?.name ?? pod?.name ?? '';
  if (row?.status === 'stopped' || row?.status === 'dead') {
    return [
      span(`${clean(name)} ${row.status === 'dead' ? 'died' : 'has stopped'}`, yellow),
      span(' (/restore starts it again)', dim),
    ];
  }
  return [span('to ', dim), span(clean(name), style)];
}

const offersMax = 6;

/** What is to be read before a prompt is answered. */
export function aboutLines(about: string, room: { readonly columns: number; readonly rows: number }): Line[] {
  if (about === '') return [];
  return wrap([span(clean(about), yellow)], room.columns).slice(0, Math.max(0, room.rows));
}

/** Above the border; the chosen one is in sight. */
export function completionLines({ input, state }: ViewAround, columns: number, rows: number): Line[] {
  const { completion } = input;
  if (rows <= 0) return [];
  if (state.prompt !== null) return aboutLines(state.prompt.about ?? '', { columns, rows });
  if (completion === null) return longMessage({ state }, { columns, rows });
  const { offers, chosen } = completion;
  const count = Math.min(offers.length, rows, offersMax);
  const first = Math.max(0, Math.min(chosen - count + 1, offers.length - count));
  const shown = offers.slice(first, first + count);
  const width = Math.min(
    Math.floor(columns / 2),
    Math.max(0, ...shown.map(({ text }) => lineWidth([span(clean(text))]))),
  );
  return shown.map(({ text, about }, at) => {
    const name = cut([span(clean(text))], width);
    const gap = span(' '.repeat(Math.max(0, width - lineWidth(name))));
    const line: Line = [span('  '), ...name, gap, span(about === '' ? '' : `  ${clean(about)}`, dim)];
    const shownLine = cut(line, columns);
    return first + at === chosen ? inStyle(shownLine, inverse) : shownLine;
  });
}
