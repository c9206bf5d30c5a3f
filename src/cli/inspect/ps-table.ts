/**
 * The table of `podkin ps`: trees, each pod below its parent. It is fitted to the terminal by cutting what is
 * long and then by leaving out columns, the least needed first; a name is never cut.
 */
import type { Activity } from '../../client/pod-activity.ts';
import type { ListedPod } from '../../client/listed-pods.ts';
import type { PodView } from '../../client/pod-view.ts';
import { dollars, oneLine, printable } from '../format/printable.ts';
import { age, columns, paint, type Paint, width } from '../format/table.ts';
import { outcomeWord } from '../format/transcript.ts';

export interface TableStyle {
  readonly color: boolean;
  readonly nowMs: number;
  /** Of the terminal; null: nothing is cut to fit. */
  readonly width: number | null;
}

/** Trees of one directory; null: the one that the command is in. */
export interface Group {
  readonly directory: string | null;
  readonly pods: readonly ListedPod[];
}

interface Column {
  readonly head: string;
  /** Of no more than so many characters, where it may be cut. */
  readonly cell: (row: Row, charsMax?: number) => string;
  /** Those with the lowest go first where there is no room; undefined: it stays. */
  readonly worth?: number;
  /** It may be cut to so many characters before anything is left out. */
  readonly least?: number;
  /** Left out where no row has anything. */
  readonly isOptional?: true;
}

interface Row {
  readonly pod: ListedPod;
  readonly label: string;
  readonly isTop: boolean;
}

/** Of a task or an activity. */
const cellChars = 60;

/** Ends with a line end. */
export function psTable(groups: readonly Group[], style: TableStyle): string {
  const trees = groups.map(({ directory, pods }) => ({ directory, rows: treeOrder(pods) }));
  const rows = trees.flatMap((tree) => tree.rows);
  const shown = fitted(allColumns(style), rows, style);
  const lines = columns([shown.map(({ head }) => paint(head, 'bold', style.color)), ...cellsOf(shown, rows)])
    .trimEnd()
    .split('\n');
  const [head = '', ...body] = lines;
  const out = [head];
  for (const { directory, rows: own } of trees) {
    if (directory !== null && own.length > 0)
      out.push(paint(`in ${oneLine(directory, 400)}:`, 'dim', style.color));
    out.push(...body.splice(0, own.length));
  }
  return `${out.join('\n')}\n`;
}

function allColumns(style: TableStyle): Column[] {
  const { color, nowMs } = style;
  const ageOf = (from: string | null) => (from === null ? '–' : age(nowMs - Date.parse(from)));
  return [
    { head: 'NAME', cell: ({ label }) => printable(label) },
    { head: 'STATUS', cell: ({ pod }) => paint(oneLine(pod.status, 40), statusPaint(pod.status), color) },
    { head: 'HOST', cell: ({ pod }) => pod.host ?? '', isOptional: true },
    {
      head: 'TASK',
      cell: ({ pod }, charsMax = cellChars) => oneLine(pod.task, charsMax),
      worth: 7,
      least: 16,
      isOptional: true,
    },
    {
      head: 'ACTIVITY',
      cell: ({ pod }, charsMax = cellChars) => activityText(pod.activity, nowMs, charsMax),
      worth: 8,
      least: 20,
      isOptional: true,
    },
    { head: 'TURNS', cell: ({ pod }) => String(pod.turns), worth: 1 },
    {
      head: 'TOKENS',
      cell: ({ pod, isTop }) => String(isTop ? pod.tree.tokens : pod.tokens),
      worth: 5,
    },
    { head: 'COST', cell: ({ pod, isTop }) => dollars(isTop ? pod.tree.cost : pod.cost), worth: 6 },
    { head: 'BUDGET', cell: ({ pod }) => budgetCell(pod), worth: 6, isOptional: true },
    { head: 'CONTEXT', cell: ({ pod }) => contextCell(pod), worth: 3, isOptional: true },
    { head: 'IN', cell: ({ pod }) => countCell(pod.pendingIn), worth: 2, isOptional: true },
    { head: 'OUT', cell: ({ pod }) => countCell(pod.pendingOut), worth: 2, isOptional: true },
    { head: 'AGE', cell: ({ pod }) => ageOf(pod.startedAt), worth: 4 },
    {
      head: 'ATTENTION',
      cell: ({ pod }) => (pod.attention === null ? '' : paint(oneLine(pod.attention, 40), 'yellow', color)),
      isOptional: true,
    },
  ];
}

function cellsOf(shown: readonly Column[], rows: readonly Row[]): string[][] {
  return rows.map((row) => shown.map(({ cell }) => cell(row)));
}

/** What is left out, and how far the rest is cut. */
function fitted(all: readonly Column[], rows: readonly Row[], style: TableStyle): Column[] {
  let shown = all.filter(
    ({ isOptional, cell }) => isOptional !== true || rows.some((row) => cell(row) !== ''),
  );
  for (;;) {
    const over = style.width === null ? 0 : tooWide(shown, rows, style.width);
    if (over <= 0) return shown;
    const cut = cutBy(shown, rows, over);
    if (cut !== null) return cut;
    const least = Math.min(...shown.map(({ worth }) => worth ?? Number.POSITIVE_INFINITY));
    // Nothing is left to leave out: the name counts more than the line.
    if (least === Number.POSITIVE_INFINITY) return shown;
    shown = shown.filter(({ worth }) => worth !== least);
  }
}

