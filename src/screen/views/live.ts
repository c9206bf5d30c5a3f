/**
 * What of a pod is not committed: what its model says now, the calls that run, the texts on their way.
 * Pure.
 */
import { clean, span, wrap } from '../text.ts';
import type { Line } from '../line.ts';
import type { OpenCall, PodModel, SentText } from '../model/shape.ts';
import { callWords } from './call-words.ts';
import { clockSince, grouped, tokens } from './figures.ts';
import { marked } from './item.ts';
import { beside, bold, cut, cyan, dim, noLine, red, yellow } from './spans.ts';
import type { View } from './view.ts';

/** Of a command that runs, of thoughts. */
const shownRows = 5;

export function liveLines(view: View, pod: PodModel, columns: number): Line[] {
  const said = saidLines(view, pod, columns);
  const calls = pod.calls.flatMap((call) => callLines(call, columns, view.nowMs));
  const isGone = pod.link === 'ended';
  const sent = pod.sent
    .filter(({ state }) => state !== 'read')
    .flatMap((text) => sentLines(text, columns, isGone));
  return [
    ...(said.length > 0 && pod.items.length > 0 ? [noLine] : []),
    ...said,
    ...calls,
    ...(sent.length > 0 ? [noLine] : []),
    ...sent,
    ...linkLines(pod, columns),
  ];
}

function saidLines({ rich, laid }: View, { live }: PodModel, columns: number): readonly Line[] {
  if (live === null) return [];
  if (live.text.trim() !== '')
    return [...laid.ofLive(live, columns, rich), ...writesLines(live.writes, columns)];
  if (live.reasoning.trim() !== '') {
    const end = live.reasoning.slice(-shownRows * columns * 4);
    const rows = wrap([span(clean(end.trim().replaceAll(/\s+/g, ' ')), dim)], Math.max(1, columns - 2));
    const shown = rows
      .slice(-shownRows)
      .map((row, at) => cut([span(at === 0 ? '~ ' : '  ', dim), ...row], columns));
    return [...shown, ...writesLines(live.writes, columns)];
  }
  return writesLines(live.writes, columns);
}

function writesLines(
  writes: { readonly tool: string; readonly chars: number } | null,
  columns: number,
): Line[] {
  if (writes === null) return [];
  return [
    cut(
      [
        span('→ ', yellow),
        span(clean(writes.tool).slice(0, 64), bold),
        span(` … ${tokens(writes.chars)} characters`, dim),
      ],
      columns,
    ),
  ];
}

/** Its call is a committed entry: here is for how long it runs, and the end of what it has written. */
function callLines({ tool, input, since, progress }: OpenCall, columns: number, nowMs: number): Line[] {
  const time = clockSince(since, nowMs);
  const head: Line = [
    span('▶ ', yellow),
    span(`${clean(tool).slice(0, 64)} ${clean(callWords(tool, input))}`, dim),
  ];
  const rows = progress
    .trimEnd()
    .split(/\r\n|\n|\r/)
    .slice(-shownRows);
  const shown = rows
    .filter((row) => row.trim() !== '')
    .map((row) => cut([span(`  ${clean(row)}`, dim)], columns));
  return [beside(head, [span(time, dim)], columns), ...shown];
}

const stateWords: Readonly<Record<SentText['state'], string>> = {
  sent: 'sent',
  onDisk: 'on disk',
  read: 'read',
  refused: 'refused',
};

/** A text on its way: `sent`, `on disk`, then it is an entry. `isGone`: its pod is not running. */
function sentLines({ text, state, reason }: SentText, columns: number, isGone: boolean): Line[] {
  const isRefused = state === 'refused';
  const why = reason === undefined ? '' : `: ${clean(reason)}`;
  const steps = isRefused
    ? `refused${why}`
    : isGone && state === 'sent'
      ? 'waits for its restart'
      : `${stateWords[state]} …`;
  const lines = marked(span('› ', { ...cyan, dim: true }), text, columns, dim);
  const [first = noLine, ...others] = lines;
  const shown =
    others.length > 3
      ? [...others.slice(0, 2), cut([span(`  … ${grouped(others.length - 2)} more lines`, dim)], columns)]
      : others;
  return isRefused
    ? [first, ...shown, ...marked(span('✗ ', red), steps, columns)]
    : [beside(first, [span(steps, yellow)], columns), ...shown];
}

function linkLines({ link }: PodModel, columns: number): Line[] {
  if (link === 'connecting') return [cut([span('… connecting', dim)], columns)];
  if (link === 'away') return [cut([span('! its process cannot be reached; trying again', yellow)], columns)];
  return [];
}
