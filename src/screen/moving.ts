/** Where the person goes: the focus, the rows, the pods, the entries, the views. Pure. */
import { waitingQuestions } from './answering.ts';
import type { PodModel, TreeModel, TreeRow } from './model/shape.ts';
import { type ShownRow, shownRows } from './rows.ts';
import { itemOf, placeOfSeq, sourceOf } from './source.ts';
import type { Action, Focus, Overlay, ScreenState } from './state.ts';

type Of<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** The places that there are now, in the order of Tab. */
export function places(state: ScreenState, tree: TreeModel): readonly Focus[] {
  const waits = waitingQuestions(tree, state).length > 0 || state.focus === 'question';
  const others: Focus[] =
    state.mode === 'inline' ? ['tree'] : state.zoomed ? ['transcript'] : ['tree', 'transcript'];
  return ['input', ...(waits ? (['question'] as const) : []), ...others];
}

export function focused(state: ScreenState, tree: TreeModel, { to }: Of<'focus'>): ScreenState {
  if (to === 'next' || to === 'previous') {
    const all = places(state, tree);
    const at = all.indexOf(state.focus);
    const next = all[(at + (to === 'next' ? 1 : all.length - 1)) % all.length];
    return { ...state, focus: next ?? 'input' };
  }
  return places(state, tree).includes(to) ? { ...state, focus: to } : state;
}

/** Another pod is shown: from its end. */
export function showing(state: ScreenState, instance: string | null): ScreenState {
  if (state.shown === instance) return { ...state, selected: instance };
  return { ...state, shown: instance, selected: instance, scroll: null, item: null, search: null };
}

function podRows(state: ScreenState, tree: TreeModel): ShownRow[] {
  return shownRows(tree, state).filter(({ kind }) => kind !== 'settled');
}

export function toPod(state: ScreenState, tree: TreeModel, { by, nth }: Of<'pod'>): ScreenState {
  const rows = podRows(state, tree);
  if (nth !== undefined) {
    const found =
      nth === 0
        ? rows.find(({ kind }) => kind === 'new')
        : rows.filter(({ kind }) => kind === 'pod')[nth - 1];
    return found === undefined ? said(state, 'There is no such row.') : showing(state, found.id);
  }
  const at = rows.findIndex(({ id }) => id === state.shown);
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + (by ?? 0)))];
  return next === undefined ? state : showing(state, next.id);
}

export function selected(
  state: ScreenState,
  known: { tree: TreeModel; pod: PodModel | null },
  { by }: Of<'select'>,
): ScreenState {
  return state.focus === 'tree' ? rowSelected(state, known.tree, by) : itemSelected(state, known.pod, by);
}

function rowSelected(state: ScreenState, tree: TreeModel, by: Of<'select'>['by']): ScreenState {
  const rows = shownRows(tree, state);
  const at = rows.findIndex(({ id }) => id === state.selected);
  const to = by === 'first' ? 0 : by === 'last' ? rows.length - 1 : at + by;
  const next = rows[Math.min(rows.length - 1, Math.max(0, to))];
  return next === undefined ? state : { ...state, selected: next.id };
}

/** From the last one upwards where none has the cursor. */
function itemSelected(state: ScreenState, pod: PodModel | null, by: Of<'select'>['by']): ScreenState {
  if (pod === null) return state;
  if (by === 'last') return { ...state, item: null, scroll: null };
  const { items } = pod;
  const isShown = (at: number): boolean => state.showsMachinery || items.at(at)?.body.kind !== 'machinery';
  const step = by === 'first' || by > 0 ? 1 : -1;
  let at = by === 'first' ? 0 : state.item === null ? items.length : placeOfSeq(items, state.item);
  let left = by === 'first' ? 0 : Math.abs(by);
  let found = by === 'first' && items.length > 0 && isShown(0) ? 0 : -1;
  while (left > 0 || found === -1) {
    at += step;
    if (at < 0 || at >= items.length) break;
    if (!isShown(at)) continue;
    found = at;
    left -= 1;
  }
  const item = found === -1 ? undefined : items.at(found);
  return item === undefined ? state : { ...state, item: item.seq };
}

