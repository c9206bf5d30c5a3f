/**
 * What a pod does for its budget: takes of it before each request, wants more of its parent in time, lends to
 * its children, and has them return what they do not need. What may be is decided in `machine/budget.ts`; all
 * of it is on disk before anybody is told. No model hears of any of this.
 */
import { deferred } from '../../std/deferred.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Params, Result } from '../../protocol/methods.ts';
import { type Amounts, type BudgetUnit, budgetUnits } from '../../session/facts/budget-entries.ts';
import type { EntryBody, PodRef } from '../../session/facts/entries.ts';
import { budgetView } from '../../session/facts/budget-view.ts';
import { isGoverned, nanoUsd } from '../../session/facts/replay-budget.ts';
import type { Connection } from '../../transport/connection.ts';
import type { BudgetAdmission, BudgetPlace } from '../../worker/turn-ports.ts';
import type { Children } from '../children/children.ts';
import {
  type LeaseReports,
  type RequestAmounts,
  admit,
  amountsOf,
  governedUnits,
  hasNothingLeft,
  grant,
  isBeyond,
  isLow,
  leaseAnswered,
  leasedTo,
  reportUp,
  reported,
  stillLacks,
  surplus,
  usual,
  wantsOf,
} from '../machine/budget.ts';
import { tryCommit } from '../machine/core.ts';
import { commitInput } from '../machine/inputs.ts';
import { countEarlier } from './earlier.ts';
import { noteWait } from './wait-reason.ts';
import type { ParentLink } from '../parent/link.ts';
import type { Pod } from '../pod.ts';

/** While something is lacking: how often everybody is asked again. */
const againMs = 1_000;
/** A child's need is answered by then, with what there is. */
const heldMs = 5_000;
const reclaimDeadlineMs = 5_000;
/** When what was lent beyond a bound is taken back again: who was just starting links late. */
const beyondAgainMs = [againMs, againMs, againMs, 2_000, 5_000, 10_000, 10_000, 30_000, 30_000];

/** Entries behind which there may be more, or less. */
const moving: ReadonlySet<EntryBody['type']> = new Set([
  'budgetBound',
  'budgetLease',
  'budgetLent',
  'podEventReceived',
  'stepCompleted',
  'requestFailed',
  'compaction',
  'compactionFailed',
  'child',
]);

interface Need {
  readonly child: PodRef;
  readonly wants: Amounts;
  readonly answered: ReturnType<typeof deferred<void>>;
}

export interface DeskParts {
  children: Children;
  parentLink: ParentLink | null;
}

export class BudgetDesk {
  readonly #pod: Pod;
  readonly #parts: DeskParts;
  /** A request of this pod waits; it is tried again. */
  readonly #onArrived: () => void;
  /** What the waiting request of this pod takes. */
  #own: Amounts | null = null;
  /** By instance, in the order in which they came. */
  readonly #needs = new Map<string, Need>();
  #asking = false;
  #reclaiming: Promise<void> | null = null;
  #isRetrying = false;
  #serveSoon = false;
  /** Units in which the children have heard that they are under a bound. */
  #said: string;

  constructor(pod: Pod, parts: DeskParts, onArrived: () => void) {
    this.#pod = pod;
    this.#parts = parts;
    this.#onArrived = onArrived;
    this.#said = governedUnits(pod.facts.budget).join();
    pod.host.clock.soon(() => void countEarlier(pod));
  }

