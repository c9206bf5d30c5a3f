/**
 * What the terminal sends, cut anywhere, becomes keys and pastes. The cutting and the names of keys are
 * pi-tui's; what is different here, and why:
 *
 * Invariants
 * - D1 `ESC ESC` in one read is two Escs.
 * - D2 `ESC` and a character is that character with Alt only where it means something; elsewhere it is Esc
 *   and text: without the kitty protocol nothing tells the two apart. So no Esc, and no character behind one,
 *   is lost.
 * - D3 A paste is one text, wherever it was cut; what comes with line breaks in its midst in one read,
 *   without marks, is one too: nobody types so fast.
 * - D4 No sequence that is not known becomes text.
 */
/* oxlint-disable no-control-regex -- Esc and what it introduces are what is looked for here */
import {
  decodePrintableKey,
  isKeyRelease,
  parseKey,
  setKittyProtocolActive,
} from '@earendil-works/pi-tui/dist/keys.js';
import { StdinBuffer } from '@earendil-works/pi-tui/dist/stdin-buffer.js';
import { altKeysOf, canonicalKey, type Keymap } from '../keymap.ts';
import type { Key, Typed } from './key.ts';

/** A lone Esc is one when nothing has followed it for that long. */
const escMs = 50;
/** Of a sequence that has begun; of the mark of a paste, which no key begins like. */
const restMs = 500;
const markMs = 5_000;
/** A paste whose end does not come is over when Ctrl+C comes alone after such a silence. */
const silentPasteMs = 1_000;

const pasteBegins = '\u001B[200~';
/** Beyond any time that anything waits here: this file decides when to wait no longer. */
const never = 2 ** 30;

export interface DecoderOptions {
  readonly onTyped: (typed: readonly Typed[]) => void;
  /** Says which keys with Alt mean something where Alt cannot be told from Esc. */
  readonly keymap: Keymap;
  readonly nowMs: () => number;
}

