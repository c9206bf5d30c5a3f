/**
 * Settled: nothing of this pod, and nothing that it handed down, is outstanding (delivery §3). The turn's
 * end, the wake rule, `wait`, `run` and `verify` all ask here.
 */
import type { BufferedItem, Facts, UnseenItem } from '../session/facts/facts.ts';

export interface SettledView {
  settled: boolean;
  /** Names of own children that still work for this pod, each once. */
  outstanding: string[];
}

/**
 * `holding`: the turn that ends now failed for good, met a limit or was cancelled, so what it had in hand
 * will be held. Says nothing about an open turn: its end asks before it is committed. A running coalescing
 * timer needs no word here: it runs only while something wake-worthy waits.
 */
export function settledView(facts: Facts, options: { holding: boolean } = { holding: false }): SettledView {
  const outstanding = [...new Set([...facts.assignments.values()].map((open) => open.child.name))];
  const before = facts.turn?.entrySeq ?? 0;
  const waiting = options.holding
    ? facts.notifyBuffer.some((item) => item.wakes && item.entrySeq > before)
    : wakeWorthy(facts).length > 0;
  return {
    settled: outstanding.length === 0 && facts.queue.length === 0 && facts.resumable === null && !waiting,
    outstanding,
  };
}

/** Wake-worthy items that are not held: unconsumed, or consumed and unseen. */
export function wakeWorthy(facts: Facts): (BufferedItem | UnseenItem)[] {
  const { through = 0, before = 0 } = facts.held ?? {};
  return [
    ...facts.notifyBuffer.filter((item) => item.wakes && item.entrySeq > before),
    ...facts.unseen.filter((item) => item.wakes && item.entrySeq > through),
  ];
}
