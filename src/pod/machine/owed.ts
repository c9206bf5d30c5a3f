/** What a pod owes its parent between two turns. Pure. */
import { begunAssignments, emitted } from '../../delivery/emit.ts';
import { settledView } from '../../delivery/settled.ts';
import { type OverBudget, notificationHops } from '../../delivery/wake.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import { type Facts, sessionOf } from '../../session/facts/facts.ts';
import { type Core, tryCommit } from './core.ts';
import { evidenceDue } from './evidence.ts';
import { excerptOf, finalText } from './reports.ts';

function owesEnd(facts: Facts): boolean {
  return begunAssignments(facts).length > 0 && facts.held === null && settledView(facts).settled;
}

/**
 * It owes an end, and with it what only a turn can make: one without a request, where nothing is left to say.
 */
export function owesEvidence({ facts }: Core): boolean {
  return (owesEnd(facts) || owesAnswer(facts)) && evidenceDue(facts) !== null;
}

/**
 * A root's last answer was given while others were at work, and they have ended without a word to the model.
 */
function owesAnswer(facts: Facts): boolean {
  const { lastTurn, held } = facts;
  if (lastTurn?.outcome !== 'finished' || lastTurn.settled || held !== null) return false;
  return sessionOf(facts).parent === null;
}

/**
 * The parent was told that this pod goes on by itself, and what it waited for has ended without a word to the
 * model (read already, asked for, given up): no turn will come that could say so. Also a level, asked with
 * the wake rule.
 */
export function reportOwedEnd(core: Core): void {
  const { facts, ports } = core;
  if (!owesEnd(facts)) return;
  const assignments = begunAssignments(facts);
  const text = finalText(facts);
  const report = emitted(facts, {
    kind: 'turnEnded',
    outcome: 'finished',
    turn: facts.lastTurn?.turn ?? ports.newId(),
    assignments,
    outstanding: [],
    settled: true,
    ...excerptOf(text),
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    durationMs: 0,
    hops: 0,
  });
  if (!tryCommit(core, [report])) return;
  ports.perform({ type: 'emitted' });
  ports.perform({ type: 'statusChanged' });
}

export function reportOverBudget(core: Core, { why, items, refillAtMs }: OverBudget): void {
  const { facts, live, limits, ports } = core;
  live.overBudget = why;
  const nowMs = ports.wallMs();
  // An earlier incarnation may have told it, and no turn has begun since.
  live.overBudgetAt = facts.overBudgetAt ?? new Date(nowMs).toISOString();
  live.overBudgetUntil =
    refillAtMs === null ? null : new Date(nowMs + Math.max(0, refillAtMs - ports.now())).toISOString();
  const bound =
    why === 'hops'
      ? `a chain of ${limits.hops} turns`
      : `${limits.wakesPerMinute} notification turns a minute`;
  const text = `${items} event(s) wait: the wake budget of ${bound} is used up. A person's input wakes the pod.`;
  const bodies: EntryBody[] = [{ type: 'alert', level: 'warning', code: 'wakeBudget', text }];
  const upward =
    sessionOf(facts).parent !== null && (begunAssignments(facts).length > 0 || facts.lastCause === 'parent');
  if (upward) {
    bodies.push(
      emitted(facts, {
        kind: 'turnEnded',
        outcome: 'limitReached',
        reason: 'wakeBudget',
        turn: facts.lastTurn?.turn ?? ports.newId(),
        assignments: begunAssignments(facts),
        outstanding: settledView(facts).outstanding,
        settled: false,
        text: '',
        textChars: 0,
        usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
        durationMs: 0,
        hops: Math.min(limits.hops, notificationHops(facts)),
      }),
    );
  }
  if (!tryCommit(core, bodies)) return;
  if (upward) ports.perform({ type: 'emitted' });
}
