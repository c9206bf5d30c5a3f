/**
 * Children without a process: known to a parent through its log, with folder, link token, lock and a session
 * log of their own, they link over the real socket and say exactly what a test wants, when it wants. Make
 * them before the parent starts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ProcessIdentity, ownIdentity } from '../../src/std/process-identity.ts';
import { uuidv7 } from '../../src/std/uuid.ts';
import { protocolVersion } from '../../src/protocol/limits.ts';
import type { MethodName, ParamsIn, Result } from '../../src/protocol/methods.ts';
import type { SentPodEvent } from '../../src/protocol/pod-event.ts';
import type { AppendLog } from '../../src/session/log/append-log.ts';
import { type EntryBody, schemaVersion } from '../../src/session/facts/entries.ts';
import { type PodFolder, type PodSpec, hashToken, readSpec } from '../../src/session/home/home.ts';
import { createPodFolder } from '../../src/session/home/create-folder.ts';
import { type HeldLock, takeLock } from '../../src/session/lock/lock.ts';
import { createLog, openLog } from '../../src/session/log/open-log.ts';
import type { Client } from '../../src/transport/client.ts';
import type { TestHome, TestPod } from './rig.ts';

export interface FakeChildOptions {
  /** Names are `${prefix}1`, `${prefix}2` … */
  prefix?: string;
  /** Open assignments of each child. */
  assignments?: number;
  /** What the parent takes for their process and signals when it stops them; nobody unless told. */
  process?: ProcessIdentity;
}

/** A process that has ended: nobody can be hit by a signal that is meant for a fake child. */
const nobody: ProcessIdentity = { ...ownIdentity(), startTime: 'never' };

/**
 * `count` children of a parent that has not been started; its log is written by hand so far that it knows
 * them, linked once, with their assignments. Each holds its own lock (the system takes it for alive) and has
 * no link yet.
 */
export async function fakeChildren(
  home: TestHome,
  parent: TestPod,
  count: number,
  options: FakeChildOptions = {},
): Promise<FakeChild[]> {
  const spec = readSpec(parent.folder);
  if (spec === null) throw new Error(`there is no pod ${parent.name}`);
  const made = Array.from({ length: count }, (_, index) =>
    newFakeChild(home, parent, {
      spec,
      name: `${options.prefix ?? 'child'}${index + 1}`,
      assignments: options.assignments ?? 1,
      process: options.process ?? nobody,
    }),
  );
  await introduce(parent, spec, made);
  for (const child of made) home.fakes.add(child.name);
  for (const child of made) await child.begin();
  home.atClose(async () => {
    for (const child of made) await child.end();
  });
  return made;
}

/**
 * Writes what a parent's log would hold that has given incarnation and work to these children, and has been
 * stopped since.
 */
async function introduce(parent: TestPod, spec: PodSpec, children: readonly FakeChild[]): Promise<void> {
  const { instance } = spec;
  const lock = await takeLock({ instance, folder: parent.folder.path });
  if (!lock.taken) throw new Error(`${parent.name} runs: fake children are made before it starts`);
  try {
    const log = createLog({ path: parent.folder.log, lock, instance });
    log.append([
      { type: 'session', ...spec },
      { type: 'started', incarnation: 1, ...nobody, podkin: spec.podkin },
      ...children.flatMap((child) => child.asParentKnows()),
      { type: 'stopped', incarnation: 1, reason: 'the stage is set' },
    ]);
    await log.whenDurable();
    await log.close();
  } finally {
    await lock.release();
  }
}

function newFakeChild(
  home: TestHome,
  parent: TestPod,
  wanted: { spec: PodSpec; name: string; assignments: number; process: ProcessIdentity },
): FakeChild {
  const { spec, name } = wanted;
  const own: PodSpec = {
    ...spec,
    name,
    instance: uuidv7(),
    parent: { name: parent.name, instance: spec.instance },
    depth: spec.depth + 1,
  };
  const { folder, token } = createPodFolder(home.home, own);
  const assignments = Array.from({ length: wanted.assignments }, () => uuidv7());
  return new FakeChild({ parent, spec: own, folder, token, assignments, process: wanted.process });
}

