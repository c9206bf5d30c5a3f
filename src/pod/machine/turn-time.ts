/**
 * How long a turn may work and how long it may be silent, where somebody has limited that. Pure; the time
 * comes with each input.
 *
 * Invariants
 * - L1 What a turn has used only rises, over pauses and over deaths: it is committed as a total, at least
 *   every tenth of the limit and with each end. A death loses what came behind the last total.
 * - L2 No pause, no open approval and no wait for the budget, at whose bound no turn ends, counts as work;
 *   and nothing that the pod waits for as silence.
 * - L3 At a limit the turn ends as by a cancel, as `limitReached`, once; a pause that was asked for holds
 *   behind it.
 */
import type { EntryBody } from '../../session/facts/entries.ts';
import { sessionOf } from '../../session/facts/facts.ts';
import { demandsOf } from '../../session/settings/demands.ts';
import { isOpen } from './approval-facts.ts';
import type { Core, TurnTime } from './core.ts';
import { waitingOf } from './waiting.ts';

const minuteMs = 60_000;
const tickMaxMs = 1_000;
const tickMinMs = 20;

/** A turn has begun. */
export function beginTime(core: Core): void {
  const { facts, live, ports } = core;
  live.time = null;
  if (facts.turn === null) return;
  const { timeoutMinutes, idleMinutes } = demandsOf(sessionOf(facts).settings);
  if (timeoutMinutes === null && idleMinutes === null) return;
  const atMs = ports.now();
  const { usedMs } = facts.turn;
  live.time = {
    timeoutMs: (timeoutMinutes ?? Number.POSITIVE_INFINITY) * minuteMs,
    idleMs: (idleMinutes ?? Number.POSITIVE_INFINITY) * minuteMs,
    usedMs,
    committedMs: usedMs,
    atMs,
    counts: true,
    heardAtMs: atMs,
  };
  tick(core, live.time);
}

/** Behind each append, before anything else is done: an approval may have been opened or closed. */
export function noteTime(core: Core, bodies: readonly EntryBody[]): void {
  const { time } = core.live;
  if (time === null) return;
  advance(core, time);
  if (bodies.some(isSign)) time.heardAtMs = time.atMs;
}

/** Something of an answer or of a tool's work has come. */
export function noteSign({ live, ports }: Core): void {
  if (live.time !== null) live.time.heardAtMs = ports.now();
}

/** Of the turn's own work: what others send is none. */
function isSign(body: EntryBody): boolean {
  return 'turn' in body && body.type !== 'turnTime' && body.type !== 'assignment';
}

function advance({ facts, live, ports }: Core, time: TurnTime): void {
  const nowMs = ports.now();
  if (time.counts) time.usedMs += Math.max(0, nowMs - time.atMs);
  time.atMs = nowMs;
  time.counts = live.budget === null && ![...facts.approvals.values()].some(isOpen);
}

/** The timer has run out. */
export function onTime(core: Core): void {
  const { time, mode } = core.live;
  if (time === null || mode !== 'running') return;
  advance(core, time);
  const waiting = waitingOf(core, { scope: null, nowMs: core.ports.wallMs() });
  if (waiting !== null) time.heardAtMs = time.atMs;
  commitTime(core, time);
  const isOver = time.usedMs >= time.timeoutMs || time.atMs - time.heardAtMs >= time.idleMs;
  if (isOver) endAtLimit(core);
  else tick(core, time);
}

function tick({ ports }: Core, time: TurnTime): void {
  const { timeoutMs, idleMs, usedMs, atMs, heardAtMs } = time;
  const smallest = Math.min(timeoutMs, idleMs);
  const period = Math.max(tickMinMs, Math.min(tickMaxMs, smallest / 10));
  const delayMs = Math.max(1, Math.min(period, timeoutMs - usedMs, idleMs - (atMs - heardAtMs)));
  ports.perform({ type: 'timer', name: 'time', delayMs });
}

function commitTime({ facts, ports }: Core, time: TurnTime): void {
  const dueMs = Math.min(minuteMs, time.timeoutMs / 10);
  if (facts.turn === null || time.usedMs - time.committedMs < dueMs) return;
  try {
    ports.commit(usedTime(facts.turn.turn, time));
    time.committedMs = time.usedMs;
  } catch {
    // The next total says it all.
  }
}

function usedTime(turn: string, { usedMs }: TurnTime): EntryBody[] {
  return [{ type: 'turnTime', turn, usedMs: Math.round(usedMs) }];
}

/**
 * What a turn has used at its end, or where it is to be gone on with; the machine's clock for it ends here.
 */
export function endTime(core: Core): EntryBody[] {
  const { facts, live } = core;
  const { time } = live;
  live.time = null;
  if (time === null || facts.turn === null) return [];
  advance(core, time);
  return usedTime(facts.turn.turn, time);
}

function endAtLimit(core: Core): void {
  const { live, ports } = core;
  if (live.control?.kind === 'cancel' || live.control?.kind === 'limit') return;
  live.control = { kind: 'limit', reason: 'time', pauses: live.control?.kind === 'pause' };
  cancelBelow(core);
  ports.perform({ type: 'controlTurn' });
}

/** What the running turn has handed down ends with it. */
export function cancelBelow({ facts, ports }: Core): void {
  const given = [...facts.assignments.values()];
  const turns = new Set<string | null>(facts.turn?.turns);
  // A compaction between two turns: what was handed down before it is meant too.
  const mine = facts.turn === null ? given : given.filter((open) => turns.has(open.turn));
  ports.perform({ type: 'cancelChildren', assignments: mine.map((open) => open.assignment) });
}
