/**
 * A question to a person: which pod, where in its tree, which tool, the whole of what it would do, why, since
 * when, and what "always" would mean. Pure.
 *
 * Invariants
 * - V7 What a pod wrote never begins a row: each of its rows stands behind a bar, broken here, and what
 *   steers or cannot be seen is shown as its number.
 * - V8 What is asked, and how much of it there is, is said again below it; where not all of it is in sight
 *   that line says so, and no key for a yes is offered.
 * - V13 That nothing holds a command is in sight in every size, before what it is written by: the path, the
 *   name, the command.
 */
import { isJsonObject, type JsonValue } from '../../std/json.ts';
import { lineWidth, span, visible, wrap } from '../text.ts';
import type { Line, Style } from '../line.ts';
import type { Question } from '../model/shape.ts';
import { clock, grouped, plural } from './figures.ts';
import { beside, bold, cut, dim, fitting, noLine, yellow } from './spans.ts';

export interface QuestionOptions {
  readonly columns: number;
  /** Most that it may take; it takes less where less will do. */
  readonly rows: number;
  readonly nowMs: number;
  /** It is the nth of so many. */
  readonly nth: number;
  readonly of: number;
  /** What answers it, with the keys of the place that has the focus; the first are the most needed. */
  readonly hints: readonly Line[];
  /** The same where its end is not in sight. */
  readonly cutHints: readonly Line[];
  /** An answer is on its way. */
  readonly isAnswered: boolean;
  /** Of its text: the first row that is shown. */
  readonly scroll?: number;
}

export interface QuestionBlock {
  readonly lines: readonly Line[];
  /** All of what it would do, why, and what a key would mean is in these lines, or was above them. */
  readonly isWhole: boolean;
  /** The first row of its text that is shown: what was asked for, or less. */
  readonly scroll: number;
}

const ask: Style = { ...yellow, ...bold };
const bar = '  │ ';
const aroundRows = { why: 3, always: 2 } as const;

export function questionBlock(question: Question, options: QuestionOptions): QuestionBlock {
  const { columns } = options;
  const { text, left } = askedText(question);
  const rows = barred(text, columns);
  const room = Math.max(3, options.rows);
  const where = whereLine(question, columns);
  const isTight = room < where.length + 3;
  // That it is held by nothing stays in sight, also where only one row of the text is.
  const head =
    isTight && isOutside(question) ? [outsideHead(question, options)] : [headLine(question, options)];
  const above = isTight ? head : [...head, ...where];
  // Why, and what more a key would mean, is read to its end like the text.
  const body = [...rows, ...reasonLines(question, columns)];
  const bodyRoom = Math.max(1, room - 1 - above.length);
  const scroll = Math.max(0, Math.min(options.scroll ?? 0, body.length - bodyRoom));
  const shown = body.slice(scroll, scroll + bodyRoom);
  const reachesEnd = scroll + shown.length >= body.length;
  const isWhole = reachesEnd && left === 0;
  const part = partWords(rows.length, { from: scroll, to: scroll + shown.length, of: body.length });
  const rest = left > 0 ? `${plural(left, 'character')} NOT here, ` : '';
  const whole = isWhole && scroll === 0 ? ', the whole of it' : '';
  const end = endLine(question, `${rest}${part}${whole}`, { ...options, isWhole });
  return { lines: [...above, ...shown, end], isWhole, scroll };
}

/** Of the text's rows, behind which is why. */
function partWords(rows: number, { from, to, of }: { from: number; to: number; of: number }): string {
  if (from > 0 || to < rows)
    return `rows ${Math.min(from + 1, rows)} to ${Math.min(to, rows)} of ${grouped(rows)}`;
  return to < of ? `${plural(rows, 'row')}, more below` : plural(rows, 'row');
}

/** How many rows all of it takes. */
export function questionRows(question: Question, columns: number): number {
  const { text } = askedText(question);
  return (
    2 +
    barred(text, columns).length +
    whereLine(question, columns).length +
    reasonLines(question, columns).length
  );
}

function headLine(question: Question, { columns, nowMs, nth, of, isAnswered }: QuestionOptions): Line {
  const { approval } = question;
  const since = clock(nowMs - askedAtMs(question));
  const left: Line = [
    span('? ', ask),
    span(visible(approval.pod.name), bold),
    span(` asks for ${toolOf(question)}`, ask),
    span(isAnswered ? ', answered, on its way' : `, ${since} ago`, dim),
  ];
  return beside(left, [span(`${nth} of ${of}`, nth < of || of > 1 ? bold : dim)], columns);
}

/** The pod's own clock, unless it is not one. */
function askedAtMs({ approval, openedAtMs }: Question): number {
  const at = Date.parse(approval.askedAt);
  return Number.isFinite(at) ? at : openedAtMs;
}

