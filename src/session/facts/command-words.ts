/** How a command in the background ended, in a sentence's end. Pure. */
import type { EndedCommandContent } from './command-entries.ts';

export function howItEnded({
  how,
  exitCode,
  signal,
  durationMs,
}: Pick<EndedCommandContent, 'how' | 'exitCode' | 'signal'> & { durationMs?: number | null }): string {
  const after =
    durationMs === undefined || durationMs === null ? '' : ` after ${Math.round(durationMs / 1000)} s`;
  switch (how) {
    case 'exited':
      return `has ended (${exitCode === null ? `signal ${signal ?? 'unknown'}` : `exit code ${exitCode}`})${after}`;
    case 'stopped':
      return `was ended by StopCommand${after}`;
    case 'lost':
      return `was ended${after}, because a name that is protected could not be kept so`;
    case 'notStarted':
      return 'could not be started, so nothing was run';
    case 'withPod':
      return `ended with this pod${after}, which was stopped or had died; it was not started again`;
  }
}
