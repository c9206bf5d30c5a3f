/** What is printed once, and the live region below it, judged by what the bytes come to on a terminal. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, Line, Size } from '../../../src/screen/line.ts';
import { InlineWriter, PaneWriter, writerOptions } from '../../../src/screen/writer.ts';
import { CellScreen } from '../../support/cell-screen.ts';
import {
  certainText,
  expectedCaret,
  expectedRow,
  expectedRows,
  framesOf,
  linesOf,
  Xterm,
} from './writer-rig.ts';

const line = (text: string): Line => [{ text }];

const plays = fc.array(
  fc.record({
    printed: fc.array(linesOf(certainText), { maxLength: 3 }),
    live: framesOf(certainText),
    takes: fc.boolean(),
  }),
  { minLength: 1, maxLength: 10 },
);

/** A live region, some rows of which are as wide as the screen, that shows a part of what will be printed. */
function liveAt({ columns, rows }: Size, next: string, height: number): Frame {
  const most = Math.floor(rows / 3);
  const text = Array.from({ length: Math.min(height, most - 2) }, (_, at) =>
    line(`${next} live ${at} `.repeat(at % 2 === 0 ? 20 : 1).slice(0, columns)),
  );
  return {
    lines: [...text, line('─'.repeat(columns)), line('> typed')],
    caret: { row: text.length + 1, column: 7 },
  };
}

