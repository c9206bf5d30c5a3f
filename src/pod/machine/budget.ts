/**
 * A budget that is handed down like a scope: what may be asked for, lent, returned. Pure; the shell in
 * `pod/budget/` commits what is answered here and says it to others.
 *
 *   held = bound | granted − returned   −   spent − reserved − Σ (lent − given back) over the children
 *
 * Invariants
 * - B1 No request begins but out of what its pod holds. So what a tree was asked for passes the root's bound
 *   by no more than what requests under way took beyond their reservations: less than one for each pod.
 * - B2 Bound = held + reserved + spent + on the way, over all pods of the tree, at every moment: totals only
 *   rise, both ends take the higher one, and a child that has died has what its log says.
 * - B3 A child draws no more than its cap, whatever it says and however often.
 */
import type { JsonObject } from '../../std/json.ts';
import type { EntryBody, PodRef } from '../../session/facts/entries.ts';
import {
  type Amounts,
  type BudgetLeaseEntry,
  type BudgetLentEntry,
  type BudgetUnit,
  type Lease,
  type Leases,
  budgetUnits,
} from '../../session/facts/budget-entries.ts';
import {
  type BudgetFacts,
  type UnitFacts,
  held,
  isGoverned,
  merged,
  usedOf,
} from '../../session/facts/replay-budget.ts';

/** What a child says of itself in one unit: of its lease, and what it and those below it have used. */
export interface LeaseReport extends Lease {
  readonly used: number;
  /** To be granted, less what is returned, until it is this much. */
  readonly wants?: number | undefined;
}
export type LeaseReports = { readonly [unit in BudgetUnit]?: LeaseReport | undefined };

export function governedUnits(budget: BudgetFacts): BudgetUnit[] {
  return budgetUnits.filter((unit) => isGoverned(budget[unit]));
}

/** `limits.cost` as it holds by now; null also where a person has taken the bound away since the start. */
export function costLimit(cost: number | null, { nanoUsd }: BudgetFacts): number | null {
  return nanoUsd.isReset && !isGoverned(nanoUsd) ? null : cost;
}

/** What may be reserved or lent now. */
export function free(budget: BudgetFacts, unit: BudgetUnit): number {
  const facts = budget[unit];
  const isConfirmed = facts.lease === null || budget.confirmed;
  return isConfirmed ? held(facts) : Math.min(0, held(facts));
}

/**
 * More was used and lent than a person allows: the bound is lower than it was, or requests took more than
 * thought.
 */
export function isBeyond(budget: BudgetFacts): boolean {
  return budgetUnits.some((unit) => budget[unit].bound !== null && held(budget[unit]) < 0);
}

/** Of a request of the usual size; `estimate` where there has been none. */
export function usual(facts: UnitFacts, estimate = 0): number {
  return Math.max(1, facts.recent.length > 0 ? Math.max(...facts.recent) : estimate);
}

/** What is known of a request before it is sent. */
export interface RequestAmounts {
  /** All of it, where none has been answered yet. */
  readonly estimate: Amounts;
  /** What its input holds more than that of the last one. */
  readonly beyond?: Amounts;
  /** All of it, however cheap the others were: nothing of it need be in the provider's cache. */
  readonly least?: Amounts;
}

/** The dearest of the last ones and what this one holds beyond them, or its own estimate. */
export function amountsOf(budget: BudgetFacts, { estimate, beyond, least }: RequestAmounts): Amounts {
  const amounts: { [unit in BudgetUnit]?: number } = {};
  for (const unit of governedUnits(budget)) {
    const facts = budget[unit];
    const more = facts.recent.length > 0 ? (beyond?.[unit] ?? 0) : 0;
    amounts[unit] = Math.max(usual(facts, estimate[unit]) + more, least?.[unit] ?? 0);
  }
  return amounts;
}

export type Admission =
  | { readonly kind: 'free' }
  | { readonly kind: 'reserve'; readonly amounts: Amounts }
  | { readonly kind: 'capped'; readonly unit: BudgetUnit }
  /** `lacks`: of what a request takes. */
  | { readonly kind: 'wait'; readonly unit: BudgetUnit; readonly lacks: Amounts };

/** May a request be sent, and what is to be committed before it. */
export function admit(budget: BudgetFacts, size: RequestAmounts): Admission {
  const units = governedUnits(budget);
  const amounts = amountsOf(budget, size);
  const lacks: { [unit in BudgetUnit]?: number } = {};
  for (const unit of units) {
    const facts = budget[unit];
    const amount = amounts[unit] ?? 0;
    if (facts.cap !== null && usedOf(facts) + amount > facts.cap) return { kind: 'capped', unit };
    const lack = amount - free(budget, unit);
    if (lack > 0) lacks[unit] = lack;
  }
  const short = units.find((unit) => lacks[unit] !== undefined);
  if (short !== undefined) return { kind: 'wait', unit: short, lacks };
  return units.length === 0 ? { kind: 'free' } : { kind: 'reserve', amounts };
}

