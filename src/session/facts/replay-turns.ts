/** The part of the fold that is about the turn as a whole: how it begins, lasts and ends. */
import { noFailures } from './context-facts.ts';
import { type TurnTimeEntry, nothingUnmet } from './demand-entries.ts';
import type { Entry, InterruptedEntry, TurnEndedEntry, TurnOutcome, TurnStartedEntry } from './entries.ts';
import type { Facts, OpenTurn } from './facts.ts';
import { noteTurnEnd } from './hook-facts.ts';

function applyTurnStarted(facts: Facts, entry: Entry<TurnStartedEntry>): void {
  facts.turn = {
    turn: entry.turn,
    turns: [...(entry.kind === 'resume' ? (facts.resumable?.turns ?? []) : []), entry.turn],
    entrySeq: entry.seq,
    kind: entry.kind,
    submissions: entry.submissions,
    hops: entry.hops,
    cause: entry.cause,
    startedAt: entry.time,
    usedMs: entry.kind === 'resume' ? (facts.resumable?.usedMs ?? 0) : 0,
    unmet: (entry.kind === 'resume' ? facts.resumable?.unmet : null) ?? nothingUnmet,
    steps: 0,
    answeredBy: null,
    usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
    dangling: new Map(),
  };
  facts.resumable = null;
  facts.cut = null;
  facts.overBudgetAt = null;
  facts.context.failures = noFailures();
  facts.lastCause = entry.cause;
  facts.turns += 1;
}

function applyTurnEnded(facts: Facts, entry: Entry<TurnEndedEntry>): void {
  const { turn } = facts;
  facts.paused = entry.outcome === 'paused';
  if (entry.outcome === 'paused' && turn !== null) {
    facts.resumable = resumableOf(turn);
  }
  const why = holdWords[entry.outcome];
  if (why !== undefined && turn !== null && hasInHand(facts, turn.entrySeq)) {
    facts.held = { why, through: entry.seq, before: turn.entrySeq };
  }
  facts.turn = null;
  facts.approvals.clear();
  noteTurnEnd(facts, entry);
  facts.lastTurn = {
    turn: entry.turn,
    outcome: entry.outcome,
    reason: entry.reason ?? entry.error?.message ?? null,
    at: entry.time,
    settled: entry.settled,
  };
}

function applyTurnTime(facts: Facts, { turn, usedMs }: Entry<TurnTimeEntry>): void {
  if (facts.turn?.turn === turn) facts.turn.usedMs = Math.max(facts.turn.usedMs, usedMs);
}

function applyInterrupted(facts: Facts, entry: Entry<InterruptedEntry>): void {
  const { turn } = facts;
  if (turn === null || turn.turn !== entry.turn) return;
  facts.resumable = resumableOf(turn);
  facts.turn = null;
}

/** Turn ends after which the same items would only end the next turn alike. */
const holdWords: Partial<Record<TurnOutcome, NonNullable<Facts['held']>['why']>> = {
  errored: 'failed',
  limitReached: 'limit',
  cancelled: 'cancelled',
};

function resumableOf({ turns, usedMs, unmet, submissions, hops, cause }: OpenTurn): Facts['resumable'] {
  return { turns, usedMs, unmet, submissions, hops, cause };
}

/** A turn that began at `start` had items to give to the model and did not get them seen. */
function hasInHand(facts: Facts, start: number): boolean {
  return facts.unseen.length > 0 || facts.notifyBuffer.some((item) => item.entrySeq < start);
}

/** By the type of the entry. */
export const ofTurns = {
  turnStarted: applyTurnStarted,
  turnEnded: applyTurnEnded,
  turnTime: applyTurnTime,
  interrupted: applyInterrupted,
};
