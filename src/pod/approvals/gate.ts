/**
 * This pod's own approvals to a person: a call that needs one waits here, whoever answers comes in by
 * `answer`. What is asked and answered is in the log; here is only who waits.
 */
import { quoted } from '../../delivery/quoted.ts';
import { deferred, type Deferred } from '../../std/deferred.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Params } from '../../protocol/methods.ts';
import { notTested, type SandboxState } from '../../scope/sandbox/state.ts';
import { conflictText } from '../../scope/ownership/claims.ts';
import { type Decision, type ToolNeed, both, decide } from '../../scope/permissions/permission.ts';
import type { ApprovalDecision, RememberedYes } from '../../session/facts/approval-entries.ts';
import type { Approval } from '../../session/facts/facts.ts';
import type { Check } from '../../session/settings/demands.ts';
import { permissionModeOf } from '../../session/settings/permissions.ts';
import { rememberedKey } from '../../session/facts/replay-approvals.ts';
import type { Interceptor, CallApproval, CallRequest } from '../../worker/turn-ports.ts';
import { answerRuleProblem, rulesIn } from './answer-rule.ts';
import { closeForPause, onApprove, onAsk } from '../machine/approval-inputs.ts';
import { FormDesk } from './forms.ts';
import { callKey, exactCall, meantTool, type NamedCall, subjectOf, summaryOf } from './subject.ts';
import type { Pod, PodPermissions } from '../pod.ts';

export interface ApprovalsOptions {
  readonly permissions: PodPermissions;
  /** Of the sandbox that a shell would be started in now. */
  sandboxState(): Promise<SandboxState>;
  /** The `.git` that a command is to write and that is read-only for this pod; left out, nobody knows. */
  heldGit?(command: string): Promise<string | null>;
  /** An approval was asked or closed, and stands on disk. */
  onChanged(): void;
}

/** In which a call would run. */
interface Situation {
  /** In the place of what the pod has. */
  readonly headless?: boolean;
  readonly remembered: boolean;
  readonly sandboxed: boolean;
  readonly isUnfiltered: boolean;
  /** A person has to be asked, whatever allows it. */
  readonly asks?: string;
}

export class ApprovalGate implements Interceptor {
  readonly asksPerson = true;
  readonly #pod: Pod;
  readonly #options: ApprovalsOptions;
  /** Calls of the running turn that wait, by request. */
  readonly #waiting = new Map<string, Deferred<CallApproval>>();
  /** What servers ask. */
  readonly forms: FormDesk;

  constructor(pod: Pod, options: ApprovalsOptions) {
    this.#pod = pod;
    this.#options = options;
    const isHeadless = () => options.permissions.headless;
    this.forms = new FormDesk(pod, { isHeadless, onChanged: () => options.onChanged() });
  }

  async beforeCall(request: CallRequest): Promise<CallApproval> {
    const { session } = this.#pod;
    const { need, input } = request;
    const tool = meantTool(request);
    const check = checkIn(need);
    const sandbox = need.kind === 'shell' || check !== null ? await this.#options.sandboxState() : null;
    if (sandbox?.kind === 'unknown') return { kind: 'failed', text: notTested(sandbox) };
    const sandboxed = sandbox?.kind === 'working';
    const subject = await subjectOf(need, session.cwd);
    const { alsoNamed } = request;
    const named: NamedCall = { tool, need, input, subject, ...(alsoNamed && { alsoNamed }) };
    const isUnfiltered = sandbox?.isUnfiltered === true;
    const remembered = this.#isRemembered(named, sandboxed);
    const { asks } = request;
    const decided = this.#decide(named, { remembered, sandboxed, isUnfiltered, ...(asks && { asks }) });
    const decision =
      check === null ? decided : both(decided, this.#ofCheck(check, { remembered, sandboxed, isUnfiltered }));
    const held = sandboxed ? await this.#heldGit(request) : null;
    switch (decision.kind) {
      case 'allow':
        if (held === null || !this.#mayOffer(held)) return { kind: 'allowed' };
        return await this.#ask(request, named, { why: heldGitText(held), sandboxed, offers: held });
      case 'deny':
        return { kind: 'denied', text: decision.text };
      case 'ask':
        return await this.#ask(request, named, {
          why: held === null ? decision.why : `${decision.why}; ${heldGitText(held)}`,
          sandboxed,
          offers: held,
        });
    }
  }

