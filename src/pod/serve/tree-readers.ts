/** What a reader of the tree has not been sent yet, and where in the tree each row is. Pure. */
import { type TreePod, treeBounds } from '../../protocol/tree.ts';
import type { Row } from './tree-rows.ts';

/** Whoever is sent rows. */
export interface Reader {
  /** By instance, what it was sent last. */
  shown: Map<string, TreePod>;
}

/** Null where it has it all; what is answered counts as sent. */
export function changesFor(
  reader: Reader,
  rows: readonly TreePod[],
): { rows: TreePod[]; gone: string[] } | null {
  const changed = rows.filter((row) => reader.shown.get(row.instance) !== row);
  const now = new Map(rows.map((row) => [row.instance, row]));
  const gone = [...reader.shown.keys()].filter((instance) => !now.has(instance));
  reader.shown = now;
  return changed.length === 0 && gone.length === 0 ? null : { rows: changed, gone };
}

/** Of each row the one that was made last, for as long as it is the same at the same place. */
const made = new WeakMap<Row, TreePod>();

/** The first row is the pod at `at`; each of the others comes behind its parent, level by level. */
export function placed(rows: readonly Row[], at: { path: string; depth: number }): TreePod[] {
  const byParent = new Map<string, Row[]>();
  for (const row of rows.slice(1)) {
    if (row.parent === null) continue;
    const siblings = byParent.get(row.parent) ?? [];
    siblings.push(row);
    byParent.set(row.parent, siblings);
  }
  const [first] = rows;
  if (first === undefined) return [];
  const found = [treePod(first, at)];
  const seen = new Set([first.instance]);
  // The list grows while it is walked.
  for (const parent of found) {
    for (const row of byParent.get(parent.instance) ?? []) {
      if (seen.has(row.instance)) continue;
      seen.add(row.instance);
      found.push(treePod(row, { path: `${parent.path}/${row.name}`, depth: parent.depth + 1 }));
    }
  }
  return found;
}

function treePod(row: Row, { path, depth }: { path: string; depth: number }): TreePod {
  const known = made.get(row);
  const short = path.slice(0, treeBounds.pathMax);
  if (known?.path === short && known.depth === depth) return known;
  const pod = { ...row, path: short, depth };
  made.set(row, pod);
  return pod;
}
