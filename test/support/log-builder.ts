/**
 * Session logs made by hand, tersely: a small home of pods whose entries are committed one by one, as a right
 * run would. Times rise by a second with every entry, over all logs of a home.
 */
import type { JsonObject } from '../../src/std/json.ts';
import type { PodEvent, SentPodEvent } from '../../src/protocol/pod-event.ts';
import type {
  Entry,
  EntryBody,
  InputSource,
  SystemItem,
  ToolResultEntry,
  TurnKind,
} from '../../src/session/facts/entries.ts';
import { settledView } from '../../src/delivery/settled.ts';
import type { PodLog } from '../../src/delivery/verify/verify.ts';
import { reportOfTurn } from '../../src/pod/machine/reports.ts';
import { type Facts, emptyFacts } from '../../src/session/facts/facts.ts';
import { applyEntry } from '../../src/session/facts/replay.ts';
import { schemaVersion } from '../../src/session/facts/entries.ts';
import { toldItem } from './told-item.ts';

const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };

type Fields<B> = Partial<Omit<B, 'type'>>;

export interface LogHome {
  readonly pods: readonly LogBuilder[];
  /** A pod with its session entry and its first incarnation; `parent` null for a root. */
  pod(name: string, parent?: LogBuilder | null, settings?: JsonObject): LogBuilder;
  /** For `verifyLogs`: children first, all processes alive unless said otherwise. */
  logs(): PodLog[];
  /** The time of the latest entry. */
  nowMs(): number;
}

export function logHome(): LogHome {
  const pods: LogBuilder[] = [];
  let count = 0;
  const time = (): string => {
    count += 1;
    return new Date(startMs + count * 1000).toISOString();
  };
  return {
    pods,
    pod(name, parent = null, settings = {}) {
      const instance = `0190a1b2-0000-7000-8000-${String(pods.length + 1).padStart(12, '0')}`;
      const pod = new LogBuilder({ name, instance, parent, settings }, time);
      pods.push(pod);
      return pod;
    },
    logs: () => [...pods].sort((a, b) => b.depth - a.depth).map((pod) => pod.log()),
    nowMs: () => startMs + count * 1000,
  };
}

interface Who {
  name: string;
  instance: string;
  parent: LogBuilder | null;
  settings: JsonObject;
}

export class LogBuilder {
  readonly name: string;
  readonly instance: string;
  readonly parent: LogBuilder | null;
  readonly depth: number;
  readonly entries: Entry[] = [];
  /** What the entries come to. */
  readonly facts: Facts = emptyFacts();
  alive = true;
  damaged = 0;
  incarnation = 0;
  readonly #time: () => string;
  #turns = 0;
  #steps = 0;

  constructor(who: Who, time: () => string) {
    this.name = who.name;
    this.instance = who.instance;
    this.parent = who.parent;
    this.depth = who.parent === null ? 0 : who.parent.depth + 1;
    this.#time = time;
    this.add({
      type: 'session',
      schema: schemaVersion,
      podkin: '0.0.0',
      name: this.name,
      instance: this.instance,
      parent: who.parent?.ref ?? null,
      root: this.root.ref,
      depth: this.depth,
      cwd: '/',
      model: 'script/none',
      instructions: null,
      permissionMode: 'default',
      scope: { read: [], write: [] },
      settings: who.settings,
    });
    this.start();
  }

  get ref(): { name: string; instance: string } {
    return { name: this.name, instance: this.instance };
  }
  get identity(): { name: string; instance: string; incarnation: number } {
    return { ...this.ref, incarnation: this.incarnation };
  }
  get root(): LogBuilder {
    return this.parent?.root ?? this;
  }
  /** The id of the newest turn. */
  get turn(): string {
    return `${this.name}-turn-${this.#turns}`;
  }
  get lastSeq(): number {
    return this.entries.length;
  }
  get emitted(): number {
    return this.entries.filter((entry) => entry.type === 'podEventEmitted').length;
  }

  /** Commits any entry. Answers its seq. */
  add(body: EntryBody, time: string = this.#time()): number {
    const entry: Entry = { seq: this.entries.length + 1, time, ...body };
    this.entries.push(entry);
    applyEntry(this.facts, entry);
    return this.entries.length;
  }

  /** Commits entries in one append. */
  append(bodies: readonly EntryBody[]): void {
    const time = this.#time();
    for (const body of bodies) this.add(body, time);
  }

  log(): PodLog {
    const { name, instance, entries, damaged, alive } = this;
    return { name, instance, entries, damaged, alive };
  }

  /** A new incarnation opens the log. */
  start(): void {
    this.incarnation += 1;
    this.alive = true;
    const identity = { pid: 1000 + this.incarnation, startTime: '1', bootId: 'boot' };
    this.add({ type: 'started', incarnation: this.incarnation, ...identity, podkin: '0.0.0' });
  }

