/**
 * Approvals of the whole tree as the editor's own questions. Whoever answers first counts; what the editor
 * leaves open, or cannot show whole, waits for `podkin approvals`.
 */
import type { PermissionOption, RequestPermissionRequest } from '@agentclientprotocol/sdk';
import { thrownText } from '../../std/thrown-text.ts';
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { ApprovalRequest } from '../../protocol/approval.ts';
import { oneLine, visible } from '../format/printable.ts';
import { callId } from './updates.ts';
import { callBounds, shownCall, textContent } from './tool-calls.ts';

export type Decision = 'allow' | 'allowAlways' | 'deny';

export type Asked = Omit<RequestPermissionRequest, 'sessionId'>;

const optionIds: Readonly<Record<string, Decision>> = {
  allow: 'allow',
  'allow-always': 'allowAlways',
  deny: 'deny',
};

/** Only a plain yes is one; null: it stays open. `asked`: what the client was offered. */
export function decisionOf(asked: Asked, outcome: unknown): Decision | null {
  if (typeof outcome !== 'object' || outcome === null || !('outcome' in outcome)) return null;
  if (outcome.outcome !== 'selected' || !('optionId' in outcome)) return null;
  const { optionId } = outcome;
  if (typeof optionId !== 'string' || !asked.options.some((option) => option.optionId === optionId))
    return null;
  return Object.hasOwn(optionIds, optionId) ? (optionIds[optionId] ?? null) : null;
}

/** Of what is longer nobody may say yes to less than there is. */
const wholeCharsMax = 7_000;

export function askedOf(request: ApprovalRequest, cwd: string): Asked {
  const { pod, path, tool, summary, why, input, inputChars, call, always, form } = request;
  // Its options are none that fill a form in.
  const isFillable = form === undefined || form.fields.every(({ required }) => !required);
  const isWhole =
    isFillable && summary.length <= wholeCharsMax && (input !== undefined || inputChars === undefined);
  const shown =
    input === undefined
      ? { title: oneLine(`${tool} ${visible(summary)}`, callBounds.titleChars) }
      : shownCall({ tool, input, cwd, prefix: '' });
  const words = isWhole
    ? `${visible(summary)}\n\nWhy a person is asked: ${visible(why)}`
    : !isFillable
      ? `${visible(summary)}\n\n${visible(why)}. "podkin approve ${request.request} --answer NAME=VALUE" fills it in.`
      : `Too long to be shown whole, and so not to be allowed here: "podkin approvals --full" shows it, and "podkin approve" answers.\n\n${visible(summary.slice(0, 2_000).toWellFormed())}`;
  const from = oneLine(visible(path ?? pod.name), 80);
  return {
    toolCall: {
      toolCallId:
        call === undefined || form !== undefined ? `approval/${request.request}` : callId(pod, call),
      ...shown,
      title: oneLine(`${from}: ${shown.title}`, callBounds.titleChars),
      status: 'pending',
      content: [textContent(words), ...(isWhole && 'content' in shown ? (shown.content ?? []) : [])],
    },
    options: [...(isWhole ? yeses(always) : []), { optionId: 'deny', name: 'Deny', kind: 'reject_once' }],
  };
}

function yeses(always: string | undefined): PermissionOption[] {
  const once: PermissionOption = { optionId: 'allow', name: 'Allow once', kind: 'allow_once' };
  if (always === undefined) return [once];
  const name = `Always: ${oneLine(visible(always), 200)}`;
  return [once, { optionId: 'allow-always', name, kind: 'allow_always' }];
}

export interface DeskParts {
  readonly cwd: string;
  /** Rejects where the client cannot, and once `signal` aborts. */
  ask(asked: Asked, signal: AbortSignal): Promise<unknown>;
  /** Fulfils once the answer is on disk. */
  answer(request: string, decision: Decision): Promise<void>;
  tell(text: string): void;
}

/** At a time; more wait for their turn. */
const askedMax = 64;

export class PermissionDesk {
  readonly #parts: DeskParts;
  readonly #open = new Map<string, ApprovalRequest>();
  readonly #asked = new Map<string, AbortController>();
  /** Not answered by the client, which is not asked again. */
  readonly #left = new Set<string>();
  #isClosed = false;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Of the root, which tells of those below it too. */
  take(event: LiveEvent): void {
    if (event.type === 'approvalRequested') this.#open.set(event.request, event);
    else if (event.type === 'approvalAnswered') {
      this.#open.delete(event.request);
      this.#left.delete(event.request);
      this.#asked.get(event.request)?.abort();
      this.#asked.delete(event.request);
    } else return;
    this.#askNext();
  }

  /** Nothing is asked any more; what is open stays so. */
  close(): void {
    this.#isClosed = true;
    for (const asking of this.#asked.values()) asking.abort();
  }

  #askNext(): void {
    for (const request of this.#open.values()) {
      if (this.#isClosed || this.#asked.size >= askedMax) return;
      if (!this.#asked.has(request.request) && !this.#left.has(request.request)) void this.#ask(request);
    }
  }

  async #ask(request: ApprovalRequest): Promise<void> {
    const id = request.request;
    const asking = new AbortController();
    this.#asked.set(id, asking);
    const asked = askedOf(request, this.#parts.cwd);
    try {
      const decision = decisionOf(asked, await this.#parts.ask(asked, asking.signal));
      if (asking.signal.aborted || this.#isClosed) return;
      if (decision === null) this.#left.add(id);
      else await this.#parts.answer(id, decision);
    } catch (error) {
      if (asking.signal.aborted || this.#isClosed) return;
      this.#left.add(id);
      const why = thrownText(error);
      this.#parts.tell(`the approval ${id} stays open ("podkin approvals" lists it): ${why}`);
    } finally {
      if (this.#asked.get(id) === asking) this.#asked.delete(id);
      this.#askNext();
    }
  }
}
