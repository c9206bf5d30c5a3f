/**
 * One session log, read once from its beginning: what it contradicts in itself, and what is to be held
 * against the logs at its other ends.
 */
import type { SentPodEvent } from '../../protocol/pod-event.ts';
import type { PodEventAckedEntry, PodEventEmittedEntry } from '../../session/facts/delivery-entries.ts';
import {
  type Entry,
  type PodRef,
  type SessionEntry,
  type StartedEntry,
  schemaVersion,
} from '../../session/facts/entries.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { ApprovalCheck } from './approvals.ts';
import { FormCheck } from './forms.ts';
import { AssignmentCheck } from './assignments.ts';
import { BodyCheck } from './bodies.ts';
import { BudgetCheck, type BudgetView } from './budget.ts';
import { EvidenceCheck } from './evidence.ts';
import type { Check, Finding, Rule } from './finding.ts';
import { type ChildView, InboxCheck, type SenderView } from './inbox.ts';
import { IncarnationCheck } from './incarnations.ts';
import { InputCheck } from './inputs.ts';
import { MailboxCheck } from './mailbox.ts';
import { ReceiptCheck } from './receipts.ts';
import { ReportCheck } from './reports.ts';
import { ResponseCheck } from './responses.ts';
import { fits } from './shape.ts';
import { ScopeCheck } from './scope.ts';
import { type Given, PodState } from './state.ts';
import { TimeCheck } from './times.ts';
import { TurnCheck } from './turns.ts';

/** One incarnation of the pod. */
export interface Incarnation {
  incarnation: number;
  startedAt: string;
  /** It ended in order. */
  stopped: boolean;
}

export interface LogView {
  name: string;
  instance: string;
  parent: PodRef | null;
  /** The newest incarnation's process runs. */
  alive: boolean;
  incarnations: Incarnation[];
  /** Of the last entry. */
  lastAt: string;
  emitted: Map<number, { incarnation: number; event: SentPodEvent }>;
  /** Highest number acknowledged, and highest given up by a person. */
  acked: number;
  discarded: number;
  /** Its parent refuses it for good, with this code, since its newest incarnation or acknowledgement. */
  refusal: string | null;
  /** Children that it refuses for good, with the code, that have not linked or ended since; by instance. */
  refuses: Map<string, { name: string; code: string }>;
  senders: Map<string, SenderView>;
  children: Map<string, ChildView>;
  /** Work that it gave and that is open, by assignment. */
  given: ReadonlyMap<string, Given>;
  budget: BudgetView;
  /** No line of it is missing or damaged. */
  isWhole: boolean;
  /** Submissions that it ever accepted. */
  accepted: ReadonlySet<string>;
  /** Work of its parent that it began and has not reported on, though nothing is left to do. */
  owed: readonly string[];
}

export interface LogEnd {
  /** Damaged lines that were passed over. */
  damagedCount: number;
  alive: boolean;
}

export class LogCheck {
  readonly #name: string;
  readonly #where: string;
  readonly #findings: Finding[] = [];
  readonly #state = new PodState();
  readonly #inbox: InboxCheck;
  readonly #inputs: InputCheck;
  readonly #budget: BudgetCheck;
  /** In the order in which their findings are given. */
  readonly #checks: readonly Check[];
  readonly #byType = new Map<string, Check[]>();
  /** What these find in a log with missing lines follows from what is missing, which is told. */
  readonly #ofWholeLogs: ReadonlySet<Check>;
  #session: Entry<SessionEntry> | null = null;
  /** No line is missing, damaged or short of fields. */
  #isWhole = true;
  #count = 0;
  #lastSeq = 0;
  #lastAt = '';
  #incarnations: Incarnation[] = [];
  #started: Entry<StartedEntry> | null = null;
  #emitted: LogView['emitted'] = new Map();
  #emittedThrough = 0;
  #acked = 0;
  #discarded = 0;
  #refusal: string | null = null;
  readonly #refuses: LogView['refuses'] = new Map();

  /** `where` names the log for people: its path where there is one. */
  constructor(name: string, where: string) {
    this.#name = name;
    this.#where = where;
    const state = this.#state;
    this.#inbox = new InboxCheck(name, state);
    this.#inputs = new InputCheck(name, state);
    this.#budget = new BudgetCheck(name);
    const ofWholeLogs = [
      new IncarnationCheck(name, state),
      new ReceiptCheck(name, state),
      new BodyCheck(name, state, () => this.#quarantineDeaths()),
      this.#inputs,
      new ReportCheck(name, state),
      new ResponseCheck(name),
      new TimeCheck(name),
      new EvidenceCheck(name),
      new ApprovalCheck(name),
      new FormCheck(name),
      new MailboxCheck(name),
      this.#budget,
    ];
    this.#ofWholeLogs = new Set(ofWholeLogs);
    this.#checks = [
      this.#inbox,
      new AssignmentCheck(name, state),
      new TurnCheck(name),
      new ScopeCheck(name),
      ...ofWholeLogs,
    ];
    for (const check of this.#checks) {
      for (const type of check.types) {
        const ofType = this.#byType.get(type);
        if (ofType === undefined) this.#byType.set(type, [check]);
        else ofType.push(check);
      }
    }
  }

  /** The newest incarnation, for asking the system whether it lives. */
  get started(): Entry<StartedEntry> | null {
    return this.#started;
  }

