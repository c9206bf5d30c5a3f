/**
 * What a log says of a budget. Amounts are whole: billionths of a US dollar and tokens, so that sums are
 * exact. All of them are running totals of one pod's log or of one lease, never differences: said twice,
 * nothing changes.
 */
export const budgetUnits = ['nanoUsd', 'tokens'] as const;
export type BudgetUnit = (typeof budgetUnits)[number];
/** A unit that is not named is not meant. */
export type Amounts = { readonly [unit in BudgetUnit]?: number | undefined };

/**
 * What no entry's requests come to: a log may say more (an older build believed any count of a provider), and
 * then what was reserved is the best that is known. Well below what a person may set as a bound, which can so
 * be raised over it.
 */
export const requestMax = { nanoUsd: 1e15, tokens: 1e9 } as const;

/**
 * Between a pod and its parent, through all lives of both: neither number falls while their logs are whole.
 */
export interface Lease {
  readonly granted: number;
  readonly returned: number;
}
export type Leases = { readonly [unit in BudgetUnit]?: Lease | undefined };

/**
 * A person's bound for the tree, in the place of the one before; null: there is none any more. Of a root
 * only.
 */
export interface BudgetBoundEntry {
  type: 'budgetBound';
  nanoUsd?: number | null;
  tokens?: number | null;
}
/**
 * A request is about to be sent: this much of what the pod holds is its. The `stepCompleted` or
 * `requestFailed` behind it says what it was in the end; without one it was this.
 */
export interface BudgetReservedEntry extends Amounts {
  type: 'budgetReserved';
  turn: string;
  step: number;
  /** It comes to what was reserved before: one entry says what all of them have used. */
  adds?: boolean;
}
/**
 * What this pod holds of its parent's; `confirmed`: the parent has said so at a link. What it says there that
 * it has granted is that, also where an older copy of its log knows of less.
 */
export interface BudgetLeaseEntry extends Leases {
  type: 'budgetLease';
  confirmed?: boolean;
}
/** What a child holds of this pod's. */
export interface BudgetLentEntry extends Leases {
  type: 'budgetLent';
  child: { readonly name: string; readonly instance: string };
  /** What it may draw in all. */
  cap?: Amounts;
}

export type BudgetEntry = BudgetBoundEntry | BudgetReservedEntry | BudgetLeaseEntry | BudgetLentEntry;
