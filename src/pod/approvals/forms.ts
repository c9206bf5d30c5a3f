/**
 * What servers ask a person in the middle of a call, beside the approvals of calls: on disk before it is
 * shown, its answer on disk before the server hears it. Nobody to ask: declined. Closed with its call:
 * cancelled.
 */
import { type FormContent, contentProblem, formText } from '../../protocol/form.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Params } from '../../protocol/methods.ts';
import type { AskedForm, FormAnswer } from '../../mcp/elicitation.ts';
import type { Approval } from '../../session/facts/facts.ts';
import { permissionModeOf } from '../../session/settings/permissions.ts';
import { deferred, type Deferred } from '../../std/deferred.ts';
import { closeForm, onApprove, onAskForm } from '../machine/approval-inputs.ts';
import type { Pod } from '../pod.ts';

export class FormDesk {
  readonly #pod: Pod;
  readonly #isHeadless: () => boolean;
  readonly #onChanged: () => void;
  readonly #waiting = new Map<string, Deferred<FormAnswer>>();

  constructor(pod: Pod, parts: { isHeadless: () => boolean; onChanged: () => void }) {
    [this.#pod, this.#isHeadless, this.#onChanged] = [pod, parts.isHeadless, parts.onChanged];
  }

  /** Never rejects. */
  async ask({ server, tool, call, form }: AskedForm, signal: AbortSignal): Promise<FormAnswer> {
    const pod = this.#pod;
    const mode = permissionModeOf(pod.session.permissionMode);
    if (this.#isHeadless() || mode === 'dontAsk' || mode === 'plan') return { action: 'decline' };
    const made = pod.facts.turn?.dangling.get(call);
    if (made === undefined || signal.aborted || pod.core.live.control !== null) return { action: 'cancel' };
    const request = pod.host.chance.word();
    const waiting = deferred<FormAnswer>();
    const leave = (): void => this.#leave(request, 'callEnd');
    try {
      pod.input((core) =>
        onAskForm(core, {
          request,
          turn: made.turn,
          step: made.step,
          call,
          tool,
          key: `form:${request}`,
          always: { tool, exact: `form:${request}`, outside: false },
          summary: formText(form),
          why: `the MCP server ${server} asks this while ${tool} runs, and reads what is answered`,
          form,
        }),
      );
      this.#waiting.set(request, waiting);
      signal.addEventListener('abort', leave, { once: true });
      await pod.durable();
      pod.crash('form.asked');
      this.#onChanged();
      // Asked for while it was being written: nothing will come back to it.
      if (pod.core.live.mode === 'stopping' || pod.core.live.control !== null) this.control('cancel');
      return await waiting.promise;
    } catch {
      this.#waiting.delete(request);
      return { action: 'cancel' };
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Null: it is none of these. Throws `forbidden`, `unknownPod`, `storageFailed`. */
  answer(params: Params<'approve'>): Promise<Approval> | null {
    const approval = this.#pod.facts.approvals.get(params.request);
    return approval?.form === undefined ? null : this.#answer(params, approval.form);
  }

  async #answer(
    { request, decision, content = {}, rule, write, reason, unasked }: Params<'approve'>,
    form: NonNullable<Approval['form']>,
  ): Promise<Approval> {
    const isYes = decision === 'allow';
    const problem =
      decision === 'allowAlways' || rule !== undefined || write !== undefined
        ? 'A form is filled in or declined: no yes holds for another.'
        : isYes
          ? contentProblem(form, content)
          : null;
    if (problem !== null)
      throw new WireError(
        'forbidden',
        `${problem} Nothing was answered. ("podkin approve ID --answer NAME=VALUE", or --deny.)`,
      );
    const by = unasked === true && !isYes ? 'headless' : 'person';
    const waiting = this.#waiting.get(request);
    const answer = { request, decision, reason, by, ...(isYes && { content }) } as const;
    const approval = this.#pod.input((core) => onApprove(core, answer, { waits: true }));
    this.#waiting.delete(request);
    await this.#pod.durable();
    this.#pod.crash('form.answered');
    waiting?.resolve(answered(isYes, content));
    this.#onChanged();
    return approval;
  }

  /** The turn ends, or pauses: its servers wait for nobody. */
  control(kind: 'cancel' | 'pause'): void {
    for (const request of this.#waiting.keys()) this.#leave(request, kind);
  }

  #leave(request: string, by: 'cancel' | 'pause' | 'callEnd'): void {
    const waiting = this.#waiting.get(request);
    if (waiting === undefined) return;
    this.#waiting.delete(request);
    this.#pod.input((core) => closeForm(core, request, by));
    waiting.resolve({ action: 'cancel' });
    this.#onChanged();
  }
}

function answered(isYes: boolean, content: FormContent): FormAnswer {
  return isYes ? { action: 'accept', content } : { action: 'decline' };
}
