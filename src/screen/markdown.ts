/**
 * Markdown of a model as lines: headings, lists, quotes, code, tables, and what is in a line. No boxes and no
 * padding: a transcript is selected and copied. Pure but for the parts that it remembers.
 *
 * Invariants
 * - M1 No line is wider than it was asked for, and each is clean.
 * - M2 A text is read in parts of bounded length, and one that is all marks as plain lines: no text holds the
 *   loop up, however it is made.
 */
import { lexer, type Token, type Tokens } from 'marked';
import type { Line, Span, Style } from './line.ts';
import { tableLines } from './markdown-table.ts';
import { clean, cleanLines, lineWidth, span, wrap } from './text.ts';

const partCharsMin = 1_500;
const partCharsMax = 4_000;
/** More marks than prose has: the reader's time grows with their square. */
const marksMax = 600;
const marks = /[*_~`[\]<>]/g;
const depthMax = 8;

/** While a text grows only its last part is read again. */
const known = new Map<string, readonly Line[]>();
const knownMax = 128;

const code: Style = { color: 6 };
const dim: Style = { dim: true };

export function markdownLines(text: string, columns: number): Line[] {
  const lines: Line[] = [];
  for (const part of partsOf(text)) {
    const made = linesOfPart(part, Math.max(1, columns));
    if (lines.length > 0 && !part.isContinued) lines.push([]);
    lines.push(...made);
  }
  return lines;
}

interface Part {
  readonly text: string;
  /** It goes on with what was cut off before it. */
  readonly isContinued: boolean;
}

/** Cut at empty lines, outside of code and not before what is set in; else at the most that is read. */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let part = '';
  let fence: string | null = null;
  let isContinued = false;
  const end = (continued: boolean): void => {
    if (part.trim() !== '') parts.push({ text: part, isContinued });
    part = '';
    isContinued = continued;
  };
  const rows = text.split(/\r\n|\r|\n/);
  for (const [at, row] of rows.entries()) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(row)?.[1];
    if (mark !== undefined)
      fence = fence === null ? row : row.trim().startsWith(fenceOf(fence)) ? null : fence;
    const isGap = row.trim() === '' && fence === null && !/^\s/.test(rows[at + 1] ?? '');
    if (isGap && part.length >= partCharsMin) end(false);
    else if (part !== '' && part.length + row.length > partCharsMax) {
      end(true);
      part = fence === null || mark !== undefined ? `${row}\n` : `${fence}\n${row}\n`;
    } else part += `${row}\n`;
  }
  end(false);
  return parts;
}

function fenceOf(row: string): string {
  return /`{3,}|~{3,}/.exec(row)?.[0] ?? '```';
}

