/**
 * The part of a transcript that a screen has room for. Pure but for what `Laid` remembers.
 *
 * Invariants
 * - V5 Only entries that are shown, and as many beside them as were scrolled over, are laid out.
 * - V6 A place that was scrolled to shows the same rows whatever comes: it is counted from an entry, not from
 *   the end.
 */
import { clean, span } from '../text.ts';
import type { Line } from '../line.ts';
import type { Item, PodModel } from '../model/shape.ts';
import type { Scroll } from '../state.ts';
import { grouped, plural } from './figures.ts';
import { beginsBlock, itemLines } from './item.ts';
import { liveLines } from './live.ts';
import { beside, cut, dim, inStyle, inverse, noLine, yellow } from './spans.ts';
import { highlighted, placeFound } from './search.ts';
import type { View } from './view.ts';

export interface Window {
  /** At most as many as there are rows, the mark of what is below among them. */
  readonly lines: readonly Line[];
  /** Where it is, for the next frame; null: at the end. */
  readonly scroll: Scroll | null;
  /** The entry that has the cursor: the nearest one that is in sight; null: none has it. */
  readonly item: number | null;
  /** Nothing above it is here: older entries may be asked for. */
  readonly isAtTop: boolean;
}

/** A row, counted from the first row of a block; the block behind the last item is what is not committed. */
interface At {
  readonly block: number;
  readonly line: number;
}

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

export function transcriptWindow(view: View, pod: PodModel, room: Room): Window {
  const rows = Math.max(0, room.rows);
  const blocks = new Blocks(view, pod, room.columns);
  const wanted = wantedPlace(view, blocks, rows);
  if (wanted === null) {
    const lines = blocks.upFrom(blocks.end, rows);
    return {
      lines: marked(view, blocks, lines),
      scroll: null,
      item: itemIn(view, lines),
      isAtTop: reachesTop(blocks, lines),
    };
  }
  const shown = blocks.upFrom(wanted, Math.max(1, rows - 1));
  const seen = view.state.scroll?.since ?? pod.lastSeq;
  const below = belowLine(blocks.newSince(seen), room.columns);
  const lines = [...marked(view, blocks, shown), ...(rows > 1 ? [below] : [])];
  const scroll: Scroll = { at: blocks.place(wanted), by: 0, since: seen };
  return {
    lines: lines.slice(0, rows),
    scroll,
    item: itemIn(view, shown),
    isAtTop: reachesTop(blocks, shown),
  };
}

/** A row with the entry that it is of; null where it is of none. */
interface Row {
  readonly line: Line;
  readonly seq: number | null;
  readonly isFirst: boolean;
}

/** The lowest row that is to be shown; null: the end. */
function wantedPlace(view: View, blocks: Blocks, rows: number): At | null {
  const { scroll } = view.state;
  const page = Math.max(1, rows - 3);
  const top = (): At => blocks.down(blocks.first, Math.max(1, rows - 1) - 1);
  const from = scroll?.at === null || scroll === null ? blocks.end : blocks.placeOf(scroll.at);
  const by = scroll?.by ?? 0;
  if (by === 'first') return notEnd(blocks, top());
  const moved =
    by === 'page'
      ? blocks.down(from, page)
      : by === 'pageUp'
        ? blocks.up(from, page)
        : moveBy(blocks, from, by);
  const isMoved = by !== 0;
  const placed = isMoved ? moved : soughtPlace(view, blocks, moved, rows);
  const floor = top();
  return notEnd(blocks, isBefore(placed, floor) ? floor : placed);
}

function moveBy(blocks: Blocks, from: At, by: number): At {
  if (by === 0) return from;
  return by > 0 ? blocks.down(from, by) : blocks.up(from, -by);
}

function notEnd(blocks: Blocks, at: At): At | null {
  return isBefore(at, blocks.end) ? at : null;
}

function isBefore(one: At, other: At): boolean {
  return one.block < other.block || (one.block === other.block && one.line < other.line);
}

