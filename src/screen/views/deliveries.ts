/**
 * Every outcome on its way to a parent, and how far it is: committed, sent, received, consumed, seen. What is
 * late stands first. Pure.
 */
import { clean, lineWidth, span } from '../text.ts';
import type { Delivery } from '../../protocol/methods.ts';
import type { Line, Style } from '../line.ts';
import type { TreeModel } from '../model/shape.ts';
import { clock, lag } from './figures.ts';
import { bold, cut, dim, green, joined, noLine, red, yellow } from './spans.ts';

/** A parent that runs answers in milliseconds; one that is busy reads when its request is over. */
const lateMs = 5_000;

export type Progress = 'late' | 'underway' | 'done';

function progressOf(one: Delivery, nowMs: number): Progress {
  if (one.state === 'seen' || one.state === 'consumed' || one.state === 'discarded') return 'done';
  if (one.state === 'received') return 'underway';
  if (one.state === 'refused') return 'late';
  return ageMs(one, nowMs) > lateMs ? 'late' : 'underway';
}

function ageMs({ committedAt, receivedAt }: Delivery, nowMs: number): number {
  const from = committedAt ?? receivedAt;
  const at = from === null ? Number.NaN : Date.parse(from);
  return Number.isFinite(at) ? Math.max(0, nowMs - at) : 0;
}

const order: Readonly<Record<Progress, number>> = { late: 0, underway: 1, done: 2 };

/** Late ones first, then what is on its way, then the newest. */
function inOrder(deliveries: readonly Delivery[], nowMs: number): readonly Delivery[] {
  return deliveries.toSorted((one, other) => {
    const by = order[progressOf(one, nowMs)] - order[progressOf(other, nowMs)];
    return by === 0 ? ageMs(one, nowMs) - ageMs(other, nowMs) : by;
  });
}

/** Which they are, and whether those that have come are among them. */
export type KnownDeliveries = Pick<TreeModel, 'deliveries' | 'hasAllDeliveries'>;

/** `1 late  2 on their way  14 done`; what has not been read is not counted. */
export function deliveryCounts({ deliveries, hasAllDeliveries }: KnownDeliveries, nowMs: number): Line {
  const count = (what: Progress): number =>
    deliveries.filter((one) => progressOf(one, nowMs) === what).length;
  const late = count('late');
  const underway = count('underway');
  return joined(
    [
      late === 0 ? noLine : [span(`${late} late`, { ...red, bold: true })],
      underway === 0 ? noLine : [span(`${underway} on ${underway === 1 ? 'its' : 'their'} way`, yellow)],
      hasAllDeliveries ? [span(`${count('done')} done`)] : noLine,
    ],
    span('  '),
  );
}

interface Cell {
  readonly head: string;
  readonly isRight?: true;
  readonly of: (one: Delivery, nowMs: number) => Line;
  /** Of the screen, from which on it is there. */
  readonly from: number;
}

const cells: readonly Cell[] = [
  { head: '', from: 0, of: (one, nowMs) => [markOf(progressOf(one, nowMs))] },
  { head: 'from', from: 0, of: ({ from }) => [span(clean(from))] },
  { head: 'to', from: 0, of: ({ to }) => [span(clean(to))] },
  { head: 'event', from: 56, of: eventOf },
  { head: 'state', from: 0, of: stateOf },
  {
    head: 'committed',
    from: 110,
    isRight: true,
    of: ({ committedAt }, nowMs) => said(agoOf(committedAt, nowMs)),
  },
  { head: 'sent', from: 76, isRight: true, of: ({ committedAt, sentAt }) => said(lag(committedAt, sentAt)) },
  {
    head: 'received',
    from: 76,
    isRight: true,
    of: ({ committedAt, receivedAt }) => said(lag(committedAt, receivedAt)),
  },
  {
    head: 'consumed',
    from: 100,
    isRight: true,
    of: ({ committedAt, consumedAt }) => said(lag(committedAt, consumedAt)),
  },
  { head: 'seen', from: 76, isRight: true, of: ({ committedAt, seenAt }) => said(lag(committedAt, seenAt)) },
  { head: 'age', from: 0, isRight: true, of: (one, nowMs) => said(clock(ageMs(one, nowMs))) },
];

