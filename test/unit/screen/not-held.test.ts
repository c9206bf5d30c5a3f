/** A question about a command that no sandbox holds, on small screens. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paneFrame } from '../../../src/screen/views/frame.ts';
import { inlineLive } from '../../../src/screen/views/inline.ts';
import { childOf, questionOf, rowOf, textOf, viewOf } from './shown.ts';

describe('a question about what nothing holds', () => {
  const leaf = childOf(childOf(rowOf('root'), 'tests'), 'e2e', { questions: 1 });

  it('[screen.not-held] that nothing holds a command is in sight at every size, whatever is long about it', () => {
    const command = Array.from({ length: 40 }, (_, at) => `echo ${at} ${'x'.repeat(90)}`).join('\n');
    const deep = { ...leaf, name: 'n'.repeat(63), path: `${'deep/'.repeat(20)}${'n'.repeat(63)}` };
    const asked = questionOf(deep, { sandbox: 'outside', input: { command }, why: 'why '.repeat(200) });
    const shown = { rows: [deep], questions: [asked] };
    const narrow = fc.record({
      columns: fc.integer({ min: 20, max: 90 }),
      rows: fc.integer({ min: 6, max: 30 }),
    });
    fc.assert(
      fc.property(narrow, fc.nat({ max: 100 }), (at, scroll) => {
        const overlay = { kind: 'question', request: asked.approval.request, scroll } as const;
        const views = [
          viewOf({ ...shown, state: { focus: 'question' } }),
          viewOf({ ...shown, state: { overlay } }),
        ];
        for (const view of views) {
          for (const frame of [
            paneFrame(view, at),
            inlineLive({ ...view, state: { ...view.state, mode: 'inline' } }, at),
          ]) {
            if (frame.question !== null) expect(textOf(frame.lines)).toContain('NOT in a sandbox');
          }
        }
      }),
    );
    const small = paneFrame(viewOf({ ...shown, state: { focus: 'question' } }), { columns: 40, rows: 10 });
    expect(small.question).toEqual({ request: asked.approval.request, isWhole: false });
  });

  it('[screen.not-held] there is no yes while what another key would mean is not shown, and the view of it has all', () => {
    const asked = questionOf(leaf, { sandbox: 'outside', always: 'every command of this project' });
    const shown = { rows: [leaf], questions: [asked] };
    const at = { columns: 40, rows: 10 };
    const cut = paneFrame(viewOf({ ...shown, state: { focus: 'question' } }), at);
    expect(cut.question?.isWhole).toBe(false);
    expect(textOf(cut.lines)).not.toContain('y yes');
    const overlay = { kind: 'question', request: asked.approval.request, scroll: 1_000 } as const;
    const end = paneFrame(viewOf({ ...shown, state: { overlay } }), at);
    expect(end.question?.isWhole).toBe(true);
    expect(textOf(end.lines)).toContain('every command of this');
  });
});
