/** One pod of the tree as a row: of itself as it says, of a child as it says or as its parent knows. Pure. */
import type { StatusResult } from '../../protocol/status-result.ts';
import { type ReportedPod, treeBounds } from '../../protocol/tree.ts';
import type { PodEvent } from '../../protocol/pod-event.ts';
import { allTokens, type ChildFacts, type Facts } from '../../session/facts/facts.ts';
import type { Activity } from '../machine/activity.ts';

/** As reported; a root has no parent. */
export type Row = Omit<ReportedPod, 'parent'> & { readonly parent: string | null };

const failures: ReadonlySet<string> = new Set(['errored', 'limitReached']);

export function ownRow(facts: Facts, status: StatusResult, activity: Activity | null): Row {
  const { lastTurn, usage, context, pending } = status;
  return {
    instance: status.instance,
    parent: status.parent?.instance ?? null,
    name: status.name,
    status: status.status,
    settled: status.settled,
    activity,
    ...(typeof status.plan === 'string' ? { plan: status.plan } : {}),
    attention: status.attention,
    outcome: lastTurn === null ? null : words(outcomeText(lastTurn)),
    hasFailed: lastTurn !== null && failures.has(lastTurn.outcome),
    model: words(status.model),
    own: { tokens: allTokens(usage), cost: usage.cost },
    context,
    pendingIn: pending.received + pending.unseen,
    pendingOut: pending.outgoing,
    since: facts.turn?.startedAt ?? facts.lastTurn?.at ?? status.startedAt,
  };
}

/** How its process ended. */
export interface ChildEnd {
  readonly outcome: string;
  readonly at: string;
}

export interface KnownChild {
  /** What it said last; null where it has said nothing. */
  readonly said: ReportedPod | null;
  readonly isLinked: boolean;
  readonly hasWork: boolean;
  readonly end: ChildEnd | null;
}

/** As its parent has it; what the child itself says counts while it is linked. */
export function childRow(child: ChildFacts, parent: string, known: KnownChild): Row {
  const { said, isLinked, hasWork, end } = known;
  const row = said ?? unknownChild(child);
  const place = { instance: child.instance, parent, name: child.name };
  if (child.state === 'ended') {
    const isDead = child.terminalKind === 'died';
    const how = end ?? { outcome: isDead ? 'died' : (row.outcome ?? 'stopped'), at: row.since };
    return {
      ...row,
      ...place,
      status: isDead ? 'dead' : 'stopped',
      settled: !isDead && row.settled,
      activity: null,
      outcome: isDead ? words(how.outcome) : row.outcome,
      hasFailed: isDead || row.hasFailed,
      since: how.at,
    };
  }
  if (isLinked && said !== null) return { ...row, ...place };
  const isGone = !isLinked && child.incarnation > 0;
  const attention = child.refused === null ? row.attention : 'refused';
  return {
    ...row,
    ...place,
    status: isGone ? 'unreachable' : hasWork ? 'running' : 'idle',
    settled: !hasWork && row.settled,
    activity: null,
    attention,
  };
}

/** Below a child that does not answer: what was said last, and nobody knows whether it is so. */
export function outOfReach(row: ReportedPod): ReportedPod {
  const hasEnded = row.status === 'stopped' || row.status === 'dead';
  return hasEnded ? row : { ...row, status: 'unreachable', activity: null };
}

/** Null for an event that is no end. */
export function endIn(event: PodEvent, at: string): ChildEnd | null {
  if (event.kind === 'shutDown') return { outcome: 'stopped', at };
  if (event.kind !== 'died') return null;
  const { signal, exitCode, reason } = event;
  const how = signal ?? (exitCode === undefined ? reason : `exit ${exitCode}`);
  return { outcome: how === undefined ? 'died' : words(`died: ${how}`), at };
}

function unknownChild({ instance, name, lastReportAt }: ChildFacts): Omit<ReportedPod, 'parent'> {
  return {
    instance,
    name,
    status: 'idle',
    settled: true,
    activity: null,
    attention: null,
    outcome: null,
    hasFailed: false,
    model: '',
    own: null,
    context: null,
    pendingIn: 0,
    pendingOut: 0,
    since: lastReportAt,
  };
}

function outcomeText({ outcome, reason }: { outcome: string; reason: string | null }): string {
  return reason === null || outcome === 'finished' ? outcome : `${outcome}: ${reason}`;
}

function words(text: string): string {
  return text.slice(0, treeBounds.wordsMax).toWellFormed();
}
