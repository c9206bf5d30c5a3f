/**
 * Patterns for paths and names: `*` and `?` inside a component, `**` as a whole one for any number of them,
 * `[a-z]`, `{a,b}`, and a backslash before what is meant as itself. Everything else stands for itself,
 * brackets, newlines and a dot at the beginning too. A name of the very letters of a class (`[slug]`, as
 * folders are called) is meant by it as well.
 *
 * What a model or a repository writes is matched without backtracking: a component in one pass for each of
 * its parts, a path in one pass for each `**`.
 */

type Token = Char | { readonly kind: 'any' } | CharClass;
interface Char {
  readonly kind: 'char';
  readonly char: string;
  /** A bracket that begins a class without an end. */
  readonly isOpen?: true;
}
interface CharClass {
  readonly kind: 'class';
  readonly negated: boolean;
  readonly ranges: readonly (readonly [string, string])[];
}
/** What stands between two stars. */
type Piece = readonly Token[];
/** Any of these; `null`: any number of components. */
type Component = readonly (readonly Piece[])[] | null;

/** Changes a component of pattern or path before they are compared, so that what is alike is equal. */
export type Fold = (name: string) => string;

const globLimits = { chars: 1_000, alternatives: 256, anyDepth: 8, expandedChars: 600_000 } as const;

/** What is wrong with a pattern, as the end of a sentence that begins with it; null when nothing is. */
export function globProblem(pattern: string): string | null {
  if (pattern.length > globLimits.chars)
    return `is longer than ${globLimits.chars} characters: use a shorter one`;
  const plain = alternativesOf(pattern);
  if (plain === null)
    return `stands for more than ${globLimits.alternatives} patterns: use fewer {…,…} in one`;
  const deepest = Math.max(...plain.map((one) => collapsed(one.split('/')).filter(isAnyDepth).length));
  return deepest > globLimits.anyDepth ? `holds ** more than ${globLimits.anyDepth} times: use fewer` : null;
}

/** Whether a path matches. Both relative, or both absolute. A pattern with a problem matches nothing. */
export function compileGlob(pattern: string, fold: Fold = (name) => name): (path: string) => boolean {
  if (globProblem(pattern) !== null) return () => false;
  const compiled = (alternativesOf(pattern) ?? []).map((plain) =>
    collapsed(plain.split('/')).map((component) =>
      isAnyDepth(component) ? null : readings(fold(component)).map(piecesOf),
    ),
  );
  return (path) => {
    const names = path.split('/').map(fold);
    return compiled.some((components) => pathFits(components, names));
  };
}

