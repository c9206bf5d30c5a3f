/**
 * The rows of the tree as they are shown: `+ new` first where a root may be started, pods nested as spawned,
 * settled siblings as one row. Pure; the view draws them, keys walk over them.
 *
 * Invariants
 * - T1 What has failed, what waits for a person, and what is shown is in no group.
 * - T2 A group has at least two; its members follow its row while it is unfolded.
 */
import type { TreeModel, TreeRow } from './model/shape.ts';
import type { ScreenState } from './state.ts';

export type ShownRow =
  | { readonly kind: 'new'; readonly id: null; readonly depth: 0 }
  | {
      readonly kind: 'pod';
      readonly id: string;
      readonly depth: number;
      readonly row: TreeRow;
      /** How many pods below it are not shown. */
      readonly hidden: number;
      readonly hasChildren: boolean;
    }
  | {
      readonly kind: 'settled';
      /** `settled:` and the instance of the parent. */
      readonly id: string;
      readonly depth: number;
      /** The members, without what is below them. */
      readonly rows: readonly TreeRow[];
      readonly isUnfolded: boolean;
    };

type Folding = Pick<ScreenState, 'folded' | 'unfolded' | 'shown' | 'ownsTree'>;

interface Nested {
  readonly row: TreeRow;
  readonly below: Nested[];
}

export function shownRows(tree: TreeModel, folding: Folding): readonly ShownRow[] {
  const rows = siblings(nested(tree.rows), { folding, parent: '', depth: 0 });
  return folding.ownsTree ? rows : [{ kind: 'new', id: null, depth: 0 }, ...rows];
}

/** Pods below it, at any depth. */
export function podsBelow({ rows }: TreeModel, instance: string): readonly TreeRow[] {
  const within = new Set([instance]);
  // A parent comes before its children.
  return rows.filter((row) => {
    if (row.parent === null || !within.has(row.parent)) return false;
    within.add(row.instance);
    return true;
  });
}

/** A pod whose parent is not there is a root. */
function nested(rows: readonly TreeRow[]): Nested[] {
  const all = new Map(rows.map((row) => [row.instance, { row, below: [] as Nested[] }]));
  const roots: Nested[] = [];
  for (const one of all.values()) {
    const parent = one.row.parent === null ? undefined : all.get(one.row.parent);
    (parent?.below ?? roots).push(one);
  }
  return roots;
}

interface Place {
  readonly folding: Folding;
  readonly parent: string;
  readonly depth: number;
}

function siblings(all: readonly Nested[], place: Place): ShownRow[] {
  const { folding, parent, depth } = place;
  const quiet = all.filter((one) => mayFold(one, place));
  const grouped = new Set(quiet.length > 1 ? quiet : []);
  const rows = all.filter((one) => !grouped.has(one)).flatMap((one) => podRows(one, place));
  if (grouped.size === 0) return rows;
  const isUnfolded = folding.unfolded.has(parent);
  const group: ShownRow = {
    kind: 'settled',
    id: settledId(parent),
    depth,
    rows: quiet.map(({ row }) => row),
    isUnfolded,
  };
  return [...rows, group, ...(isUnfolded ? quiet.flatMap((one) => podRows(one, place)) : [])];
}

function settledId(parent: string): string {
  return `settled:${parent}`;
}

/** A root is written to again where it runs: only one that has ended is quiet. */
function mayFold({ row, below }: Nested, { folding, depth }: Place): boolean {
  const { settled, hasFailed, questions, attention, instance, status } = row;
  if (!settled || hasFailed || questions > 0 || attention !== null || instance === folding.shown)
    return false;
  if (depth === 0 && status !== 'stopped') return false;
  return below.every((one) => mayFold(one, { folding, parent: instance, depth: depth + 1 }));
}

function podRows({ row, below }: Nested, { folding, depth }: Place): ShownRow[] {
  const { instance } = row;
  const isFolded = folding.folded.has(instance);
  const own: ShownRow = {
    kind: 'pod',
    id: instance,
    depth,
    row,
    hidden: isFolded ? count(below) : 0,
    hasChildren: below.length > 0,
  };
  return isFolded ? [own] : [own, ...siblings(below, { folding, parent: instance, depth: depth + 1 })];
}

function count(below: readonly Nested[]): number {
  return below.reduce((sum, one) => sum + 1 + count(one.below), 0);
}
