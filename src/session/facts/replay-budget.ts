/**
 * The part of the fold that is about what a pod may spend. It needs no other facts, so that a parent can fold
 * the log of a child that has died; `replay.ts` and that alone call it.
 *
 * - A reservation is open until a response, a failed request or the end of its incarnation; with the last,
 *   and where another is committed, it was spent.
 * - What a new incarnation holds of its parent's is nobody's until the parent has confirmed it: the parent
 *   may have taken it back when the last one died.
 */
import type { JsonObject, JsonValue } from '../../std/json.ts';
import type { Usage } from '../../protocol/pod-event.ts';
import {
  type Amounts,
  type BudgetEntry,
  type BudgetUnit,
  type Lease,
  budgetUnits,
  requestMax,
} from './budget-entries.ts';
import type { PodEventReceivedEntry } from './delivery-entries.ts';
import type { ChildEntry, Entry, EntryBody, SessionEntry } from './entries.ts';

export interface LentLease extends Lease {
  /** What the child may draw in all. */
  readonly cap: number | null;
}

/** Of one pod in one unit. */
export interface UnitFacts {
  /** A person's, of a root. */
  bound: number | null;
  /** A person has set it, or taken it away, since the start: what the settings say holds no more. */
  isReset: boolean;
  /** Of its parent's; null for a root, and where the parent is under no bound. */
  lease: Lease | null;
  /** What this pod may draw of its parent's in all. */
  cap: number | null;
  /** By the requests that have ended. */
  spent: number;
  /** For the request under way. */
  reserved: number;
  /** What the last requests took, the newest last. */
  recent: readonly number[];
  /** By the child's instance. */
  lent: Map<string, LentLease>;
}

export interface BudgetFacts extends Record<BudgetUnit, UnitFacts> {
  /** The parent has said in this incarnation what this pod holds. */
  confirmed: boolean;
  /** The newest incarnation of each child. */
  incarnations: Map<string, number>;
}

const recentMax = 3;
const nanoPerUsd = 1_000_000_000;

export function emptyBudget(): BudgetFacts {
  return { nanoUsd: emptyUnit(), tokens: emptyUnit(), confirmed: false, incarnations: new Map() };
}

function emptyUnit(): UnitFacts {
  return {
    bound: null,
    isReset: false,
    lease: null,
    cap: null,
    spent: 0,
    reserved: 0,
    recent: [],
    lent: new Map(),
  };
}

/** Rounded up: what is too little to be counted is not nothing. */
export function nanoUsd(usd: number): number {
  // A sum of floats is a little off: 0.1 + 0.2 is not dearer than 0.3.
  return Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(Math.round(usd * nanoPerUsd * 1_000) / 1_000));
}
export function usdOf(nano: number): number {
  return nano / nanoPerUsd;
}

type Appliers = {
  readonly [E in EntryBody as E['type']]?: (budget: BudgetFacts, entry: Entry<E>) => void;
};

const appliers: Appliers = {
  session: applySession,
  started(budget) {
    budget.confirmed = false;
    for (const unit of budgetUnits) spendReserved(budget[unit]);
  },
  stepCompleted: applyStep,
  requestFailed: applyStep,
  // All requests of a summary together: no measure of the next step.
  compaction: (budget, { usage }) => void applyUsed(budget, usage),
  compactionFailed: (budget, { usage }) => void applyUsed(budget, usage),
  podEventReceived: applyEvent,
  child: applyChild,
  budgetBound: applyOwn,
  budgetReserved: applyOwn,
  budgetLease: applyOwn,
  budgetLent: applyOwn,
};

/** Takes in any entry of a log; most have no part in it. */
export function applyBudget(budget: BudgetFacts, entry: Entry): void {
  if (!Object.hasOwn(appliers, entry.type)) return;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the applier of an entry's own type takes that entry
  (appliers[entry.type] as (budget: BudgetFacts, entry: Entry) => void)(budget, entry);
}

function applyOwn(budget: BudgetFacts, entry: BudgetEntry): void {
  if (entry.type === 'budgetLease' && entry.confirmed === true) budget.confirmed = true;
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    switch (entry.type) {
      case 'budgetBound': {
        const bound = entry[unit];
        if (bound === undefined) break;
        facts.bound = bound;
        facts.isReset = true;
        break;
      }
      case 'budgetReserved':
        if (entry.adds !== true) spendReserved(facts);
        facts.reserved = sum(facts.reserved, entry[unit] ?? 0);
        break;
      case 'budgetLease': {
        const lease = entry[unit];
        if (lease === undefined) break;
        const { granted, returned } = merged(facts.lease, lease);
        facts.lease = { granted: entry.confirmed === true ? lease.granted : granted, returned };
        break;
      }
      case 'budgetLent': {
        const lease = entry[unit];
        const known = facts.lent.get(entry.child.instance);
        const cap = entry.cap?.[unit] ?? known?.cap ?? null;
        if (lease !== undefined)
          facts.lent.set(entry.child.instance, { ...merged(known ?? null, lease), cap });
      }
    }
  }
}

/** Of two that say the same lease, what either knows. */
export function merged(a: Lease | null, b: Lease): Lease {
  if (a === null) return { granted: b.granted, returned: b.returned };
  return { granted: Math.max(a.granted, b.granted), returned: Math.max(a.returned, b.returned) };
}

