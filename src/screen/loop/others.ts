/**
 * The entries of the other pods of a tree, folded for the inline view, in the order in which the pods spoke.
 * What has been printed is not kept.
 */
import type { LiveEvent } from '../../client/pod-stream.ts';
import { emptyPod, type FoldedPod, foldPod } from '../model/pod-model.ts';
import type { PodModel } from '../model/shape.ts';
import type { HeardPod } from './parts.ts';

export class Others {
  readonly #pods = new Map<string, FoldedPod>();
  /** Those that have said something since they were taken, the first that did so first. */
  readonly #news = new Set<string>();

  /** True where there is something to print. */
  take(pod: HeardPod, event: LiveEvent): boolean {
    if (pod.isRoot || event.type !== 'entry') return false;
    const { name, instance } = pod;
    const known = this.#pods.get(instance) ?? { ...emptyPod(name, instance), isLive: true };
    this.#pods.set(instance, foldPod(known, event));
    this.#news.add(instance);
    return true;
  }

  /** Those with news. */
  spoken(): readonly PodModel[] {
    return [...this.#news].flatMap((instance) => this.#pods.get(instance) ?? []);
  }

  /** They have been printed. */
  printed(): void {
    for (const instance of this.#news) {
      const known = this.#pods.get(instance);
      if (known === undefined) continue;
      const { name, lastSeq } = known;
      this.#pods.set(instance, { ...emptyPod(name, instance), isLive: true, from: 1, lastSeq });
    }
    this.#news.clear();
  }
}
