/**
 * One entry of a transcript as lines: texts whole, calls in one line with what they change, results
 * shortened, what went wrong never hidden. Pure.
 *
 * Invariants
 * - V1 A line is never padded and has no frame around it: what is selected in the terminal is the text.
 * - V2 The machinery gives no lines unless it is asked for.
 */
import { clean, span, widthOf, wrap } from '../text.ts';
import type { Line, Span, Style } from '../line.ts';
import type { Item, ItemBody } from '../model/shape.ts';
import { callWords } from './call-words.ts';
import { clock, grouped, plural } from './figures.ts';
import { bold, cut, cyan, dim, green, noLine, red, yellow } from './spans.ts';
import type { Rich } from './rich.ts';

export interface ItemOptions {
  readonly rich: Rich | null;
  readonly showsMachinery: boolean;
  /** Of a result: what its call was, where it is known. */
  readonly call: Call | null;
  /** The result stands right below its call: that need not be named again. */
  readonly isBelowCall: boolean;
  /** All of it: nothing is shortened. */
  readonly isWhole?: boolean;
}

type Call = Extract<ItemBody, { kind: 'call' }>;
type Body<K extends ItemBody['kind']> = Extract<ItemBody, { kind: K }>;

/** Of a result, a report, a difference. */
const shownRows = { result: 5, report: 5, diff: 16, note: 4 } as const;
/** A text that is longer is cut there: nobody reads it in a terminal, and each frame would pay for it. */
const charsMax = 200_000;

export function itemLines(item: Item, columns: number, options: ItemOptions): Line[] {
  if (columns <= 0) return [];
  const { body } = item;
  switch (body.kind) {
    case 'user':
      return userLines(body, columns);
    case 'answer':
      return answerLines(body, columns, options);
    case 'reasoning':
      return reasoningLines(body.text, columns, options);
    case 'call':
      return callLines(body, columns, options);
    case 'result':
      return resultLines(body, columns, options);
    case 'report':
      return reportLines(body, columns, options);
    case 'turn':
      return turnLines(body, columns, options);
    case 'note':
      return body.isWarning
        ? marked({ text: '! ', style: yellow }, body.text, columns)
        : marked(span('— ', dim), body.text, columns, dim);
    case 'alert':
      return marked(
        { text: '! ', style: alertStyle(body.level) },
        body.text,
        columns,
        alertStyle(body.level),
      );
    case 'machinery':
      return options.showsMachinery ? marked(span('  ', dim), body.text, columns, dim) : [];
  }
}

/** It begins a new thought: an empty line stands above it. */
export function beginsBlock({ body }: Item): boolean {
  return body.kind === 'user' || body.kind === 'answer' || body.kind === 'report';
}

function alertStyle(level: 'warning' | 'error'): Style {
  return level === 'error' ? { ...red, bold: true } : yellow;
}

function userLines({ from, text, images }: Body<'user'>, columns: number): Line[] {
  const who = from === 'you' ? '' : `${clean(from)} `;
  const mark: Span = { text: `${who}› `, style: { ...cyan, bold: true } };
  const lines = marked(mark, text, columns, bold);
  return images === 0 ? lines : [...lines, [span(`  [${plural(images, 'image')}]`, dim)]];
}

function answerLines(body: Body<'answer'>, columns: number, options: ItemOptions): Line[] {
  const thought = body.reasoning.trim() === '' ? [] : reasoningLines(body.reasoning, columns, options);
  const { shown, left } = bounded(body.text);
  const lines = proseLines(shown, columns, options.rich);
  return [
    ...thought,
    ...lines,
    ...(left > 0 ? [cut([span(`… ${grouped(left)} more characters`, dim)], columns)] : []),
    ...(body.partial ? [cut([span('… cut off', yellow)], columns)] : []),
  ];
}

/** Markdown once it can be read, else the words. */
export function proseLines(text: string, columns: number, rich: Rich | null): Line[] {
  const trimmed = text.replace(/^\s*\n|\s+$/g, '');
  if (trimmed === '') return [];
  return rich === null ? plainLines(trimmed, columns) : rich.markdownLines(trimmed, columns);
}

/** What it thinks is one line: that it thinks, about what, and how much. */
function reasoningLines(text: string, columns: number, options: ItemOptions): Line[] {
  const { shown } = bounded(text);
  if (options.showsMachinery || options.isWhole === true) return marked(span('~ ', dim), shown, columns, dim);
  const rows = rowsOf(shown);
  const more = rows.length > 1 ? ` (+${plural(rows.length - 1, 'line')})` : '';
  const [first = ''] = rows;
  return [cutBefore([span('~ ', dim), span(clean(first).trim(), dim)], [span(more, dim)], columns)];
}

