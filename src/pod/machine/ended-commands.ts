/** Commands in the background that nobody can have seen the end of. Pure. */
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Facts } from '../../session/facts/facts.ts';

/**
 * What an earlier incarnation left open: whatever it was at, it ended with its process. That wakes nobody:
 * whoever starts a pod again starts no turn by it.
 */
export function endedWithPod({ commands }: Facts): EntryBody[] {
  return [...commands.open.keys()].map((command) => ({
    type: 'commandEnded',
    command,
    how: 'withPod',
    exitCode: null,
    signal: null,
    durationMs: null,
    bytes: null,
    tail: '',
    notes: [],
    reads: true,
    wakes: false,
  }));
}
