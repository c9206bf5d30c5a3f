/**
 * Connections that asked for the history and what comes after it. Each is a place in the log file: what is
 * behind it is read from the file at the observer's own speed, and only one that has reached the end is
 * handed new entries as they are committed.
 *
 * Invariants
 * - V1 An observer's place moves by whole lines and only forward: no gap, no overlap, whatever happens in
 *   between.
 * - V2 Nothing is queued for an observer beyond `observerQueueBytesMax`: past it the connection is `lagged`
 *   and goes on from the file.
 * - V3 One Buffer serves all observers of an entry.
 * - V4 At most one piece of history is read and sent in a turn of the event loop, however many observers
 *   stream: a callback waits for one, not for all.
 */
import { wireLimits } from '../../protocol/limits.ts';
import type { ShownEvent } from '../../protocol/live-events.ts';
import type { Appended, AppendLog } from '../../session/log/append-log.ts';
import { entryFromByte, entryTailBytes } from '../../session/log/line.ts';
import type { HostClock } from '../host.ts';
import type { Connection } from '../../transport/connection.ts';

interface Observer {
  readonly connection: Connection;
  readonly deltas: boolean;
  /** Who it is, where they say so. */
  readonly watcher: string | null;
  /** Offset of the first byte that it has not been sent. */
  offset: number;
  phase: 'history' | 'live' | 'ended';
}

/** Text that is being streamed now, as far as it has come. */
interface InFlight {
  turn: string;
  step: number;
  text: string;
  reasoning: string;
}

const eventHead = Buffer.from('{"jsonrpc":"2.0","method":"event","params":{"type":"entry","entry":');
const eventTail = Buffer.from('}}\n');
const newline = 0x0a;

export class Observers {
  readonly #log: AppendLog;
  readonly #clock: HostClock;
  readonly #observers = new Map<Connection, Observer>();
  /** Whose end is waited for: once, however often it asks anew. */
  readonly #known = new WeakSet<Connection>();
  #inFlight: InFlight | null = null;
  /** Fulfils when the last turn of the loop that was asked for has come. */
  #turns: Promise<void> = Promise.resolve();
  readonly #stopListening: () => void;
  readonly #current: (observer: { deltas: boolean }) => ShownEvent[];

  /** `current`: what of the live lane holds on, for an observer that has come to the end of the history. */
  constructor(
    log: AppendLog,
    clock: HostClock,
    current: (observer: { deltas: boolean }) => ShownEvent[] = () => [],
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#current = current;
    this.#stopListening = log.onAppend((appended) => this.#onAppend(appended));
  }

