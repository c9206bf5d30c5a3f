/**
 * Makes the evidence that a report is held for: reads the result, runs the check, brings back what is
 * committed in a clone (`machine/evidence.ts`).
 */
import { thrownText } from '../../std/thrown-text.ts';
import type { ApprovalGate } from '../approvals/gate.ts';
import {
  evidenceDue,
  hasTriesLeft,
  tailCharsMax,
  unmetCheck,
  unmetResult,
  worktreeDue,
  worktreeOfStop,
} from '../machine/evidence.ts';
import { finalText } from '../machine/reports.ts';
import type { Pod } from '../pod.ts';
import { isAllowed } from '../../scope/paths/path-scope.ts';
import type { WorktreeReport } from '../../protocol/pod-event.ts';
import { worktreesOf } from '../pod-worktrees.ts';
import type { Check, Demands } from '../../session/settings/demands.ts';
import type { CheckReport, Evidence } from '../../session/facts/demand-entries.ts';
import { type Worktree, cloneOf } from '../../session/settings/worktree.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { Tool, ToolContext } from '../../tools/tool.ts';
import { readResult } from '../../tools/read-result.ts';

/** However long a command may run otherwise. */
const checkMsMax = 600_000;

export interface EvidenceParts {
  readonly tools: readonly Tool[];
  readonly approvals: ApprovalGate;
  toolContext(call: string, signal: AbortSignal): ToolContext;
}

/**
 * `unmet`: the model has been given why, and is to be asked again. `ended`: the turn was to end meanwhile.
 */
export type Made = { kind: 'made'; evidence: Evidence } | { kind: 'unmet' } | { kind: 'ended' };

export class EvidenceDesk {
  readonly #pod: Pod;
  readonly #parts: EvidenceParts;
  #running: AbortController | null = null;

  constructor(pod: Pod, parts: EvidenceParts) {
    this.#pod = pod;
    this.#parts = parts;
  }

  /** A check is no work of the model's: it is cut by a pause, and run anew. */
  control(): void {
    this.#running?.abort(new Error('the turn was ended'));
  }

  /** Rejects with `StorageFailed`. */
  async make(turn: string, signal: AbortSignal): Promise<Made> {
    const { facts } = this.#pod;
    const demands = evidenceDue(facts);
    if (demands === null) return { kind: 'made', evidence: {} };
    const read = await this.#result(demands);
    if (read?.fits === false && hasTriesLeft(facts, 'result', demands))
      return await this.#unmet(unmetResult(turn, read.problem));
    const result = read === null ? {} : { result: read };
    const check = demands.check === null ? undefined : await this.#check(demands.check, signal);
    if (check === null) return { kind: 'ended' };
    if (check?.passed === false && hasTriesLeft(facts, 'check', demands))
      return await this.#unmet(unmetCheck(turn, check));
    // Behind the check, which runs in the same clone.
    const worktree = demands.worktree === null ? undefined : await this.#handOver(demands.worktree, signal);
    if (worktree === null) return { kind: 'ended' };
    const checked = check === undefined ? {} : { check };
    return { kind: 'made', evidence: { ...result, ...checked, ...(worktree && { worktree }) } };
  }