function linesOfPart({ text }: Part, columns: number): readonly Line[] {
  const key = `${columns} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const lines = readPart(text, columns);
  if (known.size >= knownMax) known.delete(known.keys().next().value ?? '');
  known.set(key, lines);
  return lines;
}

function readPart(text: string, columns: number): Line[] {
  const isPlain = text.length > 2 * partCharsMax || (text.match(marks)?.length ?? 0) > marksMax;
  if (isPlain) return plainLines(text, columns);
  try {
    return blockLines(lexer(text), columns, 0);
  } catch {
    // Quotes in quotes in quotes …: the reader calls itself.
    return plainLines(text, columns);
  }
}

function plainLines(text: string, columns: number): Line[] {
  return cleanLines(text.trimEnd()).flatMap((row) => wrap([{ text: row }], columns));
}

function blockLines(tokens: readonly Token[], columns: number, depth: number): Line[] {
  const lines: Line[] = [];
  for (const token of tokens) {
    if (token.type === 'space') {
      if (lines.length > 0 && lines.at(-1)?.length !== 0) lines.push([]);
    } else lines.push(...linesOf(token, columns, depth));
  }
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function linesOf(token: Token, columns: number, depth: number): Line[] {
  if (depth > depthMax) return plainLines(token.raw, columns);
  if (isList(token)) return listLines(token, columns, depth);
  if (isTable(token)) return tableLines(tableOf(token), columns);
  const given = token as Tokens.Generic;
  switch (token.type) {
    case 'heading':
      return wrapped(inlineSpans(given.tokens ?? [], { bold: true }), columns);
    case 'code':
      return codeLines(String(given['text']), columns);
    case 'blockquote': {
      const quoted = blockLines(given.tokens ?? [], Math.max(1, columns - 2), depth + 1);
      return columns < 4 ? quoted : quoted.map((line) => [span('> ', dim), ...line]);
    }
    case 'hr':
      return [[span('-'.repeat(Math.min(3, columns)), dim)]];
    case 'def':
      return plainLines(token.raw, columns);
    default: {
      const inner = given.tokens;
      if (inner === undefined || inner.length === 0)
        return plainLines(String(given['text'] ?? token.raw), columns);
      return wrapped(inlineSpans(inner), columns);
    }
  }
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list' && 'items' in token;
}

function isTable(token: Token): token is Tokens.Table {
  return token.type === 'table' && 'header' in token;
}

/** Set in; a line of code that is wider is broken, and not at words. */
function codeLines(text: string, columns: number): Line[] {
  const indent = columns < 10 ? '' : '  ';
  return cleanLines(text).flatMap((row) =>
    row === ''
      ? [[]]
      : wrap([span(row, code)], columns - indent.length).map((line) =>
          indent === '' ? line : [span(indent), ...line],
        ),
  );
}

function listLines(list: Tokens.List, columns: number, depth: number): Line[] {
  const first = list.ordered && typeof list.start === 'number' ? list.start : 1;
  return list.items.flatMap((item, at) => {
    const mark = list.ordered ? `${first + at}. ` : '- ';
    const task = item.task ? (item.checked === true ? '[x] ' : '[ ] ') : '';
    const width = mark.length >= columns - 4 ? 0 : mark.length;
    const tokens = item.tokens.filter(({ type }) => type !== 'checkbox');
    const inner = blockLines(tokens, columns - width - task.length, depth + 1);
    const lines = inner.length === 0 ? [[]] : inner;
    const gap = item.loose && at < list.items.length - 1 ? [[]] : [];
    return [
      ...lines.map((line, row): Line => {
        if (row === 0) return width === 0 ? line : [span(mark + task), ...line];
        return line.length === 0 || width === 0 ? line : [span(' '.repeat(width + task.length)), ...line];
      }),
      ...gap,
    ];
  });
}

function tableOf({ header, rows }: Tokens.Table): { header: Line[]; rows: Line[][] } {
  return {
    header: header.map(({ tokens }) => inlineSpans(tokens, { bold: true })),
    rows: rows.map((row) => row.map(({ tokens }) => inlineSpans(tokens))),
  };
}

/** At the ends of their lines first: those are the writer's own. */
function wrapped(spans: readonly Span[], columns: number): Line[] {
  const rows: Span[][] = [[]];
  for (const { text, style } of spans) {
    for (const [at, piece] of text.split('\n').entries()) {
      if (at > 0) rows.push([]);
      const shown = clean(piece);
      if (shown !== '') rows.at(-1)?.push(span(shown, style));
    }
  }
  return rows.flatMap((row) => (lineWidth(row) === 0 ? [[]] : wrap(row, columns)));
}

/** Texts may hold ends of lines; a table makes blanks of them. */
function inlineSpans(tokens: readonly Token[], style?: Style, depth = 0): Span[] {
  return tokens.flatMap((token): Span[] => {
    const given = token as Tokens.Generic;
    const inner = (more: Style): Span[] =>
      depth > depthMax
        ? [span(token.raw, style)]
        : inlineSpans(given.tokens ?? [], { ...style, ...more }, depth + 1);
    switch (token.type) {
      case 'strong':
        return inner({ bold: true });
      case 'em':
        return inner({ underline: true });
      case 'del':
        return inner({ dim: true });
      case 'codespan':
        return [span(String(given['text']), { ...style, ...code })];
      case 'br':
        return [span('\n', style)];
      case 'link':
        return linkSpans(given, inner({ underline: true }), style);
      case 'image':
        return [span(`[image: ${String(given['text'])}] (${String(given['href'])})`, style)];
      default:
        if (given.tokens !== undefined && given.tokens.length > 0) return inner({});
        return [span(String(given['text'] ?? token.raw), style)];
    }
  });
}

/** Where it leads is said, unless it is what is shown. */
function linkSpans({ href, text }: Tokens.Generic, shown: Span[], style: Style | undefined): Span[] {
  const address = String(href);
  if (address === String(text) || address === `mailto:${String(text)}`) return shown;
  return [...shown, span(` (${address})`, { ...style, dim: true })];
}
