/**
 * One pod that a program stays attached to: its history, its work as it happens, and what is sent to it. The
 * connection may come and go. Absent: what is shown, and where what is sent comes from.
 *
 * Invariants
 * - A1 Each entry is handed over once and in order, over all connections: each begins behind the last entry
 *   seen.
 * - A2 A text that was sent is on the pod's disk once, or was refused: it is sent again under the same id.
 * - A3 Nothing here ends the pod; `close` only detaches.
 */
import { runInput } from './run-input.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { offsetBehind } from '../session/log/checkpoint-start.ts';
import { readEntries, tailEntries } from '../session/log/read-log.ts';
import { monotonicMs } from '../std/clock.ts';
import { type Deferred, deferred } from '../std/deferred.ts';
import { uuidv7 } from '../std/uuid.ts';
import type { Client } from '../transport/client.ts';
import { NotConnected } from './errors.ts';
import type { FoundPod } from './find-pod.ts';
import { isPodRunning } from './pod-probe.ts';
import { type LiveEvent, openPodStream, type PodStream } from './pod-stream.ts';

/** No callback may throw; none is called after `close`. */
export interface AttachedPodOptions {
  readonly deltas: boolean;
  /** Only entries behind this seq; absent: the whole history. */
  readonly since?: number;
  /** Where the whole history would come: no more than its last so many entries. */
  readonly last?: number;
  readonly onEvent: (event: LiveEvent) => void;
  /** Once in each `follow`, with its first connection. */
  readonly onGreeting: (header: PodStream['header']) => void;
  /** A connection again, after one that could not be made. */
  readonly onBack: () => void;
  /** Each connection, before its events. After a `reset` the history begins anew. */
  readonly onConnected?: (header: PodStream['header']) => void;
  /** A connection is gone, or could not be made. */
  readonly onAway?: () => void;
  /** The pod has died, and `waitsForRestore` holds: once for each absence. */
  readonly onDied: () => void;
  /** Whether a pod that has died is waited for; else it has three seconds to come back. */
  readonly waitsForRestore: () => boolean;
  /** The pod has refused a text; `submission` is what `send` answered. */
  readonly onRejected: (error: unknown, submission: string) => void;
}

/** `closed`: by `close`. */
export type AttachmentEnd = 'closed' | 'stopped' | 'died';

interface Unsent {
  readonly submission: string;
  readonly input: string;
}

const redialMs = 200;
const comeBackMs = 3_000;

export class AttachedPod {
  readonly #pod: FoundPod;
  readonly #options: AttachedPodOptions;
  #isClosed = false;
  readonly #closing = new AbortController();
  #stream: PodStream | null = null;
  /** Seq of the last entry that was handed over. */
  #seen: number;
  /** The newest incarnation has committed that it stops. */
  #hasStopped = false;
  /** `onDied` was called in this absence. */
  #saidDied = false;
  readonly #unsent: Unsent[] = [];
  #isSending = false;
  #callsOpen = 0;
  /** A call that comes before the first connection waits for it. */
  readonly #connected: Deferred<void> = deferred();

  constructor(pod: FoundPod, options: AttachedPodOptions) {
    this.#pod = pod;
    this.#options = options;
    this.#seen = options.since ?? 0;
  }

  /** Something is not sent, not answered, or there is no connection. */
  get isBusy(): boolean {
    return this.#unsent.length > 0 || this.#callsOpen > 0 || this.#stream === null;
  }

  /** What was given to `send` and may not have been taken, in order. */
  get unsent(): readonly string[] {
    return this.#unsent.map(({ input }) => input);
  }

  /** It has died, and nobody has started it again. */
  get hasDied(): boolean {
    return this.#saidDied && this.#stream === null;
  }

