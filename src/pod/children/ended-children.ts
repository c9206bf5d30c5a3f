/**
 * Children that have ended and whose logs are taken in whole: they may be hundreds, and cost next to nothing.
 * A sweep looks at a few of them in turn, and at all only when a pod of the home was made or removed since
 * the last one.
 */
import { forgotten } from '../../scope/ownership/delegation.ts';
import { assignmentsOf } from '../../delivery/inbox.ts';
import type { EntryBody, PodRef } from '../../session/facts/entries.ts';
import type { ChildFacts, Facts } from '../../session/facts/facts.ts';
import type { PodFolder } from '../../session/home/home.ts';
import { closingTotals } from '../../session/log/totals.ts';
import type { Host } from '../host.ts';

/** So many make a round of five hundred in less than three minutes, by 10 µs each. */
const checksASweep = 16;

export interface DueChildren {
  /**
   * Something may stand in their logs that is not taken in: restored since, and maybe dead again without a
   * link.
   */
  grown: ChildFacts[];
  /** A person has removed them. */
  removed: ChildFacts[];
}

export interface EndedChildrenOwner {
  readonly host: Host;
  readonly facts: Facts;
  folderOf(pod: PodRef): PodFolder;
  tryCommit(bodies: EntryBody[]): boolean;
}

export class EndedChildren {
  readonly #pod: EndedChildrenOwner;
  /** Size of each one's log when it was taken in whole. */
  readonly #takenInBytes = new Map<string, number>();
  #podsChanged: bigint | null = null;
  #turn = 0;

  constructor(pod: EndedChildrenOwner) {
    this.#pod = pod;
  }

  /** The log is taken in up to that size; 0: there is none. */
  takenIn(instance: string, bytes: number): void {
    this.#takenInBytes.set(instance, bytes);
  }

  /**
   * They are nobody's children any more: not looked at, listed or named again. Answers whom it has forgotten;
   * who has open work is not among them.
   */
  forget(removed: readonly ChildFacts[]): string[] {
    const { facts } = this.#pod;
    const idle = removed.filter(
      (child) =>
        facts.children.get(child.instance) === child && assignmentsOf(facts, child.instance).length === 0,
    );
    const bodies = idle.flatMap(({ name, instance }) =>
      forgotten(facts, { name, instance }, { state: 'removed' }),
    );
    if (bodies.length === 0 || !this.#pod.tryCommit(bodies)) return [];
    for (const { instance } of idle) this.#takenInBytes.delete(instance);
    return idle.map(({ instance }) => instance);
  }

  /** Of all that have ended, those that this sweep has found to be due. */
  due(ended: readonly ChildFacts[]): DueChildren {
    const { host } = this.#pod;
    const due: DueChildren = { grown: [], removed: [] };
    for (const child of this.#inTurn(ended)) {
      const bytes = host.home.logSize(this.#pod.folderOf(child));
      const known = this.#takenInBytes.get(child.instance);
      if (bytes === known && bytes > 0) continue;
      if (host.home.isRemoved(child.instance)) due.removed.push(child);
      else if (bytes === known) continue;
      else if (this.#isTakenIn(child)) this.takenIn(child.instance, bytes);
      else due.grown.push(child);
    }
    return due;
  }

  #inTurn(ended: readonly ChildFacts[]): readonly ChildFacts[] {
    const before = this.#podsChanged;
    this.#podsChanged = this.#pod.host.home.version();
    if (ended.length <= checksASweep || this.#podsChanged !== before) return ended;
    const from = this.#turn % ended.length;
    this.#turn = from + checksASweep;
    return [
      ...ended.slice(from, from + checksASweep),
      ...ended.slice(0, Math.max(0, this.#turn - ended.length)),
    ];
  }

  /**
   * By its last line: it has ended in order, in no later incarnation than is known here, and nothing of it is
   * missing here.
   */
  #isTakenIn(child: ChildFacts): boolean {
    const { terminal, received } = child;
    const totals = closingTotals(this.#pod.folderOf(child).log, this.#pod.host.logs);
    return (
      totals !== null && totals.incarnation <= terminal && totals.pendingOut.every((seq) => seq <= received)
    );
  }
}
