/**
 * Entries about what was asked of a pod beside its task: how long its turns work, and what its answers lack.
 */
import type { SentPodEvent, WorktreeReport } from '../../protocol/pod-event.ts';

/**
 * How long a turn has worked, with those that it goes on with and without pauses and open approvals, by a
 * clock that does not jump. A total: written while a limited turn runs, and at its end.
 */
export interface TurnTimeEntry {
  type: 'turnTime';
  turn: string;
  usedMs: number;
}

type Finished = Extract<SentPodEvent, { kind: 'turnEnded' }>;
/** What the command did that podkin ran behind the last answer. */
export type CheckReport = NonNullable<Finished['check']>;
/** In a sentence, without words of the child. */
export function endOfCheck({ exitCode, why }: { exitCode: number | null; why?: string | undefined }): string {
  if (why === 'timedOut') return 'it was ended after its time was over';
  if (why === 'notRun') return 'it could not be run';
  return exitCode === null ? 'it was ended by a signal' : `exit code ${exitCode}`;
}

/** The last answer as data, or why it is none. */
export type ResultReport = NonNullable<Finished['result']>;

/** What goes with an end that says "finished", where it was asked for. */
export interface Evidence {
  readonly check?: CheckReport;
  readonly result?: ResultReport;
  /** Of its clone; also with a turn that has not finished. */
  readonly worktree?: WorktreeReport;
}

/** What an answer can lack. */
export type DemandKind = 'check' | 'result';

/** Given to the model within the turn whose last answer did not do. */
export interface UnmetItem {
  kind: 'unmet';
  of: DemandKind;
  body: string;
}

/** How often answers of a turn, with those that it goes on with, did not do. */
export type UnmetCounts = { readonly [K in DemandKind]: number };

export const nothingUnmet: UnmetCounts = { check: 0, result: 0 };
