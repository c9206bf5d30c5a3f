/**
 * Entries about commands that run in the background: they outlive the call that started them, and end with
 * the pod at the latest.
 */

/** Committed before anything is started: a command is never started twice, and its end is told once. */
export interface CommandStartedEntry {
  type: 'commandStarted';
  /** `command-1`, `command-2` …, unique in the session. */
  command: string;
  call: string;
  turn: string;
  /** As the model wrote it; its beginning where it is long. */
  text: string;
  /** Roots that it may write, as they were when it began. */
  write: readonly string[];
  /** What of them it may not. */
  deny: readonly string[];
  hops: number;
}

export type CommandEnd =
  /** By itself; `exitCode` is null where a signal ended it. */
  | 'exited'
  /** By StopCommand. */
  | 'stopped'
  /** Something took the protection of a name from it while it ran. */
  | 'lost'
  /** Nothing of it ever began. */
  | 'notStarted'
  /** With the pod, which was stopped, or whose process died. */
  | 'withPod';

export interface CommandEndedEntry {
  type: 'commandEnded';
  command: string;
  how: CommandEnd;
  exitCode: number | null;
  signal: string | null;
  /** Null where it is not known. */
  durationMs: number | null;
  /** That it wrote in all; null where it is not known. */
  bytes: number | null;
  /** The last that it wrote. */
  tail: string;
  /** What podkin has to say of it, a sentence each. */
  notes: readonly string[];
  /** The model reads a notice of it; not so where a call's result tells it. */
  reads: boolean;
  /** That notice wakes an idle pod. */
  wakes: boolean;
}

/** As it waits to be told; `text`: the command itself. */
export type EndedCommandContent = { kind: 'command'; text: string } & Omit<
  CommandEndedEntry,
  'type' | 'reads' | 'wakes'
>;

export type CommandEntry = CommandStartedEntry | CommandEndedEntry;