export class Decoder {
  readonly #options: DecoderOptions;
  readonly #altKeys: ReadonlySet<string>;
  readonly #buffer = new StdinBuffer({ timeout: never });
  #found: (string | { readonly pasted: string })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #hasKitty = false;
  /** When what was read last ended as a lone Esc that was waited for in vain. */
  #escAtMs = Number.NEGATIVE_INFINITY;
  #isPasting = false;
  #pastingAtMs = 0;

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#altKeys = altKeysOf(options.keymap);
    this.#buffer.on('data', (sequence: string) => this.#found.push(sequence));
    this.#buffer.on('paste', (pasted: string) => {
      this.#isPasting = false;
      this.#found.push({ pasted });
    });
    // One process has one terminal.
    setKittyProtocolActive(false);
  }

  /** The terminal has said that the kitty keyboard protocol is active: Alt is told from Esc. */
  get hasKitty(): boolean {
    return this.#hasKitty;
  }

  feed(chunk: string): void {
    if (chunk === '') return;
    const nowMs = this.#options.nowMs();
    clearTimeout(this.#timer);
    const isLost = this.#isPasting && chunk === '\u0003' && nowMs - this.#pastingAtMs > silentPasteMs;
    const text = isLost ? `\u001B[201~${chunk}` : this.#isLateMark(chunk, nowMs) ? `\u001B${chunk}` : chunk;
    this.#escAtMs = Number.NEGATIVE_INFINITY;
    if (text.lastIndexOf(pasteBegins) > text.lastIndexOf('\u001B[201~')) this.#isPasting = true;
    this.#pastingAtMs = nowMs;
    this.#buffer.process(text);
    this.#emit();
    this.#wait();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#buffer.destroy();
  }

  /** The mark of a paste whose Esc came so long before that it was taken for a key. */
  #isLateMark(chunk: string, nowMs: number): boolean {
    if (nowMs - this.#escAtMs > markMs) return false;
    const mark = pasteBegins.slice(1);
    return chunk.startsWith(mark) || (chunk.length > 1 && mark.startsWith(chunk));
  }

  #wait(): void {
    const rest = this.#buffer.getBuffer();
    if (rest === '') return;
    const isMark = rest.length > 2 && pasteBegins.startsWith(rest);
    this.#timer = setTimeout(
      () => {
        if (rest === '\u001B') this.#escAtMs = this.#options.nowMs();
        this.#found.push(...this.#buffer.flush());
        this.#emit();
      },
      rest === '\u001B' ? escMs : isMark ? markMs : restMs,
    );
  }

  #emit(): void {
    const found = this.#found;
    this.#found = [];
    const typed = isUnmarkedPaste(found) ? [pasted(found.join(''))] : this.#decoded(found);
    const reply = typed.find((one) => one.kind === 'reply' && /^\u001B\[\?[1-9]\d*u$/.test(one.raw));
    if (reply !== undefined && !this.#hasKitty) {
      this.#hasKitty = true;
      setKittyProtocolActive(true);
    }
    if (typed.length > 0) this.#options.onTyped(typed);
  }

  #decoded(found: readonly (string | { readonly pasted: string })[]): Typed[] {
    const typed: Typed[] = [];
    for (let at = 0; at < found.length; at += 1) {
      const one = found[at] ?? '';
      const next = found[at + 1];
      if (typeof one !== 'string') {
        typed.push(pasted(one.pasted));
      } else if (isHigh(one) && typeof next === 'string' && isLow(next)) {
        typed.push(...keysOf(one + next, this.#altKeys));
        at += 1;
      } else if (one === '\u001B' && typeof next === 'string' && /^\u001B\[[A-D]$/.test(next)) {
        // Alt and an arrow, of terminals that put an Esc before what they send for the key.
        typed.push({ kind: 'key', name: `alt+${parseKey(next) ?? ''}`, text: null, raw: one + next });
        at += 1;
      } else {
        typed.push(...keysOf(one, this.#altKeys));
      }
    }
    return typed;
  }
}

function isHigh(text: string): boolean {
  return /^[\uD800-\uDBFF]$/.test(text);
}

function isLow(text: string): boolean {
  return /^[\uDC00-\uDFFF]$/.test(text);
}

/** D3: characters and line breaks, one of which is followed by more. */
function isUnmarkedPaste(found: readonly (string | { readonly pasted: string })[]): found is string[] {
  const isText = (one: unknown): boolean =>
    typeof one === 'string' && one.length === 1 && (one >= ' ' || '\r\n\t'.includes(one)) && one !== '\u007F';
  if (found.length < 3 || !found.every(isText)) return false;
  const breaksAt = found.findIndex((one) => one === '\r' || one === '\n');
  const isLastBreak = found.slice(breaksAt).every((one) => one === '\r' || one === '\n');
  return breaksAt > -1 && !isLastBreak;
}

/** With LF; of control characters only Tab is left. */
function pasted(text: string): Typed {
  // tmux may write a control character in it as a key of CSI u.
  const plain = text.replaceAll(/\u001B\[(\d+);5u/g, (all: string, code: string) => {
    const at = Number(code) % 32;
    return Number(code) > 64 && Number(code) < 123 ? String.fromCharCode(at) : all;
  });
  return {
    kind: 'paste',
    text: plain
      .replaceAll(/\r\n?/g, '\n')
      .replaceAll(/[^\P{Cc}\n\t]/gu, '')
      .toWellFormed(),
  };
}

const single: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'ctrl+j',
  '\t': 'tab',
  '\b': 'backspace',
  '\u007F': 'backspace',
  '\u001B': 'escape',
  '\u001B\r': 'alt+enter',
  '\u001B\n': 'alt+enter',
  '\u001B\u007F': 'alt+backspace',
  '\u001B\b': 'alt+backspace',
  // Of tmux, the console, and rxvt: pi-tui's table of names has not got them.
  '\u001B[1~': 'home',
  '\u001B[7~': 'home',
  '\u001B[4~': 'end',
  '\u001B[8~': 'end',
};

/** What one sequence means; nothing: it is not known, or a key that was let go. */
function keysOf(raw: string, altKeys: ReadonlySet<string>): Typed[] {
  const name = Object.hasOwn(single, raw) ? single[raw] : undefined;
  if (name !== undefined) return [key(name, null, raw)];
  if (raw === '\u001B\u001B') return [key('escape', null, '\u001B'), key('escape', null, '\u001B')];
  const special = beside(raw);
  if (special !== null) return special;
  if (isKeyRelease(raw)) return [];
  const text = raw.startsWith('\u001B') ? textOfCsi(raw) : raw;
  if (text !== null && isPrintable(text)) return [key(text === ' ' ? 'space' : text, text, raw)];
  const [, behind] = /^\u001B(.)$/su.exec(raw) ?? [];
  if (behind !== undefined && isPrintable(behind)) return withEsc(raw, behind, altKeys);
  const parsed = parseKey(raw);
  return parsed === undefined ? [] : [key(named(parsed), null, raw)];
}

/** Keys without a character have numbers of the private use. */
function textOfCsi(raw: string): string | null {
  const text = decodePrintableKey(raw) ?? null;
  return text !== null && /^[\uE000-\uF8FF]$/.test(text) ? null : text;
}

function key(name: string, text: string | null, raw: string): Key {
  return { kind: 'key', name, text, raw };
}

/** D2. */
function withEsc(raw: string, behind: string, altKeys: ReadonlySet<string>): Typed[] {
  const name = `alt+${behind === ' ' ? 'space' : behind}`;
  return altKeys.has(name)
    ? [key(name, null, raw)]
    : [key('escape', null, '\u001B'), key(behind === ' ' ? 'space' : behind, behind, behind)];
}

/** What is no key: the wheel, the window's focus, answers of the terminal. Null: it is one. */
function beside(raw: string): Typed[] | null {
  if (raw === '\u001B[I' || raw === '\u001B[O') return [{ kind: 'window', isFocused: raw.endsWith('I') }];
  const [, button] = /^\u001B\[<(\d+);\d+;\d+[Mm]$/.exec(raw) ?? [];
  if (button === '64' || button === '65') return [{ kind: 'wheel', by: button === '64' ? -1 : 1 }];
  if (button !== undefined || raw.startsWith('\u001B[M')) return [];
  const isReply = /^\u001B(?:\[[?>=]|\[\d+;\d+R$|[\]P_].)/s.test(raw);
  return isReply ? [{ kind: 'reply', raw }] : null;
}

/** As a table has it: `shift+alt+a` is what types an `A` with Alt. */
function named(parsed: string): string {
  const canonical = canonicalKey(parsed);
  const [, before = '', letter = ''] = /^(.*)shift\+([a-z])$/.exec(canonical) ?? [];
  return letter === '' || before.includes('ctrl') ? canonical : before + letter.toUpperCase();
}

function isPrintable(text: string): boolean {
  return /^[^\p{Cc}\p{Cs}\uFDD0]$/u.test(text);
}
