/**
 * Approvals to a person, as functions over the core: asked, answered, closed. Each commits; the caller awaits
 * the log's sync before it tells anybody or
 * lets a call run.
 *
 * Invariants
 * - Q1 An approval is committed before anybody is told of it, an answer before the call that it lets run.
 * - Q2 An approval is answered once; whoever comes second is refused and changes nothing.
 * - Q3 A call that was interrupted while it waited has not run. Made again, it joins its approval where that
 *   is open, and takes the kept answer once.
 */
import { WireError } from '../../protocol/errors.ts';
import type { ApprovalAskedEntry, ApprovalDecision } from '../../session/facts/approval-entries.ts';
import type { Approval, Facts } from '../../session/facts/facts.ts';
import type { FormContent } from '../../protocol/form.ts';
import { type Core, tryCommit } from './core.ts';
import { commitInput } from './inputs.ts';
import { isOpen, waitingText } from './approval-facts.ts';

export type Asked =
  | { readonly kind: 'waits'; readonly request: string }
  /** A person had answered before this call was made. */
  | { readonly kind: 'answered'; readonly decision: ApprovalDecision; readonly reason: string | null };

/**
 * `waiting`: requests that a call of this incarnation waits for; they are never joined by another. Throws
 * what the commit throws.
 */
export function onAsk(
  core: Core,
  approval: Omit<ApprovalAskedEntry, 'type' | 'state'>,
  waiting: ReadonlySet<string>,
): Asked {
  const { facts, ports } = core;
  const same = [...facts.approvals.values()].find(
    ({ key, request }) => key === approval.key && !waiting.has(request),
  );
  if (same !== undefined && same.answer !== null) {
    const { decision, reason } = same.answer;
    ports.commit([{ type: 'approval', state: 'taken', request: same.request, call: approval.call }]);
    ports.perform({ type: 'statusChanged' });
    return { kind: 'answered', decision, reason };
  }
  const request = same?.request ?? approval.request;
  ports.commit([{ type: 'approval', state: 'asked', ...approval, request }]);
  ports.perform({ type: 'statusChanged' });
  return { kind: 'waits', request };
}

const reasonCharsMax = 2_000;

/**
 * `waits`: a call of this incarnation waits for the answer. Throws `forbidden` for what was answered,
 * `unknownPod` for what was never asked here.
 */
export function onApprove(
  core: Core,
  answer: {
    request: string;
    decision: ApprovalDecision;
    reason?: string | undefined;
    rule?: string | undefined;
    write?: string | undefined;
    content?: FormContent | undefined;
    by?: 'person' | 'headless';
  },
  options: { waits: boolean },
): Approval {
  const { facts, ports } = core;
  const { request, decision } = answer;
  const approval = facts.approvals.get(request);
  if (approval === undefined || !isOpen(approval)) throw notOpen(facts, request);
  const reason = answer.reason?.slice(0, reasonCharsMax).toWellFormed();
  const { rule, write, content, by = 'person' } = answer;
  commitInput(core, [
    {
      type: 'approval',
      state: 'answered',
      request,
      decision,
      by,
      ...(reason === undefined ? {} : { reason }),
      ...(rule === undefined ? {} : { rule }),
      ...(write === undefined ? {} : { write }),
      ...(content === undefined ? {} : { content }),
      ...(options.waits ? { call: approval.call } : {}),
    },
  ]);
  ports.perform({ type: 'statusChanged' });
  return approval;
}

function notOpen(facts: Facts, request: string): WireError {
  const before = facts.answered.get(request);
  if (before === undefined) {
    return new WireError(
      'unknownPod',
      'No pod here asks this; "podkin approvals" lists the approval requests that are open.',
    );
  }
  const { decision, by } = before;
  const how = by === 'person' ? `a person answered "${decision}"` : `it was closed (${by})`;
  return new WireError(
    'forbidden',
    `This approval request is not open any more: ${how}. Nothing was changed.`,
    {
      decision,
      by,
    },
  );
}

/**
 * A pause ends the waiting: the call gets a result that says that it did not run. False where the log could
 * not be written, and nothing changed then.
 */
export function closeForPause(core: Core, request: string): boolean {
  const approval = core.facts.approvals.get(request);
  if (approval === undefined || approval.form !== undefined) return false;
  const { turn, step, call, tool } = approval;
  return tryCommit(core, [
    { type: 'approval', state: 'answered', request, decision: 'deny', by: 'pause' },
    {
      type: 'toolResult',
      turn,
      step,
      call,
      tool,
      text: waitingText('paused', { stays: false }),
      isError: true,
      interrupted: true,
    },
  ]);
}

/** A server asks a person in the middle of a call. Throws what the commit throws. */
export function onAskForm(core: Core, asked: Omit<ApprovalAskedEntry, 'type' | 'state'>): void {
  core.ports.commit([{ type: 'approval', state: 'asked', ...asked }]);
  core.ports.perform({ type: 'statusChanged' });
}

/** Nobody waits for its answer any more. Where the log cannot be written it is closed with its turn. */
export function closeForm(core: Core, request: string, by: 'cancel' | 'pause' | 'callEnd'): void {
  const approval = core.facts.approvals.get(request);
  if (approval === undefined || !isOpen(approval)) return;
  tryCommit(core, [{ type: 'approval', state: 'answered', request, decision: 'deny', by }]);
  core.ports.perform({ type: 'statusChanged' });
}
