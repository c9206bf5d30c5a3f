/**
 * What a pod reports to its parent against what its own log comes to: settled, outstanding, outcome and
 * assignments (V3), and that a turn's end and its report are in one append (C1).
 */
import { isDeepStrictEqual } from 'node:util';
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { PodEventEmittedEntry } from '../../session/facts/delivery-entries.ts';
import type { Entry, TurnEndedEntry } from '../../session/facts/entries.ts';
import { Check } from './finding.ts';
import { isReport } from './shape.ts';
import type { PodState } from './state.ts';

type TurnReport = Extract<SentPodEvent, { kind: 'turnEnded' | 'errored' }>;

/** A turn has ended and the next entry must be its report. */
interface Due {
  /** Entry seq at which the report must be. */
  at: number;
  readonly ended: Entry<TurnEndedEntry>;
  readonly assignments: readonly string[];
  readonly text: string;
}

export class ReportCheck extends Check {
  readonly types = ['turnEnded', 'podEventEmitted', 'inputReceived', 'inputDropped'] as const;
  readonly #state: PodState;
  /** Work of the parent that was cancelled before it began, in the append of the report of that. */
  readonly #dropped = new Set<string>();
  /** And with it a turn that had been cut off. */
  #isTurnCancelled = false;
  #due: Due | null = null;
  /** What the last end or report had wrong: as long as it stays, it is told once. */
  readonly #wrong = new Map<'settled' | 'outstanding', string>();

  constructor(pod: string, state: PodState) {
    super(pod);
    this.#state = state;
  }

  take(entry: Entry): void {
    const due = this.#due;
    if (entry.type === 'inputDropped') {
      if (this.#state.own.has(entry.submission)) this.#dropped.add(entry.submission);
      return;
    }
    if (entry.type === 'inputReceived') {
      this.#isTurnCancelled = entry.kind === 'cancel';
      if (!this.#isTurnCancelled) this.#dropped.clear();
      // A pause that came during the last request is noted between the two.
      if (due !== null && entry.kind === 'pause' && entry.seq === due.at) due.at += 1;
      return;
    }
    this.#due = null;
    const isBehind = entry.type === 'podEventEmitted' && entry.seq === due?.at;
    if (due !== null && !isBehind) this.#unreported(due);
    if (entry.type === 'podEventEmitted') this.#report(entry, isBehind ? due : null);
    else if (entry.type === 'turnEnded') this.#turnEnded(entry);
    this.#dropped.clear();
    this.#isTurnCancelled = false;
  }

  /** An append is there whole or not at all. */
  override end(): void {
    if (this.#due !== null) this.#unreported(this.#due);
  }

  #unreported({ ended, assignments }: Due): void {
    if (assignments.length === 0) return;
    this.find(
      'C1',
      `turn ${ended.turn} ended (entry ${ended.seq}) without a report for assignment(s) ${assignments.join(', ')}`,
    );
  }

  #turnEnded(entry: Entry<TurnEndedEntry>): void {
    const { outcome, seq } = entry;
    const what = `the end of turn ${entry.turn} (entry ${seq})`;
    const isHolding = outcome !== 'finished' && outcome !== 'paused';
    const settled = outcome !== 'paused' && this.#state.isSettled({ isHolding });
    this.#settled(what, entry.settled, settled);
    this.#outstanding(what, entry.outstanding);
    if (!this.#state.isChild) return;
    this.#due = {
      at: seq + 1,
      ended: entry,
      assignments: this.#state.ownWork('begun'),
      text: this.#state.lastText,
    };
  }

  #settled(what: string, says: boolean, is: boolean): void {
    if (!this.#isNew('settled', says === is ? '' : `${says}`)) return;
    this.find('V3', `${what} says settled: ${says}, by the log it is ${is}`);
  }

  #isNew(field: 'settled' | 'outstanding', wrong: string): boolean {
    const before = this.#wrong.get(field) ?? '';
    this.#wrong.set(field, wrong);
    return wrong !== '' && wrong !== before;
  }

  #outstanding(what: string, says: readonly string[]): void {
    const is = this.#state.outstanding();
    if (!this.#isNew('outstanding', isSame(says, is) ? '' : `${listed(says)} | ${listed(is)}`)) return;
    this.find('V3', `${what} names as outstanding ${listed(says)}, by the log it is ${listed(is)}`);
  }