/** The entry with the cursor, or the place that was searched for, is brought into sight. */
function soughtPlace(view: View, blocks: Blocks, at: At, rows: number): At {
  const { item, search } = view.state;
  const key = search === null || search.text === '' ? null : `${search.at} ${search.text}`;
  const found = key === null || key === view.laid.sought ? null : placeFound(view, blocks.pod);
  view.laid.sought = key;
  const seq = found ?? item;
  if (seq === null) return at;
  const block = blocks.blockOf(seq);
  if (block === null) return at;
  const room = Math.max(1, rows - 1);
  const first = blocks.up(at, room - 1);
  const height = blocks.heightOf(block);
  const last: At = { block, line: Math.max(0, Math.min(height, room) - 1) };
  if (isBefore({ block, line: 0 }, first))
    return blocks.down({ block, line: 0 }, found === null ? room - 1 : Math.floor(room / 2));
  return isBefore(at, last) ? (found === null ? last : blocks.down(last, Math.floor(room / 3))) : at;
}

function itemIn(view: View, rows: readonly Row[]): number | null {
  const { item } = view.state;
  if (item === null) return null;
  const seqs = rows.flatMap(({ seq }) => (seq === null ? [] : [seq]));
  if (seqs.length === 0 || seqs.includes(item)) return item;
  return item < (seqs[0] ?? 0) ? (seqs[0] ?? item) : (seqs.at(-1) ?? item);
}

function reachesTop(blocks: Blocks, rows: readonly Row[]): boolean {
  return blocks.length === 0 || rows.some(({ seq, isFirst }) => isFirst && seq === blocks.topSeq);
}

/** The cursor, and what was found. */
function marked(view: View, blocks: Blocks, rows: readonly Row[]): Line[] {
  const { item, search, focus } = view.state;
  const words = search?.text ?? '';
  return rows.map(({ line, seq, isFirst }) => {
    const shown = words === '' ? line : highlighted(line, words);
    const isChosen = focus === 'transcript' && isFirst && seq !== null && seq === item;
    return isChosen ? cut(inStyle(line.length === 0 ? [span(' ')] : shown, inverse), blocks.columns) : shown;
  });
}

function belowLine(count: number, columns: number): Line {
  const words = count > 0 ? `↓ ${grouped(count)} new` : '↓ more below';
  return beside(noLine, [span(words, count > 0 ? { ...yellow, bold: true } : dim)], columns);
}

/** Entries of a pod as rows, each laid out when it is asked for. */
class Blocks {
  readonly #view: View;
  readonly pod: PodModel;
  readonly columns: number;
  readonly end: At;
  readonly first: At = { block: -1, line: 0 };
  readonly #tail: readonly Line[];

  constructor(view: View, pod: PodModel, columns: number) {
    this.#view = view;
    this.pod = pod;
    this.columns = columns;
    const { rich, laid, state } = view;
    laid.use({ instance: pod.instance, columns, rich, showsMachinery: state.showsMachinery });
    this.#tail = liveLines(view, pod, columns);
    this.end = this.#lastRow();
  }

  get length(): number {
    return this.pod.items.length;
  }

  get topSeq(): number | null {
    for (let at = 0; at < this.length; at += 1) if (this.heightOf(at) > 0) return this.#item(at)?.seq ?? null;
    return null;
  }

  heightOf(block: number): number {
    return this.#rows(block).length;
  }

  /** That many rows at most, the given one being the last. */
  upFrom(at: At, count: number): Row[] {
    const found: Row[] = [];
    let { block, line } = at;
    while (block >= -1 && found.length < count) {
      const rows = this.#rows(block);
      const seq = this.#item(block)?.seq ?? null;
      const gap = this.#gap(block);
      for (let row = Math.min(line, rows.length - 1); row >= 0 && found.length < count; row -= 1) {
        found.push({ line: rows[row] ?? noLine, seq, isFirst: row === gap });
      }
      block -= 1;
      line = Number.POSITIVE_INFINITY;
    }
    return found.reverse();
  }

  down(from: At, by: number): At {
    let { block, line } = from;
    let left = by;
    for (;;) {
      const height = this.heightOf(block);
      if (line + left < height) return { block, line: line + left };
      if (block >= this.length) return this.end;
      left -= Math.max(0, height - line);
      block += 1;
      line = 0;
    }
  }

  up(from: At, by: number): At {
    let { block, line } = from;
    let left = by;
    while (left > line) {
      left -= line + 1;
      block -= 1;
      while (block > -1 && this.heightOf(block) === 0) block -= 1;
      if (block < -1 || this.heightOf(block) === 0) return this.down(this.first, 0);
      line = this.heightOf(block) - 1;
    }
    return { block, line: line - left };
  }

