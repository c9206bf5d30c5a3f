/**
 * What a call changes of a file, as lines: those that go, those that come, and a few around them. Pure.
 *
 * Invariant D1 Its time and its lines are bounded: where comparing takes too long all of the old goes and all
 * of the new comes, and what is more than a person reads is counted.
 */
import { diffArrays } from 'diff';
import { isJsonObject, type JsonValue } from '../std/json.ts';
import type { Line } from './line.ts';
import type { Diff } from './views/rich.ts';
import { cleanLines, span, wrap } from './text.ts';

const compareMs = 30;
const linesMax = 5_000;
/** Unchanged lines before and behind a change. */
const around = 2;

interface Row {
  readonly sign: '+' | '-' | ' ';
  readonly text: string;
}

/** Null for a call that changes no file, or whose input is not as its tool has it. */
export function diffOf(tool: string, input: JsonValue): Diff | null {
  if (!isJsonObject(input)) return null;
  const texts = textsOf(tool, input);
  if (texts === null) return null;
  const rows = rowsOf(linesOf(texts.before), linesOf(texts.after));
  const count = (sign: Row['sign']): number => rows.filter((row) => row.sign === sign).length;
  return { added: count('+'), removed: count('-'), lines: (columns) => shownLines(rows, columns) };
}

function textsOf(tool: string, input: Readonly<Record<string, JsonValue>>) {
  const [before, after] =
    tool === 'Edit' ? [input['old'], input['new']] : tool === 'Write' ? ['', input['content']] : [null, null];
  return typeof before === 'string' && typeof after === 'string' ? { before, after } : null;
}

/** An end of the last line begins no line. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function rowsOf(before: readonly string[], after: readonly string[]): Row[] {
  const changes = diffArrays([...before], [...after], { timeout: compareMs });
  if (changes === undefined) return [...signed('-', before), ...signed('+', after)];
  return changes.flatMap(({ value, added, removed }) => signed(added ? '+' : removed ? '-' : ' ', value));
}

function signed(sign: Row['sign'], lines: readonly string[]): Row[] {
  return lines.map((text) => ({ sign, text }));
}

const styles = { '+': { color: 2 }, '-': { color: 1 }, ' ': { dim: true } } as const;

function shownLines(rows: readonly Row[], columns: number): Line[] {
  const lines: Line[] = [];
  let isLeftOut = false;
  for (const [at, { sign, text }] of rows.entries()) {
    if (lines.length >= linesMax) return [...lines, [span(`… ${rows.length - at} more lines`, styles[' '])]];
    if (sign === ' ' && !isNearChange(rows, at)) {
      if (!isLeftOut && lines.length > 0) lines.push([span('…', styles[' '])]);
      isLeftOut = true;
      continue;
    }
    isLeftOut = false;
    lines.push(...signedLines({ sign, text }, columns));
  }
  // Unchanged to its end.
  return isLeftOut && lines.length > 0 ? lines.slice(0, -1) : lines;
}

function isNearChange(rows: readonly Row[], at: number): boolean {
  return rows.slice(Math.max(0, at - around), at + around + 1).some(({ sign }) => sign !== ' ');
}

/** What goes on in the next row is set in: no row that the text could have made begins with a sign. */
function signedLines({ sign, text }: Row, columns: number): Line[] {
  const style = styles[sign];
  const [shown = ''] = cleanLines(text.replaceAll('\r', ''));
  if (columns < 4) return wrap([span(sign + shown, style)], columns);
  return wrap([span(shown, style)], columns - 2).map((line, at) => [
    span(at === 0 ? `${sign} ` : '  ', style),
    ...line,
  ]);
}
