/** Models for views: trees, pods and states as a test needs them, and lines as text. */
import { keymapOf } from '../../../src/screen/keymap.ts';
import type { Line, Style } from '../../../src/screen/line.ts';
import type {
  Item,
  ItemBody,
  PodModel,
  Question,
  TreeModel,
  TreeRow,
} from '../../../src/screen/model/shape.ts';
import { firstState, type ScreenState } from '../../../src/screen/state.ts';
import { Laid } from '../../../src/screen/views/laid.ts';
import { plainLines } from '../../../src/screen/views/item.ts';
import { isJsonObject, type JsonValue } from '../../../src/std/json.ts';
import type { View } from '../../../src/screen/views/view.ts';

export const nowMs = Date.parse('2030-01-02T12:00:00.000Z');

export function ago(seconds: number): string {
  return new Date(nowMs - 1_000 * seconds).toISOString();
}

export function rowOf(name: string, more: Partial<TreeRow> = {}): TreeRow {
  const own = more.own ?? { tokens: 0, cost: 0 };
  return {
    instance: `i-${name}`,
    parent: null,
    name,
    path: name,
    depth: 0,
    status: 'idle',
    settled: true,
    activity: null,
    attention: null,
    outcome: null,
    hasFailed: false,
    questions: 0,
    model: 'anthropic/claude-sonnet-4-5',
    own,
    subtree: own,
    context: null,
    pendingIn: 0,
    pendingOut: 0,
    since: ago(30),
    ...more,
  };
}

export function childOf(parent: TreeRow, name: string, more: Partial<TreeRow> = {}): TreeRow {
  return rowOf(name, {
    parent: parent.instance,
    path: `${parent.path}/${name}`,
    depth: parent.depth + 1,
    ...more,
  });
}

export function working(text: string, seconds: number): Partial<TreeRow> {
  return { status: 'running', settled: false, activity: { text, since: ago(seconds) } };
}

export function itemsOf(...bodies: readonly ItemBody[]): Item[] {
  return bodies.map((body, at) => ({ seq: at + 1, time: ago(60), body }));
}

export function podOf(name: string, items: readonly Item[], more: Partial<PodModel> = {}): PodModel {
  return {
    name,
    instance: `i-${name}`,
    items,
    from: items[0]?.seq ?? 0,
    lastSeq: items.at(-1)?.seq ?? 0,
    live: null,
    calls: [],
    sent: [],
    isLive: true,
    link: 'live',
    ...more,
  };
}

export function questionOf(row: TreeRow, asked: Partial<Question['approval']> = {}): Question {
  return {
    path: row.path,
    openedAtMs: nowMs - 12_000,
    approval: {
      request: `r-${row.name}`,
      pod: { name: row.name, instance: row.instance },
      tool: 'Bash',
      summary: 'npm test -- api && git diff --stat',
      why: 'permission mode default asks before a shell command',
      askedAt: ago(12),
      input: { command: 'npm test -- api && git diff --stat' },
      always: 'this very command, by this pod',
      ...asked,
    },
  };
}

export interface Shown {
  readonly rows?: readonly TreeRow[];
  readonly questions?: readonly Question[];
  readonly deliveries?: TreeModel['deliveries'];
  readonly hasAllDeliveries?: boolean;
  readonly pod?: PodModel | null;
  readonly state?: Partial<ScreenState>;
  readonly input?: Partial<View['input']>;
  readonly rich?: View['rich'];
  readonly hasKitty?: boolean;
}

export function viewOf(shown: Shown): View {
  const { rows = [], questions = [], deliveries = [], pod = null, state = {}, input = {} } = shown;
  const { hasAllDeliveries = true } = shown;
  const instance = pod?.instance ?? null;
  return {
    tree: { rows, questions, deliveries, hasAllDeliveries, watching: null },
    pod,
    state: {
      ...firstState({ mode: 'panes', ownsTree: false, shown: instance }),
      selected: instance,
      ...state,
    },
    input: { lines: [''], caret: { row: 0, column: 0 }, completion: null, ...input },
    nowMs,
    keymap: keymapOf({}),
    hasKitty: shown.hasKitty ?? false,
    rich: shown.rich ?? null,
    laid: new Laid(),
    folder: '~/shop',
  };
}

export function textOf(lines: readonly Line[]): string {
  return lines.map(lineText).join('\n');
}

export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** As a terminal shows it; for a person to look at. */
export function painted(lines: readonly Line[]): string {
  return lines
    .map((line) => line.map(({ text, style }) => `\u001B[0${codes(style ?? {})}m${text}`).join(''))
    .join('\u001B[0m\n');
}

function codes({ bold, dim, inverse, underline, color }: Style): string {
  const on = [bold && 1, dim && 2, underline && 4, inverse && 7, color !== undefined && 30 + color];
  return on.flatMap((code) => (typeof code === 'number' ? [`;${code}`] : [])).join('');
}

/** In the place of markdown and differences, whose own tests say how they look: no more than views need. */
export const plainRich: NonNullable<View['rich']> = {
  markdownLines: (text, columns) => plainLines(text.replaceAll('**', ''), columns),
  diffOf: (tool, input) => {
    if (tool !== 'Edit' || !isJsonObject(input)) return null;
    const rows = (value: JsonValue | undefined): string[] =>
      typeof value === 'string' ? value.split('\n') : [];
    const [before, after] = [rows(input['old']), rows(input['new'])];
    const lines: Line[] = [
      ...before.map((row): Line => [{ text: `- ${row}`, style: { color: 1 } }]),
      ...after.map((row): Line => [{ text: `+ ${row}`, style: { color: 2 } }]),
    ];
    return { added: after.length, removed: before.length, lines: () => lines };
  },
};