  placeOf({ seq, line }: { readonly seq: number; readonly line: number }): At {
    const block = this.#notAfter(seq);
    return this.down({ block, line: 0 }, Math.max(0, line));
  }

  /** Of an entry or, behind the last one, so many rows below its first. */
  place({ block, line }: At): { readonly seq: number; readonly line: number } {
    const item = this.#item(block);
    if (item !== null) return { seq: item.seq, line };
    if (block < 0) return { seq: this.#item(0)?.seq ?? 0, line: 0 };
    for (let at = this.length - 1, above = 0; at >= 0; at -= 1) {
      above += this.heightOf(at);
      if (this.heightOf(at) > 0 || at === 0) return { seq: this.#item(at)?.seq ?? 0, line: above + line };
    }
    return { seq: 0, line };
  }

  /** Null where it is not here, or not shown. */
  blockOf(seq: number): number | null {
    const block = this.#notAfter(seq);
    return this.#item(block)?.seq === seq && this.heightOf(block) > 0 ? block : null;
  }

  newSince(seq: number): number {
    let count = 0;
    for (let at = this.length - 1; at >= 0; at -= 1) {
      const item = this.#item(at);
      if (item === null || item.seq <= seq) break;
      if (this.#view.state.showsMachinery || item.body.kind !== 'machinery') count += 1;
    }
    return count;
  }

  #lastRow(): At {
    for (let block = this.length; block >= 0; block -= 1) {
      const height = this.heightOf(block);
      if (height > 0) return { block, line: height - 1 };
    }
    return { block: -1, line: Math.max(0, this.heightOf(-1) - 1) };
  }

  #item(block: number): Item | null {
    return block < 0 || block >= this.length ? null : (this.pod.items.at(block) ?? null);
  }

  /** The last block whose entry is not behind that one. */
  #notAfter(seq: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#item(middle)?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** With the empty line above it. */
  #rows(block: number): readonly Line[] {
    if (block === -1) return this.#earlier();
    if (block >= this.length) return this.#tail;
    const item = this.#item(block);
    if (item === null) return [];
    return this.#view.laid.of(item.seq, () => this.#make(item, block));
  }

  #make(item: Item, block: number): readonly Line[] {
    const before = this.#before(block);
    const call = callOf(this.pod, item, block);
    const { rich, state } = this.#view;
    const isBelowCall =
      before?.body.kind === 'call' && item.body.kind === 'result' && before.body.call === item.body.call;
    const lines = itemLines(item, this.columns, {
      rich,
      showsMachinery: state.showsMachinery,
      call,
      isBelowCall,
    });
    return lines.length > 0 && this.#gap(block) === 1 ? [noLine, ...lines] : lines;
  }

  /** Empty rows above the entry. */
  #gap(block: number): number {
    const item = this.#item(block);
    if (item === null) return 0;
    const before = this.#before(block);
    // What is not here yet stands above the first one: it keeps its height when that comes.
    if (before === null) return this.pod.from > 1 && beginsBlock(item) ? 1 : 0;
    return beginsBlock(item) || before.body.kind === 'turn' ? 1 : 0;
  }

  /** The entry above that is shown. */
  #before(block: number): Item | null {
    for (let at = block - 1; at >= 0 && at > block - backMost; at -= 1) {
      const item = this.#item(at);
      if (item !== null && (this.#view.state.showsMachinery || item.body.kind !== 'machinery')) return item;
    }
    return null;
  }

  #earlier(): readonly Line[] {
    const count = this.pod.from - 1;
    if (count <= 0) return [];
    const words = `… ${plural(count, 'earlier entry', 'earlier entries')}: PgUp, or podkin logs ${clean(this.pod.name)}`;
    return [cut([span(words, dim)], this.columns)];
  }
}

/** So far a call is looked for: a step has no more of them. */
const backMost = 256;

export function callOf(
  pod: PodModel,
  { body }: Item,
  block: number,
): Extract<Item['body'], { kind: 'call' }> | null {
  if (body.kind !== 'result') return null;
  for (let at = block - 1; at >= 0 && at > block - backMost; at -= 1) {
    const other = pod.items.at(at)?.body;
    if (other?.kind === 'call' && other.call === body.call) return other;
  }
  return null;
}
