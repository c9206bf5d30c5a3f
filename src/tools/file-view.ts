/** What the model has seen of a file's content: which lines of it were never shown. Pure. */

export interface LineRange {
  readonly from: number;
  readonly to: number;
}

export interface FileView {
  /** Of the content that was seen. */
  readonly hash: string;
  /** Lines that no Read has shown, in their order; numbers from 1. */
  readonly unread: readonly LineRange[];
  /** Lines that are longer than Read shows. */
  readonly cut: readonly number[];
}

/** Ranges named in one sentence. */
const rangesShown = 3;

export function wholeView(hash: string): FileView {
  return { hash, unread: [], cut: [] };
}

/** Reads of the same content add up. */
export function viewAfterRead(
  before: FileView | undefined,
  read: { hash: string; total: number; shown: LineRange; cut: readonly number[] },
): FileView {
  const { hash, total, shown } = read;
  const known =
    before?.hash === hash ? before : { unread: total === 0 ? [] : [{ from: 1, to: total }], cut: [] };
  const unread = known.unread.flatMap(({ from, to }) =>
    [
      { from, to: Math.min(to, shown.from - 1) },
      { from: Math.max(from, shown.to + 1), to },
    ].filter((left) => left.from <= left.to),
  );
  return {
    hash,
    unread,
    cut: [...new Set([...known.cut, ...read.cut])].toSorted((one, other) => one - other),
  };
}

/**
 * `lines`: where something was put in, by the numbers of before, ascending; each place grew by `growth`
 * lines.
 */
export function viewAfterEdit(
  before: FileView,
  edit: { hash: string; lines: readonly number[]; growth: number },
): FileView {
  const moved = (line: number, isAbove: (place: number) => boolean) =>
    Math.max(1, line + edit.growth * edit.lines.filter(isAbove).length);
  const unread = before.unread
    .map(({ from, to }) => ({
      from: moved(from, (place) => place < from),
      to: moved(to, (place) => place <= to),
    }))
    .filter(({ from, to }) => from <= to);
  const cut = before.cut.map((line) => moved(line, (place) => place < line));
  return { hash: edit.hash, unread, cut: [...new Set(cut)] };
}

/** Why the file may not be replaced as a whole, with what to do; null where all of it was shown. */
export function partMissing(path: string, { unread, cut }: FileView): string | null {
  const [first] = unread;
  if (first !== undefined) {
    const named = unread
      .slice(0, rangesShown)
      .map(({ from, to }) => (from === to ? `${from}` : `${from}–${to}`));
    const more = unread.length > rangesShown ? ' and more' : '';
    const isOne = unread.length === 1 && first.from === first.to;
    return `${isOne ? 'Line' : 'Lines'} ${named.join(', ')}${more} of ${path} ${isOne ? 'was' : 'were'} not read: read ${isOne ? 'it' : 'them'} (Read with offset ${first.from}), or use Edit.`;
  }
  const [line] = cut;
  return line === undefined
    ? null
    : `Line ${line} of ${path} is longer than Read shows, so its end was not read: use Edit, or, if all of the file is to go, remove it with a command first.`;
}
