/**
 * The last row: what is asked before something ends, the line that is typed for it, a word to the person, or
 * the keys of the place that has the focus. Pure.
 */
import { clean, lineWidth, span, wrap } from '../text.ts';
import { type KeyHint, keyHints, placeOf } from '../keymap.ts';
import type { Line, Place } from '../line.ts';
import type { KeyPlace } from '../keys.ts';
import type { Question } from '../model/shape.ts';
import { bold, cut, dim, fitting, green, inverse, noLine, red, yellow } from './spans.ts';
import type { ViewAround } from './view.ts';

export interface Foot {
  readonly line: Line;
  /** Where what is typed here goes on; null: it is not typed here. */
  readonly column: number | null;
}

export function footOf(view: ViewAround, columns: number): Foot {
  const { confirm, prompt, message, search } = view.state;
  if (prompt !== null) return promptFoot(prompt, columns);
  if (confirm !== null) {
    // The words give way: what answers stays in sight.
    const keys: Line = [
      span('  y', bold),
      span(confirm.isEarly === true ? ' again: this had only just come up' : ' yes, any other key no', dim),
    ];
    const words = cut(
      [span(` ${clean(confirm.text)}`, { ...yellow, bold: true })],
      Math.max(10, columns - lineWidth(keys)),
    );
    return plain([...words, ...keys], columns);
  }
  if (message !== null && !isLong(message, columns)) {
    const style = message.isError ? red : green;
    return plain(
      [
        span(message.isError ? ' ✗ ' : ' ', style),
        span(clean(message.text), message.isError ? style : undefined),
      ],
      columns,
    );
  }
  if (search !== null && search.text !== '') {
    return plain(
      [
        span(` /${clean(search.text)}`, bold),
        span('  n', bold),
        span(' next  ', dim),
        span('N', bold),
        span(' previous', dim),
      ],
      columns,
    );
  }
  const hints = hintsOf(view).map(hintLine);
  // In the input `?` is text.
  if (placeOf(view.state) === 'input') hints.splice(2, 0, hintLine({ key: '/help', short: 'keys' }));
  return plain([span(' '), ...fitting(hints, span('  '), columns - 1)], columns);
}

function plain(line: Line, columns: number): Foot {
  return { line: cut(line, columns), column: null };
}

/** The end of what is typed stays in sight. */
function promptFoot(prompt: { readonly label: string; readonly text: string }, columns: number): Foot {
  const label: Line = [span(` ${clean(prompt.label).trimEnd()} `, bold)];
  const room = Math.max(1, columns - lineWidth(label) - 1);
  const characters = Array.from(clean(prompt.text)).slice(-2 * columns);
  let text = '';
  for (const character of characters.toReversed()) {
    if (lineWidth([span(character + text)]) > room) break;
    text = character + text;
  }
  const line = cut([...label, span(text)], columns);
  return { line, column: Math.max(0, Math.min(lineWidth(line), columns - 1)) };
}

const messageCharsMax = 2_000;

/** It has no room in the last row: it is shown above the border (`longMessage`). */
function isLong({ text }: { readonly text: string }, columns: number): boolean {
  return lineWidth([span(clean(text.slice(0, messageCharsMax)))]) > columns - 3;
}

/** A word to the person that the last row has no room for. */
export function longMessage(
  { state }: Pick<ViewAround, 'state'>,
  room: { columns: number; rows: number },
): Line[] {
  const { message } = state;
  if (message === null || room.rows <= 0 || !isLong(message, room.columns)) return [];
  const [mark, style] = message.isError ? ['✗ ', red] : ['', green];
  return wrap([span(`${mark}${clean(message.text.slice(0, messageCharsMax))}`, style)], room.columns).slice(
    0,
    Math.min(room.rows, 8),
  );
}

const answers = ['yes', 'no', 'always', 'no, why', 'whole'];

/** Of the place that has the focus, or of what is open over it. */
function hintsOf(view: ViewAround): readonly KeyHint[] {
  const { state, tree, keymap } = view;
  const place: KeyPlace = state.overlay === null ? state.focus : 'view';
  const isEmpty = view.input.lines.every((line) => line === '');
  const own = keyHints(keymap, place, { isEmpty });
  // Those that answer stand in the question's last line.
  const unsaid = new Set([...answers, ...(tree.questions.length > 0 ? [] : ['waiting'])]);
  return own.filter(({ short }) => !unsaid.has(short));
}

function hintLine({ key, short }: KeyHint): Line {
  return [span(key, bold), span(` ${short}`, dim)];
}

/** What answers a question, for its last line. From the input only some keys do. */
export function answerHints(
  view: ViewAround,
  { approval }: Question,
): {
  readonly hints: readonly Line[];
  readonly cutHints: readonly Line[];
} {
  const { state, keymap, hasKitty } = view;
  const overlay = state.overlay?.kind;
  const isAsked = state.focus === 'question' || overlay === 'question' || overlay === 'approvals';
  const key = (id: string): string | null => keymap.bindings.find((one) => one.id === id)?.keys[0] ?? null;
  const hint = (id: string, short: string, label: (key: string) => string = (one) => one): Line => {
    const name = key(id);
    return name === null ? noLine : hintLine({ key: label(name), short });
  };
  if (isAsked) {
    const no = [hint('deny', 'no'), hint('denyBecause', 'no, why')];
    const whole = overlay === undefined ? [hint('whole', 'whole')] : [];
    return {
      hints: kept([
        hint('allow', 'yes'),
        hint('deny', 'no'),
        hint('allowAlways', 'always'),
        hint('denyBecause', 'no, why'),
        ...(approval.offers === undefined ? [] : [hint('allowWrite', 'yes, and write')]),
        ...(approval.tool === 'Bash' ? [hint('allowByRule', 'by a rule')] : []),
        ...whole,
      ]),
      cutHints: kept([
        ...(overlay === undefined ? [hint('whole', 'shows the whole')] : [hint('viewDown', 'down')]),
        ...no,
      ]),
    };
  }
  const modified = (name: string): string =>
    name
      .split('+')
      .map((part) => (part.length > 1 ? part.slice(0, 1).toUpperCase() + part.slice(1) : part))
      .join('+');
  const go = hint('nextQuestion', 'to answer', modified);
  const byAlt = hasKitty
    ? [hint('allowAnywhere', 'yes', modified), hint('denyAnywhere', 'no', modified), go]
    : [go, hint('denyAnywhere', 'no', modified)];
  return { hints: kept(byAlt), cutHints: kept([go, hint('denyAnywhere', 'no', modified)]) };
}

function kept(lines: readonly Line[]): Line[] {
  return lines.filter((line) => line.length > 0);
}

/** A bar over a whole view. */
export function titleLine(words: Line, columns: number): Line {
  const shown = cut([span(' '), ...words, span(' ')], columns);
  return [...shown, span(' '.repeat(Math.max(0, columns - lineWidth(shown))))].map((one) => ({
    text: one.text,
    style: { ...one.style, ...inverse },
  }));
}

export function caretIn(foot: Foot, row: number): Place | null {
  return foot.column === null ? null : { row, column: foot.column };
}
