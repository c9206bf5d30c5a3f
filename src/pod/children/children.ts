/**
 * The parent's view of its children: their links, what they send, and whether they live (delivery §§5, 6). An
 * exit, the end of a link and the sweep only trigger a check, and the check asks the system.
 */
import {
  type DeathFindings,
  assignmentsOf,
  deathReceipt,
  unaccepted,
  unreachableReceipt,
} from '../../delivery/inbox.ts';
import { thrownText } from '../../std/thrown-text.ts';
import { WireError } from '../../protocol/errors.ts';
import { inForce } from '../../scope/ownership/delegation.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import type { EntryBody } from '../../session/facts/entries.ts';
import type { ChildFacts } from '../../session/facts/facts.ts';
import type { Connection } from '../../transport/connection.ts';
import { leasedTo } from '../machine/budget.ts';
import { commitInput, onLink, onPodEvent } from '../machine/inputs.ts';
import { ChildLinks } from './child-links.ts';
import { placeOf } from './child-place.ts';
import type { Pod } from '../pod.ts';
import { noteRefusal } from './child-refusal.ts';
import { ScopeWaits } from './scope-waits.ts';
import { EndedChildren } from './ended-children.ts';
import { EndWaiters } from './end-waiters.ts';
import { introducedChild } from './introduced-child.ts';
import { readAndReceive, takeBack } from './pull-child.ts';
import { liveBelow } from './live-below.ts';
import { hasLostReceipts } from './lost-receipts.ts';
import { hasNoLog, isMissing, isRemoved } from './removed-child.ts';
import { evaluate } from '../machine/state.ts';
import type { ProcessExit } from '../host.ts';

export class Children {
  readonly #pod: Pod;
  /** For those who wait for a link, ask for one or look whether there is one. */
  readonly links: ChildLinks;
  readonly waits: ScopeWaits;
  readonly #exits = new Map<string, ProcessExit & { pid: number }>();
  readonly #ended: EndedChildren;
  /** When each child was last seen to be without a link; for grace and `unreachable`. */
  readonly #lostAtMs = new Map<string, number>();
  readonly #checking = new Map<string, Promise<void>>();
  readonly #filling = new Map<string, Promise<unknown>>();
  readonly #ends: EndWaiters;
  /** Assignments whose `run` is being sent right now. */
  readonly inFlight = new Set<string>();
  /** Open assignments that the child has answered for: no link message from before the run denies them. */
  readonly #taken = new Set<string>();
  /** Children to which a run was sent whose fate is not known. */
  readonly #inDoubt = new Set<string>();
  #sweptAtMs: number;
  #closed = false;

  /** `onUnlinked`: a child's link has ended and no newer one has taken its place. */
  constructor(pod: Pod, onUnlinked: (instance: string) => void = () => undefined) {
    this.#pod = pod;
    this.#sweptAtMs = pod.host.clock.now();
    this.#ends = new EndWaiters(pod.host.clock, (instance) => this.hasEnded(instance));
    this.#ended = new EndedChildren(pod);
    this.waits = new ScopeWaits(pod, (instance) => this.links.renew(instance));
    this.links = new ChildLinks({ incarnation: pod.facts.incarnation, clock: pod.host.clock }, (instance) => {
      onUnlinked(instance);
      this.#onLinkEnded(instance);
    });
  }

  // The wire