/** A head, a line each, and below what is late why. */
export function deliveryLines(known: KnownDeliveries, columns: number, nowMs: number): Line[] {
  const { deliveries, hasAllDeliveries } = known;
  if (deliveries.length === 0) {
    const text = hasAllDeliveries
      ? 'Nothing yet: children report to their parents when their turns end.'
      : 'They are being read …';
    return [noLine, cut([span(`  ${text}`, dim)], columns)];
  }
  const shown = cells.filter(({ from }) => columns >= from);
  const ordered = inOrder(deliveries, nowMs);
  const rows = ordered.map((one) => shown.map(({ of }) => of(one, nowMs)));
  const widths = shown.map(({ head }, at) =>
    Math.max(head.length, ...rows.map((row) => lineWidth(row[at] ?? noLine))),
  );
  const fitted = fittedTo(widths, columns);
  const head = shown.map((cell): Line => [span(cell.head, dim)]);
  const line = (row: readonly Line[]): Line =>
    cut(
      row.flatMap((cell, at) => aligned(cell, fitted[at] ?? 0, shown[at]?.isRight === true)),
      columns,
    );
  return [
    line(head),
    ...ordered.flatMap((one, at) => [line(rows[at] ?? []), ...whyLines(one, columns, nowMs)]),
    ...(hasAllDeliveries ? [] : [noLine, cut([span('  The others are being read …', dim)], columns)]),
  ];
}

/** Names give way first. */
function fittedTo(widths: readonly number[], columns: number): number[] {
  const fitted = [...widths];
  let over = fitted.reduce((sum, width) => sum + width + 2, -2) - columns;
  for (const at of [1, 2, 1, 2]) {
    const width = fitted[at] ?? 0;
    const less = Math.max(0, Math.min(Math.ceil(over / 2), width - 6));
    fitted[at] = width - less;
    over -= less;
  }
  return fitted;
}

function aligned(cell: Line, width: number, isRight: boolean): Line {
  const shown = cut(cell, width);
  const blank = span(' '.repeat(Math.max(0, width - lineWidth(shown))));
  return isRight ? [blank, ...shown, span('  ')] : [...shown, blank, span('  ')];
}

function whyLines(one: Delivery, columns: number, nowMs: number): Line[] {
  if (progressOf(one, nowMs) !== 'late') return [];
  const tries = one.attempts > 1 ? ` (tried ${one.attempts} times)` : '';
  const why = one.reason === null ? 'not received yet' : clean(one.reason).replaceAll(/\s+/g, ' ');
  return [cut([span('   late: ', red), span(`${why}${tries}`)], columns)];
}

function markOf(progress: Progress): { readonly text: string; readonly style: Style } {
  if (progress === 'late') return { text: '!', style: { ...red, bold: true } };
  return progress === 'done' ? { text: '✓', style: green } : { text: '▶', style: yellow };
}

function eventOf({ kind, seq }: Delivery): Line {
  return [span(clean(kind).slice(0, 24)), span(seq === null ? '' : ` #${seq}`, dim)];
}

function stateOf(one: Delivery): Line {
  const isDone = one.state === 'seen' || one.state === 'consumed';
  const isBad = one.state === 'refused';
  return [span(one.state, isDone ? green : isBad ? red : yellow)];
}

function said(text: string): Line {
  return text === '' ? [span('–', dim)] : [span(text)];
}

function agoOf(at: string | null, nowMs: number): string {
  return at === null ? '' : `${clock(nowMs - Date.parse(at))} ago`;
}

/** Below the tree: what is late or on its way; nothing where all is delivered. */
export function deliveriesBelow(
  known: KnownDeliveries,
  room: { readonly columns: number; readonly rows: number },
  nowMs: number,
): Line[] {
  const open = inOrder(known.deliveries, nowMs).filter((one) => progressOf(one, nowMs) !== 'done');
  if (open.length === 0 || room.rows < 2) return [];
  const most = room.rows - 1;
  const shown = open.length > most ? open.slice(0, most - 1) : open;
  const lines = shown.map((one): Line => {
    const mark = markOf(progressOf(one, nowMs));
    const name = `${clean(one.from)} → ${clean(one.to)}`;
    const words = `${clock(ageMs(one, nowMs))} ${one.state}${one.reason === null ? '' : `: ${clean(one.reason)}`}`;
    return [span(' '), span(mark.text, mark.style), span(` ${name}  `), span(words, dim)];
  });
  const more: Line[] =
    open.length > shown.length ? [[span(` … ${open.length - shown.length} more`, dim)]] : [];
  return [[span(' deliveries  ', bold), ...deliveryCounts(known, nowMs)], ...lines, ...more].map((line) =>
    cut(line, room.columns),
  );
}
