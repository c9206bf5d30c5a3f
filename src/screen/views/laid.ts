/**
 * What was laid out before, so that a frame costs what it shows and not what there is. Nobody sees it: with
 * an empty one every view answers the same.
 *
 * Invariants
 * - V3 An entry is laid out once for a width, a set of options and a state of what is loaded.
 * - V4 What is kept is bounded, whatever is scrolled through.
 * - V12 A line that is the same as in the frame before is the same object: the writer passes over it.
 */
import type { Line, Style } from '../line.ts';
import type { LiveText } from '../model/shape.ts';
import type { InputView } from './input-view.ts';
import { proseLines } from './item.ts';
import type { Rich } from './rich.ts';

const linesMax = 20_000;

/** What all lines depend on beside their entry. */
export interface LaidFor {
  readonly instance: string;
  readonly columns: number;
  readonly rich: Rich | null;
  readonly showsMachinery: boolean;
}

export class Laid {
  #for: LaidFor | null = null;
  readonly #bySeq = new Map<number, readonly Line[]>();
  #count = 0;
  #live: LiveLaid | null = null;
  #around: { readonly of: readonly unknown[]; readonly made: unknown } | null = null;
  #input: InputView | null = null;
  #joined: Joined[] = [];
  /** The search whose place was brought into sight. */
  sought: string | null = null;

  /** Forgets what was laid out for anything else. */
  use(what: LaidFor): void {
    const now = this.#for;
    const isSame =
      now !== null &&
      now.instance === what.instance &&
      now.columns === what.columns &&
      now.rich === what.rich &&
      now.showsMachinery === what.showsMachinery;
    if (isSame) return;
    this.#for = what;
    this.#forget();
    this.#live = null;
  }

  of(seq: number, make: () => readonly Line[]): readonly Line[] {
    const known = this.#bySeq.get(seq);
    if (known !== undefined) return known;
    const made = make();
    if (this.#count + made.length > linesMax) this.#forget();
    this.#bySeq.set(seq, made);
    this.#count += made.length;
    return made;
  }

  /** What a model is saying: only what has come since the last whole paragraph is laid out again. */
  ofLive(live: LiveText, columns: number, rich: Rich | null): readonly Line[] {
    const key = `${live.turn} ${live.step} ${live.textFrom} ${columns}`;
    const begun = this.#live;
    const before =
      begun !== null && begun.key === key && begun.rich === rich && begun.through <= live.text.length
        ? begun
        : { key, rich, through: 0, lines: [], all: [] };
    const through = before.through + wholePart(live.text.slice(before.through));
    const lines =
      through === before.through
        ? before.lines
        : [
            ...before.lines,
            ...paragraph(live.text.slice(before.through, through), columns, before.lines, rich),
          ];
    const rest = asBefore(paragraph(live.text.slice(through), columns, lines, rich), before, lines.length);
    const all = [...lines, ...rest];
    this.#live = { key, rich, through, lines, all };
    return all;
  }

  /** What is around a transcript: made again only where something of that is another. One is kept. */
  around<T>(of: readonly unknown[], make: () => T): T {
    const before = this.#around;
    if (before !== null && before.of.length === of.length && before.of.every((one, at) => one === of[at])) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is one caller
      return before.made as T;
    }
    const made = make();
    this.#around = { of, made };
    return made;
  }

  /** The one before, where it is the same. */
  input(now: InputView): InputView {
    const before = this.#input;
    if (before !== null && isSameInput(before, now)) return before;
    this.#input = now;
    return now;
  }

  /** Two lines beside each other in that row, the left one so many columns wide. */
  joined(row: number, of: readonly [left: Line, width: number, right: Line], make: () => Line): Line {
    const before = this.#joined[row];
    if (before?.of.every((one, at) => one === of[at]) === true) return before.line;
    const line = make();
    this.#joined[row] = { of, line };
    return line;
  }

  #forget(): void {
    this.#bySeq.clear();
    this.#count = 0;
  }
}

interface LiveLaid {
  readonly key: string;
  readonly rich: Rich | null;
  /** Characters of the text that `lines` are of. */
  readonly through: number;
  readonly lines: readonly Line[];
  /** With those of what is not whole yet. */
  readonly all: readonly Line[];
}

interface Joined {
  readonly of: readonly [left: Line, width: number, right: Line];
  readonly line: Line;
}

/** V12: a paragraph that grows has another last line; those before it are as they were. */
function asBefore(lines: readonly Line[], { all }: Pick<LiveLaid, 'all'>, from: number): Line[] {
  return lines.map((line, at) => {
    const known = all[from + at];
    return known !== undefined && isSameLine(known, line) ? known : line;
  });
}

function isSameLine(one: Line, other: Line): boolean {
  return (
    one.length === other.length &&
    one.every(({ text, style }, at) => other[at]?.text === text && isSameStyle(style, other[at].style))
  );
}

function isSameStyle(one: Style = {}, other: Style = {}): boolean {
  return (
    one === other ||
    (one.bold === other.bold &&
      one.dim === other.dim &&
      one.inverse === other.inverse &&
      one.underline === other.underline &&
      one.color === other.color)
  );
}

function isSameInput(one: InputView, other: InputView): boolean {
  return (
    one.caret.row === other.caret.row &&
    one.caret.column === other.caret.column &&
    one.completion?.offers === other.completion?.offers &&
    one.completion?.chosen === other.completion?.chosen &&
    one.lines.length === other.lines.length &&
    one.lines.every((line, at) => line === other.lines[at])
  );
}

/** Behind an empty line, as all of them would be laid out in one. */
function paragraph(text: string, columns: number, above: readonly Line[], rich: Rich | null): Line[] {
  const lines = proseLines(text, columns, rich);
  return above.length > 0 && lines.length > 0 ? [[], ...lines] : lines;
}

/** Up to the last empty line outside of a fence: what is before it does not change any more. */
function wholePart(text: string): number {
  let through = 0;
  let isFenced = false;
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    if (end === -1) break;
    const row = text.slice(at, end);
    if (/^\s*(?:```|~~~)/.test(row)) isFenced = !isFenced;
    at = end + 1;
    // What is set in behind an empty line may belong to the list above it.
    if (
      !isFenced &&
      row.trim() === '' &&
      /^\S/.test(text.slice(at, at + 1)) &&
      !isList(text.slice(at, at + 4))
    ) {
      through = at;
    }
  }
  return through;
}

function isList(text: string): boolean {
  return /^(?:[-*+]|\d+[.)]?)/.test(text);
}
