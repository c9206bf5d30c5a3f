/**
 * Events for whoever iterates: a bounded queue. Nothing waits for its reader; what comes while it is full
 * takes the place of the oldest, and is counted. One stream has one reader at a time: iterating again goes on
 * where the last iteration ended.
 */
import { type Deferred, deferred } from '../std/deferred.ts';

const eventsMax = 10_000;

export class EventStream<T> {
  readonly #queue: T[] = [];
  #missed = 0;
  /** Ends of iterations: behind so many events, counted from the first. */
  #taken = 0;
  #endsAt: number | null = null;
  #closed = false;
  #news: Deferred<void> = deferred();
  readonly #missedEvent: (events: number) => T;

  constructor(missedEvent: (events: number) => T) {
    this.#missedEvent = missedEvent;
  }

  push(event: T): void {
    if (this.#closed) return;
    this.#queue.push(event);
    if (this.#queue.length > eventsMax) {
      this.#queue.shift();
      this.#missed += 1;
      this.#taken += 1;
    }
    this.#wake();
  }

  /** An iteration ends behind what has come until now. */
  endIteration(): void {
    this.#endsAt = this.#taken + this.#queue.length;
    this.#wake();
  }

  /** There is more to come: an end that nobody has come to yet is none. */
  goOn(): void {
    this.#endsAt = null;
  }

  /** Nothing comes any more: what is here can be read, then each iteration ends. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** What `return` of it is called for stays in the queue. */
  async *iterate(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#missed > 0) {
        const events = this.#missed;
        this.#missed = 0;
        yield this.#missedEvent(events);
      }
      if (this.#endsAt !== null && this.#taken >= this.#endsAt) {
        this.#endsAt = null;
        return;
      }
      const next = this.#queue.shift();
      if (next !== undefined) {
        this.#taken += 1;
        yield next;
      } else if (this.#closed) return;
      else await this.#news.promise;
    }
  }

  #wake(): void {
    const news = this.#news;
    this.#news = deferred();
    news.resolve();
  }
}