interface FakeChildParts {
  parent: TestPod;
  spec: PodSpec;
  folder: PodFolder;
  token: string;
  assignments: string[];
  process: ProcessIdentity;
}

type Report = Omit<Extract<SentPodEvent, { kind: 'turnEnded' }>, 'kind' | 'outcome'>;

export class FakeChild {
  readonly name: string;
  readonly instance: string;
  readonly folder: PodFolder;
  readonly token: string;
  /** What the parent gave it and it has not closed. */
  readonly assignments: string[];
  incarnation = 1;
  /** Events in its log, and how many of them the parent has acknowledged. */
  emitted: SentPodEvent[] = [];
  acked = 0;
  /** What its parent has said over its links without being asked. */
  readonly noticed: object[] = [];
  readonly #parent: TestPod;
  readonly #spec: PodSpec;
  readonly #process: ProcessIdentity;
  #client: Client | null = null;
  #lock: HeldLock | null = null;
  #log: AppendLog | null = null;

  constructor({ parent, spec, folder, token, assignments, process }: FakeChildParts) {
    this.name = spec.name;
    this.instance = spec.instance;
    this.folder = folder;
    this.token = token;
    this.assignments = assignments;
    this.#parent = parent;
    this.#spec = spec;
    this.#process = process;
  }

  get ref(): { name: string; instance: string } {
    return { name: this.name, instance: this.instance };
  }

