/**
 * Where each key of a TOML text is, which its parser does not say. Pure. Only for a text that the parser has
 * taken: of another one it may say too little, never something that is not there.
 */
import { parse } from 'smol-toml';

export interface Place {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Of keys, and of elements of lists by their number; undefined where nothing of it is written. */
export type PlaceOf = (path: readonly PropertyKey[]) => Place | undefined;

export function keyPlaces(text: string): PlaceOf {
  const found = new Scan(text).places();
  return (path) => {
    const at = found.get(keyOf(path));
    return at === undefined ? undefined : placeIn(text, at);
  };
}

function placeIn(text: string, at: number): Place {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

type Path = readonly PropertyKey[];

function keyOf(path: Path): string {
  return JSON.stringify(path.map((part) => (typeof part === 'symbol' ? '' : part)));
}

const quotedKey = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const bareKey = /[\w-]+/y;
const spaces = /[ \t]*/y;
const blanks = /(?:[ \t\r\n]|#[^\n]*)*/y;
/** A closing mark may have two of its kind before it. */
const longTexts = /"""(?:[^\\]|\\[^])*?"""(?:"{0,2})|'''[^]*?'''(?:'{0,2})/y;
const shortTexts = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
/** Numbers, dates, true and false. */
const otherValue = /[^,\]}#\r\n]*/y;

class Scan {
  readonly #text: string;
  readonly #found = new Map<string, number>();
  /** By the path of an array of tables, the number of its newest one. */
  readonly #newest = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  places(): ReadonlyMap<string, number> {
    let table: Path = [];
    for (let before = -1; this.#at > before;) {
      this.#skip(blanks);
      before = this.#at;
      if (this.#at >= this.#text.length) break;
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#assignment(table);
    }
    return this.#found;
  }

  #header(): Path {
    const isArray = this.#text.startsWith('[[', this.#at);
    this.#at += isArray ? 2 : 1;
    const keys = this.#keys();
    let path: Path = [];
    for (const [index, { name, at }] of keys.entries()) {
      path = [...path, name];
      this.#note(path, at);
      const isNew = isArray && index === keys.length - 1;
      const newest = this.#newest.get(keyOf(path));
      if (!isNew && newest === undefined) continue;
      const number = isNew ? (newest ?? -1) + 1 : (newest ?? 0);
      this.#newest.set(keyOf(path), number);
      path = [...path, number];
      this.#note(path, at);
    }
    this.#at += isArray ? 2 : 1;
    return path;
  }

  #assignment(table: Path): void {
    let path = table;
    for (const { name, at } of this.#keys()) {
      path = [...path, name];
      this.#note(path, at);
    }
    if (this.#text[this.#at] !== '=') return;
    this.#at += 1;
    this.#value(path);
  }

  #keys(): { name: string; at: number }[] {
    const keys: { name: string; at: number }[] = [];
    for (;;) {
      this.#skip(spaces);
      const at = this.#at;
      const quoted = this.#take(quotedKey);
      const name = quoted === null ? this.#take(bareKey) : unquoted(quoted);
      if (name === null) return keys;
      keys.push({ name, at });
      this.#skip(spaces);
      if (this.#text[this.#at] !== '.') return keys;
      this.#at += 1;
    }
  }

  #value(path: Path): void {
    this.#skip(spaces);
    const first = this.#text[this.#at];
    if (first === '[') this.#list(path);
    else if (first === '{') this.#inlineTable(path);
    else if (this.#take(longTexts) === null && this.#take(shortTexts) === null) this.#skip(otherValue);
  }

  #list(path: Path): void {
    this.#at += 1;
    for (let index = 0; this.#goesOn(']'); index += 1) {
      this.#note([...path, index], this.#at);
      this.#value([...path, index]);
      this.#comma();
    }
  }

  #inlineTable(path: Path): void {
    this.#at += 1;
    while (this.#goesOn('}')) {
      this.#assignment(path);
      this.#comma();
    }
  }

  #goesOn(end: string): boolean {
    this.#skip(blanks);
    if (this.#at >= this.#text.length) return false;
    if (this.#text[this.#at] !== end) return true;
    this.#at += 1;
    return false;
  }

  /** What is no comma and no end is passed over: there is always a step forward. */
  #comma(): void {
    this.#skip(blanks);
    const next = this.#text[this.#at];
    if (next !== ']' && next !== '}') this.#at += 1;
  }

  /** The first word for it counts. */
  #note(path: Path, at: number): void {
    const key = keyOf(path);
    if (!this.#found.has(key)) this.#found.set(key, at);
  }

  #skip(pattern: RegExp): void {
    this.#take(pattern);
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const taken = pattern.exec(this.#text)?.[0];
    if (taken === undefined) return null;
    this.#at += taken.length;
    return taken;
  }
}

/** The parser knows what the escapes mean. */
function unquoted(quoted: string): string {
  return Object.keys(parse(`${quoted} = 0`))[0] ?? '';
}