export function folded(state: ScreenState, tree: TreeModel, { to }: Of<'fold'>): ScreenState {
  const row = shownRows(tree, state).find(({ id }) => id === state.selected);
  if (row === undefined || row.kind === 'new') return state;
  if (row.kind === 'settled') {
    const parent = row.id.slice(row.id.indexOf(':') + 1);
    const opens = to === 'other' ? !row.isUnfolded : to === 'open';
    return { ...state, unfolded: changed(state.unfolded, parent, opens) };
  }
  const isOpen = row.hasChildren && !state.folded.has(row.id);
  // At a row that has nothing to hide: to the row above it, as in other trees.
  if (to === 'closed' && !isOpen)
    return row.row.parent === null ? state : { ...state, selected: row.row.parent };
  const opens = to === 'other' ? !isOpen : to === 'open';
  return row.hasChildren ? { ...state, folded: changed(state.folded, row.id, !opens) } : state;
}

function changed(set: ReadonlySet<string>, one: string, isIn: boolean): ReadonlySet<string> {
  const after = new Set(set);
  if (isIn) after.add(one);
  else after.delete(one);
  return after;
}

/** In the tree: the pod, to be written to, or the group. In the transcript: the whole of an entry. */
export function opened(
  state: ScreenState,
  { tree, pod }: { tree: TreeModel; pod: PodModel | null },
): ScreenState {
  if (state.focus === 'tree') {
    const row = shownRows(tree, state).find(({ id }) => id === state.selected);
    if (row?.kind === 'settled') return folded(state, tree, { kind: 'fold', to: 'other' });
    return row === undefined ? state : { ...showing(state, row.id), focus: 'input' };
  }
  const item = pod === null ? null : state.item === null ? pod.items.at(-1) : itemOf(pod, state.item);
  if (item === null || item === undefined) return state;
  return { ...state, overlay: { kind: 'text', ...sourceOf(item), scroll: 0 } };
}

/** A view clamps what is too far. */
const veryFar = 1_000_000;

export function scrolled(state: ScreenState, by: Of<'scroll'>['by'], rows: number): ScreenState {
  const { overlay, scroll } = state;
  if (overlay !== null) return { ...state, overlay: scrolledOverlay(overlay, by, rows) };
  if (by === 'end') return { ...state, scroll: null, item: null };
  const before = scroll?.by ?? 0;
  const sum = typeof by === 'number' && typeof before === 'number' ? before + by : by;
  return { ...state, item: null, scroll: { at: null, ...scroll, by: sum } };
}

function scrolledOverlay(overlay: Overlay, by: Of<'scroll'>['by'], rows: number): Overlay {
  const page = Math.max(1, rows - 4);
  const lines =
    by === 'page' ? page : by === 'pageUp' ? -page : by === 'first' ? -veryFar : by === 'end' ? veryFar : by;
  return { ...overlay, scroll: Math.min(veryFar, Math.max(0, overlay.scroll + lines)) };
}

/** The next row whose name has the words; by 0 the one with the cursor counts too. */
export function foundInTree(state: ScreenState, tree: TreeModel, by: 0 | 1 | -1): ScreenState {
  const words = state.treeSearch?.toLowerCase() ?? '';
  if (words === '') return said(state, 'Nothing is searched for: / begins.');
  const rows = shownRows(tree, state);
  const at = rows.findIndex(({ id }) => id === state.selected);
  for (let step = by === 0 ? 0 : 1; step <= rows.length; step += 1) {
    const row = rows[(at + step * (by === -1 ? -1 : 1) + 2 * rows.length) % rows.length];
    if (row?.kind === 'pod' && row.row.name.toLowerCase().includes(words))
      return { ...state, selected: row.id };
  }
  return said(state, `No pod has "${words}" in its name.`);
}

export function rowOf({ rows }: TreeModel, instance: string | null): TreeRow | undefined {
  return rows.find((row) => row.instance === instance);
}

export function said(
  state: ScreenState,
  text: string,
  how: { isError: boolean } = { isError: false },
): ScreenState {
  return { ...state, message: { text, ...how } };
}
