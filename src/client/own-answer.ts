/**
 * What one submission came to, from the log of the pod that took it: the turn that it began, or in which it
 * was shown, what that goes on with, and the turns that read what was reported of work that they had handed
 * down. Pure. One fold for whoever waits for an answer and for whoever gives the same request again.
 *
 * Invariants
 * - OA1 Other submissions, before, beside and behind it, change nothing of the answer.
 * - OA2 Once it is over, no later entry changes it.
 */
import { type PodTally, newTally, tallyEntry } from './pod-tally.ts';
import type { PodEventReceivedEntry } from '../session/facts/delivery-entries.ts';
import type {
  AssignmentEntry,
  Entry,
  EntryBody,
  InputReceivedEntry,
  SystemItemEntry,
  TurnEndedEntry,
  TurnStartedEntry,
} from '../session/facts/entries.ts';

/** The turn that the log has open, or had last. */
interface NewestTurn {
  readonly turn: string;
  /** It works for the submission; from the item on that has made it so. */
  isOwn: boolean;
  /** `cut`: without an end, by a death or a stop; it may be gone on with. */
  state: 'open' | 'cut' | 'paused' | 'ended';
}

/** A turn that is open then has no end. */
const cuts: ReadonlySet<EntryBody['type']> = new Set(['interrupted', 'stopped', 'started']);

export class OwnAnswer {
  /** Text, last turn, denials and usage of what worked for it alone. */
  readonly tally: PodTally;
  /** What its turns have handed down, by the submission that the child was given: the child's instance. */
  readonly handedDown = new Map<string, string>();
  readonly #submissions: ReadonlySet<string>;
  /** Of these nothing was seen yet that a turn has made of them. */
  readonly #notBegun = new Set<string>();
  readonly #open = new Set<string>();
  /** Whether the newest work of a child was handed down by it. */
  readonly #children = new Map<string, boolean>();
  /** Received for it, and shown to no turn yet; those that begin one by themselves, and all. */
  readonly #awaited = new Set<string>();
  readonly #unread = new Set<string>();
  #newest: NewestTurn | null = null;
  #isTaken = false;

  /** More than one: of a child, all that was handed down to it for the same answer. */
  constructor(pod: { readonly name: string; readonly instance: string }, submissions: Iterable<string>) {
    this.tally = newTally(pod.name, pod.instance);
    this.#submissions = new Set(submissions);
  }

  /** The pod has it on disk. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Nothing more comes of it. */
  get isOver(): boolean {
    if (!this.#isTaken || this.#notBegun.size > 0 || this.#open.size + this.#awaited.size > 0) return false;
    return this.#newest?.isOwn !== true || this.#newest.state === 'ended';
  }

  /** In the order of the log. */
  take(entry: Entry): void {
    this.#note(entry);
    if (this.#isOfIt(entry)) tallyEntry(this.tally, entry);
  }

  #isOfIt(entry: Entry): boolean {
    if (entry.type === 'started' || entry.type === 'stopped' || entry.type === 'approval') return true;
    if (entry.type === 'inputReceived') return this.#submissions.has(entry.submission);
    if (this.#newest?.isOwn !== true) return false;
    return entry.type === 'interrupted' || ('turn' in entry && entry.turn === this.#newest.turn);
  }

  #note(entry: Entry): void {
    if (entry.type === 'inputReceived') this.#arrive(entry);
    else if (entry.type === 'inputDropped') {
      if (this.#notBegun.delete(entry.submission)) this.#endWith(entry.reason);
    } else if (entry.type === 'turnStarted') this.#begin(entry);
    else if (entry.type === 'turnEnded') this.#finish(entry);
    else if (entry.type === 'systemItem') this.#show(entry);
    else if (entry.type === 'assignment') this.#assign(entry);
    else if (entry.type === 'podEventReceived') this.#receive(entry);
    else if (cuts.has(entry.type) && this.#newest?.state === 'open') this.#newest.state = 'cut';
  }

  #arrive({ submission, kind, wake }: InputReceivedEntry): void {
    if (kind === 'cancel') this.#giveUp('it was cancelled');
    if (!this.#submissions.has(submission)) return;
    this.#isTaken = true;
    if (kind === 'run' || wake) this.#notBegun.add(submission);
  }

  #begin({ turn, kind, submissions }: TurnStartedEntry): void {
    const goesOn = kind === 'resume' && this.#newest?.isOwn === true;
    if (kind !== 'resume') this.#giveUp('it was cut, and something else was begun');
    const begun = submissions.filter((id) => this.#submissions.has(id));
    for (const id of begun) {
      this.#isTaken = true;
      this.#notBegun.delete(id);
    }
    this.#newest = { turn, isOwn: goesOn || begun.length > 0, state: 'open' };
  }

  #finish({ turn, outcome }: TurnEndedEntry): void {
    if (this.#newest?.turn !== turn) return;
    this.#newest.state = outcome === 'paused' ? 'paused' : 'ended';
    if (!this.#newest.isOwn || outcome === 'finished' || outcome === 'paused') return;
    // They wait for another input then, and are part of what comes of that.
    this.#awaited.clear();
    this.#unread.clear();
  }

  #show({ turn, item }: SystemItemEntry): void {
    if (!this.#isShownFor(item)) return;
    if (this.#newest?.turn !== turn || this.#newest.isOwn) return;
    this.#newest.isOwn = true;
    this.tally.turns += 1;
    this.tally.turnOpen = true;
  }

  #isShownFor(item: SystemItemEntry['item']): boolean {
    if (item.kind === 'notice') {
      if (!this.#submissions.has(item.submission)) return false;
      this.#notBegun.delete(item.submission);
      return true;
    }
    if (item.kind === 'unmet' || item.kind === 'command') return false;
    const key = item.kind === 'assignment' ? item.assignment : eventKey(item.from.instance, item.seq);
    this.#awaited.delete(key);
    return this.#unread.delete(key);
  }

  #assign({ state, assignment, child, turn, tell }: AssignmentEntry): void {
    if (state === 'open') {
      const isOwn = this.#newest?.isOwn === true && this.#newest.turn === turn;
      this.#children.set(child.instance, isOwn);
      if (!isOwn) return;
      this.handedDown.set(assignment, child.instance);
      this.#open.add(assignment);
    } else if (this.#open.delete(assignment) && tell === true) this.#await(assignment);
  }

  #receive({ from, eventSeq, reads, wakes, closes, readAt }: PodEventReceivedEntry): void {
    const { instance } = from;
    const own = closes.filter((id) => this.#open.delete(id));
    const isOwn = closes.length > 0 ? own.length > 0 : this.#children.get(instance) === true;
    if (!isOwn || !reads || readAt !== undefined) return;
    const key = eventKey(instance, eventSeq);
    if (wakes) this.#await(key);
    else this.#unread.add(key);
  }

  #await(key: string): void {
    this.#awaited.add(key);
    this.#unread.add(key);
  }

  /** What a turn of it was at is gone on with no more. */
  #giveUp(reason: string): void {
    if (this.#newest?.isOwn !== true || !['cut', 'paused'].includes(this.#newest.state)) return;
    this.#newest.state = 'ended';
    this.#endWith(reason);
  }

  #endWith(reason: string): void {
    this.tally.turnOpen = false;
    this.tally.lastTurn = { outcome: 'cancelled', reason, category: null, check: null, result: null };
  }
}

function eventKey(instance: string, seq: number | null): string {
  return `${instance} ${seq}`;
}