/** Of a lease it and those below it have used all, or more: then its parent goes by what it says. */
export function hasNothingLeft(budget: BudgetFacts): boolean {
  return budgetUnits.some((unit) => budget[unit].lease !== null && held(budget[unit]) <= 0);
}

/** Less than two requests of the usual size are left: more is wanted before it is needed. */
export function isLow(budget: BudgetFacts, unit: BudgetUnit): boolean {
  const facts = budget[unit];
  return facts.lease !== null && free(budget, unit) < 2 * usual(facts);
}

/**
 * What this pod says of its leases to its parent. `beyond`: for what it needs more than it has for its own
 * requests, and for its children.
 */
export function reportUp(budget: BudgetFacts, beyond: Amounts = {}): LeaseReports {
  const reports: { [unit in BudgetUnit]?: LeaseReport } = {};
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    if (facts.lease === null) continue;
    const used = usedOf(facts);
    const wanted = beyond[unit];
    reports[unit] = { ...facts.lease, used, ...(wanted === undefined ? {} : { wants: used + wanted }) };
  }
  return reports;
}

/** The same at a link: also what it has used while it held nothing of its parent's. */
export function introduced(budget: BudgetFacts): LeaseReports {
  const reports: { [unit in BudgetUnit]?: LeaseReport | undefined } = { ...reportUp(budget) };
  for (const unit of budgetUnits) {
    const used = usedOf(budget[unit]);
    if (reports[unit] === undefined && used > 0) reports[unit] = { granted: 0, returned: 0, used };
  }
  return reports;
}

/** What the parent has answered; null where nothing of it is new. */
export function leaseAnswered(
  budget: BudgetFacts,
  answer: Leases,
  { linked }: { linked: boolean },
): EntryBody | null {
  const changed: { [unit in BudgetUnit]?: Lease } = {};
  let hasLess = false;
  for (const unit of budgetUnits) {
    const said = answer[unit];
    if (said === undefined) continue;
    const known = budget[unit].lease;
    const { granted, returned } = merged(known, said);
    // Its word at a link comes behind all that it has ever answered.
    const now = { granted: linked ? said.granted : granted, returned };
    hasLess ||= now.granted < granted;
    if (known === null || now.granted !== known.granted || now.returned !== known.returned)
      changed[unit] = now;
  }
  const confirms = linked && (hasLess || (!budget.confirmed && Object.keys(answer).length > 0));
  if (Object.keys(changed).length === 0 && !confirms) return null;
  const entry: BudgetLeaseEntry = {
    type: 'budgetLease',
    ...(confirms ? { confirmed: true } : {}),
    ...changed,
  };
  return entry;
}

/**
 * What goes back to the parent, in running totals; null where that is nothing. `keep`: requests that it
 * keeps.
 */
export function surplus(budget: BudgetFacts, keep: 0 | 1): BudgetLeaseEntry | null {
  const back: { [unit in BudgetUnit]?: Lease } = {};
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    if (facts.lease === null) continue;
    const more = free(budget, unit) - keep * usual(facts);
    if (more > 0) back[unit] = { ...facts.lease, returned: facts.lease.returned + more };
  }
  return Object.keys(back).length === 0 ? null : { type: 'budgetLease', ...back };
}

// The parent's side

export function wantsOf(reports: LeaseReports): Amounts {
  const wants: { [unit in BudgetUnit]?: number } = {};
  for (const unit of budgetUnits) {
    const wanted = reports[unit]?.wants;
    if (wanted !== undefined) wants[unit] = wanted;
  }
  return wants;
}

/** A child is under a bound where this pod is or was, or where it was given a cap. */
export function leasedTo(budget: BudgetFacts, child: string): Leases {
  const leases: { [unit in BudgetUnit]?: Lease } = {};
  for (const unit of budgetUnits) {
    const lent = budget[unit].lent.get(child);
    if (!isGoverned(budget[unit]) && lent === undefined) continue;
    leases[unit] = { granted: lent?.granted ?? 0, returned: lent?.returned ?? 0 };
  }
  return leases;
}

/**
 * What a child's own words add to what is known here: what it has returned, and what it has used beyond its
 * grants, which it owes (a request that was larger than thought; all of it, where an older build had no
 * leases). What it was granted this pod's log alone says: nobody hears of a grant that is not on disk here.
 */
export function reported(budget: BudgetFacts, child: PodRef, reports: LeaseReports): EntryBody | null {
  const leases: { [unit in BudgetUnit]?: Lease } = {};
  for (const unit of Object.keys(leasedTo(budget, child.instance)).filter(isUnit)) {
    const said = reports[unit];
    if (said === undefined) continue;
    const known = budget[unit].lent.get(child.instance) ?? null;
    const owed = Math.min(said.used + said.returned, Number.MAX_SAFE_INTEGER);
    const granted = Math.max(known?.granted ?? 0, owed);
    const now = merged(known, { granted, returned: Math.min(said.returned, granted) });
    if (isMore(known, now)) leases[unit] = now;
  }
  return lentEntry(child, leases);
}