  take(entry: Entry): void {
    this.#count += 1;
    if (entry.seq !== this.#lastSeq + 1) {
      this.#isWhole = false;
      this.#find(
        'log',
        `entry ${entry.seq} follows entry ${this.#lastSeq} in ${this.#where}: numbers must rise by one`,
      );
    }
    this.#lastSeq = entry.seq;
    this.#lastAt = entry.time;
    if (!fits(entry)) {
      this.#isWhole = false;
      this.#find(
        'log',
        `entry ${entry.seq} (${entry.type}) in ${this.#where} lacks fields of its type and was passed over`,
      );
      return;
    }
    if (this.#inbox.isRepeated(entry)) return;
    this.#takeOwn(entry);
    for (const check of this.#byType.get(entry.type) ?? []) check.take(entry);
    this.#state.apply(entry);
  }

  #quarantineDeaths(): number {
    return limitsOf(this.#session?.settings ?? {}).quarantineDeaths;
  }

  /** `view` is null where this is not a pod's log, or one that nothing was committed to yet. */
  end({ damagedCount, alive }: LogEnd): { view: LogView | null; findings: Finding[] } {
    if (damagedCount > 0) {
      this.#isWhole = false;
      this.#find(
        'log',
        `${damagedCount} damaged line(s) in ${this.#where} were passed over: what they held is missing here, and rules that need the whole log are not checked`,
      );
    }
    if (!this.#isOurs()) return { view: null, findings: this.#findings };
    for (const check of this.#checks) check.end();
    const judged = this.#checks.filter((check) => this.#isWhole || !this.#ofWholeLogs.has(check));
    const findings = [...this.#findings, ...judged.flatMap((check) => check.findings)];
    return { view: this.#view(alive), findings };
  }

  #view(alive: boolean): LogView | null {
    if (this.#session === null) return null;
    return {
      name: this.#name,
      instance: this.#session.instance,
      parent: this.#session.parent,
      alive,
      incarnations: this.#incarnations,
      lastAt: this.#lastAt,
      emitted: this.#emitted,
      acked: this.#acked,
      discarded: this.#discarded,
      refusal: this.#refusal,
      refuses: this.#refuses,
      senders: this.#inbox.senders,
      children: this.#inbox.children,
      given: this.#state.given,
      budget: this.#budget.view,
      isWhole: this.#isWhole,
      accepted: this.#inputs.accepted,
      owed: this.#state.owed(),
    };
  }

  #isOurs(): boolean {
    if (this.#session !== null && this.#session.schema > schemaVersion) {
      const { schema } = this.#session;
      this.#find(
        'log',
        `${this.#where} has schema ${schema}, this podkin reads ${schemaVersion}: verify it with a newer podkin`,
      );
      return false;
    }
    if (this.#session === null && this.#count > 0) {
      this.#find(
        'log',
        `${this.#where} does not begin with a session entry: it is no pod's log, or its first line is damaged`,
      );
    }
    return this.#session !== null;
  }

  /** C4, of its children. */
  #takeRefusal(entry: Entry): void {
    if (entry.type === 'alert' && entry.refuses !== undefined) {
      const { child, code } = entry.refuses;
      this.#refuses.set(child.instance, { name: child.name, code });
    } else if (entry.type === 'child') {
      if (entry.state === 'linked' || entry.state === 'removed') this.#refuses.delete(entry.child.instance);
    } else if (entry.type === 'podEventReceived') {
      const { kind } = entry.event;
      if (kind === 'shutDown' || kind === 'died') this.#refuses.delete(entry.from.instance);
    }
  }

  #takeOwn(entry: Entry): void {
    this.#takeRefusal(entry);
    if (entry.type === 'session') {
      if (this.#count === 1) this.#session = entry;
      else this.#find('log', `a second session entry in ${this.#where} (entry ${entry.seq})`);
    } else if (entry.type === 'started') {
      this.#start(entry);
    } else if (entry.type === 'stopped') {
      for (const one of this.#incarnations) if (one.incarnation === entry.incarnation) one.stopped = true;
    } else if (entry.type === 'podEventEmitted') {
      this.#emit(entry);
    } else if (entry.type === 'podEventAcked') {
      this.#acknowledge(entry);
    } else if (entry.type === 'alert') {
      this.#refusal = entry.refusal ?? this.#refusal;
    } else if (entry.type === 'discarded') {
      this.#discarded = Math.max(this.#discarded, entry.through);
    }
  }

  #emit(entry: Entry<PodEventEmittedEntry>): void {
    const { eventSeq, incarnation, event } = entry;
    if (eventSeq !== this.#emittedThrough + 1) {
      this.#find(
        'I3',
        `event ${eventSeq} was emitted after event ${this.#emittedThrough}: numbers must rise by one`,
      );
    }
    this.#emittedThrough = Math.max(this.#emittedThrough, eventSeq);
    this.#emitted.set(eventSeq, { incarnation, event });
  }

  #acknowledge(entry: Entry<PodEventAckedEntry>): void {
    const { through, seq } = entry;
    this.#refusal = null;
    if (through > this.#emittedThrough) {
      this.#find(
        'I6',
        `acknowledged through event ${through}, but only ${this.#emittedThrough} had been committed (entry ${seq})`,
      );
    }
    this.#acked = Math.max(this.#acked, Math.min(through, this.#emittedThrough));
  }

  #start(entry: Entry<StartedEntry>): void {
    const last = this.#incarnations.at(-1)?.incarnation ?? 0;
    this.#refusal = null;
    if (entry.incarnation <= last) {
      this.#find(
        'I8',
        `incarnation ${entry.incarnation} began after incarnation ${last} (entry ${entry.seq})`,
      );
    }
    this.#incarnations.push({ incarnation: entry.incarnation, startedAt: entry.time, stopped: false });
    this.#started = entry;
  }

  #find(rule: Rule, text: string): void {
    this.#findings.push({ rule, pod: this.#name, text, count: 1 });
  }
}
