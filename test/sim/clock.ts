/**
 * Virtual time: a queue of what happens when. What falls on one instant happens in the order in which it was
 * asked for.
 */
interface Planned {
  at: number;
  order: number;
  act: () => void;
}

const epochMs = Date.UTC(2026, 0, 1);

export class VirtualClock {
  nowMs = 0;
  /** How much has happened. */
  steps = 0;
  readonly #heap: Planned[] = [];
  #order = 0;
  #wallSecond = -1;
  /** Without its milliseconds. */
  #wall = '';

  after(delayMs: number, act: () => void): void {
    this.#push({ at: this.nowMs + Math.max(0, delayMs), order: this.#order, act });
    this.#order += 1;
  }

  /** Wall time for entries. A date is made once a second. */
  wallTime(): string {
    const ms = Math.floor(this.nowMs);
    const second = Math.floor(ms / 1_000);
    if (second !== this.#wallSecond) {
      this.#wallSecond = second;
      this.#wall = new Date(epochMs + second * 1_000).toISOString().slice(0, -'000Z'.length);
    }
    return `${this.#wall}${String(ms % 1_000).padStart(3, '0')}Z`;
  }

  get wallMs(): number {
    return epochMs + this.nowMs;
  }

  /** Lets the next thing happen; false, at `untilMs`, where there is none before it. */
  step(untilMs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.at > untilMs) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    this.#pop();
    this.nowMs = next.at;
    this.steps += 1;
    next.act();
    return true;
  }

  /** Lets everything happen up to `untilMs`. False where `stop` said so first. */
  run(untilMs: number, stop: () => boolean): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > untilMs) break;
      this.#pop();
      this.nowMs = next.at;
      this.steps += 1;
      next.act();
      if (stop()) return false;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    return true;
  }

  #push(item: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above]!;
      if (!isBefore(item, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