const resizes = fc.record({
  first: fc.integer({ min: 60, max: 160 }),
  steps: fc.array(
    fc.record({
      columns: fc.integer({ min: 60, max: 160 }),
      printed: fc.nat(3),
      heights: fc.array(fc.nat(8), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 20, maxLength: 20 },
  ),
});
const rows = 30;

describe('the inline writer', () => {
  it('[screen.writer-inline] [screen.r01] [screen.r11] what was printed stands above the live region, once and in order', () => {
    fc.assert(
      fc.property(
        fc.record({ columns: fc.integer({ min: 2, max: 30 }), rows: fc.integer({ min: 1, max: 8 }) }),
        plays,
        (size, steps) => {
          const writer = new InlineWriter();
          const screen = new CellScreen(size);
          const all: string[] = [];
          let region = 0;
          for (const { printed, live, takes } of steps) {
            screen.write(writer.print(printed, live, size, ...(takes ? (['take'] as const) : [])));
            all.push(...printed.map((one) => bare(one, size.columns)));
            const height = Math.max(1, Math.min(size.rows, live.lines.length));
            const shown = expectedRows(bareFrame(live), { columns: size.columns, rows: height });
            region = Math.max(region - printed.length, height);
            const padding = Array.from({ length: region - height }, () => '');
            const expected = [...all, ...padding, ...shown].join('\n').trimEnd();
            expect(screen.everything().join('\n').trimEnd()).toBe(expected);
            expect(screen.isCursorShown).toBe(live.caret !== null);
            if (live.caret !== null) {
              const place = expectedCaret(live.caret, { columns: size.columns, rows: height });
              expect(screen.cursor.column).toBe(place.column);
              expect(screen.cursorLine).toBe(all.length + padding.length + place.row);
            }
            expect(writer.print([], live, size)).toBe('');
          }
          screen.write(writer.leave([line('.')], size));
          expect(screen.everything().join('\n').trimEnd()).toBe([...all, '.'].join('\n').trimEnd());
          expect(screen.isCursorShown).toBe(true);
          expect(screen.cursor.column).toBe(0);
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each(['all', 'none', 'worn'] as const)(
    '[screen.r07] [screen.r03] 20 resizes: each entry once and in order, and one live region (lines that are too wide: %s)',
    (reflow) => {
      fc.assert(
        fc.property(resizes, ({ first, steps }) => {
          const writer = new InlineWriter({ reflow: reflow === 'worn' ? 'all' : reflow });
          const screen = new CellScreen({ columns: first, rows }, { reflow });
          let count = 0;
          for (const { columns, printed, heights } of steps) {
            screen.resize({ columns, rows });
            const lines = Array.from({ length: printed }, () => line(`#${(count += 1)}# ${'x'.repeat(50)}`));
            for (const [at, height] of heights.entries()) {
              const live = liveAt(screen.size, `#${count + 1}#`, height);
              screen.write(writer.print(at === 0 ? lines : [], live, screen.size));
            }
          }
          screen.write(writer.leave([], screen.size));
          expectEntries(screen.everything(), count);
        }),
        { numRuns: 100 },
      );
    },
  );

  it('[screen.r07] [screen.r03] 20 resizes of xterm.js: each entry once and in order, and nothing of the live region stays', async () => {
    await fc.assert(
      fc.asyncProperty(resizes, async ({ first, steps }) => {
        const writer = new InlineWriter({ reflow: 'butCursor' });
        const xterm = new Xterm({ columns: first, rows });
        let count = 0;
        let size: Size = { columns: first, rows };
        for (const { columns, printed, heights } of steps) {
          size = { columns, rows };
          xterm.resize(size);
          const lines = Array.from({ length: printed }, () => line(`#${(count += 1)}# ${'x'.repeat(50)}`));
          for (const [at, height] of heights.entries()) {
            const live = liveAt(size, `#${count + 1}#`, height);
            await xterm.write(writer.print(at === 0 ? lines : [], live, size));
          }
        }
        await xterm.write(writer.leave([], size));
        expectEntries(xterm.everything(), count);
      }),
      { numRuns: 40 },
    );
  });

  it('[screen.r04] panes and back: what was printed before and after stands once and in order', async () => {
    const size: Size = { columns: 60, rows: 12 };
    const [inline, panes, xterm] = [new InlineWriter(), new PaneWriter(), new Xterm(size)];
    let count = 0;
    const more = (): Line[] => Array.from({ length: 7 }, () => line(`#${(count += 1)}#`));
    await xterm.write(panes.frame({ lines: [line('tree')], caret: null }, size) + panes.leave([]));
    for (let round = 0; round < 3; round += 1) {
      await xterm.write(inline.print(more(), liveAt(size, 'x', 1), size));
      await xterm.write(inline.leave([], size) + panes.frame({ lines: [line('tree')], caret: null }, size));
      expect(xterm.rows().filter((row) => row !== '')).toEqual(['tree']);
      await xterm.write(panes.leave([]));
    }
    expectEntries(xterm.everything(), count);
  });

  it('[screen.r02] [screen.r03] no bytes but newlines move lines, and nothing erases the screen between resizes', () => {
    fc.assert(
      fc.property(plays, (steps) => {
        const writer = new InlineWriter();
        const size: Size = { columns: 20, rows: 6 };
        const sent =
          steps.map(({ printed, live }) => writer.print(printed, live, size)).join('') +
          writer.leave([], size);
        // Scroll regions, index, insert and delete of lines; 3J, 2J.
        // oxlint-disable-next-line no-control-regex -- what the writer must not send
        expect(sent).not.toMatch(/\u001B\[[\d;]*[rLMST]|\u001B[DM]|\u001B\[[23]J/);
        expect(sent.split('\u001B[0J').length - 1).toBeLessThanOrEqual(1);
      }),
    );
  });
});

it.each([
  [{ TERM: 'xterm-256color' }, { color: true, reflow: 'all' }],
  [
    { TERM: 'xterm', XTERM_VERSION: 'XTerm(390)' },
    { color: true, reflow: 'none' },
  ],
  [
    { TERM: 'linux', NO_COLOR: '1' },
    { color: false, reflow: 'none' },
  ],
  [
    { TERM: 'screen', STY: '1.pts' },
    { color: true, reflow: 'none' },
  ],
  [
    { TERM: 'screen-256color', TMUX: '/tmp/x', XTERM_VERSION: 'XTerm(390)' },
    { color: true, reflow: 'all' },
  ],
  [
    { TERM: 'xterm-256color', TERM_PROGRAM: 'vscode' },
    { color: true, reflow: 'butCursor' },
  ],
])('[screen.writer-options] [screen.r17] %o: %o', (environment, options) => {
  expect(writerOptions(environment)).toEqual(options);
});

function bare(spans: Line, columns: number): string {
  return expectedRow(
    spans.map(({ text }) => ({ text })),
    columns,
  )
    .join('')
    .trimEnd();
}

function bareFrame(frame: Frame): Frame {
  return { ...frame, lines: frame.lines.map((spans) => spans.map(({ text }) => ({ text }))) };
}

function expectEntries(everything: readonly string[], count: number): void {
  const text = everything.join('\n');
  const entries = [...text.matchAll(/#(\d+)#/g)].map(([, nth]) => Number(nth));
  expect(entries).toEqual(Array.from({ length: count }, (_, at) => at + 1));
  expect(text).not.toMatch(/live|─|typed/);
}
