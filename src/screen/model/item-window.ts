/**
 * The items that are kept of a transcript: its end, and what was asked for before it. A value that is never
 * changed, though its versions share one array: each sees only its own part of it.
 *
 * Invariants
 * - IW1 `append` costs O(1) amortised, also where it drops the oldest.
 * - IW2 No version changes by what is made of it.
 * - IW3 What it holds is bounded by count and by characters; the newest item is always there.
 */
import type { JsonValue } from '../../std/json.ts';
import type { Item, ItemList } from './shape.ts';

export interface WindowBounds {
  readonly items: number;
  /** Of the texts and inputs in them. */
  readonly chars: number;
}

/** While the end is watched. */
export const windowBounds: WindowBounds = { items: 2_000, chars: 4_000_000 };
/** With all that was asked for beside it. */
const largestBounds: WindowBounds = { items: 50_000, chars: 32_000_000 };

interface Kept {
  readonly item: Item;
  readonly chars: number;
}

/** So many that were dropped stay in the array before it is made anew. */
const droppedMax = 512;

export class ItemWindow implements ItemList {
  readonly bounds: WindowBounds;
  /** Shared with the versions before; grows at its end only. */
  readonly #kept: Kept[];
  readonly #from: number;
  readonly #to: number;
  readonly #chars: number;

  private constructor(
    kept: Kept[],
    range: { readonly from: number; readonly to: number; readonly chars: number },
    bounds: WindowBounds,
  ) {
    this.#kept = kept;
    this.#from = range.from;
    this.#to = range.to;
    this.#chars = range.chars;
    this.bounds = bounds;
  }

  static empty(bounds: WindowBounds = windowBounds): ItemWindow {
    return new ItemWindow([], { from: 0, to: 0, chars: 0 }, bounds);
  }

  get length(): number {
    return this.#to - this.#from;
  }

  /** As an array's. */
  at(index: number): Item | undefined {
    const at = Math.trunc(index);
    if (at < -this.length || at >= this.length) return undefined;
    return this.#kept[at < 0 ? this.#to + at : this.#from + at]?.item;
  }

  append(item: Item): ItemWindow {
    // Another version was appended to before: the two part here.
    const kept = this.#kept.length === this.#to ? this.#kept : this.#kept.slice(0, this.#to);
    const last = { item, chars: charsOf(item) };
    kept.push(last);
    return this.#trimmed(kept, { from: this.#from, to: kept.length, chars: this.#chars + last.chars });
  }

  /**
   * With older ones before it, in their order: as many of their newest as fit into the largest bounds, which
   * grow for them. All are copied: for what a person asks for.
   */
  prepend(older: readonly Item[]): ItemWindow {
    const before = older.map((item) => ({ item, chars: charsOf(item) }));
    const kept = [...before, ...this.#kept.slice(this.#from, this.#to)];
    const added = before.reduce((sum, { chars }) => sum + chars, 0);
    const bounds = {
      items: Math.min(largestBounds.items, this.bounds.items + before.length),
      chars: Math.min(largestBounds.chars, this.bounds.chars + added),
    };
    const grown = new ItemWindow(kept, { from: 0, to: kept.length, chars: this.#chars + added }, bounds);
    return grown.#trimmed(kept, { from: 0, to: kept.length, chars: this.#chars + added });
  }

  #trimmed(
    kept: Kept[],
    range: { readonly from: number; readonly to: number; readonly chars: number },
  ): ItemWindow {
    let { from, chars } = range;
    const { to } = range;
    while (to - from > 1 && (to - from > this.bounds.items || chars > this.bounds.chars)) {
      chars -= kept[from]?.chars ?? 0;
      from += 1;
    }
    if (from > droppedMax && from > to - from)
      return new ItemWindow(kept.slice(from, to), { from: 0, to: to - from, chars }, this.bounds);
    return new ItemWindow(kept, { from, to, chars }, this.bounds);
  }
}

/** Of an item without much text. */
const leastChars = 100;

function charsOf({ body }: Item): number {
  switch (body.kind) {
    case 'call':
      return leastChars + jsonChars(body.input);
    case 'answer':
      return leastChars + body.text.length + body.reasoning.length;
    case 'user':
    case 'reasoning':
    case 'result':
    case 'report':
    case 'turn':
    case 'note':
    case 'alert':
    case 'machinery':
      return leastChars + body.text.length;
  }
}

/** Without making the text of it; a model may nest as deeply as it likes. */
function jsonChars(value: JsonValue): number {
  let chars = 0;
  const left: JsonValue[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    chars += 8;
    if (typeof next === 'string') chars += next.length;
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) for (const name of Object.keys(next)) chars += name.length;
    for (const inner of Object.values(next)) left.push(inner);
  }
  return chars;
}
