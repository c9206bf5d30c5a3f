/**
 * What linked children have said of themselves and of those below them.
 *
 * Invariants
 * - RB1 A child speaks of itself and of pods whose way up, as it has named it, leads to itself; of another
 *   child and those below it, of this pod and of those above nothing is taken.
 * - RB2 Of one child at most `rowsMax` rows are kept, none deeper than `depthMax` below it.
 * - RB3 A row that says the same as before is the same object: who compares need not look into it.
 */
import { type ReportedPod, treeBounds } from '../../protocol/tree.ts';
import type { Params } from '../../protocol/methods.ts';
import { outOfReach } from './tree-rows.ts';

type Rows = Map<string, ReportedPod>;

export class RowsBelow {
  /** By child; its own row is among them. */
  readonly #said = new Map<string, Rows>();
  /** Of a child that is not linked any more. */
  readonly #past = new Set<string>();
  readonly #isKnown: (instance: string) => boolean;

  /** `isKnown`: this pod, one above it, or one of its children. */
  constructor(isKnown: (instance: string) => boolean) {
    this.#isKnown = isKnown;
  }

  take(child: string, { all, rows, gone }: Params<'reportTree'>): void {
    const isAnew = all || this.#past.has(child);
    const known: Rows = this.#said.get(child) ?? new Map<string, ReportedPod>();
    const now: Rows = new Map(isAnew ? [] : known);
    for (const instance of gone) now.delete(instance);
    for (const row of rows) {
      if (row.instance !== child && this.#isOthers(child, row.instance)) continue;
      now.set(row.instance, same(known.get(row.instance), row));
    }
    this.#past.delete(child);
    this.#said.set(child, reached(child, now));
  }

  hasSaid(child: string): boolean {
    return this.#said.has(child) && !this.#past.has(child);
  }

  own(child: string): ReportedPod | null {
    return this.#said.get(child)?.get(child) ?? null;
  }

  /** Without its own. */
  below(child: string): ReportedPod[] {
    return [...(this.#said.get(child)?.values() ?? [])].filter(({ instance }) => instance !== child);
  }

  /** Its link has ended: what it said is not known to be so any more. */
  unlink(child: string): void {
    const rows = this.#said.get(child);
    if (rows === undefined) return;
    this.#past.add(child);
    for (const [instance, row] of rows) if (instance !== child) rows.set(instance, outOfReach(row));
  }

  clear(): void {
    this.#said.clear();
    this.#past.clear();
  }

  #isOthers(child: string, instance: string): boolean {
    if (this.#isKnown(instance)) return true;
    for (const [other, rows] of this.#said) if (other !== child && rows.has(instance)) return true;
    return false;
  }
}

/** Those that can be reached from the child, level by level. */
function reached(child: string, rows: Rows): Rows {
  const byParent = new Map<string, ReportedPod[]>();
  for (const row of rows.values()) {
    if (row.instance === child) continue;
    const siblings = byParent.get(row.parent) ?? [];
    siblings.push(row);
    byParent.set(row.parent, siblings);
  }
  const found: Rows = new Map();
  const own = rows.get(child);
  if (own !== undefined) found.set(child, own);
  let level = [child];
  for (let depth = 0; depth < treeBounds.depthMax && level.length > 0; depth += 1) {
    const below = level.flatMap((instance) => byParent.get(instance) ?? []);
    for (const row of below) if (found.size < treeBounds.rowsMax) found.set(row.instance, row);
    level = below.map(({ instance }) => instance);
  }
  return found;
}

function same(before: ReportedPod | undefined, row: ReportedPod): ReportedPod {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(row) ? before : row;
}