  /** The incarnation ends without a word. */
  die(): void {
    this.alive = false;
  }

  /** The incarnation ends in order, its shutDown emitted before. */
  stop(): number {
    const seq = this.parent === null ? 0 : this.emit(shutDown());
    this.add({ type: 'stopped', incarnation: this.incarnation, reason: 'asked' });
    this.alive = false;
    return seq;
  }

  input(kind: 'run' | 'notice' | 'pause' | 'resume' | 'cancel', submission = `in-${this.lastSeq}`): string {
    const from: InputSource = { kind: 'person' };
    this.add({ type: 'inputReceived', submission, kind, wake: true, from, text: 'go', hops: 0 });
    return submission;
  }

  beginTurn(kind: TurnKind = 'run'): void {
    this.#begin(kind, this.facts.resumable?.submissions ?? []);
  }

  /** Accepts a run of a person, or the parent's one with that assignment. Answers its submission. */
  accept(assignment?: string): string {
    const { parent } = this;
    const submission = assignment ?? `run-${this.lastSeq}`;
    const from: InputSource =
      assignment === undefined || parent === null ? { kind: 'person' } : { kind: 'parent', ...parent.ref };
    const text = assignment === undefined ? 'go' : 'do it';
    this.add({ type: 'inputReceived', submission, kind: 'run', wake: true, from, text, hops: 0 });
    return submission;
  }

  /** Begins the turn of the run that waits first. */
  beginRun(): void {
    const [run] = this.facts.queue;
    if (run === undefined) throw new Error(`no run waits at ${this.name}`);
    const { submission, from, text } = run;
    this.#begin('run', [submission], from.kind === 'parent' ? 'parent' : 'person');
    this.add({ type: 'userMessage', turn: this.turn, submission, from, text });
  }

