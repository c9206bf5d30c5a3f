/** What was handed to a tree and what comes of it, until the tree is settled (docs/delivery.md §3). */
import { thrownText } from '../std/thrown-text.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { OwnAnswer } from '../client/own-answer.ts';
import { newTally, type PodTally } from '../client/pod-tally.ts';
import { type RunEnd, runResult } from '../client/run-result.ts';
import { statusOf } from '../client/budget-bound.ts';
import { whyNothingGoesOn } from '../client/stuck-tree.ts';
import { hasPart, type TreeWatch } from '../client/tree-watch.ts';
import type { StatusResult } from '../protocol/status-result.ts';
import type { Entry } from '../session/facts/entries.ts';
import type { Home } from '../session/home/home.ts';
import { monotonicMs } from '../std/clock.ts';
import { type Deferred, deferred } from '../std/deferred.ts';
import { withErrorOutput } from '../std/error-output.ts';
import type { TreeResult } from './api.ts';

interface Piece {
  /** Null: what was there before, whoever gave it. */
  readonly own: OwnAnswer | null;
  readonly startedAt: number;
  readonly result: Deferred<TreeResult>;
  /** It is on the root's disk: from then on a settled tree is done with it. */
  isTaken: boolean;
}

export interface WorkOptions {
  readonly home: Home;
  readonly watch: TreeWatch;
  readonly root: { readonly name: string; readonly instance: string };
  /** What its process wrote last, for people. */
  readonly errorTail: () => string;
  /** Each time that the tree is settled, or will never be. */
  readonly onSettled: () => void;
}

/** Live events say when to check; this is for what no event shows. */
const pollMs = 250;

export class TreeWork {
  readonly #options: WorkOptions;
  readonly #open = new Set<Piece>();
  #watching = false;
  #ended: RunEnd | null = null;
  #newest: Promise<TreeResult>;

  constructor(options: WorkOptions) {
    this.#options = options;
    this.#newest = Promise.resolve(nothingDone);
  }

  get settled(): Promise<TreeResult> {
    return this.#newest;
  }

  /** Of the root, in the order of its log. */
  take(entry: Entry): void {
    for (const { own } of this.#open) own?.take(entry);
  }

  /** `handOver` fulfils once the root has it on disk; where it rejects, nothing is waited for. */
  async add(submission: string, handOver: () => Promise<unknown>): Promise<void> {
    const piece: Piece = {
      own: new OwnAnswer(this.#options.root, [submission]),
      startedAt: monotonicMs(),
      result: deferred(),
      isTaken: false,
    };
    this.#open.add(piece);
    const before = this.#newest;
    this.#newest = piece.result.promise;
    try {
      await handOver();
    } catch (error) {
      this.#open.delete(piece);
      if (this.#newest === piece.result.promise) this.#newest = before;
      piece.result.resolve(nothingDone);
      throw error;
    }
    piece.isTaken = true;
    if (this.#ended !== null) this.#finish(this.#ended);
    else void this.#untilSettled();
  }

  /** What the tree has to do already. */
  addRest(): void {
    const piece: Piece = { own: null, startedAt: monotonicMs(), result: deferred(), isTaken: true };
    this.#open.add(piece);
    this.#newest = piece.result.promise;
    void this.#untilSettled();
  }

  /** The tree is ended, or given up: what is open is answered by that. */
  async end(reason: string): Promise<void> {
    await this.#options.watch.catchUp();
    const isOver = [...this.#open].every(({ own }) => own?.isOver === true);
    this.#finish(isOver ? { kind: 'settled' } : { kind: 'died', reason, isStopped: true });
    this.#ended = { kind: 'died', reason, isStopped: true };
  }

  async #untilSettled(): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    try {
      while ([...this.#open].some(({ isTaken }) => isTaken)) {
        const changed = this.#options.watch.changed();
        const end = await this.#endNow();
        if (end !== null) {
          await this.#options.watch.catchUp();
          this.#finish(end);
        } else await Promise.race([changed, sleep(pollMs)]);
      }
    } catch (error) {
      this.#finish({ kind: 'died', reason: thrownText(error) });
    } finally {
      this.#watching = false;
    }
  }

  async #endNow(): Promise<RunEnd | null> {
    const status = await this.#options.watch.status();
    switch (status.kind) {
      case 'settled':
        return { kind: 'settled' };
      case 'overBudget':
        return {
          kind: 'limit',
          reason: 'the wake budget is used up: what has arrived waits for a person',
        };
      case 'refused': {
        const { pod, parent, events } = status.refused;
        const reason = `${parent} refuses ${events} of the events of ${pod} for good`;
        return { kind: 'refused', reason };
      }
      case 'rootGone':
        return { kind: 'died', reason: withErrorOutput('its process ended', this.#options.errorTail()) };
      case 'working':
        return await this.#hopeless(status.status);
    }
  }

  /** A program raises no bound: nobody else is to be waited for. */
  async #hopeless(known: StatusResult | undefined): Promise<RunEnd | null> {
    const { home, root } = this.#options;
    const status = known ?? (await statusOf({ home, root: root.instance }, root));
    const bound = status === null ? null : await whyNothingGoesOn(home, status);
    return bound === null ? null : { kind: 'limit', reason: bound };
  }

  /** Of what was taken: what is on its way to the root has its turn. */
  #finish(end: RunEnd): void {
    const done = [...this.#open].filter(({ isTaken }) => isTaken || end.kind === 'died');
    for (const piece of done) this.#open.delete(piece);
    for (const piece of done) piece.result.resolve(this.#resultOf(piece, end));
    if (this.#open.size === 0) this.#options.onSettled();
  }

  #resultOf({ own, startedAt }: Piece, end: RunEnd): TreeResult {
    const { watch, root } = this.#options;
    const tallies = watch.pods
      .filter(hasPart)
      .map(({ tally, state }): PodTally => ({ ...tally, isRunning: state !== 'gone' }));
    const [whole = newTally(root.name, root.instance), ...descendants] = tallies;
    // Of a tree that had nothing to do there is no outcome.
    if (own === null && end.kind === 'settled' && whole.lastTurn === null) return nothingDone;
    const { text, denials, lastTurn } = own?.tally ?? whole;
    const {
      type: _,
      permissionDenials,
      name: _name,
      instance: _instance,
      check: _check,
      ...result
    } = runResult({
      root: { ...whole, text, denials, lastTurn },
      descendants,
      end: own?.isOver === true && end.kind === 'died' && end.isStopped === true ? { kind: 'settled' } : end,
      durationMs: monotonicMs() - startedAt,
    });
    return { ...result, denials: permissionDenials };
  }
}

const nothingDone: TreeResult = {
  status: 'done',
  text: '',
  reason: null,
  category: null,
  usage: { inputTokens: 0, outputTokens: 0 },
  cost: 0,
  durationMs: 0,
  children: [],
  denials: [],
};