  /**
   * Starts the stream behind `sinceSeq`; the answer to the request is written first, because nothing is sent
   * before this turn of the loop ends.
   */
  subscribe(
    connection: Connection,
    options: { sinceSeq: number; deltas: boolean; watcher?: string | undefined },
  ): void {
    const offset = options.sinceSeq === 0 ? 0 : this.#log.offsetOfSeq(options.sinceSeq + 1);
    this.#end(connection);
    const { deltas, watcher = null } = options;
    const observer: Observer = { connection, deltas, watcher, offset, phase: 'history' };
    this.#observers.set(connection, observer);
    if (!this.#known.has(connection)) {
      this.#known.add(connection);
      void connection.closed.then(() => this.#end(connection));
    }
    this.#clock.soon(() => void this.#stream(observer));
  }

  unsubscribe(connection: Connection): void {
    this.#end(connection);
  }

  /** Each observer by the name that it gave itself, or by its connection. */
  *watchers(): Generator<string | Connection> {
    for (const { watcher, connection } of this.#observers.values()) yield watcher ?? connection;
  }

  /** Somebody is live who is not sent each word. */
  get hasPlain(): boolean {
    for (const { deltas, phase } of this.#observers.values()) if (!deltas && phase === 'live') return true;
    return false;
  }

  close(): void {
    this.#stopListening();
    for (const connection of this.#observers.keys()) this.#end(connection);
  }

  /**
   * The live lane. Deltas go only to those who want them, what sums them up to the others; all of it only to
   * those who have the history.
   */
  show(event: ShownEvent): void {
    this.#keepInFlight(event);
    if (this.#observers.size === 0) return;
    const line = liveLine(event);
    const delta = event.type.endsWith('Delta') || event.type === 'toolProgress';
    const sum = event.type === 'activity';
    for (const observer of this.#observers.values()) {
      if (observer.phase === 'live' && (observer.deltas ? !sum : !delta)) this.#send(observer, line);
    }
  }

  #end(connection: Connection): void {
    const observer = this.#observers.get(connection);
    if (observer === undefined) return;
    observer.phase = 'ended';
    this.#observers.delete(connection);
  }

  #onAppend(appended: Appended): void {
    if (appended.entries.some((entry) => entry.type === 'assistantMessage')) this.#inFlight = null;
    let lines: Buffer | null = null;
    for (const observer of this.#observers.values()) {
      if (observer.phase !== 'live') continue;
      lines ??= eventLines(appended.bytes);
      if (this.#send(observer, lines, appended.entries[0]?.seq)) observer.offset = appended.end;
    }
  }

  /** False where the observer has fallen behind: it goes on from the file then, with the entry `nextSeq`. */
  #send(observer: Observer, lines: Buffer, nextSeq: number = this.#log.lastSeq + 1): boolean {
    if (observer.connection.queuedBytes <= wireLimits.observerQueueBytesMax) {
      observer.connection.send(lines);
      return true;
    }
    observer.phase = 'history';
    observer.connection.send(liveLine({ type: 'lagged', from: nextSeq }));
    void this.#stream(observer);
    return false;
  }

  async #stream(observer: Observer): Promise<void> {
    const { connection } = observer;
    await connection.drained();
    await this.#ownTurn();
    while (observer.phase === 'history' && observer.offset < this.#log.size) {
      for (const piece of this.#log.pieces({ from: observer.offset, to: this.#log.size })) {
        const more = connection.send(eventLines(piece.bytes));
        observer.offset = piece.end;
        if (!more) await connection.drained();
        await this.#ownTurn();
        if (!this.#goesOn(observer)) return;
      }
    }
    if (!this.#goesOn(observer)) return;
    // No await since the last look at the size: the next entry finds this observer live.
    observer.phase = 'live';
    // In one piece, and as any other: who has not read its history yet falls behind instead of being sent
    // more.
    this.#send(observer, Buffer.concat(this.#now(observer).map(liveLine)));
  }

  /** What an observer is told at the end of the history: that it is there, and what goes on now. */
  #now(observer: Observer): ShownEvent[] {
    const live: ShownEvent = { type: 'live', seq: this.#log.lastSeq };
    return [live, ...this.#sentOfAnswer(observer), ...this.#current(observer)];
  }

  /**
   * A turn of the loop that no other stream gets (V4). Nobody holds it longer than a piece takes: waiting for
   * a slow observer comes before.
   */
  #ownTurn(): Promise<void> {
    this.#turns = this.#turns.then(() => this.#clock.nextTurn());
    return this.#turns;
  }

  #goesOn(observer: Observer): boolean {
    return observer.phase === 'history' && observer.connection.writable;
  }

  /** What the model has said of an answer that is not whole yet. */
  #sentOfAnswer(observer: Observer): ShownEvent[] {
    const streaming = this.#inFlight;
    if (streaming === null || !observer.deltas) return [];
    const { turn, step, text, reasoning } = streaming;
    const place = { turn, step, offset: 0 };
    const deltas: ShownEvent[] = [
      { type: 'reasoningDelta', ...place, text: reasoning },
      { type: 'textDelta', ...place, text },
    ];
    return deltas.filter((delta) => 'text' in delta && delta.text !== '');
  }

  #keepInFlight(event: ShownEvent): void {
    if (event.type === 'alert' && event.code === 'providerRetry') this.#inFlight = null;
    if (event.type !== 'textDelta' && event.type !== 'reasoningDelta') return;
    const { turn, step, text } = event;
    const known = this.#inFlight;
    const streaming =
      known !== null && known.turn === turn && known.step === step
        ? known
        : { turn, step, text: '', reasoning: '' };
    if (event.type === 'textDelta') streaming.text += text;
    else streaming.reasoning += text;
    this.#inFlight = streaming;
  }
}

/** One event of the live lane. */
export function liveLine(event: ShownEvent): Buffer {
  return Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event })}\n`);
}

/**
 * Log lines as event lines: the entry's own bytes are cut out and put between head and tail, nothing is
 * parsed.
 */
function eventLines(logLines: Buffer): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = logLines.indexOf(newline); end !== -1; end = logLines.indexOf(newline, start)) {
    parts.push(eventHead, logLines.subarray(start + entryFromByte, end + 1 - entryTailBytes), eventTail);
    start = end + 1;
  }
  return Buffer.concat(parts);
}
