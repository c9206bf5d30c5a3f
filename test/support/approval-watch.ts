/** Looks at a pod as a raw client does and keeps what it is told of approvals to a person. */
import type { ClosedApproval, ApprovalRequest } from '../../src/protocol/approval.ts';
import { RemoteError } from '../../src/transport/failures.ts';
import { type TestPod, eventually } from './rig.ts';

export interface Watched {
  /** Types of what came, of entries their own. */
  readonly order: string[];
  readonly approvals: ApprovalRequest[];
  /** The first approval told, or the one behind `count` others. */
  asked(count?: number): Promise<ApprovalRequest>;
  /** The first one told to be closed. */
  closed(): Promise<ClosedApproval>;
}

export async function watched(pod: TestPod): Promise<Watched> {
  const order: string[] = [];
  const approvals: ApprovalRequest[] = [];
  const ended: ClosedApproval[] = [];
  const client = await pod.client((event) => {
    const entry = event['entry'] as { type: string } | undefined;
    order.push(entry?.type ?? event.type);
    if (event.type === 'approvalRequested') approvals.push(event as unknown as ApprovalRequest);
    if (event.type === 'approvalAnswered') ended.push(event as unknown as ClosedApproval);
  });
  await client.call('subscribe', {});
  const told = async <T>(list: T[], index: number, what: string): Promise<T> => {
    await eventually(
      pod.folder.path,
      () => list.length > index,
      `${pod.name} tells of ${what}`,
      () => order.join(' '),
    );
    return list[index]!;
  };
  return {
    order,
    approvals,
    asked: (count = 0) => told(approvals, count, 'an approval'),
    closed: () => told(ended, 0, 'the end of an approval'),
  };
}

/** The code and the sentence of a refusal. */
export function failureOf(error: unknown): { code: string | undefined; text: string } {
  if (!(error instanceof RemoteError)) throw error;
  return { code: error.code, text: error.message };
}
