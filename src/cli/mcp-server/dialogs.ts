/**
 * Approvals that a person is asked for below the mailbox, as questions of the host's own (elicitation), where
 * it says that it can ask. Whoever answers first counts; what the host's person leaves open waits for
 * `podkin approvals`. No tool call answers one.
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import {
  contentProblem,
  type FormContent,
  formContentSchema,
  type FormSchema,
  schemaOf,
} from '../../protocol/form.ts';
import { visible } from '../format/printable.ts';

export interface Dialog {
  readonly message: string;
  readonly requestedSchema: FormSchema;
}

const wholeCharsMax = 3_500;
const reasonCharsMax = 2_000;

/** Null for a call that cannot be shown to its end: nobody may say yes to less than there is. */
export function dialogOf({ pod, path, tool, summary, why, form }: ApprovalRequest): Dialog | null {
  if (form !== undefined) {
    const asks = `An MCP server of the pod ${visible(path ?? pod.name)} asks (${visible(why)}):`;
    return { message: `${asks}\n\n${visible(form.message)}`, requestedSchema: schemaOf(form) };
  }
  if (summary.length > wholeCharsMax) return null;
  const message = [
    `The pod ${visible(path ?? pod.name)} asks: may it call ${visible(tool)}?`,
    `Why a person is asked: ${visible(why)}`,
    '',
    visible(summary),
  ].join('\n');
  return {
    message,
    requestedSchema: {
      type: 'object',
      properties: {
        answer: { type: 'string', title: 'Allow this call once, or deny it', enum: ['allow', 'deny'] },
        reason: { type: 'string', title: 'What the pod reads with a no', maxLength: reasonCharsMax },
      },
      required: ['answer'],
    },
  };
}

export interface Answer {
  readonly decision: 'allow' | 'deny';
  readonly reason?: string;
  readonly content?: FormContent;
}

/** Null: it stays open. Only a plain "allow" is a yes; of a form, what fits it. */
export function answerIn(
  result: { action: string; content?: unknown },
  asked: Pick<ApprovalRequest, 'form'>,
): Answer | null {
  if (result.action === 'decline') return { decision: 'deny' };
  if (asked.form !== undefined) {
    const content = formContentSchema().safeParse(result.content ?? {}).data;
    const isFilled = result.action === 'accept' && content !== undefined;
    return isFilled && contentProblem(asked.form, content) === null ? { decision: 'allow', content } : null;
  }
  const { content } = result;
  if (result.action !== 'accept' || typeof content !== 'object' || content === null) return null;
  const answer = 'answer' in content ? content.answer : null;
  if (answer === 'allow') return { decision: 'allow' };
  if (answer !== 'deny') return null;
  const reason = 'reason' in content && typeof content.reason === 'string' ? content.reason : '';
  return {
    decision: 'deny',
    ...(reason !== '' && { reason: reason.slice(0, reasonCharsMax).toWellFormed() }),
  };
}

export interface DialogsParts {
  open(): readonly ApprovalRequest[];
  /** Asks the host's person; rejects where it cannot, and once `signal` aborts. */
  ask(form: Dialog, signal: AbortSignal): Promise<{ action: string; content?: unknown }>;
  answer(request: string, answer: Answer): Promise<void>;
  tell(text: string): void;
}

/** Each request is asked once; what is closed elsewhere is taken back. */
export class ApprovalDialogs {
  readonly #parts: DialogsParts;
  readonly #asked = new Map<string, AbortController>();

  constructor(parts: DialogsParts) {
    this.#parts = parts;
  }

  changed(): void {
    const open = this.#parts.open();
    const names = new Set(open.map(({ request }) => request));
    for (const [request, asking] of this.#asked) {
      if (names.has(request)) continue;
      asking.abort();
      this.#asked.delete(request);
    }
    for (const request of open) if (!this.#asked.has(request.request)) this.#ask(request);
  }

  close(): void {
    for (const asking of this.#asked.values()) asking.abort();
  }

  #ask(request: ApprovalRequest): void {
    const asking = new AbortController();
    this.#asked.set(request.request, asking);
    const form = dialogOf(request);
    if (form === null) return;
    void this.#asking(request, form, asking.signal);
  }

  async #asking(asked: ApprovalRequest, form: Dialog, signal: AbortSignal): Promise<void> {
    const { request } = asked;
    try {
      const answer = answerIn(await this.#parts.ask(form, signal), asked);
      if (answer !== null && !signal.aborted) await this.#parts.answer(request, answer);
    } catch (error) {
      if (signal.aborted) return;
      const why = thrownText(error);
      this.#parts.tell(`the approval ${request} stays open ("podkin approvals" answers it): ${why}`);
    }
  }
}