  /** Hands over what the log on disk holds beyond what was seen. For a pod that does not run. */
  async readLog(): Promise<void> {
    const { log } = this.#pod.folder;
    const { last } = this.#options;
    if (this.#seen === 0 && last !== undefined) {
      for (const { entry } of await tailEntries(log, last)) this.#take({ type: 'entry', entry });
      return;
    }
    const from = offsetBehind(log, this.#seen);
    for await (const { entry } of readEntries(log, { from })) this.#take({ type: 'entry', entry });
  }

  /** Connection after connection, until the pod has ended for good, or `close`. */
  async follow(): Promise<AttachmentEnd> {
    let isGreeted = false;
    let lostAtMs: number | null = null;
    while (!this.#isClosed) {
      const stream = await this.#open();
      if (stream === null) {
        if (lostAtMs === null) this.#options.onAway?.();
        lostAtMs ??= monotonicMs();
        const end = await this.#whileAway(lostAtMs);
        if (end !== null) return end;
        continue;
      }
      // Closed while it was being made: it would be held open for nobody.
      if (this.#wasClosed()) {
        stream.close();
        break;
      }
      if (!isGreeted) this.#options.onGreeting(stream.header);
      else if (lostAtMs !== null) this.#options.onBack();
      isGreeted = true;
      this.#saidDied = false;
      lostAtMs = null;
      void this.#sendAll();
      this.#connected.resolve();
      await stream.closed;
      this.#stream = null;
    }
    return 'closed';
  }

  /** Answers its submission id. It goes over this connection, or over the next. */
  send(input: string): string {
    const submission = uuidv7();
    this.#unsent.push({ submission, input });
    void this.#sendAll();
    return submission;
  }

  /** Rejects with `NotConnected`, and as `work` does. */
  async call<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.#callsOpen += 1;
    try {
      await this.#connected.promise;
      const client = this.#stream?.client;
      if (client === undefined) throw new NotConnected(this.#pod.name);
      return await work(client);
    } finally {
      this.#callsOpen -= 1;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    this.#stream?.close();
  }

  async #open(): Promise<PodStream | null> {
    const { socket: path, instance } = this.#pod;
    const { deltas, last } = this.#options;
    const { signal } = this.#closing;
    const window = last === undefined ? {} : { last };
    try {
      const onEvent = (event: LiveEvent): void => this.#take(event);
      this.#stream = await openPodStream({
        path,
        instance,
        since: this.#seen,
        deltas,
        ...window,
        onEvent,
        signal,
      });
      // The log is not the one that we knew: all of it comes.
      if (this.#stream.header.reset) this.#seen = 0;
      if (!this.#isClosed) this.#options.onConnected?.(this.#stream.header);
      return this.#stream;
    } catch {
      // Why it is away is found out from the pod, not from the error.
      return null;
    }
  }

  /** Null: try again. */
  async #whileAway(lostAtMs: number): Promise<AttachmentEnd | null> {
    if (!(await isPodRunning(this.#pod))) {
      await this.readLog();
      if (this.#isClosed) return 'closed';
      if (this.#hasStopped) return 'stopped';
      const waits = this.#options.waitsForRestore();
      if (!waits && monotonicMs() - lostAtMs > comeBackMs) return 'died';
      if (waits && !this.#saidDied) this.#options.onDied();
      this.#saidDied = true;
    }
    await sleep(redialMs);
    return null;
  }

  /** Read anew after each await: what closes this comes from outside the loop. */
  #wasClosed(): boolean {
    return this.#isClosed;
  }

  #take(event: LiveEvent): void {
    if (this.#isClosed) return;
    if (event.type === 'entry') {
      const { entry } = event;
      if (entry.seq <= this.#seen) return;
      this.#seen = entry.seq;
      if (entry.type === 'started') this.#hasStopped = false;
      if (entry.type === 'stopped') this.#hasStopped = true;
    }
    this.#options.onEvent(event);
  }

  /** In order, one at a time. What a broken connection left open is sent again over the next. */
  async #sendAll(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
        const stream = this.#stream;
        if (stream === null) return;
        try {
          await stream.client.call('run', runInput(next.input, next.submission));
        } catch (error) {
          if (!stream.client.connection.writable) return;
          this.#options.onRejected(error, next.submission);
        }
        this.#unsent.shift();
      }
    } finally {
      this.#isSending = false;
    }
  }
}
