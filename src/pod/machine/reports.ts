/**
 * What a pod tells its parent: builds the events that go with a turn's end and with the pod's own (delivery
 * §3). Pure.
 */
import type { BudgetLeaseEntry } from '../../session/facts/budget-entries.ts';
import type { Evidence } from '../../session/facts/demand-entries.ts';
import type { EntryBody, TurnOutcome } from '../../session/facts/entries.ts';
import { type Facts, type OpenTurn, sessionOf } from '../../session/facts/facts.ts';
import { begunAssignments, emitted, ownAssignments } from '../../delivery/emit.ts';
import { eventBounds, type SentPodEvent, type WorktreeReport } from '../../protocol/pod-event.ts';
import { surplus } from './budget.ts';
import type { SettledView } from '../../delivery/settled.ts';

const excerptCharsMax = 2_000;

export interface TurnEnd {
  outcome: TurnOutcome;
  by?: 'person' | 'parent';
  reason?: string;
  error?: { category: string; message: string };
  durationMs: number;
  /** Where it was asked for; of a turn that has not finished its clone alone. */
  evidence?: Evidence;
}

/**
 * The report of a turn's end, or nothing: a pod without a parent emits none, and neither does a turn that a
 * person caused while no assignment is open.
 */
export function reportOfTurn(
  facts: Facts,
  turn: OpenTurn,
  end: TurnEnd,
  { back = null, ...view }: SettledView & { back?: BudgetLeaseEntry | null },
): EntryBody[] {
  const assignments = begunAssignments(facts);
  if (sessionOf(facts).parent === null) return [];
  if (assignments.length === 0 && turn.cause === 'person') return [];
  const text = finalText(facts);
  const { worktree, ...made } = end.evidence ?? {};
  const report = {
    turn: turn.turn,
    assignments,
    ...(end.by === undefined ? {} : { by: end.by }),
    outstanding: view.outstanding,
    settled: view.settled,
    ...excerptOf(text),
    usage: turn.usage,
    ...switchedIn(facts, turn),
    durationMs: end.durationMs,
    hops: turn.hops,
    ...(facts.trace?.turn === turn.turn ? { trace: facts.trace.span } : {}),
    ...(worktree === undefined ? {} : { worktree }),
  };
  const reason = end.reason === undefined ? {} : { reason: end.reason };
  // What goes on reports again, with evidence of its own.
  const evidence = view.settled && end.outcome === 'finished' ? made : {};
  return [
    emitted(
      facts,
      end.outcome === 'errored'
        ? { kind: 'errored', error: end.error ?? { category: 'unknown', message: 'unknown' }, ...report }
        : { kind: 'turnEnded', outcome: end.outcome, ...reason, ...evidence, ...report },
      back,
    ),
  ];
}

/** By a provider's limit; not where a person has set another model, or the first has answered again. */
function switchedIn(
  { session, switched }: Facts,
  { answeredBy }: OpenTurn,
): Pick<Extract<SentPodEvent, { kind: 'turnEnded' }>, 'switched'> {
  if (answeredBy === null || answeredBy === session?.model || answeredBy !== switched?.to) return {};
  const { from, why } = switched;
  return { switched: { model: clip(answeredBy), from: clip(from), why } };
}

function clip(name: string): string {
  return name.slice(0, eventBounds.nameCharsMax).toWellFormed();
}

const errorCharsMax = 2_000;

/** A message can be of any length where a tool or a provider wrote it. */
export function clipped(end: TurnEnd): TurnEnd {
  if (end.error === undefined) return end;
  const { category, message } = end.error;
  return { ...end, error: { category, message: message.slice(0, errorCharsMax).toWellFormed() } };
}

export function excerptOf(text: string): { text: string; textChars: number } {
  return { text: text.slice(0, excerptCharsMax).toWellFormed(), textChars: text.length };
}

/**
 * The model's last text since the newest input; empty where it wrote none. Not bound to one turn id, because
 * a resumed turn may end on the text that its interrupted predecessor had committed.
 */
export function finalText(facts: Facts): string {
  return facts.lastText;
}

/** The last word of an incarnation that ends in order. */
export function shutDownReport(
  facts: Facts,
  stop: { reason: string; by: 'person' | 'parent' | 'signal' },
  { outstanding, worktree }: { outstanding: string[]; worktree: WorktreeReport | null },
): EntryBody[] {
  if (sessionOf(facts).parent === null) return [];
  const back = surplus(facts.budget, 0);
  const event: SentPodEvent = {
    kind: 'shutDown',
    reason: stop.reason,
    by: stop.by,
    assignments: begunAssignments(facts),
    notStarted: ownAssignments(facts, 'queued'),
    outstanding,
    ...(worktree === null ? {} : { worktree }),
  };
  return [...(back === null ? [] : [back]), emitted(facts, event, back)];
}
