/**
 * This pod's own approvals to a person: a call that needs one waits here, whoever answers comes in by
 * `answer`. What is asked and answered is in the log; here is only who waits.
 */
import { deferred, type Deferred } from '../../std/deferred.ts';
import type { Params } from '../../protocol/methods.ts';
import { notTested, type SandboxState } from '../../scope/sandbox/state.ts';
import { decide } from '../../scope/permissions/permission.ts';
import type { ApprovalDecision, RememberedYes } from '../../session/facts/approval-entries.ts';
import type { Approval } from '../../session/facts/facts.ts';
import { permissionModeOf } from '../../session/settings/permissions.ts';
import { rememberedKey } from '../../session/facts/replay-approvals.ts';
import type { Interceptor, CallApproval, CallRequest } from '../../worker/turn-ports.ts';
import { closeForPause, onApprove, onAsk } from '../machine/approval-inputs.ts';
import { callKey, exactCall, type NamedCall, subjectOf, summaryOf } from './subject.ts';
import type { Pod, PodPermissions } from '../pod.ts';

export interface ApprovalsOptions {
  readonly permissions: PodPermissions;
  /** Of the sandbox that a shell would be started in now. */
  sandboxState(): Promise<SandboxState>;
  /** An approval was asked or closed, and stands on disk. */
  onChanged(): void;
}

export class ApprovalGate implements Interceptor {
  readonly #pod: Pod;
  readonly #options: ApprovalsOptions;
  /** Calls of the running turn that wait, by request. */
  readonly #waiting = new Map<string, Deferred<CallApproval>>();

  constructor(pod: Pod, options: ApprovalsOptions) {
    this.#pod = pod;
    this.#options = options;
  }

  async beforeCall(request: CallRequest): Promise<CallApproval> {
    const { session } = this.#pod;
    const { tool, need, input } = request;
    const sandbox = need.kind === 'shell' ? await this.#options.sandboxState() : null;
    if (sandbox?.kind === 'unknown') return { kind: 'failed', text: notTested(sandbox) };
    const sandboxed = sandbox?.kind === 'working';
    const subject = await subjectOf(need, session.cwd);
    const named: NamedCall = { tool, need, input, subject };
    const decision = decide({
      ...this.#options.permissions,
      mode: permissionModeOf(session.permissionMode),
      remembered: this.#isRemembered(named, sandboxed),
      tool,
      need,
      subject,
      sandboxed,
      isUnfiltered: sandbox?.isUnfiltered === true,
    });
    switch (decision.kind) {
      case 'allow':
        return { kind: 'allowed' };
      case 'deny':
        return { kind: 'denied', text: decision.text };
      case 'ask':
        return await this.#ask(request, named, { why: decision.why, sandboxed });
    }
  }

  /**
   * Of a file that a person has named themselves, which is their yes to what would be asked; null where it may
   * be read.
   */
  async readDenial(path: string): Promise<string | null> {
    const { session } = this.#pod;
    const need = { kind: 'read', path } as const;
    const decision = decide({
      ...this.#options.permissions,
      mode: permissionModeOf(session.permissionMode),
      remembered: true,
      tool: 'Read',
      need,
      subject: await subjectOf(need, session.cwd),
      sandboxed: false,
    });
    return decision.kind === 'deny' ? decision.text : null;
  }

  /** A person's answer, on disk when this fulfils. Throws `forbidden`, `unknownPod`, `storageFailed`. */
  async answer(params: Params<'approve'>): Promise<Approval> {
    const { request, decision, reason } = params;
    const waiting = this.#waiting.get(request);
    const approval = this.#pod.input((core) =>
      onApprove(core, { request, decision, reason }, { waits: waiting !== undefined }),
    );
    this.#waiting.delete(request);
    await this.#pod.durable();
    this.#pod.crash('approval.answered');
    waiting?.resolve(approvalOf(decision, reason ?? null));
    this.#options.onChanged();
    return approval;
  }

  /**
   * Nobody waits any more. A pause closes the approvals here; after a cancel or a stop, and at its end, the
   * turn closes them.
   */
  control(kind: 'cancel' | 'pause'): void {
    for (const [request, waiting] of this.#waiting) {
      if (kind === 'pause' && !this.#pod.input((core) => closeForPause(core, request))) continue;
      this.#waiting.delete(request);
      waiting.resolve({ kind: 'closed' });
    }
    this.#options.onChanged();
  }

  /** The turn has ended, and with it what it asked. */
  reportClosed(): void {
    this.#options.onChanged();
  }

  async #ask(
    { call, step }: CallRequest,
    named: NamedCall,
    how: { why: string; sandboxed: boolean },
  ): Promise<CallApproval> {
    const { tool, need, input } = named;
    const pod = this.#pod;
    const turn = pod.facts.turn?.turn;
    if (turn === undefined) return { kind: 'closed' };
    const always = yesTo(named, how.sandboxed);
    const key = callKey(named, always.outside);
    const asked = {
      request: pod.host.chance.word(),
      turn,
      step,
      call,
      tool,
      key,
      always,
      summary: summaryOf(need, input),
      why: how.why,
    };
    const answer = pod.input((core) => onAsk(core, asked, new Set(this.#waiting.keys())));
    if (answer.kind === 'answered') {
      await pod.durable();
      return approvalOf(answer.decision, answer.reason);
    }
    const waiting = deferred<CallApproval>();
    this.#waiting.set(answer.request, waiting);
    await pod.durable();
    pod.crash('approval.asked');
    this.#options.onChanged();
    // Asked for while the approval was being written: nothing will come back to it.
    const { control, mode } = pod.core.live;
    if (mode === 'stopping') this.control('cancel');
    else if (control !== null) this.control(control.kind === 'pause' ? 'pause' : 'cancel');
    return await waiting.promise;
  }

  #isRemembered(named: NamedCall, sandboxed: boolean): boolean {
    const yes = yesTo(named, sandboxed);
    const { remembered } = this.#pod.facts;
    // Who allowed it with all rights allowed it with fewer too, never the other way round.
    return remembered.has(rememberedKey(yes)) || remembered.has(rememberedKey({ ...yes, outside: true }));
  }
}

/**
 * What "always" means for this call: this very call. What older logs remember of a whole tool (`exact: null`)
 * is no call's.
 */
function yesTo(named: NamedCall, sandboxed: boolean): RememberedYes {
  const { tool, need } = named;
  return { tool, exact: exactCall(named), outside: need.kind === 'shell' && !sandboxed };
}

function approvalOf(decision: ApprovalDecision, reason: string | null): CallApproval {
  if (decision !== 'deny') return { kind: 'allowed' };
  const why = reason === null || reason.trim() === '' ? '' : ` They say: ${reason}`;
  return {
    kind: 'denied',
    text: `Denied: a person was asked and said no.${why} Do not try the same by other means; go on without it, or say what you would need it for.`,
  };
}
