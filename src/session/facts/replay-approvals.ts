/**
 * The part of the fold that is about approvals to a person; `replay.ts` alone calls it.
 *
 * Invariants
 * - A1 An answer serves one call: the one that it names, or the first that takes it.
 * - A2 Only a turn's end (or what gives its work up) forgets an approval without an answer; an interruption
 *   does not.
 * - A3 A rule comes with a person's yes to a call that waited, and stays.
 * - A4 What is opened by an answer is what its approval has offered.
 */
import type { ApprovalAnsweredEntry, ApprovalEntry, RememberedYes } from './approval-entries.ts';
import type { Entry } from './entries.ts';
import type { Facts } from './facts.ts';

export function applyApproval(facts: Facts, entry: Entry<ApprovalEntry>): void {
  const { request } = entry;
  switch (entry.state) {
    case 'asked': {
      const { turn, step, call, tool, summary, why, key, always, offers, form } = entry;
      const askedAt = facts.approvals.get(request)?.askedAt ?? entry.time;
      const asked = { request, turn, step, call, tool, summary, why, key, always, askedAt, answer: null };
      facts.approvals.set(request, { ...asked, ...(offers && { offers }), ...(form && { form }) });
      return;
    }
    case 'answered': {
      const { decision, by, call } = entry;
      const approval = facts.approvals.get(request);
      facts.answered.set(request, { decision, by });
      if (approval === undefined) return;
      if (decision === 'allowAlways') facts.remembered.add(rememberedKey(approval.always));
      if (by === 'person' && decision !== 'deny') allowByRule(facts, entry.rule);
      if (by === 'person') widen(facts, approval.offers?.write, entry);
      if (call === undefined && by === 'person') {
        approval.answer = { decision, reason: entry.reason ?? null };
      } else facts.approvals.delete(request);
      return;
    }
    case 'taken':
      facts.approvals.delete(request);
  }
}

function allowByRule(facts: Facts, rule: string | undefined): void {
  if (rule !== undefined && !facts.allowed.includes(rule)) facts.allowed.push(rule);
}

/** Only what was offered. */
function widen(facts: Facts, offered: string | undefined, { decision, write }: ApprovalAnsweredEntry): void {
  if (offered === undefined) return;
  if (decision === 'deny' || write !== offered) facts.declined.add(offered);
  else if (!facts.widened.includes(offered)) facts.widened.push(offered);
}

export function rememberedKey({ tool, exact, outside }: RememberedYes): string {
  return JSON.stringify([tool, exact, outside]);
}
