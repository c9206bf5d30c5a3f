/** Who holds a lock and what for, as it is written in a lock file and answered by a lock's socket. */
import { ownIdentity } from '../../std/process-identity.ts';
import type { ProcessIdentity } from '../../std/process-identity.ts';

/**
 * `incarnation`: the pod's own process. `loan`: somebody else has it for a moment, to take in what a dead pod
 * left or to remove it; whoever wants to start the pod waits, and nobody takes the pod for running.
 */
export type LockPurpose = 'pod' | 'loan';

export interface Holder extends ProcessIdentity {
  /** Earlier builds do not say. */
  readonly purpose?: LockPurpose;
}

/** `lent`: held for a moment by one that is not the pod. */
export type LockState = 'held' | 'lent' | 'free';

export function holderOf(purpose: LockPurpose): Holder {
  const identity = ownIdentity();
  return purpose === 'pod' ? identity : { ...identity, purpose };
}

export function stateOf(holder: Holder | null): 'held' | 'lent' {
  return holder?.purpose === 'loan' ? 'lent' : 'held';
}

export function parseHolder(text: string): (Holder & { claim?: string }) | null {
  // Most of those that are asked have ended and say nothing; an error for each would be a good part of a list
  // of pods.
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder & { claim?: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startTime' in value &&
    typeof value.startTime === 'string' &&
    'bootId' in value &&
    typeof value.bootId === 'string'
  );
}