  asParentKnows(): EntryBody[] {
    const { scope } = this.#spec;
    const task = `the task of ${this.name}`;
    const state = (is: 'reserved' | 'started' | 'linked') => ({
      type: 'child' as const,
      child: this.ref,
      state: is,
    });
    return [
      { ...state('reserved'), tokenHash: hashToken(this.token), scope, task },
      { ...state('started'), ...this.#process },
      { ...state('linked'), incarnation: 1, ...this.#process },
      ...this.assignments.map((assignment) => ({
        type: 'assignment' as const,
        assignment,
        child: this.ref,
        state: 'open' as const,
        text: task,
      })),
    ];
  }

  /** Its first life: lock and log are its own from here on. */
  async begin(): Promise<void> {
    this.#lock = await this.#takeLock();
    this.#log = createLog({ path: this.folder.log, lock: this.#lock, instance: this.instance });
    const from = { kind: 'parent' as const, ...this.#spec.parent! };
    this.#log.append([
      { type: 'session', ...this.#spec, schema: schemaVersion },
      this.#started(),
      ...this.assignments.map((submission) => ({
        type: 'inputReceived' as const,
        submission,
        kind: 'run' as const,
        wake: true,
        from,
        text: `the task of ${this.name}`,
        hops: 0,
      })),
    ]);
  }

  /** Another incarnation after `end`. */
  async beginAgain(): Promise<void> {
    this.#lock = await this.#takeLock();
    const opened = await openLog({ path: this.folder.log, lock: this.#lock, instance: this.instance });
    this.#log = opened.log;
    this.incarnation += 1;
    this.#log.append([this.#started()]);
  }

  async #takeLock(): Promise<HeldLock> {
    // As a pod does: its parent borrows it while it takes in what the last incarnation left.
    for (;;) {
      const lock = await takeLock({ instance: this.instance, folder: this.folder.path });
      if (lock.taken) return lock;
      // One who says nothing yet has only just taken it.
      if (lock.holder !== undefined && lock.holder.purpose !== 'loan')
        throw new Error(`somebody holds the lock of ${this.name}`);
      await pause(20);
    }
  }

  #started(): EntryBody {
    return { type: 'started', incarnation: this.incarnation, ...nobody, podkin: this.#spec.podkin };
  }

  /** A turn on its first assignment, begun and finished with that text, in its log only. */
  work(turn: string, text: string): void {
    const usage = { inputTokens: 1, outputTokens: 1, cost: 0 };
    const submission = this.assignments[0] ?? uuidv7();
    const from = { kind: 'parent' as const, ...this.#spec.parent! };
    this.#log?.append([
      { type: 'turnStarted', turn, kind: 'run', submissions: [submission], hops: 0, cause: 'parent' },
      { type: 'userMessage', turn, submission, from, text: `the task of ${this.name}` },
      { type: 'assistantMessage', turn, step: 1, model: 'fake', parts: [{ type: 'text', text }] },
      { type: 'stepCompleted', turn, step: 1, finishReason: 'stop', usage, seenThrough: 0 },
      { type: 'turnEnded', turn, outcome: 'finished', settled: true, outstanding: [], usage, durationMs: 1 },
    ]);
  }

  /** Makes its link, over a connection of its own. */
  async link(): Promise<Result<'link'>> {
    this.#client?.connection.destroy();
    this.#client = await this.#parent.client((params) => void this.noticed.push(params));
    return this.#client.call('link', {
      child: { ...this.ref, incarnation: this.incarnation, ...this.#process },
      token: this.token,
      protocol: protocolVersion,
      assignments: { open: this.assignments, closed: [] },
      emitted: this.emitted.length,
    });
  }

  /** Any method over its link. */
  async say<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    if (this.#client === null) throw new Error(`${this.name} has no link`);
    return await this.#client.call(method, params);
  }

  /** Fulfils when its parent has ended the link. */
  async unlinked(): Promise<void> {
    await this.#client?.connection.closed;
  }

  async unlink(): Promise<void> {
    await this.#client?.connection.close();
    this.#client = null;
  }

  /** Commits the event in its log and answers its number. */
  emit(event: SentPodEvent): number {
    this.emitted.push(event);
    const eventSeq = this.emitted.length;
    this.#log?.append([{ type: 'podEventEmitted', eventSeq, incarnation: this.incarnation, event }]);
    return eventSeq;
  }

  /**
   * Sends what stands under that number, once, and notes the answer. Sending again, or out of order, is the
   * test's affair.
   */
  async send(seq: number): Promise<Result<'podEvent'>> {
    const event = this.emitted[seq - 1];
    if (this.#client === null || event === undefined)
      throw new Error(`${this.name} cannot send event ${seq}`);
    const from = { instance: this.instance, incarnation: this.incarnation };
    const answer = await this.#client.call('podEvent', { from, seq, event });
    if (answer.received > this.acked) {
      this.acked = answer.received;
      this.#log?.append([{ type: 'podEventAcked', through: this.acked }]);
    }
    return answer;
  }

  /** Commits and sends. Answers the event's number once the parent has it on disk. */
  async report(event: SentPodEvent): Promise<number> {
    const seq = this.emit(event);
    await this.send(seq);
    return seq;
  }

  /** Ends this life: without a word in its log it has died, after a `shutDown` it has ended in order. */
  async end(): Promise<void> {
    const inOrder = this.emitted.at(-1)?.kind === 'shutDown';
    if (inOrder) this.#log?.append([{ type: 'stopped', incarnation: this.incarnation, reason: 'asked' }]);
    await this.#log?.close();
    this.#log = null;
    await this.#lock?.release();
    this.#lock = null;
    await this.unlink();
  }

  turnEnded(
    outcome: Extract<SentPodEvent, { kind: 'turnEnded' }>['outcome'],
    fields: Partial<Report> = {},
  ): Extract<SentPodEvent, { kind: 'turnEnded' }> {
    return { kind: 'turnEnded', outcome, ...this.#report(fields) };
  }

  errored(fields: Partial<Report> = {}): SentPodEvent {
    const error = { category: 'badRequest', message: 'the provider refused' };
    return { kind: 'errored', error, ...this.#report(fields) };
  }

  shutDown(): SentPodEvent {
    const { assignments } = this;
    return { kind: 'shutDown', reason: 'asked', assignments, notStarted: [], outstanding: [] };
  }

  /** It gave part of its scope to a pod of its own. */
  scopeReport(to = { name: 'below', instance: uuidv7() }): SentPodEvent {
    const origin = { instance: this.instance, seq: this.emitted.length + 1 };
    return { kind: 'scopeSubDelegated', to, by: this.ref, scope: { read: [], write: [] }, origin };
  }

  #report(fields: Partial<Report>): Report {
    return {
      turn: uuidv7(),
      assignments: this.assignments,
      outstanding: [],
      settled: true,
      text: `${this.name} says so.`,
      textChars: `${this.name} says so.`.length,
      usage: { inputTokens: 1, outputTokens: 1, cost: 0 },
      durationMs: 1,
      hops: 0,
      ...fields,
    };
  }
}