function callLines({ tool, input }: Call, columns: number, options: ItemOptions): Line[] {
  const diff = options.rich?.diffOf(tool, input) ?? null;
  const head: Line = [
    span('→ ', yellow),
    span(clean(tool).slice(0, 64), bold),
    span(` ${clean(callWords(tool, input))}`),
  ];
  if (diff === null) return [cut(trimmedEnd(head), columns)];
  const counts: Line = [span(`  +${grouped(diff.added)}`, green), span(` −${grouped(diff.removed)}`, red)];
  const rows = diff.lines(Math.max(1, columns - 2)).map((line): Line => [span('  '), ...line]);
  const most = options.isWhole === true ? rows.length : shownRows.diff;
  return [cutBefore(head, counts, columns), ...shortened(rows, most, columns)].map((line) =>
    cut(line, columns),
  );
}

/** Tools whose output is to be read by the model: a person wants to know how much it was. */
const countedOnly = new Set(['Read', 'Glob', 'Grep', 'Skill']);
/** Their call shows what they did; what they answer is for the model. */
const silent = new Set(['Edit', 'Write', 'SpawnPod']);

function resultLines(body: Body<'result'>, columns: number, options: ItemOptions): Line[] {
  const { tool, text, how } = body;
  const named = options.isBelowCall && how === 'ok' ? '' : nameOf(tool, options.call);
  if (how !== 'ok') return failedLines(body, named, columns, options);
  if (silent.has(tool) && options.isWhole !== true) return [];
  const { shown } = bounded(text);
  const rows = rowsOf(shown);
  const head: Line = [span('← ', dim), ...(named === '' ? [] : [span(`${named}: `, dim)])];
  if (rows.length === 0) return [cut([...head, span('no output', dim)], columns)];
  if (options.isWhole !== true && countedOnly.has(tool)) {
    return [cut([...head, span(plural(rows.length, 'line'), dim)], columns)];
  }
  const written = rows.map((row): Line => [span(clean(row), dim)]);
  if (options.isWhole === true)
    return below(
      head,
      written.flatMap((row) => wrap(row, roomOf(columns))),
      columns,
    );
  const cutRows = written.map((row) => cut(row, roomOf(columns)));
  return below(head, tool === 'Bash' ? middleLeftOut(cutRows) : endLeftOut(cutRows), columns);
}

function failedLines(
  { tool, text, how }: Body<'result'>,
  named: string,
  columns: number,
  options: ItemOptions,
): Line[] {
  const style = how === 'interrupted' ? yellow : red;
  const head: Line = [span('✗ ', style), span(`${named === '' ? clean(tool) : named} ${how}`, style)];
  const rows = rowsOf(bounded(text).shown).map((row): Line => [span(clean(row))]);
  const most = options.isWhole === true ? rows.length : shownRows.result;
  const shown = rows.slice(0, most).flatMap((row) => wrap(row, roomOf(columns)));
  const more = rows.length - most;
  return [
    cut(head, columns),
    ...shown
      .slice(0, options.isWhole === true ? undefined : 2 * most)
      .map((line): Line => [span('  '), ...line]),
    ...(more > 0 ? [[span(`  … ${plural(more, 'more line', 'more lines')}`, dim)]] : []),
  ].map((line) => cut(line, columns));
}

/** `Bash npm test`: which of several calls it is that has ended. */
function nameOf(tool: string, call: Call | null): string {
  const words = call === null ? '' : clean(callWords(call.tool, call.input));
  const short = words.length > callChars ? `${words.slice(0, callChars - 1).toWellFormed()}…` : words;
  return `${clean(tool).slice(0, 64)}${short === '' ? '' : ` ${short}`}`;
}

const callChars = 40;

/** A command says what it does first and how it ended last. */
function middleLeftOut(rows: readonly Line[]): Line[] {
  if (rows.length <= shownRows.result) return [...rows];
  const left = rows.length - shownRows.result;
  return [...rows.slice(0, 2), moreLine(left), ...rows.slice(-(shownRows.result - 2))];
}

function endLeftOut(rows: readonly Line[]): Line[] {
  if (rows.length <= shownRows.result) return [...rows];
  return [...rows.slice(0, shownRows.result), moreLine(rows.length - shownRows.result)];
}

function moreLine(count: number): Line {
  return [span(`… ${plural(count, 'more line', 'more lines')}`, dim)];
}

function shortened(rows: readonly Line[], most: number, columns: number): Line[] {
  if (rows.length <= most + 1) return [...rows];
  const more: Line = [span('  '), ...moreLine(rows.length - most)];
  return [...rows.slice(0, most), cut(more, columns)];
}

