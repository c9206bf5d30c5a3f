/**
 * What stays on the terminal when a person leaves: at most twelve lines, which pods there are, what waits,
 * and how to come back. Pure.
 */
import type { Line } from '../line.ts';
import type { TreeModel, TreeRow } from '../model/shape.ts';
import { visibleLines } from '../text.ts';
import type { ScreenedPod, ScreenEnd } from './parts.ts';

export interface Left {
  /** The one that the screen was for; null: all that it shows. */
  readonly pod: ScreenedPod | null;
  /** Of a tree of its own its end is said by whoever had it run. */
  readonly ownsTree: boolean;
  /** Null: its tree has ended. */
  readonly end: ScreenEnd | null;
  readonly unsent: readonly string[];
  /** Has those that are long; null: there are none, or it could not be written. */
  readonly file: string | null;
}

export function lastLines(tree: TreeModel, { pod, ownsTree, end, unsent, file }: Left): Line[] {
  const texts = unsentLines(unsent, file);
  if (end === 'lost') return [];
  if (pod === null) return [...leftLines(tree), ...texts];
  if (ownsTree && end === null) return texts;
  return [...podLines(tree, pod, end), ...texts];
}

const linesMax = 12;
const podsMax = 6;
const waitsMax = 3;

function podLines({ rows }: TreeModel, { name, instance, label }: ScreenedPod, end: Left['end']): Line[] {
  const isDead = rows.some((row) => row.instance === instance && row.status === 'dead');
  const text =
    end === 'ended'
      ? `"${name}" has ended. Start it again with: podkin restore ${label}`
      : isDead
        ? `Detached; "${name}" is not running. Start it again from its log with: podkin restore ${label}`
        : `Detached; "${name}" keeps running. Attach again with: podkin attach ${label}`;
  return [[{ text }]];
}

/** Of all that is shown. */
function leftLines({ rows, questions }: TreeModel): Line[] {
  const live = rows.filter(isLive);
  if (live.length === 0) return [[{ text: 'No pod is running. Come back with: podkin' }]];
  const shown = live.length > podsMax ? live.slice(0, podsMax - 1) : live;
  const more = live.length - shown.length;
  const waits = questions
    .slice(0, waitsMax)
    .map(({ approval }) => `${approval.pod.name} waits for your answer`);
  const texts = [
    `${live.length} ${live.length === 1 ? 'pod keeps' : 'pods keep'} running:`,
    ...shown.map(
      ({ path, status, activity }) => `  ${path} (${status}${activity === null ? '' : `: ${activity.text}`})`,
    ),
    ...(more > 0 ? [`  and ${more} more: podkin ps`] : []),
    ...waits.map((text, at) => (at === 0 ? `${text}: podkin approvals` : text)),
    ...(questions.length > waitsMax ? [`and ${questions.length - waitsMax} more approvals are pending`] : []),
    'Come back with: podkin',
  ];
  return texts.slice(0, linesMax).map((text) => [{ text }]);
}

/** Word for word: whoever typed it may want it again. */
function unsentLines(texts: readonly string[], file: string | null): Line[] {
  return texts.flatMap((text) => {
    const whole = visibleLines(text);
    const shown = file !== null && isLong(text) ? whole.slice(0, linesShown) : whole;
    const left = whole.length - shown.length;
    const lines = shown.map((line, at) => (at === 0 ? `This was not sent: ${line}` : line));
    if (file !== null && isLong(text))
      lines.push(`… ${left === 0 ? '' : `and ${left} more lines: `}all of it is in ${file}`);
    return lines.map((line) => [{ text: line }]);
  });
}

const longLines = 6;
const longChars = 2_000;
const linesShown = 3;

function isLong(text: string): boolean {
  return text.length > longChars || text.split('\n').length > longLines;
}

/** Long texts that were not sent go to a file; where that fails they are printed whole. */
export function keptFile(texts: readonly string[], keep: (text: string) => string): string | null {
  const long = texts.filter(isLong);
  if (long.length === 0) return null;
  try {
    return keep(long.join('\n\n'));
  } catch {
    return null;
  }
}

function isLive({ status }: TreeRow): boolean {
  return status !== 'stopped' && status !== 'dead';
}
