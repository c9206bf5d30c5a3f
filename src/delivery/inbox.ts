/**
 * The parent's side of a delivery, P1–P5: what is to be committed for an inbound event. Push over the link
 * and pull from a dead child's log both come through `receive`, in every state of the pod (P8). Pure; the
 * caller commits, syncs and answers.
 */
import type { PodIdentity } from '../protocol/names.ts';
import type { PodEvent, SentPodEvent } from '../protocol/pod-event.ts';
import type { EntryBody } from '../session/facts/entries.ts';
import { type ChildFacts, type Facts, closesAssignments, sessionOf } from '../session/facts/facts.ts';
import { emitted } from './emit.ts';
import { reclaimAtEnd } from '../scope/ownership/delegation.ts';
import { rowOf } from './visibility.ts';

export interface InboundEvent {
  from: { instance: string; incarnation: number };
  seq: number;
  event: SentPodEvent;
}

export type Receipt =
  | { kind: 'unknownChild' }
  /** At or below what is on disk (P2). */
  | { kind: 'duplicate'; received: number }
  /** Something before it is missing: the child sends from `received + 1` on. */
  | { kind: 'gap'; received: number }
  | { kind: 'accept'; bodies: EntryBody[]; received: number; emits: boolean };

/** `stopping`: the pod is ending its own tree. The end of a child that had no work is what it asked for. */
export function receive(facts: Facts, message: InboundEvent, state: { stopping: boolean }): Receipt {
  const child = facts.children.get(message.from.instance);
  if (child === undefined) return { kind: 'unknownChild' };
  if (message.seq <= child.received) return { kind: 'duplicate', received: child.received };
  if (message.seq !== child.received + 1) return { kind: 'gap', received: child.received };
  const { incarnation } = message.from;
  const reEmitted = reEmission(facts, message.event);
  return {
    kind: 'accept',
    received: message.seq,
    emits: reEmitted.length > 0,
    bodies: [
      // The next event is of a later incarnation: those before it have reported all that they had.
      ...endsBefore(facts, child, incarnation),
      receiptOf(facts, {
        child,
        incarnation,
        seq: message.seq,
        event: message.event,
        asked: state.stopping,
      }),
      ...reclaimAtEnd(child, message.event, incarnation),
      ...unreadAlert(child, message),
      ...reEmitted,
    ],
  };
}

/** People are told as well: the model does not read every event. */
function unreadAlert({ name }: ChildFacts, { seq, event }: InboundEvent): EntryBody[] {
  const { unread = [] } = event;
  if (unread.length === 0) return [];
  const text = `Event ${seq} (${event.kind}) of "${name}" was taken in without what could not be read of it: ${unread.join(', ')}.`;
  return [{ type: 'alert', level: 'warning', code: 'unreadFields', text }];
}

interface Receivable {
  child: ChildFacts;
  incarnation: number;
  seq: number | null;
  event: PodEvent;
  /** This pod is ending its own tree. */
  asked: boolean;
}

function receiptOf(facts: Facts, { child, incarnation, seq, event, asked }: Receivable): EntryBody {
  const closes = closedBy(facts, child, event);
  const row = rowOf(event, child, { incarnation, asked, closes: closes.length > 0 });
  const readAt = alreadyReadAt(facts, event);
  return {
    type: 'podEventReceived',
    from: identity(child, incarnation),
    eventSeq: seq,
    event,
    reads: row.reads && readAt === null,
    wakes: row.wakes && readAt === null,
    closes,
    ...(readAt === null ? {} : { readAt }),
  };
}

function identity(child: ChildFacts, incarnation: number): PodIdentity {
  return { name: child.name, instance: child.instance, incarnation };
}

/** Open assignments of this very child that the event ends; a death ends whatever the child had. */
function closedBy(facts: Facts, child: ChildFacts, event: PodEvent): string[] {
  if (!closesAssignments(event)) return [];
  const open = assignmentsOf(facts, child.instance);
  if (event.kind === 'died' || event.kind === 'shutDown') return open;
  // Which work has ended cannot be read: none of it is waited for any longer, rather than all of it for
  // ever.
  if ('unread' in event && event.unread?.includes('assignments') === true) return open;
  return 'assignments' in event ? open.filter((id) => event.assignments.includes(id)) : [];
}

export function assignmentsOf(facts: Facts, instance: string): string[] {
  return [...facts.assignments.values()]
    .filter((open) => open.child.instance === instance)
    .map((open) => open.assignment);
}

