/** The bytes of real terminals, cut anywhere. */
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Decoder } from '../../../src/screen/input/decode.ts';
import type { Typed } from '../../../src/screen/input/key.ts';
import { defaultKeymap } from './typed-rig.ts';

interface Rig {
  readonly decoder: Decoder;
  readonly typed: Typed[];
}

function rig(): Rig {
  const typed: Typed[] = [];
  const decoder = new Decoder({
    keymap: defaultKeymap,
    nowMs: () => Date.now(),
    onTyped: (all) => typed.push(...all),
  });
  return { decoder, typed };
}

/** All that came of it, once nothing more is waited for. */
function after(chunks: readonly string[], betweenMs = 0): Typed[] {
  const { decoder, typed } = rig();
  for (const chunk of chunks) {
    decoder.feed(chunk);
    if (betweenMs > 0) vi.advanceTimersByTime(betweenMs);
  }
  vi.advanceTimersByTime(10_000);
  decoder.close();
  return typed;
}

const esc = '\u001B';
const kittyOn = `${esc}[?1u`;

function names(typed: readonly Typed[]): string[] {
  return typed.flatMap((one) => (one.kind === 'key' ? [one.name] : one.kind === 'reply' ? [] : [one.kind]));
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('keys of terminals', () => {
  it.each([
    ['Enter', '\r', 'enter'],
    ['Ctrl+J', '\n', 'ctrl+j'],
    ['Tab', '\t', 'tab'],
    ['Shift+Tab', `${esc}[Z`, 'shift+tab'],
    ['Backspace', '\u007F', 'backspace'],
    ['Backspace of others', '\b', 'backspace'],
    ['Esc', esc, 'escape'],
    ['↑', `${esc}[A`, 'up'],
    ['↓ in application mode', `${esc}OB`, 'down'],
    ['PgUp', `${esc}[5~`, 'pageup'],
    ['PgDn', `${esc}[6~`, 'pagedown'],
    ['Home', `${esc}[H`, 'home'],
    ['Home of tmux and the console', `${esc}[1~`, 'home'],
    ['End', `${esc}[F`, 'end'],
    ['End of tmux and the console', `${esc}[4~`, 'end'],
    ['Ctrl+End', `${esc}[1;5F`, 'ctrl+end'],
    ['Delete', `${esc}[3~`, 'delete'],
    ['Ctrl+C', '\u0003', 'ctrl+c'],
    ['Ctrl+D', '\u0004', 'ctrl+d'],
    ['Ctrl+Z', '\u001A', 'ctrl+z'],
    ['Alt+↑ of xterm and tmux', `${esc}[1;3A`, 'alt+up'],
    ['Alt+↑ of Terminal.app with Option as Meta', `${esc}${esc}[A`, 'alt+up'],
    ['Alt+W', `${esc}w`, 'alt+w'],
    ['Alt+N, which others take for Alt+↓', `${esc}n`, 'alt+n'],
    ['Alt+B, which edits', `${esc}b`, 'alt+b'],
    ['Alt+B of kitty', `${esc}[98;3u`, 'alt+b'],
    ['Alt+1', `${esc}1`, 'alt+1'],
    ['Alt+Enter', `${esc}\r`, 'alt+enter'],
    ['Shift+Enter of modifyOtherKeys', `${esc}[27;2;13~`, 'shift+enter'],
    ['Shift+Enter of kitty', `${esc}[13;2u`, 'shift+enter'],
    ['Esc of kitty', `${esc}[27u`, 'escape'],
    ['Ctrl+C of kitty', `${esc}[99;5u`, 'ctrl+c'],
    ['Ctrl+C of kitty with Num Lock', `${esc}[99;133u`, 'ctrl+c'],
    ['Alt+Y of kitty', `${esc}[121;3u`, 'alt+y'],
    ['Alt+A with Shift, of kitty', `${esc}[97;4u`, 'alt+A'],
    ['Alt+A with Shift, of kitty, otherwise', `${esc}[97:65;4u`, 'alt+A'],
    ['Enter of the number pad of kitty', `${esc}[57414u`, 'enter'],
    ['F5', `${esc}[15~`, 'f5'],
  ])('[screen.key-names] %s', (_, bytes, name) => {
    expect(names(after([bytes]))).toEqual([name]);
    expect(names(after([kittyOn, bytes]))).toEqual([name]);
  });

  it('[screen.key-names] Ctrl and a letter of another layout is the key of its place on the keyboard', () => {
    expect(names(after([`${esc}[1089::99;5u`]))).toEqual(['ctrl+c']);
  });

  it('[screen.key-names] what macOS types with Option is text', () => {
    expect(after(['¥']).map((one) => one.kind === 'key' && one.text)).toEqual(['¥']);
  });

  it('[screen.key-names] a key that is let go, a mouse that is moved, and an answer of the terminal are no keys', () => {
    const all = after([
      `${esc}[97;1:3u`,
      `${esc}[<35;20;5M`,
      `${esc}[?62;4c`,
      `${esc}]11;rgb:0/0/0\u0007`,
      `${esc}P>|tmux${esc}\\`,
    ]);
    expect(all.map(({ kind }) => kind)).toEqual(['reply', 'reply', 'reply']);
    expect(names(after([`${esc}[I`, `${esc}[O`, `${esc}[<64;1;1M`, `${esc}[<65;1;1M`]))).toEqual([
      'window',
      'window',
      'wheel',
      'wheel',
    ]);
  });

  it('[screen.key-names] the answer to the question for the kitty protocol says whether it is active', () => {
    const { decoder } = rig();
    decoder.feed(`${esc}[?0u`);
    expect(decoder.hasKitty).toBe(false);
    decoder.feed(kittyOn);
    expect(decoder.hasKitty).toBe(true);
    decoder.close();
  });
});

describe('Esc', () => {
  it('[screen.alt-esc] two in one read are two', () => {
    expect(names(after([`${esc}${esc}`]))).toEqual(['escape', 'escape']);
    expect(names(after([esc, esc]))).toEqual(['escape', 'escape']);
    expect(names(after([`${esc}${esc}${esc}`]))).toEqual(['escape', 'escape', 'escape']);
  });

  it('[screen.alt-esc] with a character that means nothing with Alt, both come: none is lost', () => {
    expect(names(after([`${esc}y`]))).toEqual(['escape', 'y']);
    expect(names(after([`${esc}A`]))).toEqual(['escape', 'A']);
    expect(names(after([`${esc}hello`]))).toEqual(['escape', 'h', 'e', 'l', 'l', 'o']);
    expect(names(after([esc, 'y'], 5))).toEqual(['escape', 'y']);
  });

  it('[screen.alt-esc] alone it comes by itself, within a tenth of a second', () => {
    const { decoder, typed } = rig();
    decoder.feed(esc);
    expect(typed).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(names(typed)).toEqual(['escape']);
    decoder.close();
  });

  it('[screen.alt-esc] no sequence becomes text, known or not, cut or not', () => {
    const final = fc.constantFrom(...Array.from('ABCDHFPQRSuz~^$@'));
    const parameters = fc.stringMatching(/^[0-9;:]{0,8}$/);
    fc.assert(
      fc.property(parameters, final, fc.nat(9), (middle, end, cut) => {
        // CSI u is how a character may be sent: that is one.
        fc.pre(end !== 'u' && !(end === '~' && middle.startsWith('27;')) && `${middle}${end}` !== '200~');
        const bytes = `${esc}[${middle}${end}`;
        const at = Math.min(bytes.length - 1, cut + 2);
        for (const chunks of [[bytes], [bytes.slice(0, at), bytes.slice(at)]]) {
          expect(after(chunks).filter((one) => one.kind === 'key' && one.text !== null)).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** As `chunks`, cut at these places. */
function cutAt(text: string, places: readonly number[]): string[] {
  const all = [...new Set(places.map((place) => place % (text.length + 1)))].toSorted(
    (one, other) => one - other,
  );
  const edges = [0, ...all, text.length];
  return edges.slice(1).map((to, at) => text.slice(edges[at], to));
}

describe('pastes', () => {
  it('[screen.r12] 100 kB with CRLF, cut at any byte, is one text, exact with LF', () => {
    const line = 'for (const one of all) { \tprint("é – 日本 😀"); }';
    const text = Array.from({ length: 2_200 }, (_, at) => `${at} ${line}`).join('\r\n');
    expect(text.length).toBeGreaterThan(100_000);
    const sent = `${esc}[200~${text}${esc}[201~`;
    const expected = [{ kind: 'paste', text: text.replaceAll('\r\n', '\n') }];
    // Each place within the marks, and some in the text.
    const within = [...Array(8).keys(), ...Array.from({ length: 8 }, (_, at) => sent.length - at)];
    for (const place of within) expect(after(cutAt(sent, [place]))).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(sent.length), { maxLength: 30 }), (places) => {
        expect(after(cutAt(sent, places))).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('[screen.r12] marks that come in pieces, far apart in time, are marks', () => {
    const sent = `${esc}[200~rm -rf x\ry${esc}[201~`;
    for (let place = 1; place < sent.length; place += 1) {
      // `ESC` and `[` alone may be two keys that were typed.
      if (place === 2) continue;
      const all = after(cutAt(sent, [place]), 400);
      // An Esc that came so long before its rest has been taken for the key, which is harmless.
      expect(names(all).filter((name) => name !== 'escape')).toEqual(['paste']);
      expect(all.at(-1)).toEqual({ kind: 'paste', text: 'rm -rf x\ny' });
    }
  });

  it('[screen.r12] what is typed before and behind it is typed; control characters of it are gone', () => {
    const all = after([`a${esc}[200~b\u0007\u009B31m${esc}[31mc${esc}[201~d\r`]);
    expect(all.map((one) => (one.kind === 'key' ? one.name : one.kind === 'paste' ? one.text : ''))).toEqual([
      'a',
      'b31m[31mc',
      'd',
      'enter',
    ]);
  });

  it('[screen.r12] of a terminal without marks, lines that come in one read are one text', () => {
    expect(after(['one\rtwo\rthree'])).toEqual([{ kind: 'paste', text: 'one\ntwo\nthree' }]);
    expect(after(['one\r\ntwo\r\n'])).toEqual([{ kind: 'paste', text: 'one\ntwo\n' }]);
    expect(names(after(['yes\r']))).toEqual(['y', 'e', 's', 'enter']);
  });

  it('[screen.r12] a paste whose end is lost is over when Ctrl+C comes behind a silence', () => {
    const { decoder, typed } = rig();
    decoder.feed(`${esc}[200~half`);
    vi.advanceTimersByTime(2_000);
    decoder.feed('\u0003');
    expect(typed).toEqual([{ kind: 'paste', text: 'half' }, expect.objectContaining({ name: 'ctrl+c' })]);
    decoder.close();
  });

  it('[screen.r13] each character that is typed comes as text, whatever the plane, cut between reads', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
        const printable = text.replaceAll(/[\p{Cc}\p{Cs}\uFDD0]/gu, '');
        const typed = after(Array.from(printable));
        expect(typed.map((one) => (one.kind === 'key' ? one.text : null)).join('')).toBe(printable);
      }),
      { numRuns: 2_000 },
    );
  });
});
