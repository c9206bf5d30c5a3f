/**
 * The connections over which children are linked: one a child, and who waits for one to come. Knows no log;
 * whether a link is right is checked before it is kept.
 */
import { type Deferred, deferred } from '../../std/deferred.ts';
import { WireError } from '../../protocol/errors.ts';
import type { Connection } from '../../transport/connection.ts';
import type { HostClock, ProcessExit } from '../host.ts';

export interface Link {
  readonly connection: Connection;
  readonly incarnation: number;
  heardAtMs: number;
}

/** Keeps the numbers of two lives apart. */
const linksOfALifeMax = 2 ** 32;

export class ChildLinks {
  readonly #links = new Map<string, Link>();
  readonly #byConnection = new Map<Connection, string>();
  readonly #waiting = new Map<string, Deferred<void>>();
  readonly #onEnded: (instance: string) => void;
  readonly #numbers = new Map<string, number>();
  readonly #numbersBegin: number;
  readonly #clock: HostClock;

  /** `incarnation`: this pod's. `onEnded`: a child's link has ended and no newer one has taken its place. */
  constructor(of: { incarnation: number; clock: HostClock }, onEnded: (instance: string) => void) {
    this.#clock = of.clock;
    this.#numbersBegin = of.incarnation * linksOfALifeMax;
    this.#onEnded = onEnded;
  }

  /**
   * The number of the child's newest link; higher than any of an earlier incarnation of this pod, also before
   * the first.
   */
  numberOf(instance: string): number {
    return this.#numbers.get(instance) ?? this.#numbersBegin;
  }

  /** An older link of the same child is closed. */
  keep(instance: string, link: Link): void {
    const old = this.#links.get(instance);
    if (old !== undefined && old.connection !== link.connection) old.connection.destroy();
    this.#numbers.set(instance, this.numberOf(instance) + 1);
    this.#links.set(instance, link);
    this.#byConnection.set(link.connection, instance);
    void link.connection.closed.then(() => this.#ended(instance, link));
  }

  get(instance: string): Link | undefined {
    return this.#links.get(instance);
  }

  /** Of a child that will never link again. */
  forget(instance: string): void {
    this.#numbers.delete(instance);
  }

  has(instance: string): boolean {
    return this.#links.has(instance);
  }

  /**
   * Throws `unknownChild` where this connection is not that child's link; without `instance`, where it is no
   * child's.
   */
  over(connection: Connection, instance: string | undefined = this.#byConnection.get(connection)): Link {
    const link = instance === undefined ? undefined : this.#links.get(instance);
    if (link?.connection !== connection) {
      throw new WireError('unknownChild', 'This connection is not the link of that child; link first.');
    }
    return link;
  }

  /** The child whose link this connection is. Throws `unknownChild` where it is none's. */
  instanceOver(connection: Connection): string {
    this.over(connection);
    return this.#byConnection.get(connection) ?? '';
  }

  /** True for a connection over which a child has linked. */
  isLink(connection: Connection): boolean {
    return this.#byConnection.has(connection);
  }

  /** Ends the child's link, so that it makes a new one and both logs are compared. */
  renew(instance: string): void {
    this.#links.get(instance)?.connection.destroy();
  }

  /** Tells who waits that the link stands, on disk as well. */
  arrived(instance: string): void {
    this.#waiting.get(instance)?.resolve();
  }

  /**
   * Fulfils when the child links, at once where it has; with `after`, by a link of a higher number. Rejects
   * after `timeoutMs`, and at once when the process that is to make the link has ended.
   */
  async linked(
    instance: string,
    within: { timeoutMs: number; exited: Promise<ProcessExit> | null; after?: number },
  ): Promise<void> {
    const { timeoutMs, exited, after = -1 } = within;
    if (this.#links.has(instance) && this.numberOf(instance) > after) return;
    const waiting = this.#waiting.get(instance) ?? deferred<void>();
    this.#waiting.set(instance, waiting);
    const text = `the child did not link within ${timeoutMs} ms`;
    const end = this.#clock.after(timeoutMs, () => waiting.reject(new Error(text)));
    void exited?.then(({ exitCode, signal }) => {
      waiting.reject(new Error(`its process ended before it linked (${signal ?? `exit code ${exitCode}`})`));
    });
    try {
      await waiting.promise;
    } finally {
      end();
      this.#waiting.delete(instance);
    }
  }

  /** Adds to what was heard, but for what is heard in the future: the pod itself stood still for so long. */
  forgive(lateMs: number, nowMs: number): void {
    for (const link of this.#links.values()) link.heardAtMs = Math.min(nowMs, link.heardAtMs + lateMs);
  }

  close(): void {
    for (const link of this.#links.values()) link.connection.destroy();
  }

  #ended(instance: string, link: Link): void {
    this.#byConnection.delete(link.connection);
    if (this.#links.get(instance) !== link) return;
    this.#links.delete(instance);
    this.#onEnded(instance);
  }
}
