/** An entry about a path that is waited for. */

/**
 * A child that was spawned with `wait` begins nothing until it holds all of its paths. In its parent's log,
 * with `child`: from when on it is in the queue for them, and that it is not any more. In its own: what its
 * parent said last.
 */
export interface ScopeWaitEntry {
  type: 'scopeWait';
  state: 'waits' | 'over';
  /** Absent in the log of the one that waits. */
  child?: { readonly name: string; readonly instance: string };
  /** Of what the parent said: since when. */
  since?: string;
  /** For what, in words of its parent; or why it waits no more. */
  reason?: string;
}
