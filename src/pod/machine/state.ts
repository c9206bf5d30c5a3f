/**
 * The pod's state machine: when a turn starts and how it ends.
 *
 *   idle ──start──▶ running ──end──▶ idle        paused = idle with `facts.paused`, until `resume`
 *     └────────────stop─────────────▶ stopping   no way back; the process ends
 *
 * Invariants
 * - S1 `evaluate` runs after every input and is the only place that starts a turn (I4: a level, not an edge).
 * - S2 Every start is committed before it is performed, and a turn's end stands in the same append as its
 *   report (C1).
 * - S3 A turn never starts while calls of an earlier one dangle (I12).
 * - S4 The order of what waits: an interrupted turn is resumed, then queued runs in order, then
 *   notifications.
 * - S5 A compaction that a person asked for is made between two turns, once no run waits; nothing of S2 is
 *   committed for it: what was asked for stays due until it has an end (K3).
 * - S6 Nothing begins while the pod waits for paths that are another's (`facts.scopeWait`), and never in a
 *   mailbox (`mailbox.ts`).
 *
 * Absent: sockets, files, timers, the model. They are behind `CorePorts`.
 */
import type { EntryBody, TurnKind } from '../../session/facts/entries.ts';
import { type Facts, sessionOf } from '../../session/facts/facts.ts';
import { begunAssignments } from '../../delivery/emit.ts';
import { noticeBody } from '../../delivery/notice.ts';
import type { Limits } from '../../session/settings/settings.ts';
import { waitersFor } from '../../scope/ownership/delegation.ts';
import { settledView } from '../../delivery/settled.ts';
import { notificationHops, wakeRule } from '../../delivery/wake.ts';
import { closedApprovals, closedForms, interruptedWaiting } from './approval-facts.ts';
import { surplus } from './budget.ts';
import { beginCompaction, droppedRequest } from './compaction.ts';
import { type Core, type TimerName, controlEntry, isToPause, noteStorageProblem, tryCommit } from './core.ts';
import { endedWithPod } from './ended-commands.ts';
import { type TurnEnd, clipped, reportOfTurn } from './reports.ts';
import { owesEvidence, reportOverBudget, reportOwedEnd } from './owed.ts';
import { beginTime, endTime, onTime } from './turn-time.ts';

/** `urgent`: at a turn's end and when the coalescing timer has run out, nothing is waited for. */
export function evaluate(core: Core, options: { urgent: boolean }): void {
  const { facts, live } = core;
  if (live.mode !== 'idle' || live.storage !== null || facts.paused || facts.mailbox !== null) return;
  if (facts.turn !== null) closeInterrupted(core, 'the log could not be written');
  // Not closed: the log refuses still, and its timer comes back here (S3).
  if (facts.turn !== null || facts.scopeWait !== null) return;
  if (facts.resumable !== null) {
    startTurn(core, { kind: 'resume', ...facts.resumable });
    return;
  }
  const next = facts.queue[0];
  if (next !== undefined) {
    const cause = next.from.kind === 'parent' ? 'parent' : 'person';
    const { submission, hops, trace } = next;
    startTurn(core, { kind: 'run', submissions: [submission], hops, cause, ...(trace && { trace }) });
    return;
  }
  if (facts.context.asked !== null) return beginCompaction(core);
  considerWake(core, options.urgent);
}

function considerWake(core: Core, urgent: boolean): void {
  const { facts, live, limits, ports } = core;
  const budget = { turnsPerMinute: limits.wakesPerMinute, hopsMax: limits.hops };
  const wake = wakeRule(facts, budget, live.spentAtMs, ports.now());
  switch (wake.kind) {
    case 'nothing':
      live.overBudget = null;
      if (owesEvidence(core))
        startTurn(core, { kind: 'resume', submissions: [], hops: 0, cause: ownerOf(facts) });
      else reportOwedEnd(core);
      return;
    case 'overBudget':
      if (wake.refillAtMs !== null) {
        ports.perform({ type: 'timer', name: 'refill', delayMs: Math.max(0, wake.refillAtMs - ports.now()) });
      }
      if (live.overBudget === null) reportOverBudget(core, wake);
      return;
    case 'now':
      live.overBudget = null;
      if (!urgent && limits.coalesceMs > 0) {
        if (!live.coalescing) ports.perform({ type: 'timer', name: 'coalesce', delayMs: limits.coalesceMs });
        live.coalescing = true;
        return;
      }
      startTurn(core, {
        kind: 'runForNotification',
        submissions: [],
        hops: notificationHops(facts),
        cause: causeOfNotification(facts),
        counted: wake.counted,
      });
  }
}

function causeOfNotification(facts: Facts): 'person' | 'parent' {
  if (begunAssignments(facts).length > 0) return 'parent';
  return facts.lastCause ?? ownerOf(facts);
}

function ownerOf(facts: Facts): 'person' | 'parent' {
  return sessionOf(facts).parent === null ? 'person' : 'parent';
}

