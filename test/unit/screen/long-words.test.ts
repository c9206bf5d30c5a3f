/** What is said to a person is there whole, in each mode and size. */
import { expect, it } from 'vitest';
import type { Size } from '../../../src/screen/line.ts';
import { paneFrame } from '../../../src/screen/views/frame.ts';
import { inlineLive } from '../../../src/screen/views/inline.ts';
import { podOf, rowOf, textOf, viewOf } from './shown.ts';

const words =
  'No model is configured. Name one with /model, or in your configuration; podkin models lists them.';
const sizes: readonly Size[] = [
  { columns: 160, rows: 50 },
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
];
const view = (text: string) =>
  viewOf({ rows: [rowOf('root')], pod: podOf('root', []), state: { message: { text, isError: true } } });
const flat = (text: string) => text.replaceAll(/[\s│]+/g, ' ');

for (const size of sizes)
  it(`[screen.long-words] at ${size.columns} × ${size.rows}`, () => {
    for (const frame of [paneFrame(view(words), size), inlineLive(view(words), size)]) {
      expect(flat(textOf(frame.lines))).toContain(words);
      expect(frame.lines.length).toBeLessThanOrEqual(size.rows);
    }
    for (const frame of [paneFrame(view('x '.repeat(1e5)), size), inlineLive(view('x '.repeat(1e5)), size)])
      expect(frame.lines.length).toBeLessThanOrEqual(size.rows);
  });