  #begin(kind: TurnKind, submissions: string[], cause: 'person' | 'parent' = 'person'): void {
    this.#turns += 1;
    this.#steps = 0;
    this.add({ type: 'turnStarted', turn: this.turn, kind, submissions, hops: 0, cause });
  }

  /** A completed response that has seen everything so far, with these calls (by id). */
  step(calls: readonly string[] = [], seenThrough: number = this.lastSeq): void {
    this.#steps += 1;
    const { turn } = this;
    const step = this.#steps;
    this.add({
      type: 'assistantMessage',
      turn,
      step,
      model: 'script/none',
      parts: [{ type: 'text', text: 'ok' }],
    });
    for (const call of calls) this.add({ type: 'toolCall', turn, step, call, tool: 'Tool', input: {} });
    this.add({ type: 'stepCompleted', turn, step, finishReason: 'stop', usage, seenThrough });
  }

  /** The result of a call of the newest step, unless `fields` say otherwise. */
  result(call: string, fields: Fields<ToolResultEntry> = {}): number {
    const place = { turn: this.turn, step: this.#steps, call, tool: 'Tool' };
    return this.add({ type: 'toolResult', ...place, text: 'done', isError: false, ...fields });
  }

  endTurn(outcome: 'finished' | 'limitReached' | 'paused' | 'cancelled' | 'errored' = 'finished'): void {
    const view = settledView(this.facts, { holding: outcome !== 'finished' && outcome !== 'paused' });
    const { outstanding } = view;
    const settled = outcome !== 'paused' && view.settled;
    const { turn } = this.facts;
    const error = outcome === 'errored' ? { error: { category: 'test', message: 'it failed' } } : {};
    const end = { outcome, ...error, durationMs: 1 };
    const spent = turn?.usage ?? usage;
    const ended = { type: 'turnEnded' as const, turn: this.turn, settled, outstanding, usage: spent, ...end };
    const report = turn === null ? [] : reportOfTurn(this.facts, turn, end, { settled, outstanding });
    this.append([ended, ...report]);
  }

  interrupt(): void {
    this.add({ type: 'interrupted', turn: this.turn, reason: 'the process ended', calls: [] });
  }

  /** A notification turn: what `take` consumes in it is seen, then it finishes. */
  notified(take: () => void, kind: TurnKind = 'runForNotification'): void {
    this.beginTurn(kind);
    take();
    this.step();
    this.endTurn();
  }

  assign(child: LogBuilder, assignment: string): void {
    this.add({
      type: 'assignment',
      assignment,
      child: child.ref,
      state: 'open',
      text: 'do it',
      turn: this.turn,
    });
  }

  /** Knows the child's present incarnation as linked. */
  link(child: LogBuilder): void {
    this.add({ type: 'child', child: child.ref, state: 'linked', incarnation: child.incarnation });
  }

  /** Commits an event for the parent. Answers its number. */
  emit(event: SentPodEvent = finished()): number {
    const eventSeq = this.emitted + 1;
    this.add({ type: 'podEventEmitted', eventSeq, incarnation: this.incarnation, event });
    return eventSeq;
  }

  ack(through: number = this.emitted): void {
    this.add({ type: 'podEventAcked', through });
  }

  /** The receipt of a child's event, by number the newest. */
  receive(child: LogBuilder, seq: number = child.emitted, fields: ReceiptFields = {}): number {
    const { incarnation, event } = child.emission(seq);
    return this.addReceipt({ from: { ...child.ref, incarnation }, eventSeq: seq, event }, fields);
  }

  /** What the parent's side writes itself, of the child's present incarnation unless told. */
  declare(child: LogBuilder, event: PodEvent = died(), fields: ReceiptFields = {}): number {
    return this.addReceipt({ from: child.identity, eventSeq: null, event }, fields);
  }

  /** Receipt, then acknowledgement. */
  deliver(child: LogBuilder, seq: number = child.emitted, fields: ReceiptFields = {}): void {
    this.receive(child, seq, fields);
    child.ack(seq);
  }

  /** As `stop`; what waits for the model goes into the history in the same append. */
  stopWhole(): number {
    const { notifyBuffer } = this.facts;
    const items = notifyBuffer.flatMap(({ content }): EntryBody[] => {
      if (content.kind !== 'podEvent') return [];
      const { from, seq, event } = content;
      return [{ type: 'systemItem', turn: this.turn, item: this.itemOf(from, seq, event) }];
    });
    const emitted = this.parent === null ? 0 : this.emit(shutDown());
    this.append([...items, { type: 'stopped', incarnation: this.incarnation, reason: 'asked' }]);
    this.alive = false;
    return emitted;
  }

  /** The systemItem of a notice. */
  consumeNotice(submission: string): number {
    const item = {
      kind: 'notice' as const,
      submission,
      from: { kind: 'person' as const },
      body: 'A notice: go',
    };
    return this.add({ type: 'systemItem', turn: this.turn, item });
  }

  /** The systemItem of the child's event. */
  consume(child: LogBuilder, seq: number = child.emitted): number {
    const { event, incarnation } = child.emission(seq);
    return this.addItem({ ...child.ref, incarnation }, seq, event);
  }

  consumeDeclared(
    child: LogBuilder,
    event: PodEvent = died(),
    incarnation: number = child.incarnation,
  ): number {
    return this.addItem({ ...child.ref, incarnation }, null, event);
  }

  emission(seq: number): { event: SentPodEvent; incarnation: number } {
    for (const entry of this.entries) {
      if (entry.type === 'podEventEmitted' && entry.eventSeq === seq) return entry;
    }
    throw new Error(`${this.name} has not emitted event ${seq}`);
  }

  addItem(from: PodIdentityLike, seq: number | null, event: PodEvent): number {
    return this.add({ type: 'systemItem', turn: this.turn, item: this.itemOf(from, seq, event) });
  }

  private itemOf(from: PodIdentityLike, seq: number | null, event: PodEvent): SystemItem {
    return toldItem(this.facts, { from, seq, event });
  }

  private addReceipt(
    receipt: { from: PodIdentityLike; eventSeq: number | null; event: PodEvent },
    fields: ReceiptFields,
  ): number {
    const reads = receipt.event.kind !== 'scopeSubDelegated';
    return this.add({ type: 'podEventReceived', ...receipt, reads, wakes: reads, closes: [], ...fields });
  }
}

type PodIdentityLike = LogBuilder['identity'];

export interface ReceiptFields {
  from?: PodIdentityLike;
  event?: PodEvent;
  reads?: boolean;
  wakes?: boolean;
  closes?: string[];
  readAt?: number;
}

/** A report of a finished, settled turn. */
export function finished(
  text = 'done',
  assignments: string[] = [],
): Extract<SentPodEvent, { kind: 'turnEnded' }> {
  return {
    kind: 'turnEnded',
    outcome: 'finished',
    turn: 't',
    assignments,
    outstanding: [],
    settled: true,
    text,
    textChars: text.length,
    usage,
    durationMs: 1,
    hops: 0,
  };
}

export function shutDown(): SentPodEvent {
  return { kind: 'shutDown', reason: 'asked', assignments: [], notStarted: [], outstanding: [] };
}

export function scopeReport(to: LogBuilder, by: LogBuilder, seq: number): SentPodEvent {
  const scope = { read: ['/tmp'], write: [] };
  return { kind: 'scopeSubDelegated', to: to.ref, by: by.ref, scope, origin: { instance: by.instance, seq } };
}

export function died(restored = false): Extract<PodEvent, { kind: 'died' }> {
  return { kind: 'died', signal: 'SIGKILL', assignments: [], outstanding: [], restored };
}
