/** From frames to bytes, judged by what the bytes come to on a terminal. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clustersOf } from '../../../src/screen/clusters.ts';
import type { Frame, Line, Size } from '../../../src/screen/line.ts';
import { clean } from '../../../src/screen/text.ts';
import { PaneWriter } from '../../../src/screen/writer.ts';
import { CellScreen } from '../../support/cell-screen.ts';
import { hostileText } from '../../support/hostile-text.ts';
import {
  certainText,
  expectedCaret,
  expectedRow,
  expectedRows,
  framesOf,
  sizes,
  Xterm,
} from './writer-rig.ts';

const size: Size = { columns: 40, rows: 6 };
const line = (text: string): Line => [{ text }];
const frameOf = (...texts: string[]): Frame => ({ lines: texts.map(line), caret: { row: 0, column: 0 } });

const taking = (takes: boolean) => (takes ? (['take'] as const) : []);

const steps = (text: fc.Arbitrary<string>) =>
  fc.array(fc.record({ frame: framesOf(text), size: fc.option(sizes), takes: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  });

describe('the pane writer', () => {
  it('[screen.writer-cells] [screen.r01] [screen.r11] what is on the terminal is the last frame, caret and all, also after resizes', () => {
    fc.assert(
      fc.property(sizes, steps(certainText), (first, plays) => {
        const writer = new PaneWriter();
        const screen = new CellScreen(first);
        for (const { frame, size, takes } of plays) {
          if (size !== null) screen.resize(size);
          screen.write(writer.frame(frame, screen.size, ...taking(takes || size !== null)));
          expect(screen.rows({ pens: true })).toEqual(expectedRows(frame, screen.size));
          expect(screen.isCursorShown).toBe(frame.caret !== null);
          if (frame.caret !== null) expect(screen.cursor).toEqual(expectedCaret(frame.caret, screen.size));
          expect(writer.frame(frame, screen.size)).toBe('');
        }
        screen.write(writer.leave([line('.')]));
        expect(screen.everything().filter((row) => row !== '')).toEqual(['.']);
        expect(
          [screen.isCursorShown, ...screen.modes].filter((mode) => mode !== '?25' && mode !== '?7'),
        ).toEqual([true]);
      }),
      { numRuns: 300 },
    );
  });

  it('[screen.writer-disagreeing] where terminals disagree on a width, all other cells are as they should be', () => {
    const width = fc.func(fc.constantFrom(1, 2, 3, 4));
    fc.assert(
      fc.property(
        sizes,
        steps(fc.oneof(hostileText.map(clean), certainText)),
        width,
        (first, plays, widthOf) => {
          const writer = new PaneWriter();
          const screen = new CellScreen(first, { widthOf });
          for (const { frame, size } of plays) {
            if (size !== null) screen.resize(size);
            screen.write(writer.frame(frame, screen.size, ...taking(size !== null)));
            for (const [row, of] of frame.lines.slice(0, screen.size.rows).entries()) {
              const cells = expectedRow(of, screen.size.columns);
              for (const [column, cell] of cells.entries()) {
                if (isNearUncertain(cells, column)) continue;
                expect(screen.cellAt({ row, column })).toBe(cell);
              }
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[screen.writer-cells] xterm.js shows the same', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, steps(certainText), async (first, plays) => {
        const writer = new PaneWriter();
        const xterm = new Xterm(first);
        let now = first;
        for (const { frame, size } of plays) {
          if (size !== null) xterm.resize((now = size));
          await xterm.write(writer.frame(frame, now, ...taking(size !== null)));
          const bare: Frame = {
            ...frame,
            lines: frame.lines.map((spans) => spans.map(({ text }) => ({ text }))),
          };
          expect(xterm.rows().map((row) => row.trimEnd())).toEqual(expectedRows(bare, now));
          if (frame.caret !== null) expect(xterm.cursor).toEqual(expectedCaret(frame.caret, now));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('[screen.r16] nothing of a text that steers comes out, whatever the view has left in', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (one, other) => {
        const writer = new PaneWriter();
        const bytes = writer.frame(frameOf(one, other), size) + writer.frame(frameOf(other, one), size);
        expect(bytes.replaceAll(ours, '')).not.toMatch(foreign);
      }),
      { numRuns: Number(process.env.SCREEN_TEXTS ?? 3_000) },
    );
  });

  it('[screen.r01] a frame of more lines than the terminal, and of wider ones, is cut', () => {
    const many = Array.from({ length: 500 }, (_, at) => `${at} ${'x'.repeat(500)}`);
    const screen = new CellScreen(size);
    screen.write(new PaneWriter().frame(frameOf(...many), size));
    expect(screen.rows()).toEqual(many.slice(0, 6).map((text) => text.slice(0, 40)));
  });

  it('[screen.r02] the screen is erased by the frame that takes it, and by no other', () => {
    const writer = new PaneWriter();
    const erases = (bytes: string) => bytes.includes('\u001B[2J');
    expect(erases(writer.frame(frameOf('a'), size))).toBe(true);
    expect(erases(writer.frame(frameOf('b', 'c'), size))).toBe(false);
    expect(erases(writer.frame(frameOf('b'), { ...size, columns: 41 }))).toBe(true);
    expect(erases(writer.frame(frameOf(), { ...size, columns: 41 }))).toBe(false);
    expect(erases(writer.frame(frameOf('b'), { ...size, columns: 41 }, 'take'))).toBe(true);
    expect(erases(writer.leave([]))).toBe(false);
    expect(erases(writer.frame(frameOf('b'), size))).toBe(true);
  });

  it('[screen.r17] styles are bold, dim, underline, inverse and 1 to 6; without colour the rest stays', () => {
    const styled: Frame = {
      lines: [
        [
          { text: 'a', style: { bold: true, color: 3 } },
          { text: 'b', style: { inverse: true } },
          { text: 'c' },
        ],
      ],
      caret: null,
    };
    expect(new PaneWriter().frame(styled, size)).toContain('\u001B[1;33ma\u001B[;7mb\u001B[mc');
    expect(new PaneWriter({ color: false }).frame(styled, size)).toContain('\u001B[1ma\u001B[;7mb\u001B[mc');
  });

  it('[screen.writer-bytes] a delta costs at most 1.3 times what it costs by hand', () => {
    const big: Size = { columns: 100, rows: 30 };
    const writer = new PaneWriter();
    const words = Array.from({ length: 60 }, (_, at) => ` word${at}`);
    const frameAt = (count: number): Frame => {
      const rows: string[] = [''];
      for (const word of words.slice(0, count)) {
        if ((rows.at(-1) ?? '').length + word.length > 70) rows.push('');
        rows.push(`${rows.pop() ?? ''}${word}`);
      }
      const lines = Array.from({ length: 29 }, (_, at) => `${`pod-${at}`.padEnd(28)}│ ${rows[at] ?? ''}`);
      return { lines: [...lines, '> '].map(line), caret: { row: 29, column: 2 } };
    };
    let sent = writer.frame(frameAt(0), big).length * 0;
    let byHand = 0;
    for (let count = 1; count <= words.length; count += 1) {
      sent += writer.frame(frameAt(count), big).length;
      // Synchronized, addressed, the word, the caret back.
      byHand += 8 + 8 + (words[count - 1] ?? '').length + 7 + 8;
    }
    expect(sent / byHand).toBeLessThanOrEqual(1.3);
  });
});

// oxlint-disable-next-line no-control-regex -- what the writer itself sends
const ours = /\u001B\[[0-9;?<>]*[A-Za-z]|\r|\n/g;
const foreign = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\u{E0000}-\u{E007F}]/u;

/** That cell, or one of the four before it, which may be drawn over it: then nothing is known. */
function isNearUncertain(cells: readonly string[], column: number): boolean {
  // It is drawn over by what is behind it; only itself, and its second half, are as the terminal has them.
  const own = cells.slice(Math.max(0, column - 1), column + 2).join('');
  return clustersOf(own.replaceAll(/<[\d;]*>/g, '')).some(({ isCertain }) => !isCertain);
}