/** Of a pattern, the components before the first that is not plain, as a path, and the rest. */
export function splitGlob(pattern: string): { base: string; rest: string } {
  const components = pattern.split('/');
  const at = components.findIndex((component) => /[*?[{\\]/.test(component));
  // The last one is looked for, so that a name alone is a pattern too.
  const plain = at === -1 ? components.length - 1 : at;
  const base = components.slice(0, plain).join('/');
  return {
    base: base === '' && pattern.startsWith('/') ? '/' : base,
    rest: components.slice(plain).join('/'),
  };
}

/** The text as a pattern that matches it alone. */
export function escapeGlob(text: string): string {
  return text.replaceAll(/[\\*?[\]{}]/g, '\\$&');
}

/** Of one component: with its classes, and by its letters. */
function readings(component: string): string[] {
  const letters = byItsLetters(component);
  return letters === component ? [component] : [component, letters];
}

/** Brackets that are not meant as themselves yet are now. */
function byItsLetters(component: string): string {
  return component.replaceAll(/\\[\s\S]|[[\]]/g, (sign) => (sign.length === 1 ? `\\${sign}` : sign));
}

/** Components with classes of which every combination is tried. */
const combinedMax = 4;

/**
 * The same for a program that knows classes alone: patterns of which any may match. What that program would
 * refuse (a class without an end, a range that runs backwards) is taken by its letters only.
 */
export function readingsOf(pattern: string): string[] {
  const components = pattern.split('/').map((one) => {
    const [plain = one, ...letters] = readings(one);
    return hasBadClass(plain) ? letters : [plain, ...letters];
  });
  if (components.filter((one) => one.length > 1).length > combinedMax) {
    const pick = (at: 0 | -1) => components.map((one) => one.at(at) ?? '').join('/');
    return [pick(0), pick(-1)];
  }
  const [first = [], ...rest] = components;
  return rest.reduce((done, one) => done.flatMap((path) => one.map((name) => `${path}/${name}`)), first);
}

function hasBadClass(component: string): boolean {
  return piecesOf(component).some((piece) =>
    piece.some((token) =>
      token.kind === 'class'
        ? token.ranges.some(([low, high]) => low > high)
        : token.kind === 'char' && token.isOpen === true,
    ),
  );
}

function isAnyDepth(component: string): boolean {
  return component === '**';
}

/** Two `**` in a row say no more than one. */
function collapsed(components: readonly string[]): string[] {
  return components.filter((one, at) => !(isAnyDepth(one) && components[at - 1] === '**'));
}

function pathFits(components: readonly Component[], names: readonly string[]): boolean {
  // Where in the pattern one may stand after the names so far.
  let places = new Set(reach(components, [0]));
  for (const name of names) {
    const next: number[] = [];
    for (const at of places) {
      const component = components[at];
      if (component === undefined) continue;
      if (component === null) next.push(at);
      else if (component.some((pieces) => nameFits(pieces, name))) next.push(at + 1);
    }
    if (next.length === 0) return false;
    places = new Set(reach(components, next));
  }
  return places.has(components.length);
}

/** With what lies behind a `**` that stands for nothing. */
function reach(components: readonly Component[], places: readonly number[]): number[] {
  return places.flatMap((at) => (components[at] === null ? [at, at + 1] : [at]));
}

/** The leftmost place for each piece is as good as any other. */
function nameFits(pieces: readonly Piece[], name: string): boolean {
  const chars = Array.from(name);
  const [first = [], ...rest] = pieces;
  const last = rest.pop();
  if (!pieceFits(first, chars, 0)) return false;
  if (last === undefined) return chars.length === first.length;
  let from = first.length;
  for (const piece of rest) {
    while (from + piece.length <= chars.length && !pieceFits(piece, chars, from)) from += 1;
    if (from + piece.length > chars.length) return false;
    from += piece.length;
  }
  const end = chars.length - last.length;
  return end >= from && pieceFits(last, chars, end);
}

function pieceFits(piece: Piece, chars: readonly string[], from: number): boolean {
  return piece.every((token, n) => {
    const char = chars[from + n];
    return char !== undefined && tokenFits(token, char);
  });
}

function tokenFits(token: Token, char: string): boolean {
  if (token.kind === 'any') return true;
  if (token.kind === 'char') return token.char === char;
  return token.ranges.some(([low, high]) => low <= char && char <= high) !== token.negated;
}

function piecesOf(component: string): Piece[] {
  const pieces: Token[][] = [[]];
  const chars = Array.from(component);
  const lastEnd = chars.lastIndexOf(']');
  for (let at = 0; at < chars.length; at += 1) {
    const char = chars[at] ?? '';
    const piece = pieces.at(-1) ?? [];
    if (char === '*') {
      pieces.push([]);
    } else if (char === '?') {
      piece.push({ kind: 'any' });
    } else if (char === '[') {
      const inside = chars[at + 1] === '!' || chars[at + 1] === '^' ? at + 3 : at + 2;
      const end = inside > lastEnd ? -1 : chars.indexOf(']', inside);
      if (end === -1) piece.push({ kind: 'char', char, isOpen: true });
      else piece.push(classOf(chars.slice(at + 1, end)));
      at = end === -1 ? at : end;
    } else {
      if (char === '\\' && at + 1 < chars.length) at += 1;
      piece.push({ kind: 'char', char: chars[at] ?? '' });
    }
  }
  return pieces;
}

function classOf(inside: readonly string[]): CharClass {
  const negated = inside[0] === '!' || inside[0] === '^';
  const chars = negated ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const low = chars[at] ?? '';
    const isRange = chars[at + 1] === '-' && at + 2 < chars.length;
    const high = isRange ? (chars[at + 2] ?? '') : low;
    ranges.push([low, high]);
    if (isRange) at += 2;
  }
  return { kind: 'class', negated, ranges };
}

/**
 * As a shell does it: the words that `{a,b}` stands for; null where that are too many, or too much text.
 * Braces without a comma stand for themselves.
 */
export function alternativesOf(pattern: string): string[] | null {
  const done: string[] = [];
  let open = [pattern];
  let chars = 0;
  while (open.length > 0) {
    const next: string[] = [];
    for (const one of open) {
      const choice = firstChoice(one);
      if (choice === null) done.push(one);
      else if (choice.options.length > globLimits.alternatives) return null;
      else
        next.push(
          ...choice.options.map((option) => one.slice(0, choice.from) + option + one.slice(choice.to)),
        );
      chars += one.length;
      if (done.length + next.length > globLimits.alternatives) return null;
    }
    // Each pattern is read again as often as it holds a choice.
    if (chars > globLimits.expandedChars + pattern.length) return null;
    open = next;
  }
  return done;
}

interface Choice {
  readonly from: number;
  readonly to: number;
  readonly options: readonly string[];
}

/** The first pair of braces with a comma directly in it, found in one pass. */
function firstChoice(pattern: string): Choice | null {
  /** Braces that are open, the outer ones first. */
  const open: { from: number; commas: number[] }[] = [];
  let first: { from: number; to: number; commas: readonly number[] } | null = null;
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at];
    if (char === '\\') at += 1;
    else if (char === '{') open.push({ from: at, commas: [] });
    else if (char === ',') open.at(-1)?.commas.push(at);
    else if (char === '}') {
      const pair = open.pop();
      if (pair === undefined || pair.commas.length === 0) continue;
      if (first === null || pair.from < first.from) first = { ...pair, to: at + 1 };
    }
  }
  if (first === null) return null;
  const ends = [first.from, ...first.commas, first.to - 1];
  const options = ends.slice(1).map((end, n) => pattern.slice((ends[n] ?? 0) + 1, end));
  return { from: first.from, to: first.to, options };
}