interface TurnStart {
  kind: TurnKind;
  submissions: string[];
  hops: number;
  cause: 'person' | 'parent';
  trace?: string;
  counted?: boolean;
}

function startTurn(core: Core, start: TurnStart): void {
  const { facts, live, ports } = core;
  const turn = ports.newId();
  const { kind, submissions, hops, cause } = start;
  const counted = start.counted === true ? { counted: true } : {};
  const trace = start.trace === undefined ? {} : { trace: start.trace };
  const bodies: EntryBody[] = [
    { type: 'turnStarted', turn, kind, submissions, hops, cause, ...trace, ...counted },
  ];
  const next = facts.queue[0];
  if (kind === 'run' && next !== undefined) {
    const { submission, from, text, images } = next;
    bodies.push({ type: 'userMessage', turn, submission, from, text, ...(images && { images }) });
  }
  if (!tryCommit(core, bodies)) return;
  if (start.counted === true) {
    const nowMs = ports.now();
    live.spentAtMs = [...live.spentAtMs.filter((at) => at > nowMs - 60_000), nowMs];
  }
  live.mode = 'running';
  live.control = null;
  live.coalescing = false;
  ports.perform({ type: 'startTurn', turn });
  beginTime(core);
  ports.perform({ type: 'statusChanged' });
}

/** P6: commits what the buffer holds, in order. Throws `StorageFailed` with the buffer as it was. */
export function preLlmRequest(core: Core): void {
  const { facts, ports } = core;
  const turn = facts.turn?.turn;
  if (turn === undefined || facts.notifyBuffer.length === 0) return;
  ports.commit(systemItemsFromBuffer(core, turn));
}

/** One systemItem for each item of the buffer, with the exact text that the model reads. */
export function systemItemsFromBuffer({ facts, limits }: Core, turn: string): EntryBody[] {
  return facts.notifyBuffer.map((item) => {
    const { content } = item;
    const alreadyRead =
      content.kind === 'podEvent' &&
      content.event.kind === 'turnEnded' &&
      facts.readTurns.has(content.event.turn);
    const waiters = content.kind === 'podEvent' ? waitersFor(facts, content.from.instance) : [];
    const body = noticeBody(item, { alreadyRead, quarantined: shouldQuarantine(item, limits), waiters });
    switch (content.kind) {
      case 'podEvent': {
        const { from, seq, event } = content;
        return { type: 'systemItem', turn, item: { kind: 'podEvent', from, seq, event, body } };
      }
      case 'notice': {
        const { submission, from, images } = content;
        const item = { kind: 'notice' as const, submission, from, body, ...(images && { images }) };
        return { type: 'systemItem', turn, item };
      }
      case 'command':
        return { type: 'systemItem', turn, item: { kind: 'command', command: content.command, body } };
      case 'assignment': {
        const { assignment, child, outcome } = content;
        return { type: 'systemItem', turn, item: { kind: 'assignment', assignment, child, outcome, body } };
      }
    }
  });
}

/**
 * The running turn has ended. Where the log cannot be written it stays open there, and is closed as
 * interrupted once it can.
 */
export function endTurn(core: Core, ended: TurnEnd): void {
  const end = clipped(ended);
  const { facts, live, ports } = core;
  const { turn } = facts;
  if (turn === null || live.mode !== 'running') return;
  const holding = end.outcome !== 'finished' && end.outcome !== 'paused';
  const view = settledView(facts, { holding });
  const settled = end.outcome !== 'paused' && view.settled;
  const back = surplus(facts.budget, 1);
  const report = reportOfTurn(facts, turn, end, { ...view, settled, back });
  const isRoot = sessionOf(facts).parent === null;
  const committed = tryCommit(core, [
    ...endTime(core),
    ...syntheticResults(facts, end.outcome === 'cancelled' ? 'cancelled' : 'interrupted'),
    ...closedApprovals(facts, end.outcome === 'cancelled' ? 'cancel' : 'turnEnd'),
    ...(back === null ? [] : [back]),
    ...(end.outcome === 'cancelled' ? droppedRequest(facts, 'the turn was cancelled') : []),
    {
      type: 'turnEnded',
      turn: turn.turn,
      outcome: end.outcome,
      ...(end.by === undefined ? {} : { by: end.by }),
      ...(end.reason === undefined ? {} : { reason: end.reason }),
      ...(end.error === undefined ? {} : { error: end.error }),
      settled,
      outstanding: view.outstanding,
      usage: turn.usage,
      durationMs: end.durationMs,
      ...(isRoot && settled && end.outcome === 'finished' ? end.evidence : {}),
    },
    // A pause that found no further request to stop before holds behind the turn.
    ...(isToPause(live) && end.outcome !== 'paused' ? [controlEntry(ports.newId(), 'pause')] : []),
    ...report,
  ]);
  live.mode = 'idle';
  live.control = null;
  if (committed) live.turnsAbandoned = 0;
  if (committed && report.length > 0) ports.perform({ type: 'emitted' });
  ports.perform({ type: 'statusChanged' });
  evaluate(core, { urgent: true });
}

