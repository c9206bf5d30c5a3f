/** Which approvals to a person are open, and how those end that nobody answered. Pure. */
import type { ApprovalAnsweredEntry } from '../../session/facts/approval-entries.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Approval, Facts } from '../../session/facts/facts.ts';

/** True for the approvals that a person can answer now. */
export function isOpen(approval: Approval): boolean {
  return approval.answer === null;
}

/** The lines that close every open approval; no answer of a person is among them. */
export function closedApprovals(
  facts: Facts,
  by: Exclude<ApprovalAnsweredEntry['by'], 'person'>,
): EntryBody[] {
  return [...facts.approvals.values()]
    .filter(isOpen)
    .map(({ request }) => ({ type: 'approval', state: 'answered', request, decision: 'deny', by }));
}

/** Of what a server asked in a call that is over with its incarnation: the server hears nothing any more. */
export function closedForms(facts: Facts): EntryBody[] {
  return [...facts.approvals.values()]
    .filter(({ form }) => form !== undefined)
    .map(({ request }) => ({
      type: 'approval',
      state: 'answered',
      request,
      decision: 'deny',
      by: 'interrupted',
    }));
}

/** What the model reads of a call that never came to its answer; null for a call that did not wait. */
export function interruptedWaiting(
  facts: Facts,
  call: string,
  how: { why: string; stays: boolean },
): string | null {
  const approval = [...facts.approvals.values()].find((one) => one.call === call && one.form === undefined);
  return approval === undefined ? null : waitingText(how.why, how);
}

/** `stays`: the approval is still open. */
export function waitingText(why: string, { stays }: { stays: boolean }): string {
  const next = stays
    ? 'The approval request stays open: make the same call again to wait for its answer, or to use the answer if there is one by then.'
    : 'Its approval request is closed; make the call again if it is still needed.';
  return `This call was ${why} while it waited for a person's answer. It did not run. ${next}`;
}
