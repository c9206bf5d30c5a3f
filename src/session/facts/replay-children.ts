/** The part of the fold that is about children and what they are given; `replay.ts` alone calls it. */
import { isJsonObject } from '../../std/json.ts';
import type { PodEventReceivedEntry } from './delivery-entries.ts';
import type { ChildEntry, ScopeEntry, AssignmentEntry, Entry } from './entries.ts';
import type { Facts } from './facts.ts';
import { newChild } from './new-child.ts';
import { noteGiven } from './replay-mailbox.ts';
import type { ScopeWaitEntry } from './scope-entries.ts';

export function applyChild(facts: Facts, entry: Entry<ChildEntry>): void {
  const known = facts.children.get(entry.child.instance) ?? newChild(entry.child.name, entry.child.instance);
  facts.children.set(known.instance, known);
  known.state = entry.state;
  if (entry.tokenHash !== undefined) known.tokenHash = entry.tokenHash;
  if (entry.scope !== undefined) known.scope = entry.scope;
  if (entry.own !== undefined) known.own = entry.own;
  if (entry.task !== undefined) known.task = entry.task;
  if (entry.call !== undefined) known.call = entry.call;
  if (entry.isToWait === true) known.isToWait = true;
  if (entry.incarnation !== undefined) known.incarnation = Math.max(known.incarnation, entry.incarnation);
  if (entry.host !== undefined) known.host = entry.host;
  if (entry.pid !== undefined && known.host === null) {
    known.process = { pid: entry.pid, startTime: entry.startTime ?? '', bootId: entry.bootId ?? '' };
  }
  if (entry.state === 'linked') Object.assign(known, { unreachable: false, refused: null });
  if (entry.state === 'undone' || entry.state === 'removed') forgetChild(facts, known.instance);
}

/** Nothing will close what it was given. */
function forgetChild(facts: Facts, instance: string): void {
  facts.children.delete(instance);
  facts.readCursors.delete(instance);
  for (const [id, { child }] of facts.assignments)
    if (child.instance === instance) facts.assignments.delete(id);
}

export function applyScope(facts: Facts, entry: Entry<ScopeEntry>): void {
  if (entry.change === 'granted') facts.granted = entry.scope;
  const child = entry.child === undefined ? undefined : facts.children.get(entry.child.instance);
  if (child !== undefined) child.holds = entry.change === 'delegated' ? entry.scope : null;
}

/** Why a wait ended of which nothing is left: later links are those of a child that was never to wait. */
export const waitGivenUp = 'cancelled';

export function applyScopeWait(facts: Facts, entry: Entry<ScopeWaitEntry>): void {
  const { state, since = entry.time, reason = '' } = entry;
  if (entry.child === undefined) {
    facts.scopeWait = state === 'waits' ? { since, reason } : null;
    return;
  }
  const child = facts.children.get(entry.child.instance);
  if (child === undefined) return;
  child.waitsSince = state === 'waits' ? since : null;
  if (state === 'over' && reason === waitGivenUp) child.isToWait = false;
}

/** Of each start: what this pod held before may be another's by now, and its parent alone knows. */
export function waitForWord(facts: Facts, at: string): void {
  const { session } = facts;
  if (session === null || session.parent === null) return;
  const { demands } = session.settings;
  if (!isJsonObject(demands) || demands['wait'] !== true) return;
  const reason = `"${session.parent.name}", its parent, has not said yet that its paths are free`;
  facts.scopeWait = { since: at, reason };
}

export function applyAssignment(facts: Facts, entry: Entry<AssignmentEntry>): void {
  const { assignment, child, text } = entry;
  if (entry.state === 'open') {
    const given = facts.children.get(child.instance);
    if (given !== undefined) given.begun = true;
    noteGiven(facts, entry);
    facts.assignments.set(assignment, {
      assignment,
      child,
      turn: entry.turn ?? null,
      text,
      openedAt: entry.time,
    });
    return;
  }
  const was = facts.assignments.get(assignment);
  facts.assignments.delete(assignment);
  if (entry.tell === true) {
    const content = {
      kind: 'assignment' as const,
      assignment,
      child,
      outcome: entry.outcome ?? 'closed',
      text: was?.text ?? text,
    };
    facts.notifyBuffer.push({
      entrySeq: entry.seq,
      wakes: true,
      hops: 0,
      receivedAt: entry.time,
      deathsAt: [],
      content,
    });
  }
}

export function applyReceipt(facts: Facts, entry: Entry<PodEventReceivedEntry>): void {
  const { from, event, eventSeq, closes } = entry;
  const child = facts.children.get(from.instance) ?? newChild(from.name, from.instance);
  facts.children.set(child.instance, child);
  child.begun = true;
  if (eventSeq !== null) child.received = Math.max(child.received, eventSeq);
  child.lastReportAt = entry.time;
  child.unreachable = event.kind === 'unreachable';
  if ('outstanding' in event) child.outstanding = event.outstanding;
  if (event.kind === 'scopeSubDelegated') {
    facts.descendants.set(event.to.instance, { name: event.to.name, by: event.by.instance });
  }
  if (event.kind === 'shutDown' || event.kind === 'died') {
    child.terminal = Math.max(child.terminal, from.incarnation);
    if (from.incarnation >= child.incarnation) {
      child.terminalKind = event.kind;
      child.state = 'ended';
      child.refused = null;
    }
  }
  const asked =
    closes.map((id) => facts.assignments.get(id)?.text ?? '').find((text) => text !== '') ?? child.task;
  for (const id of closes) facts.assignments.delete(id);
  if (!entry.reads) return;
  const hops = 'hops' in event ? event.hops : 0;
  const content = { kind: 'podEvent' as const, from, seq: eventSeq, event, closes, asked };
  facts.notifyBuffer.push({
    entrySeq: entry.seq,
    wakes: entry.wakes,
    hops,
    receivedAt: entry.time,
    deathsAt: [],
    content,
  });
  if (entry.wakes) facts.held = null;
}

/** Of re-emitted reports: one number a sender. */
export function rememberOrigin(facts: Facts, origin: { instance: string; seq: number }): void {
  facts.origins.set(origin.instance, Math.max(facts.origins.get(origin.instance) ?? 0, origin.seq));
}

/** From the outbox: what is acknowledged, or given up. */
export function forgetDelivered(facts: Facts, through: number): void {
  for (const seq of facts.outbox.pending.keys()) if (seq <= through) facts.outbox.pending.delete(seq);
  for (const [id, seq] of facts.closedAssignments) if (seq <= through) facts.closedAssignments.delete(id);
}