  /** What goes with a turn that ended otherwise: what it had committed in its clone. */
  async ofUnfinished(): Promise<Evidence> {
    const worktree = worktreeDue(this.#pod.facts);
    const report = worktree === null ? null : await this.#handOver(worktree, null);
    return report === null ? {} : { worktree: report };
  }

  /**
   * What goes with the last word of a pod that is stopped; null where nothing is in its clone, or where it
   * took longer than a stop may.
   */
  async ofStop(withinMs: number): Promise<WorktreeReport | null> {
    const worktree = worktreeOfStop(this.#pod.facts);
    if (worktree === null) return null;
    const cancel = this.#pod.host.clock.after(withinMs, () => this.control());
    const report = await this.#handOver(worktree, null).finally(cancel);
    if (report === null) return null;
    const { commits = 0, uncommitted = 0, ignored = 0, others = 0, why } = report;
    return commits + uncommitted + ignored + others > 0 || why !== undefined ? report : null;
  }

  /** Null where the turn was to end meanwhile. `within`: what ends the turn; null where it has ended. */
  async #handOver(worktree: Worktree, within: AbortSignal | null): Promise<WorktreeReport | null> {
    const pod = this.#pod;
    const running = new AbortController();
    this.#running = running;
    const signal = within === null ? running.signal : AbortSignal.any([within, running.signal]);
    const call = `worktree-${pod.host.chance.word()}`;
    const { deny = [] } = pod.claims.now();
    // A person may have denied it since.
    const own = {
      read: [],
      write: [worktree.store],
      deny: deny.filter(({ holder }) => holder === undefined),
    };
    const mayReturn = worktree.returns && isAllowed(own, 'write', worktree.store);
    pod.crash('worktree.begun');
    try {
      const context = this.#parts.toolContext(call, signal);
      const report = await worktreesOf(pod).handOver(worktree, { mayReturn }, context);
      pod.crash('worktree.ended');
      return within !== null && this.#isToEnd(signal) ? null : report;
    } catch (error) {
      const { branch, base } = worktree;
      const problem = thrownText(error);
      return { branch, base, folder: cloneOf(worktree), fetched: false, why: 'failed', problem };
    } finally {
      this.#running = null;
    }
  }

  async #unmet(entry: EntryBody): Promise<Made> {
    await this.#pod.commitDurably([entry]);
    this.#pod.crash('evidence.unmet');
    return { kind: 'unmet' };
  }

  async #result({ result }: Demands) {
    if (result === null) return null;
    return readResult(result, finalText(this.#pod.facts));
  }

  /** Null where the turn was to end meanwhile: then nothing is said of it. */
  async #check(check: Check, signal: AbortSignal): Promise<CheckReport | null> {
    const running = new AbortController();
    this.#running = running;
    const all = AbortSignal.any([signal, running.signal]);
    try {
      const why = await this.#parts.approvals.refusesCheck(check);
      if (this.#isToEnd(all)) return null;
      if (why !== null) return notRun(why);
      const report = await this.#run(check, all);
      return this.#isToEnd(all) ? null : report;
    } finally {
      this.#running = null;
    }
  }

  #isToEnd(signal: AbortSignal): boolean {
    const { control, mode } = this.#pod.core.live;
    return signal.aborted || control !== null || mode === 'stopping';
  }

  /** As the pod's own Bash would, and with it whatever that is held to. */
  async #run({ command }: Check, signal: AbortSignal): Promise<CheckReport> {
    const bash = this.#parts.tools.find(({ name }) => name === 'Bash');
    const { shellTimeoutMs } = this.#pod.core.limits;
    const parsed = bash?.parse({ command, timeoutMs: Math.min(checkMsMax, shellTimeoutMs) });
    if (bash === undefined || parsed === undefined || !parsed.ok)
      return notRun('This pod has no shell that could run it.');
    const call = `check-${this.#pod.host.chance.word()}`;
    this.#pod.crash('check.begun');
    try {
      const { text, ended } = await bash.run(parsed.input, this.#parts.toolContext(call, signal));
      this.#pod.crash('check.ended');
      if (ended === undefined) return notRun(text);
      const { exitCode, isTimedOut } = ended;
      const why = isTimedOut ? ({ why: 'timedOut' } as const) : {};
      return { passed: exitCode === 0 && !isTimedOut, exitCode, tail: tailOf(text), ...why };
    } catch (error) {
      return notRun(thrownText(error));
    }
  }
}

function notRun(text: string): CheckReport {
  return { passed: false, exitCode: null, tail: tailOf(text), why: 'notRun' };
}

/** The last 4 KiB, from a whole character on. */
function tailOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= tailCharsMax) return text.toWellFormed();
  let from = bytes.length - tailCharsMax;
  while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.toString('utf8', from);
}
