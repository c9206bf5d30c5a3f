/** A typed answer on its way to the pod that asks, over a connection to it or to a pod above it. */
import { thrownText } from '../../std/thrown-text.ts';
import { monotonicMs } from '../../std/clock.ts';
import type { Client } from '../../transport/client.ts';
import { oneLine, visible } from '../format/printable.ts';
import type { ApprovalDesk, Typed } from './approval-desk.ts';
import type { AskedApproval } from './approval-text.ts';
import { ruledText } from './ruled-text.ts';

export interface Answering {
  readonly typed: Extract<Typed, { kind: 'answer' }>;
  /** Saves a rule for the project of the pod that asks; answers what is to be said. */
  readonly save: (approval: AskedApproval, rule: string) => Promise<string>;
}

/**
 * What is to be shown then: that it is answered or why not, and the next approval. Throws where nobody knows
 * whether it arrived: the approval stays.
 */
export async function answerApproval(
  client: Client,
  desk: ApprovalDesk,
  { typed, save }: Answering,
): Promise<string> {
  const { approval, rule, write } = typed;
  const { request, pod } = approval;
  try {
    const said = await answer(client, { typed, save });
    return withNext(
      [`The approval request of ${pod} is answered: ${typed.decision}.`, ...said].join('\n'),
      desk.settled(request, monotonicMs()),
    );
  } catch (error) {
    if (!client.connection.writable) {
      desk.settled(request, monotonicMs(), { open: true });
      throw error;
    }
    const text = `The answer to ${pod} was not taken: ${messageOf(error)}`;
    if (rule === undefined && write === undefined)
      return withNext(text, desk.settled(request, monotonicMs()));
    // Its rule or its path may have been refused alone. Where it was answered elsewhere, that is said by its
    // pod.
    desk.settled(request, monotonicMs(), { open: true });
    return withNext(text, desk.again(monotonicMs()));
  }
}

/** What is to be said of its rule. Throws what the call throws. */
async function answer(client: Client, { typed, save }: Answering): Promise<string[]> {
  const { approval, decision, reason, rule, write } = typed;
  const taken = await client.call('approve', {
    request: approval.request,
    decision,
    ...(reason === undefined ? {} : { reason }),
    ...(rule === undefined ? {} : { rule: rule.text }),
    ...(write === undefined ? {} : { write }),
  });
  if (write !== undefined) return [`It may write ${oneLine(visible(write), 400)} from now on.`];
  if (rule === undefined) return [];
  const isSaved = rule.save && taken.rule !== undefined;
  return [ruledText(rule.text, taken), ...(isSaved ? [await saved(save, approval, rule.text)] : [])];
}

/** The call is answered: that its rule could not be saved is said, and nothing else comes of it. */
async function saved(save: Answering['save'], approval: AskedApproval, rule: string): Promise<string> {
  try {
    return await save(approval, rule);
  } catch (error) {
    return `The rule is not saved: ${messageOf(error)}`;
  }
}

function withNext(text: string, next: string | null): string {
  return next === null ? text : `${text}\n${next}`;
}

function messageOf(error: unknown): string {
  return oneLine(thrownText(error), 400);
}