  #report(entry: Entry<PodEventEmittedEntry>, due: Due | null): void {
    const { event, eventSeq, seq } = entry;
    if (!isReport(event)) {
      if (due !== null && event.kind === 'scopeSubDelegated') this.#unreported(due);
      return;
    }
    const what = `event ${eventSeq} (entry ${seq})`;
    if (event.kind === 'shutDown' || due === null || event.turn !== due.ended.turn) {
      if (due !== null) this.#unreported(due);
      this.#outstanding(what, event.outstanding);
    }
    this.#assignments(what, event);
    if (event.kind === 'shutDown') {
      const queued = this.#state.ownWork('queued');
      if (isSame(event.notStarted, queued)) return;
      this.find(
        'V3',
        `${what} says of ${listed(event.notStarted)} that they never began, by the log it is ${listed(queued)}`,
      );
      return;
    }
    if (due !== null && event.turn === due.ended.turn) this.#sameAsEnd(what, event, due);
    else this.#settledAlone(what, event);
    this.#finishedWork(what, event);
  }

  #assignments(what: string, event: Exclude<SentPodEvent, { kind: 'scopeSubDelegated' }>): void {
    const begun = this.#state.ownWork('begun');
    if (this.#dropped.size > 0) {
      const ended = [...this.#dropped, ...(this.#isTurnCancelled ? begun : [])];
      if (isSame(event.assignments, ended)) return;
      const text = `${what} is for assignment(s) ${listed(event.assignments)}, by the log ${listed(ended)} were cancelled`;
      this.find('V3', text);
      return;
    }
    if (isSame(event.assignments, begun)) return;
    this.find(
      'V3',
      `${what} is for assignment(s) ${listed(event.assignments)}, by the log ${listed(begun)} had begun`,
    );
  }

  /** Both were committed in one append, from one result. */
  #sameAsEnd(what: string, event: TurnReport, { ended, text }: Due): void {
    const outcome = event.kind === 'errored' ? 'errored' : event.outcome;
    const { settled, outstanding, usage, durationMs, by, reason, error } = ended;
    const said = event.kind === 'errored' ? { error: event.error } : { reason: event.reason };
    const wanted = event.kind === 'errored' ? { error } : { reason };
    const pairs: [string, unknown, unknown][] = [
      ['outcome', outcome, ended.outcome],
      ['settled', event.settled, settled],
      ['outstanding', event.outstanding, outstanding],
      ['usage', event.usage, usage],
      ['durationMs', event.durationMs, durationMs],
      ['by', event.by, by],
      [event.kind === 'errored' ? 'error' : 'reason', Object.values(said)[0], Object.values(wanted)[0]],
    ];
    const other = pairs.filter(([, is, was]) => !isDeepStrictEqual(is, was)).map(([field]) => field);
    if (other.length > 0) {
      this.find(
        'V3',
        `${what} reports another ${other.join(', ')} than the end of its turn (entry ${ended.seq})`,
      );
    }
    if (isBeginningOf(event, text)) return;
    this.find('V3', `${what} does not hold the text with which turn ${ended.turn} ended`);
  }

  /**
   * Of a turn that was over before: cancelled while it waited, at its budget, or with nothing left to wait
   * for.
   */
  #settledAlone(what: string, event: TurnReport): void {
    const outcome = event.kind === 'errored' ? 'errored' : event.outcome;
    const isSettled =
      outcome === 'finished'
        ? this.#state.isSettled({ isHolding: false })
        : this.#state.given.size === 0 && this.#state.queue.length === 0;
    const isRight = outcome === 'finished' ? event.settled === isSettled : !event.settled || isSettled;
    this.#settled(what, event.settled, isRight ? event.settled : isSettled);
  }

  /** Work counts as finished only when a turn that was for it has finished. */
  #finishedWork(what: string, event: TurnReport): void {
    if (event.kind !== 'turnEnded' || event.outcome !== 'finished') return;
    const { own, finished } = this.#state;
    const unfinished = event.assignments.filter((id) => own.get(id) === 'begun' && !finished.has(id));
    if (unfinished.length === 0) return;
    this.find(
      'V3',
      `${what} says finished of assignment(s) ${listed(unfinished)}, and no turn for them has finished`,
    );
  }
}

/** The first characters of the text, and its whole length. */
function isBeginningOf({ text, textChars }: TurnReport, whole: string): boolean {
  if (textChars !== whole.length || (text === '' && whole !== '')) return false;
  return whole.slice(0, text.length).toWellFormed() === text;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return isDeepStrictEqual(new Set(a), new Set(b));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
