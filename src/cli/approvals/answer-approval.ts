/** A typed answer on its way to the pod that asks, over a connection to it or to a pod above it. */
import { monotonicMs } from '../../std/clock.ts';
import type { Client } from '../../transport/client.ts';
import { oneLine } from '../format/printable.ts';
import type { ApprovalDesk, Typed } from './approval-desk.ts';

/**
 * What is to be shown then: that it is answered or why not, and the next approval. Throws where nobody knows
 * whether it arrived: the approval stays.
 */
export async function answerApproval(
  client: Client,
  desk: ApprovalDesk,
  { approval, decision, reason }: Extract<Typed, { kind: 'answer' }>,
): Promise<string> {
  const { request } = approval;
  const reply = (text: string, next: string | null) => (next === null ? text : `${text}\n${next}`);
  try {
    await client.call('approve', { request, decision, ...(reason === undefined ? {} : { reason }) });
    return reply(
      `The approval request of ${approval.pod} is answered: ${decision}.`,
      desk.settled(request, monotonicMs()),
    );
  } catch (error) {
    if (!client.connection.writable) {
      desk.settled(request, monotonicMs(), { open: true });
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    const next = desk.settled(request, monotonicMs());
    return reply(`The answer to ${approval.pod} was not taken: ${oneLine(why, 400)}`, next);
  }
}
