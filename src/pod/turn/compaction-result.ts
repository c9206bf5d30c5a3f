/** What a compaction between two turns has come to. Pure. */
import type { TurnResult } from '../../worker/turn-ports.ts';

export const noCompaction: TurnResult = {
  kind: 'errored',
  category: 'internal',
  message: 'the history of this pod is kept by another program',
};

/** Null: an entry says what came of it, or a pause has put it off. */
export function problemOf(result: Exclude<TurnResult, { kind: 'abandoned' }>): string | null {
  switch (result.kind) {
    case 'finished':
    case 'paused':
      return null;
    case 'cancelled':
      return 'it was cancelled';
    case 'limitReached':
      return `a limit was reached: ${result.reason}`;
    case 'errored':
      return result.message;
  }
}
