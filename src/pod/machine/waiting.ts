/**
 * What a pod waits for, in one word and one sentence: made from the facts and the little that is not in the
 * log. Pure.
 */
import type { Waiting } from '../../protocol/status-result.ts';
import type { Core } from './core.ts';
import { isOpen } from './approval-facts.ts';

/** A provider takes a moment; longer than this without a byte, and it is what the pod waits for. */
const answerWithinMs = 5_000;
const reasonCharsMax = 500;

export interface OtherWaits {
  /** Paths that somebody else of the home holds. */
  readonly scope: { readonly since: string; readonly reason: string } | null;
  /** Wall time. */
  readonly nowMs: number;
}

/** The most urgent one; null where it waits for nothing but its own work, or for a new task. */
export function waitingOf(core: Core, others: OtherWaits): Waiting | null {
  const found =
    onStorage(core) ??
    onPaths(core) ??
    onApproval(core) ??
    onSpending(core) ??
    onProvider(core, others.nowMs) ??
    onScope(core, others) ??
    onBudget(core) ??
    onLimit(core) ??
    onChildren(core);
  return found === null ? null : { ...found, reason: found.reason.slice(0, reasonCharsMax).toWellFormed() };
}

function onStorage({ live }: Core): Waiting | null {
  if (live.storage === null) return null;
  return { kind: 'storage', since: live.storageAt, until: null, reason: live.storage };
}

function onApproval({ facts }: Core): Waiting | null {
  const open = [...facts.approvals.values()].filter(isOpen);
  const [first] = open;
  if (first === undefined) return null;
  const more = open.length === 1 ? '' : ` and ${open.length - 1} more`;
  const reason = `${first.tool}: ${first.summary}${more}`;
  return { kind: 'approval', since: first.askedAt, until: null, reason };
}

function onProvider({ facts, live }: Core, nowMs: number): Waiting | null {
  if (live.mode !== 'running') return null;
  const { askedAt, failing } = live.provider;
  if (failing !== null) return { kind: 'provider', ...failing };
  if (askedAt === null || nowMs - Date.parse(askedAt) < answerWithinMs) return null;
  const model = facts.session?.model ?? 'the model';
  return { kind: 'provider', since: askedAt, until: null, reason: `${model} has not begun to answer` };
}

/** It begins nothing before it has them. */
function onPaths({ facts, live }: Core): Waiting | null {
  if (facts.scopeWait === null || live.mode !== 'idle') return null;
  return { kind: 'scope', until: null, ...facts.scopeWait };
}

/** Its tools say the same at every call into these paths. */
function onScope({ live }: Core, { scope }: OtherWaits): Waiting | null {
  return scope === null || live.mode === 'stopping' ? null : { kind: 'scope', until: null, ...scope };
}

/** A person raises it; nothing ends by it. */
function onSpending({ live }: Core): Waiting | null {
  if (live.budget === null || live.mode === 'stopping') return null;
  return { kind: 'budget', until: null, ...live.budget };
}

function onBudget({ live }: Core): Waiting | null {
  const { overBudget, overBudgetAt: since, overBudgetUntil: until } = live;
  if (overBudget === null) return null;
  const reason =
    overBudget === 'turnsPerMinute'
      ? 'too many turns for notices within a minute'
      : 'a chain of notices has used up its hops; a person’s input goes on';
  return { kind: 'budget', since, until, reason };
}

function onLimit({ facts, live }: Core): Waiting | null {
  const { lastTurn } = facts;
  if (live.mode !== 'idle' || lastTurn?.outcome !== 'limitReached') return null;
  const reason =
    lastTurn.reason === 'cost'
      ? 'what it may cost (limits.cost) is used up, whoever asks'
      : `a limit was reached (${lastTurn.reason ?? 'unknown'}); a person’s input goes on`;
  return { kind: 'limit', since: lastTurn.at, until: null, reason };
}

function onChildren({ facts, live }: Core): Waiting | null {
  const open = [...facts.assignments.values()];
  const [first] = open;
  if (live.mode !== 'idle' || first === undefined) return null;
  const names = [...new Set(open.map(({ child }) => child.name))];
  const shown = names.slice(0, 10).join(', ');
  const reason = names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
  return { kind: 'children', since: first.openedAt, until: null, reason };
}
