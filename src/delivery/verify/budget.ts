/**
 * What a pod may spend, by a book of its own: each request is made out of what the pod holds (B1) and within
 * its cap (B3), and nothing is returned, granted or reported that its log does not come to (B2). What both
 * ends of a lease say of it is for `leases.ts`.
 *
 * An older build reserves nothing: an incarnation is held to it only once it has said a word of budgets.
 */
import type { Usage } from '../../protocol/pod-event.ts';
import {
  type BudgetLeaseEntry,
  type BudgetLentEntry,
  type BudgetReservedEntry,
  type BudgetUnit,
  type Lease,
  budgetUnits,
  requestMax,
} from '../../session/facts/budget-entries.ts';
import type { PodEventEmittedEntry, PodEventReceivedEntry } from '../../session/facts/delivery-entries.ts';
import type { ChildEntry, Entry, SessionEntry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { type Takers, takeBy } from './takers.ts';

export interface Lent extends Lease {
  readonly name: string;
  readonly cap: number | null;
}

/** One pod in one unit. */
export interface Book {
  /** A person's, and the highest that ever was; null: there is none. */
  bound: number | null;
  boundMost: number;
  /** A person has taken it away. */
  wasFree: boolean;
  /** Of its parent's, with what it may draw in all. */
  lease: Lease | null;
  cap: number | null;
  /** An open reservation is not among it. */
  spent: number;
  reserved: number;
  /** By the child's instance. */
  readonly lent: Map<string, Lent>;
  /** The most that it and those below it have had. */
  usedMost: number;
  /** What its dearest request took beyond its reservation, and what all took that reserved nothing. */
  beyond: number;
  unreserved: number;
  /** Grants that only a child's debt explains: made where there was not so much. By the child's instance. */
  readonly overdrawn: Map<string, Lease & { readonly at: number }>;
}

export interface BudgetView {
  readonly books: Readonly<Record<BudgetUnit, Book>>;
  /** Its parent has said in its newest incarnation what it holds. */
  readonly confirmed: boolean;
}

export function usedBy({ spent, reserved, lent }: Book): number {
  return [...lent.values()].reduce((sum, one) => sum + one.granted - one.returned, spent + reserved);
}

export function amountText(unit: BudgetUnit, amount: number): string {
  return unit === 'tokens' ? `${amount} tokens` : `${amount / 1e9} USD`;
}

export class BudgetCheck extends Check {
  readonly types = [
    'session',
    'started',
    'turnStarted',
    'stepCompleted',
    'requestFailed',
    'compaction',
    'compactionFailed',
    'podEventReceived',
    'podEventEmitted',
    'child',
    'budgetBound',
    'budgetReserved',
    'budgetLease',
    'budgetLent',
  ] as const;
  readonly #books: Record<BudgetUnit, Book> = { nanoUsd: emptyBook(), tokens: emptyBook() };
  /** A root's alone is whole without its parent's word. */
  #confirmed = false;
  /** The newest incarnation of each child. */
  readonly #incarnations = new Map<string, number>();
  /** Of this incarnation: it knows of budgets, and requests of which it had not reserved anything. */
  #knows = false;
  #unreserved: string[] = [];
  /**
   * What was used before the newest receipt: an event that it caused was made of that, in the same append.
   */
  #atReceipt: { seq: number; used: Record<BudgetUnit, number> } | null = null;
  /** It came under a bound while a request may have been under way. */
  #isNew = false;

  readonly #takers: Takers = {
    session: (entry) => this.#session(entry),
    started: () => this.#started(),
    turnStarted: () => {
      this.#isNew = false;
    },
    stepCompleted: ({ usage, seq }) => this.#used(usage, seq),
    requestFailed: ({ usage, seq }) => this.#used(usage, seq),
    compaction: ({ usage, seq }) => this.#used(usage, seq),
    compactionFailed: ({ usage, seq }) => this.#used(usage, seq),
    podEventReceived: (entry) => {
      this.#atReceipt = { seq: entry.seq, used: this.#usedNow() };
      this.#received(entry);
    },
    podEventEmitted: (entry) => this.#emitted(entry),
    child: (entry) => this.#child(entry),
    budgetBound: (entry) => {
      for (const unit of budgetUnits) this.#bound(this.#books[unit], entry[unit]);
    },
    budgetReserved: (entry) => this.#reserved(entry),
    budgetLease: (entry) => this.#lease(entry),
    budgetLent: (entry) => this.#lent(entry),
  };

  get view(): BudgetView {
    return { books: this.#books, confirmed: this.#confirmed };
  }

  take(entry: Entry): void {
    if (entry.type.startsWith('budget')) this.#knowing();
    takeBy(this.#takers, entry);
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      book.usedMost = Math.max(book.usedMost, usedBy(book));
    }
  }

  #knowing(): void {
    this.#knows = true;
    for (const text of this.#unreserved) this.find('B1', text);
    this.#unreserved = [];
  }

  #session({ parent, settings }: SessionEntry): void {
    const budget = partOf(settings, 'budget');
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      book.cap = amountIn(partOf(budget, 'cap'), unit);
      if (parent !== null) {
        const leased = partOf(budget, 'leased');
        if (Array.isArray(leased) && leased.includes(unit)) book.lease = { granted: 0, returned: 0 };
        continue;
      }
      const cost = partOf(partOf(settings, 'limits'), 'cost');
      const usd = typeof cost === 'number' && cost > 0 ? billionths(cost) : null;
      this.#bound(book, unit === 'nanoUsd' ? usd : amountIn(budget, 'tokens'));
    }
  }

  #started(): void {
    this.#confirmed = false;
    this.#knows = false;
    this.#unreserved = [];
    this.#isNew = false;
    // Nobody heard how it ended: it was spent.
    for (const unit of budgetUnits) settle(this.#books[unit]);
  }

  #bound(book: Book, bound: number | null | undefined): void {
    if (bound === undefined) return;
    if (!isBound(book) && bound !== null) this.#isNew = true;
    book.wasFree ||= bound === null && book.bound !== null;
    book.bound = bound;
    book.boundMost = Math.max(book.boundMost, bound ?? 0);
  }

  /** What there is to reserve, lend or return. */
  #free(book: Book): number {
    const { bound, lease } = book;
    if (lease !== null && !this.#confirmed) return 0;
    if (!isBound(book)) return Number.POSITIVE_INFINITY;
    return (bound ?? 0) + (lease === null ? 0 : lease.granted - lease.returned) - usedBy(book);
  }

  #reserved({ adds, seq, ...entry }: Entry<BudgetReservedEntry>): void {
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      if (adds !== true) settle(book);
      const amount = entry[unit];
      if (amount === undefined) {
        if (isBound(book))
          this.find('B1', `the reservation at entry ${seq} leaves ${unit} out, which is bounded`);
        continue;
      }
      const [wanted, free] = [amountText(unit, amount), this.#free(book)];
      if (book.cap !== null && usedBy(book) + amount > book.cap) {
        const had = `${amountText(unit, usedBy(book))} of ${amountText(unit, book.cap)}`;
        this.find('B3', `${wanted} are reserved at entry ${seq}, and ${had} were used, which is its cap`);
      } else if (amount > free) {
        const why =
          book.lease !== null && !this.#confirmed
            ? 'its parent had not said yet what it holds'
            : `it held ${amountText(unit, Math.max(0, free))}`;
        this.find('B1', `${wanted} are reserved at entry ${seq}, and ${why}`);
      }
      book.reserved += amount;
    }
  }

  #used({ inputTokens, outputTokens, cost }: Usage, seq: number): void {
    const used = {
      tokens: inputTokens + outputTokens,
      // Where no price is known, what was reserved is the best that is.
      nanoUsd: typeof cost !== 'number' ? this.#books.nanoUsd.reserved : billionths(cost),
    };
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      const had = book.reserved;
      const took = used[unit] > requestMax[unit] ? had : used[unit];
      book.spent += took;
      book.reserved = 0;
      if (had > 0) {
        book.beyond = Math.max(book.beyond, took - had);
        continue;
      }
      book.unreserved += took;
      if (took === 0 || this.#isNew || !isBound(book)) continue;
      this.#unreserved.push(
        `the request with the answer at entry ${seq} took ${amountText(unit, took)}, and nothing had been reserved for it`,
      );
    }
    this.#isNew = false;
    if (this.#knows) this.#knowing();
  }

  #lease(entry: Entry<BudgetLeaseEntry>): void {
    for (const unit of budgetUnits) {
      const said = entry[unit];
      if (said === undefined) continue;
      const book = this.#books[unit];
      const before = book.lease ?? { granted: 0, returned: 0 };
      const back = said.returned - before.returned;
      // What its parent says at a link is its parent's to explain.
      if (entry.confirmed !== true && back > Math.max(0, this.#free(book))) {
        const had = amountText(unit, Math.max(0, this.#free(book)));
        this.find('B2', `${amountText(unit, back)} are returned at entry ${entry.seq}, and it held ${had}`);
      }
      if (!isBound(book)) this.#isNew = true;
      book.lease = higher(before, said);
      // At a link it is as its parent says, whose log may be an older copy.
      if (entry.confirmed === true) book.lease = { ...book.lease, granted: said.granted };
    }
    if (entry.confirmed === true) this.#confirmed = true;
  }

  #lent({ child, cap, seq, ...entry }: Entry<BudgetLentEntry>): void {
    for (const unit of budgetUnits) {
      const said = entry[unit];
      if (said === undefined) continue;
      const book = this.#books[unit];
      const known = book.lent.get(child.instance) ?? { granted: 0, returned: 0, cap: null };
      this.#lend(book, child.instance, {
        at: seq,
        lent: { ...higher(known, said), name: child.name, cap: cap?.[unit] ?? known.cap },
      });
    }
  }

  #lend(book: Book, instance: string, { lent, at }: { lent: Lent; at: number }): void {
    const before = book.lent.get(instance) ?? { granted: 0, returned: 0 };
    const net = lent.granted - lent.returned;
    const rise = net - (before.granted - before.returned);
    const { granted, returned } = lent;
    const isTooMuch = rise > Math.max(0, this.#free(book)) || (lent.cap !== null && net > lent.cap);
    if (granted > before.granted && isTooMuch) book.overdrawn.set(instance, { granted, returned, at });
    book.lent.set(instance, lent);
  }

  #received({ from, event, seq }: Entry<PodEventReceivedEntry>): void {
    const totals = 'budget' in event ? event.budget : undefined;
    const isEnd =
      event.kind === 'shutDown' && from.incarnation >= (this.#incarnations.get(from.instance) ?? 0);
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      const [said, known] = [totals?.[unit], book.lent.get(from.instance)];
      if (said === undefined || known === undefined) continue;
      const granted = Math.max(known.granted, said.used + said.returned);
      const back = Math.max(said.returned, known.returned, isEnd ? granted - said.used : 0);
      this.#lend(book, from.instance, {
        at: seq,
        lent: { ...known, granted, returned: Math.min(granted, back) },
      });
    }
  }

  #usedNow(): Record<BudgetUnit, number> {
    return { nanoUsd: usedBy(this.#books.nanoUsd), tokens: usedBy(this.#books.tokens) };
  }

  #emitted({ event, eventSeq, seq }: Entry<PodEventEmittedEntry>): void {
    if (event.budget === undefined) return;
    const before = this.#atReceipt?.seq === seq - 1 ? this.#atReceipt.used : null;
    for (const unit of budgetUnits) {
      const [said, book] = [event.budget[unit], this.#books[unit]];
      const { lease } = book;
      if (said === undefined && lease === null) continue;
      const is = { ...(lease ?? { granted: 0, returned: 0 }), used: usedBy(book) };
      const isUsed = said?.used === is.used || said?.used === before?.[unit];
      if (said?.granted === is.granted && said.returned === is.returned && isUsed) continue;
      this.find(
        'B2',
        `event ${eventSeq} (entry ${seq}) says of ${unit} ${totalsText(said)}, by the log it is ${totalsText(is)}`,
      );
    }
  }

  #child({ child: { instance }, state, incarnation }: ChildEntry): void {
    const newest = Math.max(incarnation ?? 0, this.#incarnations.get(instance) ?? 0);
    if (newest > 0) this.#incarnations.set(instance, newest);
    if (state !== 'removed' && state !== 'undone') return;
    for (const unit of budgetUnits) {
      const book = this.#books[unit];
      const lent = book.lent.get(instance);
      // What a removed one never returned, it has used.
      if (lent !== undefined && state === 'removed') book.spent += lent.granted - lent.returned;
      book.lent.delete(instance);
      book.overdrawn.delete(instance);
    }
    this.#incarnations.delete(instance);
  }
}