  /** The mounts of another agent were made at its start: nothing is opened for it by an answer. */
  async #heldGit({ need, alsoNamed }: CallRequest): Promise<string | null> {
    if (need.kind !== 'shell' || alsoNamed !== undefined) return null;
    return (await this.#options.heldGit?.(need.command)) ?? null;
  }

  /**
   * Of a file that a person has named themselves, which is their yes to what would be asked; null where it
   * may be read.
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

  /**
   * Null where the check that was asked for with this pod's work may run now. Nobody is asked: that was done
   * before its spawn, so a yes to one inside a sandbox is none to one outside.
   */
  async refusesCheck({ command, outside }: Check): Promise<string | null> {
    const sandbox = await this.#options.sandboxState();
    if (sandbox.kind === 'unknown') return notTested(sandbox);
    const sandboxed = sandbox.kind === 'working';
    const isUnfiltered = sandbox.isUnfiltered === true;
    // What was allowed with this command in it needs no asking, so nobody is missing who could be asked.
    const asked = outside ? { headless: false } : {};
    const decision = this.#ofCheck(command, { remembered: false, sandboxed, isUnfiltered, ...asked });
    if (decision.kind === 'deny') return decision.text;
    if (decision.kind === 'allow' || sandboxed || outside) return null;
    return 'Denied: no sandbox holds it now, and it was allowed to run inside of one only.';
  }

