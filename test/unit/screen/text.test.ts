/** Foreign text made fit for a line, and lines made fit for a width. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Line } from '../../../src/screen/line.ts';
import {
  clean,
  cleanLines,
  fit,
  lineWidth,
  visible,
  visibleLines,
  widthOf,
  wrap,
} from '../../../src/screen/text.ts';
import { hostileText, steers } from '../../support/hostile-text.ts';

const textOf = (line: Line) => line.map(({ text }) => text).join('');
const lines = fc.array(
  fc.record({
    text: hostileText.map(clean),
    style: fc.constantFrom({}, { bold: true }, { color: 1 as const }),
  }),
  { maxLength: 5 },
);

describe('text', () => {
  it('[screen.r16] what is cleaned holds nothing that steers, hides or breaks a line', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(clean(text)).not.toMatch(steers);
        for (const line of cleanLines(text)) expect(line).not.toMatch(steers);
        expect(visible(text)).not.toMatch(steers);
        for (const line of visibleLines(text)) expect(line).not.toMatch(steers);
      }),
      { numRuns: Number(process.env.SCREEN_TEXTS ?? 3_000) },
    );
  });

  it.each([
    ['a colour goes whole', '\u001B[31mred\u001B[0m', 'red'],
    ['a title goes whole', 'a\u001B]0;owned\u0007b', 'ab'],
    ['a link keeps its text', '\u001B]8;;http://x\u001B\\text\u001B]8;;\u001B\\', 'text'],
    ['a cut sequence loses its escape', 'a\u001B[', 'a['],
    ['a reordering goes', 'a\u202Eb\u2066c', 'abc'],
    ['an emoji of several keeps its joiners', '👩‍👩‍👧 ❤️', '👩‍👩‍👧 ❤️'],
    ['a joiner that joins nothing goes', ' \u200D\u200D!\uFE0F', ' !'],
    ['marks in a pile are three', 'x\u0301\u0301\u0301\u0301\u0301b', 'x\u0301\u0301\u0301b'],
    ['a letter in parts is one', 'e\u0301 \u1112\u1161\u11AB', 'é 한'],
    ['a mark does not grow onto what is before', '\u0301a', 'a'],
    ['a line end is a blank', 'a\nb\tc', 'a b c'],
    ['half a pair is replaced', 'a\uD800b', 'a\uFFFDb'],
  ])('[screen.r16] %s', (_, text, cleaned) => {
    expect(clean(text)).toBe(cleaned);
  });

  it('[screen.r16] a question shows what would steer as its number', () => {
    expect(visible('rm\u001B[2K\u202E\u00A0x\ty\n')).toBe('rm\\u{1b}[2K\\u{202e}\\u{a0}x\\u{9}y\\u{a}');
    expect(visibleLines(`a\r\nb\tc${' '.repeat(90)}d\n\n\n\n\n\ne`)).toEqual([
      'a\\u{d}',
      'b    c<90 spaces>d',
      '<5 empty lines>',
      'e',
    ]);
  });

  it('[screen.text-tabs] lines are taken apart at every kind of end, tabs go to the next stop', () => {
    expect(cleanLines('a\r\nb\rc\n')).toEqual(['a', 'b', 'c', '']);
    expect(cleanLines('a\tb\t\tc\n漢\td')).toEqual(['a   b       c', '漢  d']);
  });

  it.each([
    ['letters', 'abc', 3],
    ['wide ones', '漢字', 4],
    ['a mark', 'e\u0301', 1],
    ['a family', '👩‍👩‍👧', 2],
    ['a heart in colour', '❤️', 2],
    ['a flag', '🇩🇪', 2],
    ['a skin tone', '👍🏽', 2],
    ['Hangul in parts', '\u1112\u1161\u11AB', 2],
    ['box and arrows', '│→✓▶', 4],
  ])('[screen.text-width] %s take their cells', (_, text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('[screen.text-wrap] no row is wider than asked for, and nothing but blanks is left out', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 2, max: 40 }), (line, columns) => {
        const rows = wrap(line, columns);
        for (const row of rows) expect(lineWidth(row)).toBeLessThanOrEqual(columns);
        const packed = (text: string) => text.replaceAll(' ', '');
        expect(packed(rows.map(textOf).join(''))).toBe(packed(textOf(line)));
      }),
    );
    expect(wrap([{ text: '漢' }], 1)).toEqual([[{ text: '?' }]]);
    expect(wrap([], 10)).toEqual([[]]);
  });

  it.each([
    ['words are kept', 'the quick brown fox', 10, ['the quick', 'brown fox']],
    ['a word that fits no row is cut', 'abcdefghij kl', 4, ['abcd', 'efgh', 'ij', 'kl']],
    ['an indentation is kept', '    abcdef gh', 8, ['    abcd', 'ef gh']],
    ['a break is possible beside wide characters', 'ab漢字漢字', 5, ['ab漢', '字漢', '字']],
    ['blanks at the break go', 'abc    def', 5, ['abc', 'def']],
  ])('[screen.text-wrap] %s', (_, text, columns, rows) => {
    expect(wrap([{ text }], columns).map(textOf)).toEqual(rows);
  });

  it('[screen.text-wrap] styles stay on their words', () => {
    const bold = { bold: true };
    expect(wrap([{ text: 'one ' }, { text: 'two three', style: bold }], 8)).toEqual([
      [{ text: 'one ' }, { text: 'two', style: bold }],
      [{ text: 'three', style: bold }],
    ]);
  });

  it.each(['x\u0301 ', '👩‍👩‍👧', '🇩🇪', 'क्षि', '\u1112\u1161\u11AB', '\u0301', '\u200D', '漢'])(
    '[screen.text-bounded] 100,000 characters of %j take no longer than others',
    (piece) => {
      // Were it to grow with the square of the length it would take minutes: more than a test may.
      const text = piece.repeat(Math.ceil(100_000 / piece.length));
      const rows = wrap([{ text: clean(`a${text}`) }], 80);
      for (const row of rows) expect(lineWidth(row)).toBeLessThanOrEqual(80);
    },
  );

  it('[screen.text-fit] a line is exactly as wide as asked for', () => {
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 40 }), (line, columns) => {
        expect(lineWidth(fit(line, columns))).toBe(columns);
      }),
    );
    expect(textOf(fit([{ text: 'abcdef' }], 4))).toBe('abc…');
    expect(textOf(fit([{ text: '漢字漢' }], 4))).toBe('漢… ');
  });
});