/** The turn could not go on because the log could not be written. */
export function abandonTurn(core: Core, text: string): void {
  if (core.live.mode === 'running') core.live.mode = 'idle';
  core.live.control = null;
  core.live.time = null;
  noteStorageProblem(core, text);
  core.live.turnsAbandoned += 1;
  core.ports.perform({ type: 'statusChanged' });
}

/**
 * Synthetic results for calls that will never end (I12). `approvals`: what becomes of those that a call
 * waited with.
 */
export function syntheticResults(
  facts: Facts,
  why: string,
  approvals: 'close' | 'stay' = 'close',
): EntryBody[] {
  return [...(facts.turn?.dangling.values() ?? [])].map((call) => ({
    type: 'toolResult',
    turn: call.turn,
    step: call.step,
    call: call.call,
    tool: call.tool,
    text:
      interruptedWaiting(facts, call.call, { why, stays: approvals === 'stay' }) ??
      interruptedText(facts, call.call, why),
    isError: true,
    interrupted: true,
  }));
}

function interruptedText(facts: Facts, call: string, why: string): string {
  const undone = [...facts.children.values()].find(
    (child) => child.call === call && !hasBegun(facts, child.instance),
  );
  const spawn = undone === undefined ? '' : ` The pod "${undone.name}" that it was starting was undone.`;
  return `This call was ${why} before it ended; whether it had an effect is unknown. It was not run again.${spawn}`;
}

/** A spawn counts from its first assignment on; before that it is undone at the next start (delivery §6). */
export function hasBegun(facts: Facts, instance: string): boolean {
  return facts.children.get(instance)?.begun ?? false;
}

/**
 * Closes what an earlier incarnation, or a failed write, left open. The work itself is staged as `resume` by
 * `evaluate`.
 */
export function closeInterrupted(core: Core, reason: string): void {
  const { facts } = core;
  if (facts.turn === null) return;
  tryCommit(core, [
    ...closedForms(facts),
    ...syntheticResults(facts, 'interrupted', 'stay'),
    { type: 'interrupted', turn: facts.turn.turn, reason, calls: [...facts.turn.dangling.keys()] },
  ]);
}

const quarantineWindowMs = 600_000;

/** The pod died often enough, shortly enough one after the other, with this item in hand. */
function shouldQuarantine(item: { deathsAt: string[] }, limits: Limits): boolean {
  const { quarantineDeaths } = limits;
  const first = item.deathsAt.at(-quarantineDeaths);
  const last = item.deathsAt.at(-1);
  if (first === undefined || last === undefined || item.deathsAt.length < quarantineDeaths) return false;
  return Date.parse(last) - Date.parse(first) <= quarantineWindowMs;
}

/** What is in the history already stays there, but the model is shown one line in its place. */
function quarantine(core: Core): void {
  const { facts, limits } = core;
  const suspects = facts.unseen.filter(
    (item) => shouldQuarantine(item, limits) && !facts.quarantined.has(item.entrySeq),
  );
  if (suspects.length === 0) return;
  tryCommit(
    core,
    suspects.map((item) => ({
      type: 'alert',
      level: 'error',
      code: 'quarantined',
      text: `Entry ${item.entrySeq} is kept from the model: the pod died ${item.deathsAt.length} times while handling it.`,
      quarantines: item.entrySeq,
    })),
  );
}

/**
 * What an earlier incarnation left open is closed, and what kills this pod is kept from it. Behind the commit
 * of `started` and before anybody can speak to the pod: later a turn of this incarnation might be taken for
 * one of the last.
 */
export function recoverPreviousRun(core: Core): void {
  closeInterrupted(core, 'the process ended during the turn');
  const ended = endedWithPod(core.facts);
  if (ended.length > 0) tryCommit(core, ended);
  quarantine(core);
}

/** First input of its own, once it can be spoken to; others may have come before it. */
export function boot(core: Core): void {
  evaluate(core, { urgent: false });
}

export function onTimer(core: Core, name: TimerName): void {
  const { live } = core;
  if (name === 'time') return onTime(core);
  if (name === 'coalesce') live.coalescing = false;
  if (name === 'storage' && live.storage !== null && !recoverStorage(core)) return;
  evaluate(core, { urgent: name === 'coalesce' });
}

function recoverStorage(core: Core): boolean {
  const text = `the log can be written again (it could not: ${core.live.storage})`;
  if (!tryCommit(core, [{ type: 'alert', level: 'warning', code: 'storageRecovered', text }])) return false;
  core.live.storage = null;
  return true;
}

/**
 * The watchdog looks whether the rule would have had work that nobody started; it never has, unless there is
 * a bug.
 */
export function watchdog(core: Core): void {
  const { live } = core;
  if (live.mode !== 'idle' || live.coalescing) return;
  // The budget may be full again at this very moment, its timer a millisecond behind.
  const refilling = live.overBudget === 'turnsPerMinute';
  evaluate(core, { urgent: true });
  // `startTurn` is the only thing that leaves idle here.
  if ((live.mode as string) === 'running' && !refilling) live.watchdogRescues += 1;
}