function toolOf({ approval }: Question): string {
  return visible(approval.tool).replaceAll('\n', ' ').slice(0, 63);
}

function outsideHead(question: Question, { columns }: QuestionOptions): Line {
  const { approval } = question;
  const words = [span(`: ${visible(approval.pod.name)}`, bold), span(` asks for ${toolOf(question)}`, ask)];
  return cut([span('? ', ask), span(notHeld, ask), ...words], columns);
}

const notHeld = 'NOT in a sandbox';

function isOutside({ approval }: Question): boolean {
  return approval.sandbox === 'outside';
}

function hasPlace({ path, approval }: Question): boolean {
  return path !== approval.pod.name || approval.sandbox !== undefined;
}

function whereLine(question: Question, columns: number): Line[] {
  if (!hasPlace(question)) return [];
  const { path, approval } = question;
  const place = visible(path).split('/').join(' ▸ ');
  if (isOutside(question)) return [cut([span(`  ${notHeld}`, ask), span(` · ${place}`, dim)], columns)];
  const held = approval.sandbox === undefined ? '' : ' · in its sandbox';
  return [cut([span(`  ${place}${held}`, dim)], columns)];
}

function reasonLines({ approval }: Question, columns: number): Line[] {
  const offers =
    approval.offers === undefined
      ? []
      : behind('write: ', `w lets it write ${approval.offers.write} too`, columns, 2);
  return [
    ...behind('why: ', approval.why, columns, aroundRows.why),
    ...(approval.always === undefined ? [] : behind('always: ', approval.always, columns, aroundRows.always)),
    ...offers,
  ];
}

function behind(label: string, words: string, columns: number, most: number): Line[] {
  const text = visible(words.replaceAll(/\s+/g, ' ').trim());
  if (text === '') return [];
  const room = Math.max(1, columns - label.length - 2);
  const rows = wrap([span(text)], room);
  const shown =
    rows.length > most
      ? [...rows.slice(0, most - 1), cut([...(rows[most - 1] ?? noLine), span(' …'.padEnd(room, ' '))], room)]
      : rows;
  return shown.map((row, at) =>
    cut([span(at === 0 ? `  ${label}` : ' '.repeat(label.length + 2), dim), ...row], columns),
  );
}

function endLine(
  question: Question,
  part: string,
  { columns, hints, cutHints, isWhole, isAnswered }: QuestionOptions & { readonly isWhole: boolean },
): Line {
  const said: Line = [span('? ', ask), span(`${toolOf(question)}: `, ask), span(part, isWhole ? dim : ask)];
  const keys = isAnswered ? noLine : fitting(isWhole ? hints : cutHints, span('  '), columns - 4);
  const room = columns - lineWidth(keys) - 1;
  // The keys stay where there is no room for both; that not all is shown is in them.
  return room >= Math.min(lineWidth(said), 12)
    ? beside(said, keys, columns)
    : cut([span('? ', ask), ...keys], columns);
}

/** As the model wrote it; of a pod that does not give it, what it says of it. `left`: what is not here. */
export function askedText({ approval }: Question): { readonly text: string; readonly left: number } {
  if (approval.input !== undefined) return { text: inputText(approval.input), left: 0 };
  const mark = /\n\[\u2026 and (\d+) more characters[^\n]*\]$/.exec(approval.summary);
  if (mark === null) return { text: approval.summary, left: 0 };
  return { text: approval.summary.slice(0, mark.index), left: Number(mark[1]) };
}

/** A command alone is itself; else each field, long ones below their name. */
function inputText(input: JsonValue): string {
  if (!isJsonObject(input)) return typeof input === 'string' ? input : JSON.stringify(input, null, 2);
  const fields = Object.entries(input).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (key === 'command' && typeof value === 'string') return text;
    return text.includes('\n') ? `${key}:\n${text.replaceAll(/^/gm, '  ')}` : `${key}: ${text}`;
  });
  return fields.join('\n');
}

/** Foreign words as rows behind a bar; padding is shown as its length. */
function barred(text: string, columns: number): Line[] {
  const room = Math.max(1, columns - bar.length);
  return squeezed(text)
    .split('\n')
    .flatMap((row) => (row === '' ? [noLine] : wrap([span(row)], room)))
    .map((row) => cut([span(columns > bar.length ? bar : '', yellow), ...row], columns));
}

/** Line ends stay line ends; everything else that cannot be seen is its number. */
function squeezed(text: string): string {
  return text
    .replaceAll(/\r\n|\r/g, '\n')
    .replaceAll('\t', '    ')
    .split('\n')
    .map(visible)
    .join('\n')
    .replaceAll(/ {24,}/g, (run) => `<${run.length} spaces>`)
    .replaceAll(/\n(?: *\n){4,}/g, (run) => `\n<${run.split('\n').length - 2} empty lines>\n`);
}