/** By how the words of an event begin (`model/items`). */
const reportMarks: readonly (readonly [RegExp, string, Style])[] = [
  [/^finished/, '✓ ', green],
  [/^(?:failed|died|does not answer|unreachable)/, '✗ ', red],
  [/^notice/, '◆ ', cyan],
];

function reportLines(body: Body<'report'>, columns: number, options: ItemOptions): Line[] {
  const [, mark, style] = reportMarks.find(([words]) => words.test(body.event)) ?? [null, '◆ ', yellow];
  const words = clean(body.event.slice(0, 500)).replaceAll(/\s+/g, ' ');
  const head: Line = [span(mark, style), span(clean(body.from), bold), span(` ${words}`, style)];
  const rows = rowsOf(bounded(body.text).shown).map((row): Line => [span(clean(row))]);
  const lines = rows.flatMap((row) => wrap(row, roomOf(columns))).map((line): Line => [span('  '), ...line]);
  const most = options.isWhole === true ? lines.length : shownRows.report;
  return [cut(head, columns), ...shortened(lines, most, columns)].map((line) => cut(line, columns));
}

const turnWords: Readonly<Record<Body<'turn'>['outcome'], readonly [string, Style, string]>> = {
  finished: ['— ', dim, 'done'],
  errored: ['✗ ', red, 'failed'],
  cancelled: ['— ', yellow, 'cancelled'],
  limitReached: ['! ', yellow, 'reached a limit'],
  paused: ['⏸ ', yellow, 'paused'],
};

function turnLines(body: Body<'turn'>, columns: number, options: ItemOptions): Line[] {
  const [mark, style, words] = turnWords[body.outcome];
  const waits = body.waitsFor.length === 0 ? '' : ` · waits for ${body.waitsFor.map(clean).join(', ')}`;
  const time = clock(body.durationMs);
  const head = `${words}${time === '' ? '' : ` in ${time}`}${waits}`;
  if (body.outcome === 'finished' || body.text.trim() === '') {
    return [cut([span(mark, style), span(head, style)], columns)];
  }
  const rows = marked(span('  '), body.text, columns);
  const most = options.isWhole === true ? rows.length : shownRows.result;
  return [cut([span(mark, style), span(head, style)], columns), ...shortened(rows, most, columns)];
}

/** The first line behind a mark, the others set in below it. */
export function marked(mark: Span, text: string, columns: number, style?: Style): Line[] {
  const { shown } = bounded(text);
  const inset = widthOf(mark.text);
  const rows = rowsOf(shown);
  if (rows.length === 0) return [];
  const lines = rows.flatMap((row) => wrap([span(clean(row), style)], Math.max(1, columns - inset)));
  return lines.map((line, at) => cut([at === 0 ? mark : span(' '.repeat(inset)), ...line], columns));
}

function below(head: Line, rows: readonly Line[], columns: number): Line[] {
  // A head that names its call has a line of its own: what was written begins its first line itself.
  if (head.length > 1) return [cut(withoutColon(head), columns), ...below([span('  ')], rows, columns)];
  return rows.map((row, at) => {
    if (at === 0) return cut([...head, ...row], columns);
    return row.every(({ text }) => text === '') ? noLine : cut([span('  '), ...row], columns);
  });
}

function withoutColon(head: Line): Line {
  return head.map((one) => ({ ...one, text: one.text.replace(/: $/, '') }));
}

function roomOf(columns: number): number {
  return Math.max(1, columns - 2);
}

/** The counts stand behind it whole, however long it is. */
function cutBefore(head: Line, after: Line, columns: number): Line {
  const room = columns - after.reduce((sum, { text }) => sum + text.length, 0);
  return room < 8 ? cut(head, columns) : [...cut(head, room), ...after];
}

function trimmedEnd(line: Line): Line {
  return line.filter(({ text }) => text.trim() !== '');
}

export function plainLines(text: string, columns: number): Line[] {
  return rowsOf(text).flatMap((row) => (row.trim() === '' ? [noLine] : wrap([span(clean(row))], columns)));
}

function bounded(text: string): { readonly shown: string; readonly left: number } {
  if (text.length <= charsMax) return { shown: text, left: 0 };
  return { shown: text.slice(0, charsMax).toWellFormed(), left: text.length - charsMax };
}

/** Its lines, tabs as blanks; none where nothing is said. */
function rowsOf(text: string): string[] {
  const trimmed = text.replace(/^(?:[ \t]*\r?\n)+/, '').trimEnd();
  return trimmed === '' ? [] : trimmed.split(/\r\n|\n|\r/).map((row) => row.replaceAll('\t', '    '));
}
