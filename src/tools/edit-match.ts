/**
 * Finds the text that an Edit names and puts the new one in its place, in whatever line endings the file has.
 * Pure.
 */
import { placesIn } from '../std/find-text.ts';
import { numbered, shownLine } from './file-content.ts';
import { type LineEnds, isMixed, withEnds } from './text-form.ts';

export type EditOutcome =
  | {
      readonly ok: true;
      readonly text: string;
      /** What was put in, as it stands in `text`. */
      readonly places: readonly Place[];
    }
  | { readonly ok: false; readonly problem: string };

interface Place {
  readonly start: number;
  readonly length: number;
}

export interface EditRequest {
  readonly old: string;
  readonly new: string;
  readonly all: boolean;
}

/** Lines around a change in the snippet, and how many changes it shows. */
const snippetLines = 3;
const snippetsMax = 3;
/** Line numbers listed when a text stands in many places. */
const placesMax = 10;

/**
 * Replaces `old`, which must stand there exactly and, without `all`, once. In a file whose lines all end
 * alike, the line breaks of `old` and `new`
 * are taken as those. In a file of mixed line ends a break in `old` stands for any of them, and each line
 * keeps its own; an `old` with a CR in it is
 * taken by the letter there.
 */
export function applyEdit(text: string, request: EditRequest): EditOutcome {
  const ends = lineEndsOf(text);
  const hasMixed = isMixed(ends);
  const isLoose = hasMixed && !request.old.includes('\r');
  const old = hasMixed ? request.old : withEnds(request.old, ends);
  const fresh = hasMixed ? request.new : withEnds(request.new, ends);
  if (old === fresh) return { ok: false, problem: 'old and new are the same; nothing would change.' };
  const found = isLoose ? loosePlaces(text, old) : placesOf(text, old);
  if (found.length === 0) return { ok: false, problem: notFound(text, old) };
  if (found.length > 1 && !request.all) {
    const lines = found.slice(0, placesMax).map(({ start }) => lineAt(text, start));
    const places = `${lines.join(', ')}${found.length > placesMax ? ' …' : ''}`;
    return {
      ok: false,
      problem: `old occurs ${found.length} times (lines ${places}). Add lines around it until it is unique, or set all.`,
    };
  }
  if (!isLoose) return { ok: true, ...replaced(text, found, () => fresh) };
  const around = { text, endNear: endsNear(text) };
  return { ok: true, ...replaced(text, found, (place) => inItsEnds(around, place, fresh)) };
}

function replaced(
  text: string,
  found: readonly Place[],
  freshFor: (place: Place) => string,
): { text: string; places: Place[] } {
  const pieces: string[] = [];
  const places: Place[] = [];
  let from = 0;
  let grown = 0;
  for (const place of found) {
    const fresh = freshFor(place);
    pieces.push(text.slice(from, place.start), fresh);
    places.push({ start: place.start + grown, length: fresh.length });
    from = place.start + place.length;
    grown += fresh.length - place.length;
  }
  pieces.push(text.slice(from));
  return { text: pieces.join(''), places };
}

function lineEndsOf(text: string): LineEnds {
  const crlf = countOf(text, '\r\n');
  return { crlf, lf: countOf(text, '\n') - crlf, cr: countOf(text, '\r') - crlf };
}

function countOf(text: string, sign: string): number {
  let count = 0;
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + sign.length)) count += 1;
  return count;
}

/**
 * New text in the line ends of the text that it replaces: line by line, from both ends where lines are the
 * same; what is more than there was gets the
 * end of its neighbour. A CR that `fresh` itself holds stays.
 */
function inItsEnds(
  { text, endNear }: { text: string; endNear: (position: number) => string },
  { start, length }: Place,
  fresh: string,
): string {
  const before = text.slice(start, start + length);
  const lines = before.split(/\r\n|\n|\r/);
  const ends = before.match(/\r\n|\n|\r/g) ?? [];
  const freshLines = fresh.split('\n');
  const shorter = Math.min(lines.length, freshLines.length);
  let same = 0;
  while (same < shorter && lines[same] === freshLines[same]) same += 1;
  let sameBehind = 0;
  while (sameBehind < shorter - same && lines.at(-1 - sameBehind) === freshLines.at(-1 - sameBehind)) {
    sameBehind += 1;
  }
  const added = freshLines.length - lines.length;
  const near = ends.length === 0 ? endNear(start) : null;
  return freshLines
    .map((line, at) => {
      if (at === freshLines.length - 1) return line;
      if (line.endsWith('\r')) return `${line}\n`;
      const isBehind = at >= same && freshLines.length - 2 - at < sameBehind;
      const like = isBehind ? at - added : Math.min(at, ends.length - 1 - sameBehind);
      return line + (near ?? ends[Math.max(0, Math.min(like, ends.length - 1))] ?? '\n');
    })
    .join('');
}

