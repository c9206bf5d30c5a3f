/** Commands in the background, as the log has them. */
import type { CommandEndedEntry } from './command-entries.ts';

export interface OpenCommand {
  readonly command: string;
  readonly text: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly hops: number;
  readonly startedAt: string;
}

export interface EndedCommand {
  readonly text: string;
  readonly how: CommandEndedEntry['how'];
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly bytes: number | null;
}

export interface CommandFacts {
  /** Ever started: the next one's number is one more. */
  started: number;
  open: Map<string, OpenCommand>;
  /** The newest that have ended, the oldest of them first. */
  ended: Map<string, EndedCommand>;
}

/** Of so many that have ended the output is kept. */
export const endedKept = 16;

export function noCommands(): CommandFacts {
  return { started: 0, open: new Map(), ended: new Map() };
}
