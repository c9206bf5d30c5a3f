/**
 * The rows of a tree from what its pods say of themselves. Pure.
 *
 * Invariants
 * - TM1 A parent is before its children; of siblings those that wait for a person come first, then what has
 *   failed, what runs, what is idle.
 * - TM2 What a subtree has used is the sum over its rows, whatever is folded.
 */
import type { TreeRow, Used } from './shape.ts';

export type BareRow = Omit<TreeRow, 'subtree' | 'depth'>;

function rank({ questions, attention, hasFailed, status }: BareRow): number {
  if (questions > 0 || attention === 'approval') return 0;
  if (hasFailed) return 1;
  if (status === 'running') return 2;
  return status === 'stopped' ? 4 : 3;
}

export function orderedRows(bare: readonly BareRow[]): TreeRow[] {
  const known = new Set(bare.map(({ instance }) => instance));
  const below = new Map<string | null, BareRow[]>();
  for (const row of bare) {
    const parent = row.parent !== null && known.has(row.parent) ? row.parent : null;
    below.set(parent, [...(below.get(parent) ?? []), row]);
  }
  const rows: TreeRow[] = [];
  const visit = (row: BareRow, depth: number): Used => {
    const at = rows.length;
    rows.push({ ...row, depth, subtree: row.own });
    const sums = ordered(below.get(row.instance) ?? []).map((child) => visit(child, depth + 1));
    const subtree = sums.reduce(added, row.own);
    rows[at] = { ...row, depth, subtree };
    return subtree;
  };
  for (const row of ordered(below.get(null) ?? [])) visit(row, 0);
  return rows;
}

function ordered(rows: readonly BareRow[]): BareRow[] {
  return rows.toSorted((one, other) => rank(one) - rank(other));
}

/** A cost that is not known makes the sum unknown, where something was used. */
function added(one: Used, other: Used): Used {
  const isUnknown = [one, other].some(({ tokens, cost }) => cost === null && tokens > 0);
  return {
    tokens: one.tokens + other.tokens,
    cost: isUnknown ? null : (one.cost ?? 0) + (other.cost ?? 0),
  };
}
