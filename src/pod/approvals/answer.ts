/**
 * The method `approve`: a person's answer to an approval of this pod, or handed on to the pod below that
 * asks.
 */
import { type PodErrorCode, WireError, podErrorCodes } from '../../protocol/errors.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { SendFailure } from '../../transport/connect-and-send.ts';
import type { ApprovalGate } from './gate.ts';
import type { Pod } from '../pod.ts';
import type { ApprovalFeed } from './feed.ts';

export interface ApproveParts {
  readonly pod: Pod;
  readonly approvalGate: ApprovalGate;
  readonly approvalFeed: ApprovalFeed;
}

/**
 * That it is a person's is known before. Throws `forbidden`, `unknownPod`, `storageFailed`, `notRunning`, and
 * what the pod that asks refuses with.
 */
export async function approve(parts: ApproveParts, params: Params<'approve'>): Promise<Result<'approve'>> {
  const { pod, approvalGate, approvalFeed } = parts;
  const { request, decision, reason, rule, write, unasked, content } = params;
  const below = pod.facts.approvals.has(request) ? undefined : approvalFeed.below(request);
  const opened = write === undefined ? {} : { write };
  const byRule = rule === undefined ? {} : { rule };
  if (below === undefined) {
    const { tool, summary } = await approvalGate.answer(params);
    const self = { name: pod.name, instance: pod.session.instance };
    return { request, pod: self, tool, summary, decision, ...byRule };
  }
  const path = pod.socketOf(below.pod);
  const given = {
    ...(reason !== undefined && { reason }),
    ...(unasked && { unasked }),
    ...(content !== undefined && { content }),
  };
  const sent = await pod.host.wire.send(path, 'approve', {
    request,
    decision,
    ...given,
    ...byRule,
    ...opened,
  });
  if (sent.ok) return sent.result;
  throw refusalOf(below.pod.name, sent);
}

function refusalOf(name: string, sent: SendFailure): WireError {
  const code = podErrorCodes.find((known): known is PodErrorCode => known === sent.code);
  if (sent.failure === 'refused' && code !== undefined) return new WireError(code, sent.message);
  const doubt =
    sent.delivered === 'unknown'
      ? 'Whether it took the answer is not known; "podkin approvals" shows whether it is open still.'
      : 'Nothing was changed; restore it if it has ended, and answer then.';
  return new WireError(
    'notRunning',
    `The pod "${name}" that asks did not answer (${sent.message}). ${doubt}`,
  );
}
