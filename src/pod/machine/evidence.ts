/**
 * What goes with a report that says "finished": the check that podkin ran and the result as data, where the
 * parent, or of a root a person, has asked for them. Pure; `pod/turn/evidence.ts` runs the check.
 *
 * Invariants
 * - E1 Work of the parent is reported as finished and settled only with the evidence that was asked for, made
 *   behind the last answer; until then the report is held and the turn is open. A root has nobody to report
 *   to: the end of its turn carries what a person has asked for.
 * - E2 An answer that does not do is an input of its own turn, once a try; no budget of turns and no hops.
 * - E3 Evidence is of one incarnation: after a death it is made anew. How often it failed is in the log.
 */
import { fenced, inLine } from '../../delivery/quoted.ts';
import { settledView } from '../../delivery/settled.ts';
import { begunAssignments } from '../../delivery/emit.ts';
import { type CheckReport, type DemandKind, endOfCheck } from '../../session/facts/demand-entries.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { type Facts, sessionOf } from '../../session/facts/facts.ts';
import { type Demands, demandsOf } from '../../session/settings/demands.ts';
import type { Worktree } from '../../session/settings/worktree.ts';

/** An answer that is no JSON of its schema is asked for once more. */
const resultTries = 2;
export const tailCharsMax = 4_096;

function isAskedFor({ check, result, worktree }: Demands): boolean {
  return check !== null || result !== null || worktree !== null;
}

/** What the running turn owes before it may say that it has finished; null: nothing. */
export function evidenceDue(facts: Facts): Demands | null {
  const session = sessionOf(facts);
  // What a person asks of a root is asked of its every answer, a parent's of what it has assigned.
  if (session.parent !== null && begunAssignments(facts).length === 0) return null;
  const demands = demandsOf(session.settings);
  return isAskedFor(demands) && settledView(facts).settled ? demands : null;
}

/** The clone that a turn's end tells of, however it ends; null: none, or nobody waits for it. */
export function worktreeDue(facts: Facts): Worktree | null {
  const session = sessionOf(facts);
  if (session.parent === null || begunAssignments(facts).length === 0) return null;
  return demandsOf(session.settings).worktree;
}

/** The clone that a stop brings the branch back of: whoever committed there, nobody may start it again. */
export function worktreeOfStop(facts: Facts): Worktree | null {
  const session = sessionOf(facts);
  return session.parent === null ? null : demandsOf(session.settings).worktree;
}

/** The model is asked again. */
export function hasTriesLeft(facts: Facts, of: DemandKind, { check }: Demands): boolean {
  const failed = facts.turn?.unmet[of] ?? 0;
  return failed + 1 < (of === 'check' ? (check?.tries ?? 1) : resultTries);
}

export function unmetCheck(turn: string, check: CheckReport): EntryBody {
  const body = [
    'The check that was asked for with your task did not pass: podkin ran it when you had ended. Go on with the work until it passes, then end again; the check is run again then.',
    `What came of it: ${endOfCheck(check)}. What it wrote last:`,
    ...fenced(check.tail, tailCharsMax),
  ].join('\n');
  return { type: 'systemItem', turn, item: { kind: 'unmet', of: 'check', body } };
}

export function unmetResult(turn: string, problem: string): EntryBody {
  const body = [
    'Your last answer is not the result that was asked for with your task. Give it again, as JSON that fits the schema and nothing beside it. What is wrong with it:',
    ...fenced(problem, tailCharsMax),
  ].join('\n');
  return { type: 'systemItem', turn, item: { kind: 'unmet', of: 'result', body } };
}

/** What the model is told of it beforehand. */
export function demandsGuidance(demands: Demands): string[] {
  const { check, result, worktree } = demands;
  return [
    ...(worktree === null ? [] : [worktreeGuidance(worktree)]),
    ...(check === null
      ? []
      : [
          [
            'When you end, podkin runs this command where yours run, and reports what comes of it:',
            ...fenced(check.command, tailCharsMax),
          ].join('\n'),
        ]),
    ...(result === null
      ? []
      : [
          [
            'Your last answer must be JSON that fits this JSON Schema, and nothing beside it:',
            ...fenced(JSON.stringify(result), 20_000),
          ].join('\n'),
        ]),
  ];
}

function worktreeGuidance({ branch, source, base, returns }: Worktree): string {
  const then = returns
    ? 'when you end, podkin brings that branch into the repository'
    : 'whoever gave you the work takes it from there';
  return `Your working directory is in a clone of your own of the repository ${inLine(source)}, begun at commit ${base.slice(0, 12)}; work here, not there. Commit on the branch ${branch} what you hand over: ${then}. What is in no commit of that branch stays behind.`;
}
