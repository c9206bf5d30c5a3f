/** The exit status of a run. */
import type { RunEnd, RunResult } from '../../client/run-result.ts';
import { interruptionStatus } from '../invocation/interruption.ts';

/**
 * `headless`: nobody was asked, so a denied tool is never a silent 0. With a person watching it was shown to
 * them.
 */
export function exitOf(result: RunResult, end: RunEnd, mode: { headless: boolean }): number {
  if (end.kind === 'interrupted') return interruptionStatus[end.signal];
  if (end.kind === 'notStarted' && end.signal !== null) return interruptionStatus[end.signal];
  switch (result.status) {
    case 'done':
      return 0;
    case 'failed':
      return 1;
    case 'denied':
      return mode.headless ? 4 : 0;
    case 'limit':
      return 5;
  }
}
