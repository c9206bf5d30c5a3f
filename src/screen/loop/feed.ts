/**
 * What the inline view prints into the terminal's own scrollback, once and in order: the last two screens of
 * a pod's past behind a line that counts the rest, then each entry as it is committed. Pure but for what it
 * remembers.
 *
 * Invariants
 * - N1 An entry is printed once, whatever was shown in between.
 * - N2 What is left out is counted by a line.
 */
import type { Line, Size, Span } from '../line.ts';
import type { Item, PodModel } from '../model/shape.ts';
import { lineWidth } from '../text.ts';

/** The lines of one entry, which is the nth of its pod; none for one that is not shown. */
export type ItemText = (item: Item, columns: number, of: { pod: PodModel; at: number }) => readonly Line[];

export interface FeedOptions {
  readonly size: Size;
  /** Other pods speak here too: whose lines these are is said. */
  readonly isLabelled: boolean;
  readonly text: ItemText;
}

const screensOfPast = 2;
const dim = { dim: true } as const;
const bold = { bold: true } as const;

export class Feed {
  readonly #through = new Map<string, number>();
  /** Whose lines were printed last. */
  #last: string | null = null;

  /** Nothing up to that entry is printed: it was there before the work began. */
  skip(instance: string, through: number): void {
    this.#through.set(instance, Math.max(through, this.#through.get(instance) ?? 0));
  }

  /** What of it has not been printed. Before its history is all there: nothing. */
  take(pod: PodModel, options: FeedOptions): Line[] {
    if (!pod.isLive && pod.link !== 'ended') return [];
    const { instance } = pod;
    const through = this.#through.get(instance);
    const lines =
      through === undefined
        ? past(pod, options)
        : behind(pod, through).flatMap((at) => labelled(pod, at, options));
    this.#through.set(instance, Math.max(pod.lastSeq, through ?? 0));
    if (lines.length === 0) return [];
    const isOther = this.#last !== null && this.#last !== instance && !options.isLabelled;
    this.#last = instance;
    return isOther ? [[{ text: `${pod.name}:`, style: bold }], ...lines] : lines;
  }
}

/** Their places, in order. */
function behind({ items }: PodModel, through: number): number[] {
  let from = items.length;
  while (from > 0 && (items.at(from - 1)?.seq ?? 0) > through) from -= 1;
  return Array.from({ length: items.length - from }, (_, nth) => from + nth);
}

/** The last two screens, whole entries. */
function past(pod: PodModel, options: FeedOptions): Line[] {
  const { items } = pod;
  const rowsMax = screensOfPast * options.size.rows;
  const shown: Line[][] = [];
  let [count, first, at] = [0, pod.lastSeq + 1, items.length - 1];
  for (; at >= 0; at -= 1) {
    const item = items.at(at);
    if (item === undefined) break;
    const lines = labelled(pod, at, options);
    if (count > 0 && count + lines.length > rowsMax) break;
    shown.push(lines);
    count += lines.length;
    first = item.seq;
  }
  const isWhole = pod.from <= 1 && at < 0;
  const lines = shown.reverse().flat();
  return isWhole ? lines : [earlier(pod.name, Math.max(0, first - 1)), ...lines];
}

function earlier(name: string, count: number): Line {
  const entries = count === 1 ? 'entry' : 'entries';
  return [{ text: `… ${count} earlier ${entries}: podkin logs ${name}`, style: dim }];
}

/** A line that stands alone has its label before it, several have it above them. */
function labelled(pod: PodModel, at: number, { size, isLabelled, text }: FeedOptions): Line[] {
  const item = pod.items.at(at);
  if (item === undefined) return [];
  if (!isLabelled) return [...text(item, size.columns, { pod, at })];
  const label: Span = { text: `${pod.name}: `, style: bold };
  const room = size.columns - pod.name.length - 2;
  const lines = text(item, Math.max(20, size.columns - 2), { pod, at });
  const [only] = lines;
  if (only === undefined) return [];
  if (lines.length === 1 && lineWidth(only) <= room) return [[label, ...only]];
  return [[{ text: `${pod.name}:`, style: bold }], ...lines.map((line) => [{ text: '  ' }, ...line])];
}
