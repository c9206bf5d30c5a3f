/** Relays in front of the pods that others link to, so that connections can be cut at any byte. */
import { join } from 'node:path';
import { systemCode } from '../../std/system-code.ts';
import { type Relay, type RelayedLink, RelayNotWanted, standInFront } from '../../transport/relay.ts';
import { at } from './plan.ts';
import type { ChaosPod } from './tree.ts';

export class Cuts {
  readonly #folder: string;
  /** Instance → the incarnation that has a relay, or is about to have one. */
  readonly #relays = new Map<string, number>();
  readonly #standing = new Map<string, Relay>();
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

  /** Sees to it that what connects to that pod from now on can be cut, while this incarnation lasts. */
  async cover(pod: ChaosPod): Promise<void> {
    if (this.#isOver) return;
    const { newest, instance } = pod;
    const known = this.#relays.get(instance);
    if (newest === undefined || known === newest.incarnation) return;
    this.uncover(pod);
    this.#relays.set(instance, newest.incarnation);
    this.#number += 1;
    const behind = join(this.#folder, String(this.#number));
    const isWanted = () => this.#relays.get(instance) === newest.incarnation && pod.isAlive;
    try {
      const relay = await standInFront({ path: pod.socket, behind, isWanted });
      // It may have been killed in between.
      if (this.#relays.get(instance) === newest.incarnation) this.#standing.set(instance, relay);
      else await relay.close();
    } catch (error) {
      if (!(error instanceof RelayNotWanted) && systemCode(error) === undefined) throw error;
      // Its socket is not there yet, or not any more: the next look tries again.
      if (this.#relays.get(instance) === newest.incarnation) this.#relays.delete(instance);
    }
  }

  /** Its place is free at once: a pod that starts has to find it so. */
  uncover({ instance }: Pick<ChaosPod, 'instance'>): void {
    this.#relays.delete(instance);
    const relay = this.#standing.get(instance);
    if (relay === undefined) return;
    this.#standing.delete(instance);
    const closed = relay.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  /** Cuts the connection at that place (0 ≤ x < 1) after so many more bytes. */
  cut(place: number, bytes: number): void {
    const links = [...this.#standing.values()].flatMap((relay) => [...relay.links]);
    const link: RelayedLink | undefined = at(links, place);
    if (link === undefined) return;
    link.cutAfter(bytes, () => (this.#count += 1));
  }

  /** All connections through relays end, and every socket is in its place again. */
  async close(): Promise<void> {
    for (const instance of this.#relays.keys()) this.uncover({ instance });
    this.#isOver = true;
    await Promise.all(this.#closing);
  }
}
