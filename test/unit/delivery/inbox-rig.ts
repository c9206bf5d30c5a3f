/**
 * What the tables over the inbox share: a pod with two children that have work, and what returns with an end.
 */
import type { EntryBody } from '../../../src/session/facts/entries.ts';
import type { ChildFacts, Facts } from '../../../src/session/facts/facts.ts';
import { type Line, assigned, child, kid, linked, sib } from '../machine-rig.ts';

/** kid and sib live; kid has two open assignments, sib one. */
export const family: Line[] = [
  child(kid, 'reserved', { task: 'look' }),
  linked(kid),
  child(sib, 'reserved'),
  linked(sib),
  assigned('a1'),
  assigned('a2'),
  assigned('b1', sib),
];
export const scope = { read: [], write: ['/w/a'] };
export const holding: Line = { type: 'scope', change: 'delegated', child: kid, scope };
export const returned = (reason: string): EntryBody => ({
  type: 'scope',
  change: 'reclaimed',
  child: kid,
  scope,
  reason,
});
export const kidOf = (facts: Facts): ChildFacts => facts.children.get(kid.instance)!;

export const silently = { reads: false, wakes: false };
