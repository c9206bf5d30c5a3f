/** Relays in front of the pods that others link to, so that connections can be cut at any byte. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning, type ProcessIdentity } from '../../std/process-identity.ts';
import { systemCode } from '../../std/system-code.ts';
import { type Relay, type RelayedLink, RelayNotWanted, relayBefore } from '../../transport/relay.ts';
import { identityAt } from '../../transport/socket-place.ts';
import { at } from './plan.ts';
import { type ChaosPod, keyOf } from './tree.ts';

/** Those who wait for the pod look a little less often. */
const pollMs = 3;

export class Cuts {
  readonly #folder: string;
  /** Instance → its process that has a relay, or is about to have one. */
  readonly #covered = new Map<string, string>();
  readonly #relays = new Map<string, Relay>();
  readonly #closing = new Set<Promise<void>>();
  #number = 0;
  #count = 0;
  #isOver = false;

  /** `folder`: where the true sockets are kept meanwhile, on the file system of the sockets. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Connections that were cut. */
  get count(): number {
    return this.#count;
  }

  /** Sees to it that what connects to that pod from now on can be cut, while this process of it lasts. */
  async cover(pod: ChaosPod, process: ProcessIdentity | undefined = pod.newest): Promise<void> {
    if (this.#isOver || process === undefined) return;
    const { instance } = pod;
    const key = keyOf(process);
    if (this.#covered.get(instance) === key) return;
    this.uncover(pod);
    this.#covered.set(instance, key);
    this.#number += 1;
    const behind = join(this.#folder, String(this.#number));
    const isWanted = () => this.#covered.get(instance) === key && isRunning(process);
    try {
      const relay = await relayBefore({ path: pod.socket, behind, isWanted });
      // It may have been killed in between.
      if (this.#covered.get(instance) === key) this.#relays.set(instance, relay);
      else await relay.close();
    } catch (error) {
      if (!(error instanceof RelayNotWanted) && systemCode(error) === undefined) throw error;
      // Its socket is not there yet, or not any more: the next look tries again.
      if (this.#covered.get(instance) === key) this.#covered.delete(instance);
    }
  }

  /**
   * As `cover`, in the moment in which a process that is in its start has put its socket in place: before
   * anybody has found it. Fulfils at the latest when the start has come to its end.
   */
  async coverStart(pod: ChaosPod, process: ProcessIdentity, started: Promise<unknown>): Promise<void> {
    const before = identityAt(pod.socket);
    const over = new AbortController();
    const end = () => over.abort();
    started.then(end, end);
    while (!over.signal.aborted && (identityAt(pod.socket) ?? before) === before) await wait(pollMs);
    await this.cover(pod, process);
  }

  /** Its place is free at once: a pod that starts has to find it so. */
  uncover({ instance }: Pick<ChaosPod, 'instance'>): void {
    this.#covered.delete(instance);
    const relay = this.#relays.get(instance);
    if (relay === undefined) return;
    this.#relays.delete(instance);
    const closed = relay.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** The connection at that place (0 ≤ x < 1); undefined where there is none. */
  linkAt(place: number): RelayedLink | undefined {
    return at(
      [...this.#relays.values()].flatMap((relay) => [...relay.links]),
      place,
    );
  }

  /** Cuts it after so many more bytes. */
  cut(link: RelayedLink, bytes: number): void {
    link.cutAfter(bytes, () => (this.#count += 1));
  }

  /** All connections through relays end, and every socket is in its place again. */
  async close(): Promise<void> {
    for (const instance of this.#covered.keys()) this.uncover({ instance });
    this.#isOver = true;
    await Promise.all(this.#closing);
  }
}