const gap = 2;

function widthOf({ head, cell }: Column, rows: readonly Row[]): number {
  return Math.max(width(head), ...rows.map((row) => width(cell(row))));
}

function tooWide(shown: readonly Column[], rows: readonly Row[], room: number): number {
  return shown.reduce((sum, column) => sum + widthOf(column, rows) + gap, -gap) - room;
}

/** Null where cutting does not make room enough. */
function cutBy(shown: readonly Column[], rows: readonly Row[], over: number): Column[] | null {
  let left = over;
  const cut = shown.map((column) => {
    const { least, cell } = column;
    const now = widthOf(column, rows);
    const to = least === undefined ? now : Math.max(Math.min(now, least), now - left);
    left -= now - to;
    return to === now ? column : { ...column, cell: (row: Row) => cell(row, to) };
  });
  return left > 0 ? null : cut;
}

/** `Bash npm test 2m10s`, `retrying in 40 s: 429`, `waiting: children: a, b`. */
export function activityText(activity: Activity | null, nowMs: number, charsMax: number): string {
  if (activity === null) return '';
  const { kind, since } = activity;
  const text = textOf(activity, nowMs);
  if ((kind !== 'call' && kind !== 'request') || since === null) return oneLine(text, charsMax);
  // How long it lasts says more than the end of a command.
  const time = elapsed(nowMs - Date.parse(since));
  const lasting = time === '' ? '' : ` ${time}`;
  return `${oneLine(text, Math.max(1, charsMax - lasting.length))}${lasting}`;
}

function textOf({ kind, text, until }: Activity, nowMs: number): string {
  switch (kind) {
    case 'call':
      return text;
    case 'request':
      return `asking ${text}`;
    case 'retry':
      return `retrying${until === null ? '' : ` in ${age(Date.parse(until) - nowMs)}`}: ${causeIn(text)}`;
    case 'wait':
      return `waiting: ${text}`;
    case 'ended': {
      const [outcome = '', ...why] = text.split(': ');
      return [outcomeWord(outcome), ...why].join(': ');
    }
    case 'cut':
      return text === '' ? 'cut in a turn' : `cut at ${text}`;
  }
}

/** Without what stands beside it already, as a pod says it. */
function causeIn(reason: string): string {
  return /^The model's provider failed \((.*)\)/s.exec(reason)?.[1] ?? reason;
}

/** `8s`, `2m10s`, `3h05m`. */
function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (Number.isNaN(seconds)) return '';
  if (seconds < 60) return `${seconds}s`;
  const two = (number: number): string => String(number).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
}

/** Of a root what its tree has used of its bound, of any other pod what is left to it. */
function budgetCell({ budget }: PodView): string {
  const cells = [
    ...(budget?.usd ? [shareCell(budget.usd, dollars)] : []),
    ...(budget?.tokens ? [shareCell(budget.tokens, (amount) => `${amount} tokens`)] : []),
  ];
  return cells.join(', ');
}

type Share = NonNullable<NonNullable<PodView['budget']>['usd']>;

function shareCell({ bound, spent, reserved, lent, held }: Share, shown: (amount: number) => string): string {
  return bound === null
    ? `${shown(Math.max(0, held))} left`
    : `${shown(spent + reserved + lent)} of ${shown(bound)}`;
}

function contextCell({ context }: PodView): string {
  return context === null ? '' : `${Math.round((100 * context.tokens) / context.window)}%`;
}

function countCell(count: number): string {
  return count === 0 ? '' : String(count);
}

function statusPaint(status: PodView['status']): Paint {
  if (status === 'running') return 'green';
  if (status === 'dead' || status === 'unreachable') return 'red';
  return status === 'stopped' ? 'dim' : 'cyan';
}

/**
 * Parents before their children, who are marked; a pod whose parent is not listed begins a tree of its own.
 */
export function treeOrder(pods: readonly ListedPod[]): Row[] {
  const listed = new Set<string | null>(pods.map(({ instance }) => instance));
  const below = new Map<string, ListedPod[]>();
  for (const pod of pods) {
    const siblings = below.get(pod.parentInstance ?? '') ?? [];
    below.set(pod.parentInstance ?? '', [...siblings, pod]);
  }
  const rows: Row[] = [];
  const done = new Set<string>();
  const put = (pod: ListedPod, lead: string, own: string): void => {
    if (done.has(pod.instance)) return;
    done.add(pod.instance);
    rows.push({ pod, label: `${own}${pod.name}`, isTop: own === '' });
    const children = below.get(pod.instance) ?? [];
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1;
      put(child, `${lead}${last ? '   ' : '│  '}`, `${lead}${last ? '└─ ' : '├─ '}`);
    }
  };
  for (const pod of pods) if (!listed.has(pod.parentInstance)) put(pod, '', '');
  // What is left names each other as parents; it is shown all the same.
  for (const pod of pods) put(pod, '', '');
  return rows;
}