function emptyBook(): Book {
  return {
    bound: null,
    boundMost: 0,
    wasFree: false,
    lease: null,
    cap: null,
    spent: 0,
    reserved: 0,
    lent: new Map(),
    usedMost: 0,
    beyond: 0,
    unreserved: 0,
    overdrawn: new Map(),
  };
}

function isBound({ bound, lease }: Book): boolean {
  return bound !== null || lease !== null;
}

function settle(book: Book): void {
  book.spent += book.reserved;
  book.reserved = 0;
}

function higher(a: Lease, b: Lease): Lease {
  return { granted: Math.max(a.granted, b.granted), returned: Math.max(a.returned, b.returned) };
}

/** Of dollars, rounded up past what a sum of floats is off. */
function billionths(usd: number): number {
  return Math.ceil(Math.round(usd * 1e12) / 1e3);
}

function totalsText(totals: (Lease & { used: number }) | undefined): string {
  if (totals === undefined) return 'nothing';
  return `${totals.granted} granted, ${totals.returned} returned, ${totals.used} used`;
}

function partOf(whole: unknown, field: string): unknown {
  return typeof whole === 'object' && whole !== null && Object.hasOwn(whole, field)
    ? Reflect.get(whole, field)
    : undefined;
}

function amountIn(whole: unknown, field: string): number | null {
  const amount = partOf(whole, field);
  return typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0 ? amount : null;
}