/**
 * ReadPodOutput gave the model the whole end of this turn, and a completed response stands behind that
 * result.
 */
function alreadyReadAt(facts: Facts, event: PodEvent): number | null {
  if (event.kind !== 'turnEnded' || event.outcome !== 'finished') return null;
  const at = facts.readTurns.get(event.turn);
  return at !== undefined && at <= facts.seenThrough ? at : null;
}

/** A scope report goes on to the root with its first sender's number, once (deduped on the origin). */
function reEmission(facts: Facts, event: SentPodEvent): EntryBody[] {
  if (event.kind !== 'scopeSubDelegated' || sessionOf(facts).parent === null) return [];
  if (event.origin.seq <= (facts.origins.get(event.origin.instance) ?? 0)) return [];
  const { unread: _unread, ...report } = event;
  return [emitted(facts, report)];
}

/** How an incarnation ended, as far as it is known. */
export interface DeathFindings {
  exitCode?: number;
  signal?: string;
  reason?: string;
  stderrTail?: string;
  lastActivityAt?: string;
  /** A later incarnation has linked already. */
  restored: boolean;
  /** This pod is stopping its tree. */
  asked: boolean;
  /** Names of pods below it that still live. */
  outstanding: string[];
}

/**
 * The `died` of one incarnation, to be committed after everything that it had committed itself; nothing where
 * its end stands here already (I7).
 */
export function deathReceipt(
  facts: Facts,
  child: ChildFacts,
  incarnation: number,
  findings: DeathFindings,
): EntryBody[] {
  // Undone or removed while it was being looked at: it is nobody's child any more.
  if (facts.children.get(child.instance) !== child || incarnation <= child.terminal) return [];
  const { asked, ...known } = findings;
  const waited = child.waitsSince !== null && !known.restored;
  const event: PodEvent = {
    kind: 'died',
    ...(waited ? { reason: 'it had begun nothing, as it waited for its paths' } : {}),
    ...known,
    assignments: findings.restored ? [] : assignmentsOf(facts, child.instance),
  };
  return [
    receiptOf(facts, { child, incarnation, seq: null, event, asked }),
    ...reclaimAtEnd(child, event, incarnation),
  ];
}

/**
 * The deaths of all lives before `incarnation` that have no end here; what they had committed stands here
 * already. Not news: a later incarnation follows.
 */
export function endsBefore(facts: Facts, child: ChildFacts, incarnation: number): EntryBody[] {
  const bodies: EntryBody[] = [];
  for (let earlier = child.terminal + 1; earlier < incarnation; earlier += 1) {
    bodies.push(...deathReceipt(facts, child, earlier, { restored: true, asked: false, outstanding: [] }));
  }
  return bodies;
}

/** Once an episode; the next link ends it. */
export function unreachableReceipt(facts: Facts, child: ChildFacts, sinceMs: number): EntryBody[] {
  if (facts.children.get(child.instance) !== child) return [];
  if (child.unreachable || child.terminal >= child.incarnation) return [];
  const { incarnation } = child;
  const event: PodEvent = { kind: 'unreachable', sinceMs };
  return [receiptOf(facts, { child, incarnation, seq: null, event, asked: false })];
}

/**
 * Compares both logs at a link: an assignment that stands open here and that the child has neither open nor
 * closed was never accepted. `sure`: not judged, because their `run` is being sent right now, or was answered
 * for by the child, whose link message may be older than that.
 */
export function reconcile(
  facts: Facts,
  child: ChildFacts,
  reported: { open: readonly string[]; closed: readonly string[] },
  sure: ReadonlySet<string>,
): EntryBody[] {
  const known = new Set([...reported.open, ...reported.closed]);
  return assignmentsOf(facts, child.instance)
    .filter((id) => !known.has(id) && !sure.has(id))
    .map((assignment) => ({
      type: 'assignment',
      assignment,
      child: { name: child.name, instance: child.instance },
      state: 'closed',
      text: '',
      outcome: 'notStarted',
      tell: true,
    }));
}

/**
 * Work that is open for a child each of whose lives has its end here: it was given behind that end, and
 * nobody sends it again. To be asked once everything in the child's log is taken in, with its lock held: an
 * incarnation that took it has told so then. `inFlight`: being sent right now.
 */
export function unaccepted(facts: Facts, child: ChildFacts, inFlight: ReadonlySet<string>): EntryBody[] {
  if (facts.children.get(child.instance) !== child || child.terminal < child.incarnation) return [];
  return reconcile(facts, child, { open: [], closed: [] }, inFlight);
}
