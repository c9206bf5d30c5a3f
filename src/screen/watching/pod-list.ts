/**
 * The pods of a tree, or of all trees that are here, probed again and again: those that run each time, those
 * that have stopped only when their logs have grown.
 */
import { statSync } from 'node:fs';
import { allPods, type FoundPod } from '../../client/find-pod.ts';
import { isLive, type SeenPod, viewPods } from '../../client/pod-view.ts';
import type { Home } from '../../session/home/places.ts';
import type { PodRow } from '../model/tree-model.ts';
import { deathsInLogs, seenRow } from './seen-row.ts';

export interface ListedWhere {
  readonly home: Home;
  /** The tree of that root; null: those of `directory`, and those elsewhere of which something runs. */
  readonly root: string | null;
  readonly directory: string;
}

export interface ListedRows {
  readonly rows: readonly PodRow[];
  /** Those that run and have nobody above them that answers. */
  readonly heads: readonly FoundPod[];
}

interface Rested {
  readonly seen: SeenPod;
  readonly stamp: string;
}

export class PodList {
  readonly #where: ListedWhere;
  /** Those that have stopped and owe nothing, with what their logs were like then. */
  readonly #rested = new Map<string, Rested>();
  #pods: ReadonlyMap<string, FoundPod> = new Map();
  readonly #deathOf = deathsInLogs((instance) => this.find(instance));

  constructor(where: ListedWhere) {
    this.#where = where;
  }

  /** Also one that was made since they were listed. */
  find(instance: string): FoundPod | null {
    const known = this.#pods.get(instance);
    return known ?? allPods(this.#where.home).find((pod) => pod.instance === instance) ?? null;
  }

  /**
   * Throws where the home cannot be read. `onSome`: what has answered where others let wait, once and before
   * this fulfils; only roots are among its heads.
   */
  async read(nowMs: number, onSome: (some: ListedRows) => void): Promise<ListedRows> {
    const { home, root } = this.#where;
    const all = allPods(home).filter(({ spec }) => root === null || spec.root.instance === root);
    this.#pods = new Map(all.map((pod) => [pod.instance, pod]));
    const known: SeenPod[] = [];
    const asked = all.filter((pod) => {
      const rested = this.#rested.get(pod.instance);
      if (rested === undefined || rested.stamp !== stampOf(pod)) return true;
      known.push(rested.seen);
      return false;
    });
    const stamps = new Map(asked.map((pod) => [pod.instance, stampOf(pod)]));
    const probed = await viewPods(home, asked, known, async (some) => {
      const { rows, heads } = await this.#listed([...known, ...some], nowMs);
      onSome({ rows, heads: heads.filter(({ spec }) => spec.parent === null) });
    });
    for (const seen of probed) this.#note(seen, stamps.get(seen.pod.instance) ?? '');
    return await this.#listed([...known, ...probed], nowMs);
  }

  async #listed(seen: readonly SeenPod[], nowMs: number): Promise<ListedRows> {
    // One that has not begun yet is being made: nothing is to be said of it.
    const begun = seen.filter(({ view }) => view.startedAt !== null || view.incarnation > 0);
    const shown = this.#wanted(begun);
    const rows = await Promise.all(shown.map((seen) => seenRow(seen, this.#deathOf, nowMs)));
    return { rows, heads: headsOf(shown) };
  }

  #note(seen: SeenPod, stamp: string): void {
    const { pod, view } = seen;
    const rests = view.status === 'stopped' && view.pendingOut === 0 && view.attention === null;
    if (rests) this.#rested.set(pod.instance, { seen, stamp });
    else this.#rested.delete(pod.instance);
  }

  #wanted(seen: readonly SeenPod[]): readonly SeenPod[] {
    const { root, directory } = this.#where;
    if (root !== null) return seen;
    const trees = new Set(
      seen.flatMap(({ pod, view }) =>
        isLive(view) || pod.spec.cwd === directory ? [pod.spec.root.instance] : [],
      ),
    );
    return seen.filter(({ pod }) => trees.has(pod.spec.root.instance));
  }
}

/** One that does not answer says nothing for those below it. */
function headsOf(seen: readonly SeenPod[]): FoundPod[] {
  const answering = new Set(
    seen.flatMap(({ pod, probed }) => (probed.kind === 'live' ? [pod.instance] : [])),
  );
  return seen.flatMap(({ pod, view }) =>
    isLive(view) && !answering.has(pod.spec.parent?.instance ?? '') ? [pod] : [],
  );
}

/** Of its log: it changes with each entry. */
function stampOf({ folder }: FoundPod): string {
  const stats = statSync(folder.log, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.size} ${stats.mtimeMs}`;
}
