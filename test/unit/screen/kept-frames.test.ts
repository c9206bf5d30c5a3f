/** What is kept of the frames before is never seen in a frame, and spares the writer what is the same. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffOf } from '../../../src/screen/diff.ts';
import { markdownLines } from '../../../src/screen/markdown.ts';
import type { LiveText } from '../../../src/screen/model/shape.ts';
import { paneFrame } from '../../../src/screen/views/frame.ts';
import { Laid } from '../../../src/screen/views/laid.ts';
import type { View } from '../../../src/screen/views/view.ts';
import { scenes } from './scenes.ts';
import { viewOf } from './shown.ts';

const rich = { markdownLines, diffOf };
const size = { columns: 80, rows: 24 };
const scene = scenes['three-at-work'] ?? {};
const shown = viewOf({ ...scene, rich });
const said =
  'The **users** handler checks the session.\n\n- one\n- two\n\n```\ncode\n\nmore\n```\n\nAnd so on '.repeat(
    6,
  );

function saying(view: View, chars: number): View {
  const live: LiveText = {
    turn: 't',
    step: 1,
    text: said.slice(0, chars),
    textFrom: 0,
    reasoning: '',
    reasoningFrom: 0,
    writes: null,
  };
  const { pod } = view;
  return { ...view, pod: pod === null ? null : { ...pod, live } };
}

/** What may change between two frames. */
const changes: fc.Arbitrary<(view: View) => View> = fc.oneof(
  fc.nat({ max: said.length }).map((chars) => (view: View) => saying(view, chars)),
  fc.nat({ max: 200 }).map((seconds) => (view: View) => ({ ...view, nowMs: shown.nowMs + 1_000 * seconds })),
  fc.string({ maxLength: 90 }).map((text) => (view: View) => ({
    ...view,
    input: { ...view.input, lines: [text.replaceAll(/\s/g, ' ')] },
  })),
  fc.constantFrom(...Object.entries(scenes)).map(([name, other]) => (view: View) => {
    const { tree, pod } = viewOf(other);
    // An entry of a pod never has another text.
    return { ...view, tree, pod: pod === null ? null : { ...pod, instance: `i-of-${name}` } };
  }),
  fc.constantFrom('input', 'tree', 'transcript').map((focus) => (view: View) => ({
    ...view,
    state: { ...view.state, focus },
  })),
  fc.boolean().map((zoomed) => (view: View) => ({ ...view, state: { ...view.state, zoomed } })),
  fc.boolean().map((isLoaded) => (view: View) => ({ ...view, rich: isLoaded ? rich : null })),
  fc.boolean().map((hasKitty) => (view: View) => ({ ...view, hasKitty })),
  fc.integer({ min: -30, max: 30 }).map((by) => (view: View) => ({
    ...view,
    state: { ...view.state, scroll: { at: view.state.scroll?.at ?? null, by } },
  })),
);

describe('what is kept of the frames before', () => {
  it('[screen.kept] a frame is the same as one of a screen that has just been opened, whatever came before', () => {
    const sizes = fc.constantFrom(size, { columns: 160, rows: 50 }, { columns: 60, rows: 12 });
    fc.assert(
      fc.property(fc.array(fc.tuple(changes, sizes), { maxLength: 12 }), (steps) => {
        const laid = new Laid();
        let view: View = { ...shown, laid };
        for (const [change, at] of steps) {
          view = change(view);
          const frame = paneFrame(view, at);
          expect(frame).toEqual(paneFrame({ ...view, laid: new Laid() }, at));
          view = { ...view, state: frame.state };
        }
      }),
      { numRuns: 60 },
    );
  });

  it('[screen.kept] while a pod only speaks, a row that shows the same is the same line, and the state the same state', () => {
    const first = saying(shown, 30);
    const before = paneFrame(first, size);
    const next = { ...saying(shown, 36), state: before.state, input: { ...shown.input } };
    const after = paneFrame(next, size);
    const others = after.lines.flatMap((line, row) => (line === before.lines[row] ? [] : [row]));
    expect(others).toHaveLength(1);
    expect(after.state).toBe(before.state);
  });
});
