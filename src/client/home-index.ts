/**
 * The pods of a home by instance, with what their logs say: listed again only when the folder of pods has
 * changed, each log read once and then only where it has grown. For commands that look at many pods.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Facts, emptyFacts } from '../session/facts/facts.ts';
import { type Home, readTombstone } from '../session/home/home.ts';
import { factsSoFar } from '../session/log/checkpoint-start.ts';
import { readEntries } from '../session/log/read-log.ts';
import { applyEntry } from '../session/facts/replay.ts';
import { forgetSaid } from '../session/facts/transcript.ts';
import { systemCode } from '../std/system-code.ts';
import { allPods, type FoundPod } from './find-pod.ts';

interface Folded {
  facts: Facts;
  /** Offset behind the last entry that was applied. */
  end: number;
}

export class HomeIndex {
  readonly home: Home;
  #stamp: bigint | null = null;
  readonly #pods = new Map<string, FoundPod>();
  readonly #children = new Map<string, FoundPod[]>();
  /** Removed pods between those that are there, by the parent that their tombstones name. */
  readonly #gaps = new Map<string, Set<string>>();
  readonly #folded = new Map<string, Folded>();
  readonly #damaged = new Map<string, number>();

  constructor(home: Home) {
    this.home = home;
  }

  /** Null where there is no such pod, or no more. */
  get(instance: string): FoundPod | null {
    return this.#listed().get(instance) ?? null;
  }

  all(): FoundPod[] {
    return [...this.#listed().values()];
  }

  childrenOf(instance: string): readonly FoundPod[] {
    this.#listed();
    return this.#children.get(instance) ?? [];
  }

  /**
   * Everything below a pod, by instance, the dead included, each behind its parent; also what is below one
   * that was removed.
   */
  async below(pod: FoundPod): Promise<FoundPod[]> {
    const found = new Map<string, FoundPod>();
    const from = [pod.instance];
    const seen = new Set(from);
    const meet = (instance: string): void => {
      if (!seen.has(instance)) from.push(instance);
      seen.add(instance);
    };
    for (let next = from.shift(); next !== undefined; next = from.shift()) {
      for (const child of this.childrenOf(next)) {
        if (!seen.has(child.instance)) found.set(child.instance, child);
        meet(child.instance);
      }
      for (const removed of await this.#removedBelow(next)) meet(removed);
    }
    for (const other of this.#listed().values()) {
      const isRoot = other.spec.root.instance === pod.instance && other.instance !== pod.instance;
      if (isRoot && !found.has(other.instance)) found.set(other.instance, other);
    }
    return [...found.values()].sort((a, b) => a.spec.depth - b.spec.depth);
  }

  /** A log that is not there says nothing. Throws the file system's other errors. */
  async factsOf({ instance, folder }: FoundPod): Promise<Facts> {
    const known = this.#folded.get(instance);
    const size = statSync(folder.log, { throwIfNoEntry: false })?.size ?? 0;
    // Shorter than what was read of it: a torn tail was cut, or another log is there.
    const folded = known !== undefined && known.end <= size ? known : this.#start(instance, folder.log);
    this.#folded.set(instance, folded);
    if (folded.end === size) return folded.facts;
    const onDamaged = (): void => {
      this.#damaged.set(instance, this.damagedIn(instance) + 1);
    };
    try {
      for await (const { entry, end } of readEntries(folder.log, { from: folded.end, onDamaged })) {
        applyEntry(folded.facts, entry);
        forgetSaid(folded.facts);
        folded.end = end;
      }
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    return folded.facts;
  }

  /** A log that is not there says nothing. */
  #start(instance: string, log: string): Folded {
    try {
      const { facts, end, damaged } = factsSoFar(log);
      this.#damaged.set(instance, damaged.length);
      return { facts, end };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      return { facts: emptyFacts(), end: 0 };
    }
  }

  /** Lines of its log that were passed over so far. */
  damagedIn(instance: string): number {
    return this.#damaged.get(instance) ?? 0;
  }

  /** The caller has removed its folder. */
  forget(pod: FoundPod): void {
    this.#pods.delete(pod.instance);
    this.#folded.delete(pod.instance);
    const parent = pod.spec.parent?.instance ?? '';
    const left = this.#children.get(parent)?.filter((child) => child.instance !== pod.instance);
    if (left !== undefined) this.#children.set(parent, left);
    this.#stamp = this.#stampNow();
  }

  /** Children that are not there any more, as the pod's log or its tombstone knows them. */
  async #removedBelow(instance: string): Promise<string[]> {
    const pod = this.get(instance);
    const known =
      pod === null
        ? Object.keys(readTombstone(this.home, instance)?.received ?? {})
        : [...(await this.factsOf(pod)).children.keys()];
    const gaps = this.#gaps.get(instance) ?? [];
    return [...known, ...gaps].filter((child) => this.get(child) === null);
  }

  /**
   * A parent forgets a child that was removed; what that child left below is found by its tombstone, upward.
   */
  #noteGaps(): void {
    this.#gaps.clear();
    for (const { spec } of this.#pods.values()) {
      let missing = spec.parent?.instance;
      while (missing !== undefined && !this.#pods.has(missing)) {
        const above = readTombstone(this.home, missing)?.parent ?? undefined;
        if (above === undefined) break;
        const known = this.#gaps.get(above) ?? new Set();
        if (known.has(missing)) break;
        this.#gaps.set(above, known.add(missing));
        missing = above;
      }
    }
  }

  #listed(): ReadonlyMap<string, FoundPod> {
    const stamp = this.#stampNow();
    if (stamp !== null && stamp === this.#stamp) return this.#pods;
    this.#stamp = stamp;
    this.#pods.clear();
    this.#children.clear();
    for (const pod of allPods(this.home)) {
      this.#pods.set(pod.instance, pod);
      const { parent } = pod.spec;
      if (parent === null) continue;
      const siblings = this.#children.get(parent.instance);
      if (siblings === undefined) this.#children.set(parent.instance, [pod]);
      else siblings.push(pod);
    }
    this.#noteGaps();
    return this.#pods;
  }

  /** A name that comes or goes changes it. */
  #stampNow(): bigint | null {
    const pods = join(this.home.state, 'pods');
    return statSync(pods, { bigint: true, throwIfNoEntry: false })?.mtimeNs ?? null;
  }
}
