/** Which questions to a person are open, and how those end that nobody answered. Pure. */
import type { ApprovalAnsweredEntry } from '../../session/facts/approval-entries.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Approval, Facts } from '../../session/facts/facts.ts';

/** True for the questions that a person can answer now. */
export function isOpen(question: Approval): boolean {
  return question.answer === null;
}

/** The lines that close every open question; no answer of a person is among them. */
export function closedQuestions(
  facts: Facts,
  by: Exclude<ApprovalAnsweredEntry['by'], 'person'>,
): EntryBody[] {
  return [...facts.approvals.values()]
    .filter(isOpen)
    .map(({ request }) => ({ type: 'approval', state: 'answered', request, decision: 'deny', by }));
}

/** What the model reads of a call that never came to its answer; null for a call that did not wait. */
export function interruptedWaiting(
  facts: Facts,
  call: string,
  how: { why: string; stays: boolean },
): string | null {
  const question = [...facts.approvals.values()].find((one) => one.call === call);
  return question === undefined ? null : waitingText(how.why, how);
}

/** `stays`: the question is still open. */
export function waitingText(why: string, { stays }: { stays: boolean }): string {
  const next = stays
    ? 'The question stays open: make the same call again to wait for its answer, or to use the answer if there is one by then.'
    : 'Its question is closed; make the call again if it is still needed.';
  return `This call was ${why} while it waited for a person's answer. It did not run. ${next}`;
}
