/** The entry of hooks: that one has run for an event of this log. Hooks that run once at most leave none. */

/** An entry of a log, as programs outside know it too. */
export interface EntryIdentity {
  readonly instance: string;
  readonly seq: number;
}

export interface DueHook {
  readonly hook: string;
  /** Entry seq of what it is about. */
  readonly seq: number;
}

/** On disk behind its end. Without it the next incarnation runs the hook for this event again. */
export interface HookDoneEntry {
  type: 'hookDone';
  hook: string;
  identity: EntryIdentity;
  /** The exit code; null where it has none. */
  exit: number | null;
  /** Why it has none: ended by a signal, at its time, or never started. */
  why?: string;
}