  /** A child that is refused for good says so only in its own log: it is shown here too, once. */
  async link(params: Params<'link'>, connection: Connection): Promise<Result<'link'>> {
    try {
      return await this.#link(params, connection);
    } catch (error) {
      if (error instanceof WireError) noteRefusal(this.#pod, this.links, params.child.instance, error);
      throw error;
    }
  }

  async #link(params: Params<'link'>, connection: Connection): Promise<Result<'link'>> {
    const { instance, incarnation } = params.child;
    const child = introducedChild(this.#pod, params);
    // Earlier lives whose end is not known here may have left something that must come before it.
    if (child.terminal < incarnation - 1) await this.#takeInEarlier(child, incarnation - 1);
    const sure = new Set([...this.inFlight, ...this.#taken]);
    const whole = hasLostReceipts(this.#pod.facts, params, sure) ? await this.#filled(child, params) : params;
    if (!connection.writable) throw new WireError('timeout', 'The link was closed before it stood.');
    // Its message may be older than a run that is in doubt: only a link made after that can be asked. The
    // doubt may have come while what stands above was waited for.
    if (this.#forgetDoubts(instance)) {
      throw new WireError('timeout', 'A run is in doubt; link again, so that both logs are compared.');
    }
    this.#pod.input((core) => onLink(core, whole, new Set([...this.inFlight, ...this.#taken])));
    this.links.keep(instance, { connection, incarnation, heardAtMs: this.#pod.host.clock.now() });
    this.#lostAtMs.delete(instance);
    if (child.host !== null) this.#pod.host.others?.noteLinked(this.#pod.folderOf(child));
    this.waits.linking(instance);
    // What is received while the answer is being made is not on disk yet.
    const [received, budget] = [child.received, leasedTo(this.#pod.facts.budget, instance)];
    await this.#pod.durable();
    // What the child is told that it holds stands in the registry by then; where it cannot, its tools say so.
    await this.waits.consider();
    this.#pod.crash('child.linked');
    this.links.arrived(instance);
    const waits = this.waits.forLink(child);
    return {
      received,
      assignments: assignmentsOf(this.#pod.facts, instance),
      // What it may touch on another machine is said there.
      scope: child.host === null ? inForce(this.#pod.facts, child) : null,
      ...(waits === undefined ? {} : { waits }),
      link: this.links.numberOf(instance),
      mode: this.#pod.session.permissionMode,
      ...(Object.keys(budget).length === 0 ? {} : { budget }),
    };
  }

  async #takeInEarlier(child: ChildFacts, throughIncarnation: number): Promise<void> {
    await placeOf(this.#pod, child).bringLog();
    const log = await readAndReceive(this.#pod, child, throughIncarnation);
    if (log.incarnation > 0 || (await isRemoved(this.#pod, child, hasNoLog))) return;
    throw new WireError('timeout', 'Your log is not where this pod looks for it; link again.');
  }

  /** Not async: of what a report costs, each promise is a part that can be measured. */
  podEvent(params: Params<'podEvent'>, connection: Connection): Promise<Result<'podEvent'>> {
    const { instance } = params.from;
    const link = this.links.over(connection, instance);
    // An earlier incarnation's event may come over a later one's link, never the other way round.
    if (params.from.incarnation > link.incarnation) {
      const text = `This is the link of incarnation ${link.incarnation}; link again as incarnation ${params.from.incarnation}.`;
      throw new WireError('unknownChild', text);
    }
    link.heardAtMs = this.#pod.host.clock.now();
    this.#pod.crash('event.read');
    const child = this.#pod.facts.children.get(instance);
    if (child === undefined || params.seq <= child.received + 1) return this.#accept(params);
    return this.#fill(child, link.incarnation).then(() => this.#accept(params));
  }

  #accept(params: Params<'podEvent'>): Promise<Result<'podEvent'>> {
    const answer = this.#pod.input((core) => onPodEvent(core, params));
    // A duplicate may be younger than its disk write as well: its answer also means "on disk" (I6).
    return this.#pod.durable().then(() => {
      this.#pod.crash('receipt.committed');
      this.#pod.crashLater('receipt.answered');
      this.#ends.settle();
      return answer;
    });
  }

  /** Filled from the child's log, which may say more by now than the link message: no older copy. */
  async #filled(child: ChildFacts, params: Params<'link'>): Promise<Params<'link'>> {
    await this.#fill(child, params.child.incarnation);
    return { ...params, emitted: Math.max(params.emitted ?? 0, child.received) };
  }

  /** What this log has lost is not sent again, as the child was told it is safe: its log has it still. */
  async #fill(child: ChildFacts, throughIncarnation: number): Promise<unknown> {
    const running = this.#filling.get(child.instance);
    if (running !== undefined) return await running;
    // Where that log cannot be read either, or has the hole itself, the child is answered `gap`.
    const brought = placeOf(this.#pod, child).bringLog();
    const read = () => readAndReceive(this.#pod, child, throughIncarnation);
    const filling = (brought === null ? read() : brought.then(read)).catch(() => undefined);
    this.#filling.set(child.instance, filling);
    return await filling.finally(() => this.#filling.delete(child.instance));
  }

  ping(connection: Connection): void {
    this.links.over(connection).heardAtMs = this.#pod.host.clock.now();
  }

  #onLinkEnded(instance: string): void {
    this.#lostAtMs.set(instance, this.#pod.host.clock.now());
    this.checkLater(instance);
  }

  /** A run may have reached the child or not: its next link says so, or, where it has ended, its log. */
  markUncertain(instance: string): void {
    this.#inDoubt.add(instance);
    this.links.renew(instance);
    if (this.hasEnded(instance)) void this.check(instance);
  }

  #forgetDoubts(instance: string): boolean {
    return this.#inDoubt.delete(instance);
  }

  markAccepted(assignment: string): void {
    const { assignments } = this.#pod.facts;
    for (const id of this.#taken) if (!assignments.has(id)) this.#taken.delete(id);
    this.#taken.add(assignment);
  }

  // Life and death

  /** A process that this one started has ended. */
  noteExit(instance: string, exit: ProcessExit & { pid: number }): void {
    this.#exits.set(instance, exit);
    void this.check(instance);
  }

  checkLater(instance: string): void {
    const { host, core } = this.#pod;
    host.clock.after(core.limits.deathGraceMs, () => void this.check(instance));
  }

  /** Checks every child that has not ended, also those that an earlier process of this pod has started. */
  sweep(): void {
    const { deathGraceMs } = this.#pod.core.limits;
    const nowMs = this.#pod.host.clock.now();
    this.#discountStall(nowMs);
    const ended: ChildFacts[] = [];
    for (const child of this.#pod.facts.children.values()) {
      if (child.incarnation === 0) continue;
      if (child.terminal >= child.incarnation) {
        ended.push(child);
        continue;
      }
      if (!this.#lostAtMs.has(child.instance) && !this.links.has(child.instance)) {
        this.#lostAtMs.set(child.instance, nowMs);
        // After a start: a living child links within its grace, a dead one is not left to the next sweep.
        this.checkLater(child.instance);
      }
      const lostAtMs = this.#lostAtMs.get(child.instance);
      const silent = this.#isSilent(child.instance, nowMs);
      if (silent || (lostAtMs !== undefined && nowMs - lostAtMs >= deathGraceMs))
        void this.check(child.instance);
    }
    this.#sweepEnded(ended);
    this.waits.considerLater();
  }

  #sweepEnded(ended: readonly ChildFacts[]): void {
    const { children, assignments } = this.#pod.facts;
    const { grown, removed } = this.#ended.due(ended);
    const open = [...assignments.values()].flatMap(({ child }) => children.get(child.instance) ?? []);
    const stuck = open.filter((child) => this.#unaccepted(child).length > 0);
    for (const child of new Set([...grown, ...stuck])) void this.check(child.instance);
    this.#forget(removed);
  }

  #forget(removed: readonly ChildFacts[]): void {
    for (const instance of this.#ended.forget(removed)) {
      this.links.forget(instance);
      this.#lostAtMs.delete(instance);
    }
  }

  /** While this process was stopped or its loop blocked it heard nobody: that time is no child's silence. */
  #discountStall(nowMs: number): void {
    const { sweepMs } = this.#pod.core.limits;
    const lateMs = nowMs - this.#sweptAtMs - sweepMs;
    this.#sweptAtMs = nowMs;
    if (lateMs <= sweepMs) return;
    this.links.forgive(lateMs, nowMs);
    for (const [instance, lostAtMs] of this.#lostAtMs) {
      this.#lostAtMs.set(instance, Math.min(nowMs, lostAtMs + lateMs));
    }
  }

  #isSilent(instance: string, nowMs: number): boolean {
    const link = this.links.get(instance);
    return link !== undefined && nowMs - link.heardAtMs > this.#pod.core.limits.unreachableMs;
  }

  /** Whether the child's newest incarnation has ended; takes in what it left. One check at a time a child. */
  check(instance: string): Promise<void> {
    const running = this.#checking.get(instance);
    if (running !== undefined) return running;
    const checking = this.#check(instance)
      .catch((error: unknown) => this.#alert(instance, error))
      .finally(() => this.#checking.delete(instance));
    this.#checking.set(instance, checking);
    return checking;
  }

  async #check(instance: string): Promise<void> {
    const child = this.#pod.facts.children.get(instance);
    if (child === undefined || this.#closed || child.incarnation === 0) return;
    if (isMissing(this.#pod, child)) return await this.#noteMissing(child);
    const status = await placeOf(this.#pod, child).check(async (reason) => {
      await this.#takeIn(child, reason);
      // Its next incarnation cannot begin before this: what it held is not its own by then.
      await this.#pod.claims.sync();
    });
    if (status === 'alive') this.#noteAlive(child);
  }

  /** Alive by the system's word. Only a long silence is told, as `unreachable`. */
  #noteAlive(child: ChildFacts): void {
    const nowMs = this.#pod.host.clock.now();
    const sinceMs = this.links.has(child.instance)
      ? nowMs - (this.links.get(child.instance)?.heardAtMs ?? nowMs)
      : nowMs - (this.#lostAtMs.get(child.instance) ?? nowMs);
    if (sinceMs < this.#pod.core.limits.unreachableMs) return;
    this.#commitAndEvaluate(() => unreachableReceipt(this.#pod.facts, child, Math.round(sinceMs)));
  }

  /** Only its link and its process show it now; where it was removed, its work would be awaited for ever. */
  async #noteMissing(child: ChildFacts): Promise<void> {
    const { links } = this;
    const { processes, home } = this.#pod.host;
    if (links.has(child.instance)) return this.#noteAlive(child);
    if (child.process !== null && processes.isRunning(child.process)) return this.#noteAlive(child);
    if (!(await isRemoved(this.#pod, child, isMissing)) || this.#closed || links.has(child.instance)) return;
    await this.#reportDeaths(child, child.incarnation, { reason: 'its folder was removed' });
    this.#ended.takenIn(child.instance, 0);
    if (home.isRemoved(child.instance)) this.#forget([child]);
  }

  /** The child's lock is ours, so nobody writes its log: everything in it first, the death last. */
  async #takeIn(child: ChildFacts, reason?: string): Promise<void> {
    const folder = this.#pod.folderOf(child);
    const bytes = this.#pod.host.home.logSize(folder);
    const log = await readAndReceive(this.#pod, child, Number.MAX_SAFE_INTEGER);
    if (log.incarnation === 0 && !(await isRemoved(this.#pod, child, hasNoLog))) return;
    takeBack(this.#pod, child, log.budget);
    const exit = this.#exits.get(child.instance);
    const own = exit !== undefined && exit.pid === child.process?.pid ? exit : undefined;
    await this.#reportDeaths(child, Math.max(child.incarnation, log.incarnation), {
      ...(own?.exitCode === null || own?.exitCode === undefined ? {} : { exitCode: own.exitCode }),
      ...(own?.signal === null || own?.signal === undefined ? {} : { signal: own.signal }),
      stderrTail: this.#pod.host.home.errorTail(folder),
      ...(reason === undefined ? {} : { reason }),
      ...(log.lastTime === '' ? {} : { lastActivityAt: log.lastTime }),
    });
    this.#ended.takenIn(child.instance, bytes);
    this.#exits.delete(child.instance);
  }

  /** Every incarnation up to `newest` that has no end here yet, and then what none of them took. */
  async #reportDeaths(child: ChildFacts, newest: number, known: Partial<DeathFindings>): Promise<void> {
    const findings = {
      asked: this.#pod.core.live.mode === 'stopping',
      outstanding: await liveBelow(this.#pod, child.instance),
    };
    for (let incarnation = child.terminal + 1; incarnation <= newest; incarnation += 1) {
      const restored = incarnation < newest;
      this.#commitAndEvaluate(() =>
        // What is known of an exit is known of the newest incarnation only.
        deathReceipt(this.#pod.facts, child, incarnation, {
          ...(restored ? {} : known),
          ...findings,
          restored,
        }),
      );
    }
    this.#commitAndEvaluate(() => this.#unaccepted(child));
    await this.#pod.durable();
    this.#lostAtMs.delete(child.instance);
    this.#ends.settle();
  }

  #unaccepted(child: ChildFacts): EntryBody[] {
    return unaccepted(this.#pod.facts, child, this.inFlight);
  }

  #commitAndEvaluate(make: () => ReturnType<typeof deathReceipt>): void {
    this.#pod.input((core) => {
      const bodies = make();
      if (bodies.length === 0) return;
      commitInput(core, bodies);
      core.ports.perform({ type: 'statusChanged' });
      evaluate(core, { urgent: false });
    });
  }

  /** Fulfils when the end of the child's newest incarnation is in this log; with false after `timeoutMs`. */
  ended(instance: string, timeoutMs: number): Promise<boolean> {
    return this.#ends.ended(instance, timeoutMs);
  }

  hasEnded(instance: string): boolean {
    const child = this.#pod.facts.children.get(instance);
    return child === undefined || (child.incarnation > 0 && child.terminal >= child.incarnation);
  }

  #alert(instance: string, error: unknown): void {
    const name = this.#pod.facts.children.get(instance)?.name ?? instance;
    const reason = thrownText(error);
    this.#pod.show({
      type: 'alert',
      level: 'error',
      code: 'childCheckFailed',
      text: `What became of the child "${name}" could not be found out: ${reason}. It is tried again.`,
    });
  }

  close(): void {
    this.#closed = true;
    this.links.close();
  }
}
