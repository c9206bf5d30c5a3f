/** From frames to bytes, and texts to lines: each leaves something wrong on a terminal. */
import type { Defect } from './defect.ts';

const writer = 'src/screen/writer.ts';
const cells = 'src/screen/cells.ts';
const panes = 'test/unit/screen/writer.test.ts';
const inline = 'test/unit/screen/inline-writer.test.ts';

export const ofTheCells: readonly Defect[] = [
  {
    id: 'screen-uncertain-cell-alone',
    breaks: 'what a terminal has drawn over behind a cluster that is wider to it is not written again',
    file: cells,
    find: 'if (part !== undefined) part.to = after.length;',
    replace: 'if (part !== undefined && part.to > after.length) part.to = after.length;',
    test: panes,
    guarantee: 'screen.writer-disagreeing',
  },
  {
    id: 'screen-rest-of-a-row',
    breaks: 'what a row was longer by stays on the terminal',
    file: writer,
    find: 'if (before.length <= after.length) return;',
    replace: 'if (before.length > 0) return;',
    test: panes,
    guarantee: 'screen.writer-cells',
  },
  {
    id: 'screen-region-floats',
    breaks:
      'the live region goes up as it becomes lower, and a narrower terminal moves a part of it out of reach',
    file: writer,
    find: 'const padding = Array.from({ length: Math.max(0, left) }, (): Row => []);',
    replace: 'const padding = Array.from({ length: Math.min(0, left) }, (): Row => []);',
    test: inline,
    guarantee: 'screen.r07',
  },
  {
    id: 'screen-row-erased-from-its-middle',
    breaks:
      'a row that has become shorter is broken by tmux as if it had not, and moves what is above out of reach',
    file: writer,
    find: 'if (was.length <= row.length) {',
    replace: 'if (was.length <= row.length || at >= 0) {',
    test: inline,
    guarantee: 'screen.r07',
  },
  {
    id: 'screen-region-by-its-old-width',
    breaks: 'rows that the terminal has broken anew are counted as they were',
    file: writer,
    find: 'sum + (isCut ? 1 : Math.max(1, Math.ceil(row.length / columns)))',
    replace: 'sum + (isCut || columns > 0 ? 1 : row.length)',
    test: inline,
    guarantee: 'screen.r07',
  },
  {
    id: 'screen-erased-by-each-frame',
    breaks: 'the screen is erased by every frame: it flickers',
    file: writer,
    find: "if (this.#lines === null || how === 'take' || isOther) {",
    replace: "if (this.#lines === null || how === 'take' || isOther || frame.lines.length > 0) {",
    test: panes,
    guarantee: 'screen.r02',
  },
  {
    id: 'screen-marks-by-the-square',
    breaks: 'a long text of joined characters holds the loop up for minutes',
    file: 'src/screen/clusters.ts',
    find: 'for (const [run] of text.matchAll(runs)) {',
    replace: 'for (const run of [text]) {',
    test: 'test/unit/screen/text.test.ts',
    guarantee: 'screen.text-bounded',
  },
];
