/**
 * The compaction that a person has asked for, between two turns: when it begins, and what is said where it is
 * not made. Pure.
 */
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';
import { contextView } from './context-view.ts';
import type { Core } from './core.ts';

/**
 * The pod is busy with it as with a turn: it is paused, cancelled and stopped alike, and runs queue behind
 * it.
 */
export function beginCompaction({ live, ports }: Core): void {
  live.mode = 'running';
  live.control = null;
  ports.perform({ type: 'compact' });
  ports.perform({ type: 'statusChanged' });
}

/** Whoever has asked for one is told that none comes of it. */
export function droppedRequest(facts: Facts, reason: string): EntryBody[] {
  if (facts.context.asked === null) return [];
  const usage = { inputTokens: 0, outputTokens: 0, cost: 0 };
  const before = contextView(facts)?.tokens ?? 0;
  return [{ type: 'compactionFailed', turn: facts.turn?.turn ?? '', why: 'asked', reason, usage, before }];
}
