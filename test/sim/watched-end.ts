/**
 * A pod's end of a connection over which it streams to an observer: a queue that the other side empties when
 * it reads. What is put into it is judged at once, against the log as it is then.
 *
 * Rules
 * - V1 The entries that are sent are those of the log, one after the other: no gap, none twice, none changed.
 * - V2 Beyond the bound nothing is queued but the one line that says so, and nobody waits twice for room.
 */
import { wireLimits } from '../../src/protocol/limits.ts';
import type { ShownEvent } from '../../src/protocol/live-events.ts';
import type { Entry } from '../../src/session/facts/entries.ts';
import { type SimPod, entriesOf } from './pods.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';
import { SimEnd } from './wire.ts';

export type SeenEvent = ShownEvent | { type: 'entry'; entry: Entry };

export interface Room {
  /** That many bytes stand for the bound of the product, as the logs of a history are short. */
  readonly boundBytes: number;
  /** From so many on the sender is asked to wait. */
  readonly highWaterBytes: number;
}

export class WatchedEnd extends SimEnd {
  /** What it asks for begins behind this entry; 0 for the whole history. */
  readonly since: number;
  /** There is something to read. */
  onSent: (() => void) | null = null;
  /** The first entry that was sent, and what the first one may be, in the log as it was then. */
  first: { seq: number; ofWhole: number | undefined; ofRest: number | undefined } | null = null;
  readonly #pod: SimPod;
  readonly #room: Room;
  /** The place in the log's entries behind the last one that was sent. */
  #place = -1;
  #queue: { event: SeenEvent; bytes: number }[] = [];
  #bytes = 0;
  #mustWait = false;
  #lagging = false;
  #waiting: (() => void)[] = [];

  constructor(owner: SimProcess, { pod, room, since, random }: WatchedOptions) {
    super(owner, random);
    this.#pod = pod;
    this.#room = room;
    this.since = since;
    void this.closed.then(() => this.#release());
  }

  override get queuedBytes(): number {
    return (this.#bytes / this.#room.boundBytes) * wireLimits.observerQueueBytesMax;
  }

  override send(lines?: string | Buffer): boolean {
    if (this.isClosed || this.owner.dead || lines === undefined) return false;
    for (const line of lines.toString().split('\n')) {
      if (line === '') continue;
      const { params } = JSON.parse(line) as { params: SeenEvent };
      this.#judge(params);
      this.#queue.push({ event: params, bytes: line.length + 1 });
    }
    this.#bytes += lines.length;
    const isFull = this.#bytes >= this.#room.highWaterBytes;
    if (isFull) this.#mustWait = true;
    this.onSent?.();
    return !isFull;
  }

  override drained(): Promise<void> {
    if (this.isClosed || !this.#mustWait) return Promise.resolve();
    if (this.#waiting.length > 0) this.#violation('V2', 'the same stream waits for room more than once');
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** The other side reads about so many bytes. */
  read(bytesMax: number): SeenEvent[] {
    const events: SeenEvent[] = [];
    let bytes = 0;
    while (bytes < bytesMax) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      bytes += next.bytes;
      events.push(next.event);
    }
    this.#bytes = this.#queue.length === 0 ? 0 : this.#bytes - bytes;
    if (this.#bytes === 0) {
      this.#mustWait = false;
      this.#lagging = false;
      this.#release();
    }
    return events;
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    // What waits in a process that is gone waits for ever.
    if (waiting.length > 0) this.owner.after(0, () => waiting.forEach((wake) => wake()));
  }

  #judge(event: SeenEvent): void {
    const { world } = this.owner;
    if (this.queuedBytes > wireLimits.observerQueueBytesMax) {
      if (event.type !== 'lagged' || this.#lagging)
        this.#violation('V2', `${event.type} is queued behind ${this.#bytes} bytes`);
    }
    if (event.type === 'lagged') {
      world.hit('observer.lagged');
      this.#lagging = true;
      return;
    }
    if (event.type !== 'entry') return;
    const { entries } = entriesOf(
      this.#pod.removed ? world.logs.get(this.#pod) : world.files.get(this.#pod.folder.log),
    );
    if (this.first === null) this.#begin(event.entry, entries);
    const due = entries[this.#place];
    if (due?.seq !== event.entry.seq) {
      this.#violation('V1', `is sent entry ${event.entry.seq} where ${due?.seq ?? 'none'} is next`);
    } else if (JSON.stringify(due) !== JSON.stringify(event.entry)) {
      this.#violation('V1', `entry ${due.seq} is sent as something else`);
    }
    this.#place += 1;
  }

  #begin({ seq }: Entry, entries: readonly Entry[]): void {
    const rest = entries.find((entry) => entry.seq > this.since);
    this.first = { seq, ofWhole: entries[0]?.seq, ofRest: rest?.seq };
    this.#place = entries.findIndex((entry) => entry.seq === seq);
  }

  #violation(rule: string, text: string): void {
    this.owner.world.watch.violation(rule, this.#pod, `an observer: ${text}`);
  }
}

export interface WatchedOptions {
  readonly pod: SimPod;
  readonly room: Room;
  readonly since: number;
  readonly random: Random;
}