/** Amounts of settings: what is none is left out. */
interface BudgetSettings {
  /** A root's bound in tokens; that in dollars is `limits.cost`. */
  readonly tokens: number | null;
  /** Units in which this pod holds of its parent's. */
  readonly leased: readonly BudgetUnit[];
  readonly cap: Amounts;
}

function budgetSettingsOf(settings: JsonObject): BudgetSettings {
  const budget = objectOf(settings['budget']);
  const leased = Array.isArray(budget['leased']) ? budget['leased'] : [];
  const cap = objectOf(budget['cap']);
  return {
    tokens: amountOf(budget['tokens']),
    leased: budgetUnits.filter((unit) => leased.includes(unit)),
    cap: Object.fromEntries(
      budgetUnits.flatMap((unit) => {
        const amount = amountOf(cap[unit]);
        return amount === null ? [] : [[unit, amount]];
      }),
    ),
  };
}

function applySession(budget: BudgetFacts, { parent, settings }: SessionEntry): void {
  const { tokens, leased, cap } = budgetSettingsOf(settings);
  const cost = objectOf(settings['limits'])['cost'];
  if (parent === null) {
    budget.tokens.bound = tokens;
    budget.nanoUsd.bound = typeof cost === 'number' && cost > 0 ? nanoUsd(cost) : null;
    return;
  }
  for (const unit of budgetUnits) {
    if (leased.includes(unit)) budget[unit].lease = { granted: 0, returned: 0 };
    budget[unit].cap = cap[unit] ?? null;
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
function amountOf(value: JsonValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function applyUsed(budget: BudgetFacts, usage: Usage): Record<BudgetUnit, number> {
  // Of a price that nobody knows, what was reserved is the best that is known.
  const cost = usage.cost === null ? budget.nanoUsd.reserved : nanoUsd(usage.cost);
  const said = { nanoUsd: cost, tokens: usage.inputTokens + usage.outputTokens };
  const used = { ...said };
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    if (said[unit] > requestMax[unit]) used[unit] = facts.reserved;
    facts.reserved = 0;
    facts.spent = sum(facts.spent, used[unit]);
  }
  return used;
}

function applyStep(budget: BudgetFacts, { usage }: { readonly usage: Usage }): void {
  const used = applyUsed(budget, usage);
  for (const unit of budgetUnits) {
    if (used[unit] > 0) budget[unit].recent = [...budget[unit].recent, used[unit]].slice(-recentMax);
  }
}

function spendReserved(facts: UnitFacts): void {
  facts.spent = sum(facts.spent, facts.reserved);
  facts.reserved = 0;
}

function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

/** What the pod has of a lease no more: for its own requests and lent to its children. */
export function usedOf(facts: UnitFacts): number {
  let used = facts.spent + facts.reserved;
  for (const { granted, returned } of facts.lent.values()) used += granted - returned;
  return used;
}

/** Somebody bounds what it may spend. */
export function isGoverned(facts: UnitFacts): boolean {
  return facts.bound !== null || facts.lease !== null;
}

/** Negative where requests took more than was reserved for them. */
export function held(facts: UnitFacts): number {
  const { bound, lease } = facts;
  if (bound === null && lease === null) return Number.POSITIVE_INFINITY;
  return (bound ?? 0) + (lease === null ? 0 : lease.granted - lease.returned) - usedOf(facts);
}

/**
 * A child's report says what it has returned; its end, what it has used in all: all else is this pod's again,
 * also what was granted and never came.
 */
function applyEvent(budget: BudgetFacts, { from, event }: PodEventReceivedEntry): void {
  if (!('budget' in event) || event.budget === undefined) return;
  const isLast =
    event.kind === 'shutDown' && from.incarnation >= (budget.incarnations.get(from.instance) ?? 0);
  for (const unit of budgetUnits) {
    const said = event.budget[unit];
    const known = budget[unit].lent.get(from.instance);
    if (said === undefined || known === undefined) continue;
    // What it has used beyond that, it owes: a request was larger than thought.
    const granted = Math.max(known.granted, said.used + said.returned);
    const returned = isLast ? Math.max(said.returned, granted - said.used) : said.returned;
    // More than was granted cannot come back, whatever is said.
    const most = Math.min(granted, Math.max(known.returned, returned));
    budget[unit].lent.set(from.instance, { ...known, granted, returned: most });
  }
}

function applyChild(budget: BudgetFacts, { child: { instance }, state, incarnation }: ChildEntry): void {
  if (incarnation !== undefined) {
    budget.incarnations.set(instance, Math.max(incarnation, budget.incarnations.get(instance) ?? 0));
  }
  if (state !== 'undone' && state !== 'removed') return;
  for (const unit of budgetUnits) {
    const facts = budget[unit];
    const lease = facts.lent.get(instance);
    // An undone one never began; what a removed one had not returned, it or those below it have used.
    if (lease !== undefined && state === 'removed')
      facts.spent = sum(facts.spent, lease.granted - lease.returned);
    facts.lent.delete(instance);
  }
  budget.incarnations.delete(instance);
}