  /** As the shell of the pod that it will be run in. */
  #ofCheck(command: string, how: Situation): Decision {
    const need = { kind: 'shell', command } as const;
    const named: NamedCall = {
      tool: 'Bash',
      need,
      input: { command },
      subject: { kind: 'command', command },
    };
    const remembered = how.remembered || this.#isRemembered(named, how.sandboxed);
    return this.#decide(named, { ...how, remembered });
  }

  #decide({ tool, alsoNamed = [], need, subject }: NamedCall, how: Situation): Decision {
    const { session, facts } = this.#pod;
    const mode = permissionModeOf(session.permissionMode);
    const { rules, ...permissions } = this.#options.permissions;
    const allow = [...rules.allow, ...rulesIn(facts.allowed)];
    return decide({
      ...permissions,
      rules: { ...rules, allow },
      mode,
      tool,
      alsoNamed,
      need,
      subject,
      ...how,
    });
  }

  /** A person's answer, on disk when this fulfils. Throws `forbidden`, `unknownPod`, `storageFailed`. */
  async answer(params: Params<'approve'>): Promise<Approval> {
    const ofForm = this.forms.answer(params);
    if (ofForm !== null) return await ofForm;
    if (params.content !== undefined)
      throw new WireError('forbidden', 'A call is allowed or denied, it has no form. Nothing was answered.');
    const { request, decision, reason, rule, write } = params;
    const by = params.unasked === true && decision === 'deny' ? 'headless' : 'person';
    if (rule !== undefined) this.#refuseRule(rule, params);
    if (write !== undefined) await this.#claim(write, params);
    const waiting = this.#waiting.get(request);
    let approval: Approval;
    try {
      const answer = { request, decision, reason, rule, write, by } as const;
      approval = this.#pod.input((core) => onApprove(core, answer, { waits: waiting !== undefined }));
    } finally {
      if (write !== undefined) this.#pod.claims.settle(write);
    }
    this.#waiting.delete(request);
    await this.#pod.durable();
    this.#pod.crash('approval.answered');
    waiting?.resolve(
      by === 'headless' ? unaskedDenial(approval.why, reason) : approvalOf(decision, reason ?? null),
    );
    this.#options.onChanged();
    return approval;
  }

  /** What a person opens is claimed as if it had been granted at the start. Throws `forbidden`. */
  async #claim(path: string, { request, decision }: Params<'approve'>): Promise<void> {
    const approval = this.#pod.facts.approvals.get(request);
    if (approval === undefined) return;
    const refuse = (why: string): never => {
      throw new WireError('forbidden', `${why} Nothing was answered.`);
    };
    if (decision === 'deny')
      refuse('What is to be written goes with a yes: leave it out, or allow the call.');
    if (approval.offers?.write !== path) refuse(`This approval request does not offer ${path}.`);
    const conflict = await this.#pod.claims.claimMore(path);
    if (conflict === null) return;
    this.#pod.claims.settle(path);
    refuse(conflictText(conflict));
  }

  /**
   * A call that would run and fail is asked about once: where a person can be asked, and has not answered
   * without it before.
   */
  #mayOffer(path: string): boolean {
    const { session, facts } = this.#pod;
    const mode = permissionModeOf(session.permissionMode);
    const asksNobody =
      mode === 'dontAsk' || mode === 'bypassPermissions' || this.#options.permissions.headless;
    return !asksNobody && !facts.declined.has(path);
  }

  /** Throws `forbidden`. */
  #refuseRule(rule: string, { request, decision }: Params<'approve'>): void {
    const approval = this.#pod.facts.approvals.get(request);
    // Of one that is not open that is said.
    if (approval === undefined) return;
    const problem =
      decision === 'allow'
        ? answerRuleProblem(rule, approval, this.#options.permissions.rules)
        : 'A rule goes with a plain yes: leave it out, or answer with allow.';
    if (problem !== null) throw new WireError('forbidden', `${problem} Nothing was answered.`);
  }

  /**
   * Nobody waits any more. A pause closes the approvals here; after a cancel or a stop, and at its end, the
   * turn closes them.
   */
  control(kind: 'cancel' | 'pause'): void {
    this.forms.control(kind);
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
    { call, step, ends }: CallRequest,
    named: NamedCall,
    how: { why: string; sandboxed: boolean; offers: string | null },
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
      // Of another agent's call all that it is given is shown, as it may say more than its command.
      summary: summaryOf(named.alsoNamed === undefined ? need : { kind: 'unknown' }, input),
      why: how.why,
      ...(how.offers === null ? {} : { offers: { write: how.offers } }),
    };
    const answer = pod.input((core) => onAsk(core, asked, new Set(this.#waiting.keys())));
    if (answer.kind === 'answered') {
      await pod.durable();
      return approvalOf(answer.decision, answer.reason);
    }
    const waiting = deferred<CallApproval>();
    this.#waiting.set(answer.request, waiting);
    const leave = (): void => {
      if (this.#waiting.get(answer.request) === waiting) this.#waiting.delete(answer.request);
      waiting.resolve({ kind: 'closed' });
    };
    ends?.addEventListener('abort', leave, { once: true });
    if (ends?.aborted === true) leave();
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
  const isShell = need.kind === 'shell' || checkIn(need) !== null;
  return { tool, exact: exactCall(named), outside: isShell && !sandboxed };
}

/** The command that would be run in the new pod. */
function checkIn(need: ToolNeed): string | null {
  return need.kind === 'tree' ? (need.check ?? null) : null;
}

/** What git finds in it, it obeys: also when a person runs it. */
function heldGitText(path: string): string {
  return `the command writes ${path}, which is read-only for this pod; if you let it write there, from now on, hooks and settings that it puts there run with your next git command too`;
}

/** As if it had not been asked (`scope/permissions/permission.ts`). */
function unaskedDenial(why: string, reason: string | undefined): CallApproval {
  const nobody =
    reason === undefined
      ? `this tree is gone on with without a person to ask (run -p), and this call needs one (${why})`
      : `this call needs a yes (${why}), and none was given: ${reason}`;
  return {
    kind: 'denied',
    text: `Denied: ${nobody}. Use the other tools, or say what you would need it for.`,
  };
}

/** More than an answer may hold. */
const reasonCharsMax = 4_000;

function approvalOf(decision: ApprovalDecision, reason: string | null): CallApproval {
  if (decision !== 'deny') return { kind: 'allowed' };
  const why =
    reason === null || reason.trim() === '' ? '' : ` They say: ${quoted(reason.trim(), reasonCharsMax)}.`;
  return {
    kind: 'denied',
    text: `Denied: a person was asked and said no.${why} Do not try the same by other means; go on without it, or say what you would need it for.`,
  };
}
