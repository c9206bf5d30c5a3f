/** Writing and syncing of one process's log, as `src/session/log/append-log.ts` does it: group commit, one sync at a time. */
import type { Entry } from '../../src/session/facts/entries.ts';
import type { SimProcess } from './process.ts';

interface Waiter {
  through: number;
  tell: () => void;
}

export class LogSide {
  readonly #process: SimProcess;
  #waiters: Waiter[] = [];
  #syncing = false;
  #target = 0;
  /** What a mutant believes to be on disk. */
  #claimed = 0;
  /** What a mutant has not written yet. */
  #late: Entry[][] = [];

  constructor(process: SimProcess) {
    this.#process = process;
  }

  append(entries: Entry[]): void {
    const { world, pod } = this.#process;
    const emits = entries.some((entry) => entry.type === 'podEventEmitted');
    const late = world.mutant === 'sendBeforeCommit' && (emits || this.#late.length > 0);
    if (!late) return pod.disk.append(entries);
    this.#late.push(entries);
    if (this.#late.length > 1) return;
    this.#process.after(8, () => {
      for (const waiting of this.#late) pod.disk.append(waiting);
      this.#late = [];
    });
  }

  /** Calls back once everything that is written now is on disk; one sync serves what was written when it began. */
  durable(then: () => void): void {
    const { disk } = this.#process.pod;
    if (disk.entries.length <= Math.max(disk.synced, this.#claimed)) {
      then();
      return;
    }
    this.#waiters.push({ through: disk.entries.length, tell: then });
    if (!this.#syncing) this.#sync();
  }

  claim(): void {
    this.#claimed = this.#process.pod.disk.entries.length;
  }

  /** A sync that was under way may have come to its end. */
  settleAtDeath(): void {
    const { disk } = this.#process.pod;
    if (this.#syncing && this.#process.world.random.chance(0.5)) {
      disk.synced = Math.max(disk.synced, this.#target);
    }
  }

  #sync(): void {
    const { disk } = this.#process.pod;
    const target = disk.entries.length;
    this.#syncing = true;
    this.#target = target;
    this.#process.after(this.#process.world.random.delay(2), () => {
      this.#syncing = false;
      this.#process.point('synced');
      disk.synced = Math.max(disk.synced, target);
      const done = this.#waiters.filter((waiter) => waiter.through <= target);
      this.#waiters = this.#waiters.filter((waiter) => waiter.through > target);
      if (this.#waiters.length > 0) this.#sync();
      for (const waiter of done) waiter.tell();
    });
  }
}