/**
 * At once, where less is lacking: about four dollars. A lease's totals only rise, by a grant a turn for
 * years, and have to stay whole numbers.
 */
const grantMax = 2 ** 32;

/**
 * What is granted to a child that wants more: half of what is left, in portions, and no less than it lacks;
 * or nothing.
 */
export function grant(
  budget: BudgetFacts,
  child: PodRef,
  wants: Amounts,
  keepFree: Amounts = {},
): EntryBody | null {
  const leases: { [unit in BudgetUnit]?: Lease } = {};
  for (const unit of wantedUnits(budget, child.instance, wants)) {
    const lent = budget[unit].lent.get(child.instance) ?? { granted: 0, returned: 0, cap: null };
    const net = lent.granted - lent.returned;
    const lacks = (wants[unit] ?? 0) - net;
    const room = (lent.cap ?? Number.POSITIVE_INFINITY) - net;
    const left = free(budget, unit) - (keepFree[unit] ?? 0);
    if (lacks <= 0 || lacks > Math.min(left, room)) continue;
    // Where there is no bound above, the cap alone says how much.
    const half = Number.isFinite(left) ? Math.floor(left / 2) : Number.isFinite(room) ? room : lacks;
    const amount = Math.min(room, Math.max(lacks, Math.min(half, grantMax)));
    leases[unit] = { granted: lent.granted + amount, returned: lent.returned };
  }
  return lentEntry(child, leases);
}

/** Of these, what the child has not; by unit. */
export function stillLacks(budget: BudgetFacts, child: string, wants: Amounts): Amounts {
  const lacks: { [unit in BudgetUnit]?: number } = {};
  for (const unit of wantedUnits(budget, child, wants)) {
    const lent = budget[unit].lent.get(child);
    const lack = (wants[unit] ?? 0) - ((lent?.granted ?? 0) - (lent?.returned ?? 0));
    if (lack > 0) lacks[unit] = lack;
  }
  return lacks;
}

/** The child's process has ended, and this is its log: what it has not used is this pod's again. */
export function settledByLog(budget: BudgetFacts, child: PodRef, left: BudgetFacts): EntryBody | null {
  const leases: { [unit in BudgetUnit]?: Lease } = {};
  for (const unit of Object.keys(leasedTo(budget, child.instance)).filter(isUnit)) {
    const known = budget[unit].lent.get(child.instance) ?? null;
    const used = usedOf(left[unit]);
    const returned = Math.max(known?.returned ?? 0, left[unit].lease?.returned ?? 0);
    const granted = Math.max(known?.granted ?? 0, left[unit].lease?.granted ?? 0, used + returned);
    const now = { granted, returned: granted - used };
    if (isMore(known, now)) leases[unit] = now;
  }
  return lentEntry(child, leases);
}

/** A child that was made under a bound holds to it, also when a person has taken the bound away. */
function wantedUnits(budget: BudgetFacts, child: string, wants: Amounts): BudgetUnit[] {
  const leased = leasedTo(budget, child);
  return budgetUnits.filter((unit) => leased[unit] !== undefined || wants[unit] !== undefined);
}

function isUnit(name: string): name is BudgetUnit {
  return name === 'nanoUsd' || name === 'tokens';
}

function isMore(known: Lease | null, now: Lease): boolean {
  return now.granted > (known?.granted ?? 0) || now.returned > (known?.returned ?? 0);
}

function lentEntry({ name, instance }: PodRef, leases: Leases): BudgetLentEntry | null {
  if (Object.keys(leases).length === 0) return null;
  return { type: 'budgetLent', child: { name, instance }, ...leases };
}

/** Settings of a child that is made now. */
export function budgetOfChild(budget: BudgetFacts, cap: Amounts): { budget?: JsonObject } {
  const leased = budgetUnits.filter((unit) => isGoverned(budget[unit]) || cap[unit] !== undefined);
  if (leased.length === 0) return {};
  const amounts = budgetUnits.flatMap((unit) =>
    cap[unit] === undefined ? [] : [[unit, cap[unit]] as const],
  );
  return { budget: { leased, cap: Object.fromEntries(amounts) } };
}

/** A child's cap stands in its parent's log with the reservation of its name. */
export function lentAtSpawn(child: PodRef, cap: Amounts): EntryBody[] {
  if (Object.keys(cap).length === 0) return [];
  const nothing = { granted: 0, returned: 0 };
  const leases = Object.fromEntries(Object.keys(cap).map((unit) => [unit, nothing]));
  return [{ type: 'budgetLent', child: { name: child.name, instance: child.instance }, ...leases, cap }];
}