/** Tells of a place the end of the line before, else of the line itself. */
function endsNear(text: string): (position: number) => string {
  const breaks = placesIn(text, '\n');
  return (position) => {
    let [low, high] = [0, breaks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((breaks[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    const at = breaks[Math.max(0, low - 1)];
    return at !== undefined && text[at - 1] === '\r' ? '\r\n' : '\n';
  };
}

/** The changed lines with some around them, numbered as they are now. */
export function changedLines(outcome: EditOutcome & { ok: true }): string {
  const lines = linesOf(outcome.text);
  if (lines.at(-1) === '') lines.pop();
  const parts = outcome.places.slice(0, snippetsMax).map(({ start, length }) => {
    const first = Math.max(1, lineAt(outcome.text, start) - snippetLines);
    const last = lineAt(outcome.text, start + length) + snippetLines;
    const shown = lines.slice(first - 1, last).map((line) => shownLine(line));
    return numbered(shown, first);
  });
  const left = outcome.places.length - parts.length;
  return parts.join('\n   ...\n') + (left > 0 ? `\n[and ${left} more places]` : '');
}

/** Which lines of `before` have something else now, in their order, and by how many lines each place grew. */
export function movedLines(
  before: string,
  { text, places }: EditOutcome & { ok: true },
): { lines: number[]; growth: number } {
  const sign = breakOf(before);
  const breaks = countOf(text, sign) - countOf(before, sign);
  // Every place has lost the same lines and got the same.
  const growth = Math.round(breaks / Math.max(1, places.length));
  const lines: number[] = [];
  let line = 1;
  let at = text.indexOf(sign);
  for (const [index, { start }] of places.entries()) {
    for (; at !== -1 && at < start; at = text.indexOf(sign, at + 1)) line += 1;
    lines.push(line - index * growth);
  }
  return { lines, growth };
}

function placesOf(text: string, old: string): Place[] {
  return placesIn(text, old).map((start) => ({ start, length: old.length }));
}

/** A break in `old` stands for a whole one of any kind. */
function loosePlaces(text: string, old: string): Place[] {
  if (!old.includes('\n')) return placesOf(text, old);
  const plain = text.replaceAll(/\r\n|\r/g, '\n');
  const starts = placesIn(plain, old);
  if (starts.length === 0) return [];
  const lost = [...text.matchAll(/\r\n/g)].map(({ index }, n) => index - n);
  // How much longer the text is up to a place: a break that ends there is before it as a whole.
  let before = 0;
  const inText = (at: number): number => {
    while (before < lost.length && (lost[before] ?? 0) < at) before += 1;
    return at + before;
  };
  return starts.map((at) => {
    const start = inText(at);
    return { start, length: inText(at + old.length) - start };
  });
}

/** As Read counts them. */
function breakOf(text: string): string {
  return text.includes('\n') ? '\n' : '\r';
}

function linesOf(text: string): string[] {
  return text.split(breakOf(text));
}

/** The number of the line that holds a position. */
function lineAt(text: string, position: number): number {
  const sign = breakOf(text);
  let line = 1;
  for (let at = text.indexOf(sign); at !== -1 && at < position; at = text.indexOf(sign, at + 1)) line += 1;
  return line;
}

/** Says that nothing matched, and the likeliest reason. */
function notFound(text: string, old: string): string {
  const base = 'old was not found in the file.';
  const oldLines = linesOf(old).map(withoutCr);
  if (oldLines.every((line) => line === '' || /^ *\d+\t/.test(line))) {
    return `${base} It seems to hold the line numbers that Read shows; leave them out.`;
  }
  const lines = linesOf(text).map(withoutCr);
  const loose = oldLines.map(withoutWhitespace);
  while (loose.at(-1) === '') loose.pop();
  while (loose[0] === '') loose.shift();
  const sameBut = loose.length === 0 ? -1 : windowOf(lines.map(withoutWhitespace), loose);
  if (sameBut !== -1) {
    const there = lines.slice(sameBut, sameBut + loose.length).map((line) => shownLine(line));
    return `${base} These lines differ from it only in whitespace:\n${numbered(there, sameBut + 1)}`;
  }
  const folded = windowOf(
    lines.map((line) => line.toLowerCase()),
    oldLines.map((line) => line.toLowerCase()),
  );
  if (folded !== -1) return `${base} At line ${folded + 1} it occurs with other upper and lower case.`;
  const first = oldLines.map((line) => line.trim()).find((line) => line !== '');
  const near = first === undefined ? -1 : lines.findIndex((line) => line.includes(first));
  return near === -1
    ? `${base} Read the file again and copy the text exactly.`
    : `${base} Its first line is at line ${near + 1}, but what follows differs. Read from there and copy the text exactly.`;
}

/** Lines that are compared to find a likely place. */
const comparedMax = 2_000_000;

/**
 * Index of the first of `lines` where all of `wanted` follow, the ends of the outer ones left open; -1
 * without, and where it is too much to be looked for.
 */
function windowOf(lines: readonly string[], wanted: readonly string[]): number {
  const last = wanted.length - 1;
  let left = comparedMax;
  return lines.findIndex((_, at) =>
    wanted.every((line, index) => {
      const there = lines[at + index];
      left -= 1;
      if (there === undefined || left < 0) return false;
      if (last === 0) return there.includes(line);
      if (index === 0) return there.endsWith(line);
      return index === last ? there.startsWith(line) : there === line;
    }),
  );
}

function withoutWhitespace(line: string): string {
  return line.replaceAll(/\s+/g, '');
}

function withoutCr(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