  get #budget() {
    return this.#pod.facts.budget;
  }

  /** Before a request is sent. What it may take is on disk when this resolves to `go`. */
  async admit(size: RequestAmounts, at: BudgetPlace & { turn: string }): Promise<BudgetAdmission> {
    let admission = admit(this.#budget, size);
    if (admission.kind === 'capped') {
      // What lies with its children unused is no reason to end.
      await this.#reclaim();
      admission = admit(this.#budget, size);
    }
    switch (admission.kind) {
      case 'free':
        return { kind: 'go' };
      case 'capped':
        this.#noteOwn(null);
        return { kind: 'capped', reason: admission.unit === 'nanoUsd' ? 'cost' : 'tokens' };
      case 'reserve':
        this.#noteOwn(null);
        await this.#pod.commitDurably([{ type: 'budgetReserved', ...at, ...admission.amounts }]);
        this.#pod.crash('budget.reserved');
        this.#askWhereLow();
        return { kind: 'go' };
      case 'wait': {
        this.#noteOwn(amountsOf(this.#budget, size));
        this.#pursue();
        return { kind: 'wait', ms: againMs };
      }
    }
  }

  /** The turn is over, however it ended. */
  noteTurnEnd(): void {
    this.#noteOwn(null);
  }

  /** A reservation of which nothing has been said yet. */
  get isReserved(): boolean {
    return budgetUnits.some((unit) => this.#budget[unit].reserved > 0);
  }

  /** Behind each append. */
  committed(bodies: readonly EntryBody[]): void {
    if (!bodies.some(({ type }) => moving.has(type))) return;
    const isReturn = bodies.some((body) => body.type === 'budgetLease' && body.confirmed !== true);
    const isSaid = bodies.some(({ type }) => type === 'podEventEmitted');
    // Its parent may count what a child has returned since as used here.
    const isLess = bodies.some(({ type }) => type === 'budgetLent') && hasNothingLeft(this.#budget);
    if ((isReturn || isLess) && !isSaid && this.#parts.parentLink?.linked === true) this.#reportLater();
    // The answer took more than was thought: there is time for more while its calls run.
    if (bodies.some(goesOn)) this.#askWhereLow();
    if (bodies.some((body) => body.type === 'child' && body.state === 'linked')) this.#takeBackBeyond();
    if (this.#serveSoon || (this.#needs.size === 0 && this.#own === null)) return;
    this.#serveSoon = true;
    this.#pod.host.clock.soon(() => {
      this.#serveSoon = false;
      this.#serve();
    });
  }

  /** The parent has said what this pod holds. */
  linked(): void {
    // Its children hear of a bound at a link, which they may have made before.
    const units = governedUnits(this.#budget).join();
    if (units !== this.#said) this.#renewLinks();
    this.#said = units;
    this.#serve();
    if (this.#own !== null || this.#needs.size > 0) this.#pursue();
  }

  // The children

  /** A linked child says what it has, and may want more. */
  async lease(params: Params<'lease'>, connection: Connection): Promise<Result<'lease'>> {
    const { links } = this.#parts.children;
    const child = this.#pod.facts.children.get(links.instanceOver(connection));
    if (child === undefined) throw new WireError('unknownChild', 'This pod has no such child.');
    const wants = wantsOf(params.budget);
    this.#pod.input((core) => {
      commitInput(core, some(reported(core.facts.budget, child, params.budget)));
      commitInput(core, some(grant(core.facts.budget, child, wants, this.#own ?? {})));
    });
    if (params.urgent && this.#lacks({ child, wants })) await this.#held({ child, wants }, connection);
    const budget = leasedTo(this.#budget, child.instance);
    await this.#pod.durable();
    this.#pod.crash('lease.granted');
    return { budget };
  }

  #lacks({ child, wants }: Pick<Need, 'child' | 'wants'>): boolean {
    return Object.keys(stillLacks(this.#budget, child.instance, wants)).length > 0;
  }

  async #held(need: Pick<Need, 'child' | 'wants'>, connection: Connection): Promise<void> {
    const { instance } = need.child;
    // The same child's newest word counts.
    this.#needs.get(instance)?.answered.resolve();
    const answered = deferred<void>();
    const mine = { ...need, answered };
    this.#needs.set(instance, mine);
    this.#noteWaiting();
    this.#pursue();
    const end = this.#pod.host.clock.after(heldMs, answered.resolve);
    void connection.closed.then(() => answered.resolve());
    await answered.promise;
    end();
    if (this.#needs.get(instance) === mine) this.#needs.delete(instance);
    this.#noteWaiting();
  }

  /** The parent wants back what is not needed now: between turns, and while a request waits, that is all. */
  async giveBack(): Promise<LeaseReports> {
    await this.#reclaim();
    const isWorking = this.#pod.core.live.mode === 'running' && this.#own === null;
    this.#pod.input((core) => commitInput(core, some(surplus(core.facts.budget, isWorking ? 1 : 0))));
    const said = reportUp(this.#budget);
    await this.#pod.durable();
    this.#pod.crash('lease.returned');
    return said;
  }

  /** Sets the bound of the tree; a root's only. */
  async setBound({ usd, tokens }: Params<'budget'>): Promise<void> {
    const before = governedUnits(this.#budget);
    this.#pod.input((core) =>
      commitInput(core, [
        {
          type: 'budgetBound',
          ...(usd === undefined ? {} : { nanoUsd: usd === null ? null : nanoUsd(usd) }),
          ...(tokens === undefined ? {} : { tokens }),
        },
      ]),
    );
    await this.#pod.durable();
    this.#pod.input((core) => core.ports.perform({ type: 'statusChanged' }));
    const isNew = governedUnits(this.#budget).some((unit) => !before.includes(unit));
    // They hear at a link that they are under a bound now.
    if (isNew) this.#renewLinks();
    this.#takeBackBeyond();
    this.#noteWaiting();
    this.#onArrived();
  }

  /** A bound that a person has lowered holds for what was lent before, too; a child may hear of it late. */
  #takeBackBeyond(delaysMs: readonly number[] = beyondAgainMs): void {
    if (!isBeyond(this.#budget)) return;
    void this.#reclaim();
    const [next, ...later] = delaysMs;
    if (next !== undefined) this.#pod.host.clock.after(next, () => this.#takeBackBeyond(later));
  }

  #renewLinks(): void {
    void countEarlier(this.#pod);
    for (const { instance } of this.#pod.facts.children.values()) this.#parts.children.links.renew(instance);
  }

  // Whoever lacks something

  /** Asks everybody who may have something. */
  #pursue(): void {
    void this.#reclaim();
    void this.#askUp(true);
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#pod.host.clock.after(againMs, () => {
      this.#isRetrying = false;
      if (this.#needs.size > 0) this.#pursue();
    });
  }

  #serve(): void {
    if (this.#pod.core.live.mode === 'stopping') return;
    for (const need of this.#needs.values()) {
      this.#pod.input((core) => {
        const entry = grant(core.facts.budget, need.child, need.wants, this.#own ?? {});
        if (entry !== null) tryCommit(core, [entry]);
      });
      if (!this.#lacks(need)) need.answered.resolve();
    }
    const own = this.#own;
    if (own !== null && admit(this.#budget, { estimate: own, least: own }).kind !== 'wait') this.#onArrived();
  }

  #askWhereLow(): void {
    if (governedUnits(this.#budget).some((unit) => isLow(this.#budget, unit))) void this.#askUp(false);
  }

  /** Once at a time: what comes meanwhile is in the next. */
  async #askUp(urgent: boolean): Promise<void> {
    const { parentLink } = this.#parts;
    if (parentLink === null || this.#asking) return;
    const beyond: { [unit in BudgetUnit]?: number } = {};
    for (const unit of governedUnits(this.#budget)) {
      const facts = this.#budget[unit];
      let wanted = urgent ? (this.#own?.[unit] ?? 0) : 2 * usual(facts);
      for (const { child, wants } of this.#needs.values())
        wanted += stillLacks(this.#budget, child.instance, wants)[unit] ?? 0;
      beyond[unit] = wanted;
    }
    this.#asking = true;
    await this.#sayUp(beyond, urgent);
    this.#asking = false;
    this.#serve();
  }

  #reportLater(): void {
    this.#pod.host.clock.soon(() => void this.#report());
  }

  /** Until it is heard: its parent's disk may be full. */
  async #report(): Promise<void> {
    const isOver = (await this.#sayUp({}, false)) || this.#pod.core.live.mode === 'stopping';
    if (!isOver) this.#pod.host.clock.after(againMs, () => void this.#report());
  }

  /** What the parent answers is committed. False: not heard. Without a link the next one says the same. */
  async #sayUp(beyond: Amounts, urgent: boolean): Promise<boolean> {
    const { parentLink } = this.#parts;
    const client = parentLink?.client ?? null;
    if (client === null) return true;
    try {
      const budget = reportUp(this.#budget, beyond);
      // What is said to be returned must not come back with an older log.
      await this.#pod.durable();
      const answer = await client.call('lease', { budget, urgent });
      if (parentLink?.client !== client) return true;
      const entry = leaseAnswered(this.#budget, answer.budget, { linked: false });
      if (entry !== null) this.#pod.tryCommit([entry]);
      return true;
    } catch {
      return parentLink?.client !== client;
    }
  }

  /** From those who hold something that was lent; those who cannot be asked keep it. */
  #reclaim(): Promise<void> {
    this.#reclaiming ??= this.#reclaimAll().finally(() => {
      this.#reclaiming = null;
    });
    return this.#reclaiming;
  }

  async #reclaimAll(): Promise<void> {
    const { links } = this.#parts.children;
    const holders = [...this.#pod.facts.children.values()].filter(
      ({ instance }) =>
        links.has(instance) &&
        budgetUnits.some((unit) => {
          const lent = this.#budget[unit].lent.get(instance);
          return isGoverned(this.#budget[unit]) && lent !== undefined && lent.granted > lent.returned;
        }),
    );
    await Promise.all(holders.map((child) => this.#reclaimFrom(child).catch(() => undefined)));
  }

  async #reclaimFrom(child: PodRef): Promise<void> {
    const { host, session } = this.#pod;
    const token = host.home.token(this.#pod.folderOf(child));
    const from = { instance: session.instance, token };
    const sent = await host.wire.send(
      this.#pod.socketOf(child),
      'reclaim',
      { from },
      { deadlineMs: reclaimDeadlineMs },
    );
    if (!sent.ok) return;
    this.#pod.input((core) =>
      commitInput(core, some(reported(core.facts.budget, child, sent.result.budget))),
    );
  }

  // What people see

  #noteOwn(amounts: Amounts | null): void {
    this.#own = amounts;
    this.#noteWaiting();
  }

  #noteWaiting(): void {
    noteWait(this.#pod, this.#parts.parentLink, this.#own !== null || this.#needs.size > 0);
  }

  view(): Result<'budget'> {
    return budgetView(this.#budget);
  }
}

/** Another request follows it. */
function goesOn(body: EntryBody): boolean {
  return body.type === 'stepCompleted' && body.finishReason === 'toolCalls';
}

function some(entry: EntryBody | null): EntryBody[] {
  return entry === null ? [] : [entry];
}
