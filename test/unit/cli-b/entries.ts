/** Entries for the tests of what reads them: only what a case is about is named. */
import type { Entry, EntryBody } from '../../../src/session/facts/entries.ts';

const time = '2026-01-02T03:04:05.000Z';

/** Numbers them 1, 2, 3 … */
export function numbered(bodies: readonly EntryBody[]): Entry[] {
  return bodies.map((body, index) => ({ seq: index + 1, time, ...body }));
}

export function answer(text: string, place: { turn?: string; step?: number } = {}): EntryBody {
  const { turn = 't1', step = 1 } = place;
  return { type: 'assistantMessage', turn, step, model: 'script/x', parts: [{ type: 'text', text }] };
}

export function begun(turn = 't1'): EntryBody {
  return { type: 'turnStarted', turn, kind: 'run', submissions: [], hops: 0, cause: 'person' };
}

export function stepped(cost: number | null, turn = 't1'): EntryBody {
  const usage = { inputTokens: 10, outputTokens: 5, cost };
  return { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage, seenThrough: 1 };
}

export function ended(
  outcome: 'finished' | 'errored' | 'limitReached' | 'cancelled' | 'paused',
  more: { reason?: string; error?: { category: string; message: string } } = {},
): EntryBody {
  const usage = { inputTokens: 10, outputTokens: 5, cost: 0 };
  return {
    type: 'turnEnded',
    turn: 't1',
    outcome,
    settled: true,
    outstanding: [],
    usage,
    durationMs: 7,
    ...more,
  };
}

export const stopped: EntryBody = { type: 'stopped', incarnation: 1, reason: 'stopped by a person' };

export function denied(tool = 'Write'): EntryBody {
  return {
    type: 'toolResult',
    turn: 't1',
    step: 1,
    call: 'c1',
    tool,
    text: 'Denied: no',
    isError: true,
    denied: true,
  };
}
