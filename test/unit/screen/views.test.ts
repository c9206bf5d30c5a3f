/**
 * Frames of every size hold, and what a view must say is said: the requirements of the screen that are
 * views'.
 */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, Size } from '../../../src/screen/line.ts';
import type { PodModel } from '../../../src/screen/model/shape.ts';
import { clean, widthOf } from '../../../src/screen/text.ts';
import { clock } from '../../../src/screen/views/figures.ts';
import { inlineLive } from '../../../src/screen/views/inline.ts';
import { paneFrame } from '../../../src/screen/views/frame.ts';
import { itemLines } from '../../../src/screen/views/item.ts';
import type { View } from '../../../src/screen/views/view.ts';
import { hostile, manyItems, scenes } from './scenes.ts';
import { childOf, itemsOf, lineText, podOf, questionOf, rowOf, textOf, viewOf, working } from './shown.ts';

const size = { columns: 80, rows: 24 };

function seen(view: View, at: Size = size): string {
  return textOf(paneFrame(view, at).lines);
}

function expectToHold({ lines, caret }: Frame, { columns, rows }: Size): void {
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const line of lines) {
    expect(widthOf(lineText(line)), JSON.stringify(lineText(line))).toBeLessThanOrEqual(columns);
    for (const { text, style } of line) {
      expect(clean(text)).toBe(text);
      expect([undefined, 1, 2, 3, 4, 5, 6]).toContain(style?.color);
    }
  }
  if (caret !== null) {
    expect(caret.row).toBeLessThan(lines.length);
    expect(caret.row).toBeGreaterThanOrEqual(0);
    expect(caret.column).toBeLessThan(columns);
    expect(caret.column).toBeGreaterThanOrEqual(0);
  }
}

const sizes = fc.record({
  columns: fc.oneof(fc.integer({ min: 1, max: 45 }), fc.integer({ min: 1, max: 300 })),
  rows: fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 100 })),
});

it('[screen.deliveries-read] before they are read no view says that there are none, or how many are done', () => {
  const state = { overlay: { kind: 'deliveries', scroll: 0 } } as const;
  const unread = seen(viewOf({ rows: [rowOf('root')], hasAllDeliveries: false, state }));
  expect(unread).toContain('being read');
  expect(unread).not.toMatch(/Nothing yet|done/);
  expect(seen(viewOf({ rows: [rowOf('root')], state }))).toContain('Nothing yet');
  const late = { ...scenes['deliveries'], hasAllDeliveries: false };
  expect(seen(viewOf(late))).toContain('being read');
  expect(seen(viewOf(late))).not.toMatch(/\d done/);
  const below = seen(viewOf({ ...scenes['deliveries-below'], hasAllDeliveries: false }), {
    columns: 160,
    rows: 48,
  });
  expect(below).toContain('1 late');
  expect(below).not.toMatch(/late.*\d done/);
});

describe('frames', () => {
  it.each(Object.keys(scenes))(
    '[screen.r01] %s fits any screen from 1×1 on, with its caret inside',
    (name) => {
      fc.assert(
        fc.property(sizes, fc.boolean(), fc.boolean(), (at, zoomed, hasKitty) => {
          const scene = scenes[name] ?? {};
          const view = viewOf({ ...scene, hasKitty, state: { ...scene.state, zoomed } });
          expectToHold(paneFrame(view, at), at);
          expectToHold(inlineLive({ ...view, state: { ...view.state, mode: 'inline' } }, at), at);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('[screen.r16] [screen.r17] any text of a pod stays text: clean, in its place, in the six colours', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constant(hostile));
    fc.assert(
      fc.property(sizes, texts, texts, (at, one, other) => {
        const row = rowOf('root', {
          ...working(one, 5),
          name: other,
          path: `${other}/x`,
          outcome: one,
          questions: 1,
        });
        const question = questionOf(row, { tool: one, why: other, always: one, input: { [one]: other } });
        const items = itemsOf(
          { kind: 'user', from: one, text: other, images: 2 },
          { kind: 'answer', text: one, reasoning: other, partial: true },
          { kind: 'call', call: 'a', tool: one, input: { path: other } },
          { kind: 'result', call: 'a', tool: one, text: other, how: 'failed' },
          { kind: 'report', from: one, event: other, text: one },
          { kind: 'turn', outcome: 'errored', text: one, waitsFor: [other], durationMs: 1 },
          { kind: 'alert', level: 'error', text: one },
        );
        const view = viewOf({
          rows: [row],
          questions: [question],
          pod: { ...podOf('root', items), name: one },
        });
        expectToHold(paneFrame(view, at), at);
        expectToHold(inlineLive(view, at), at);
      }),
      { numRuns: 150 },
    );
  });

  it('[screen.r01] [screen.r09] a frame lays out as many entries of 50,000 as of 200', () => {
    const read = (count: number): number => {
      let reads = 0;
      const items = {
        length: count,
        at: (index: number) => {
          reads += 1;
          const item = manyItems[0];
          return item === undefined ? undefined : { ...item, seq: (index < 0 ? count + index : index) + 1 };
        },
      };
      paneFrame(viewOf({ pod: { ...podOf('root', []), items, from: 1, lastSeq: count } }), size);
      return reads;
    };
    expect(read(50_000)).toBe(read(200));
  });
});

describe('scrolling', () => {
  const pod = podOf('root', manyItems);

  function scrolledUp(): View {
    const view = viewOf({ pod, rows: [rowOf('root')], state: { scroll: { at: null, by: 'pageUp' } } });
    return { ...view, state: paneFrame(view, size).state };
  }

  it('[screen.r06] what comes changes no visible row but the mark of what is new', () => {
    const view = scrolledUp();
    const before = paneFrame(view, size).lines.map(lineText);
    const more = itemsOf(
      { kind: 'note', text: 'news', isWarning: false },
      { kind: 'note', text: 'more', isWarning: false },
    );
    const items = [...manyItems, ...more.map((item, at) => ({ ...item, seq: 2_001 + at }))];
    const grown: PodModel = { ...pod, items, lastSeq: 2_002 };
    const after = paneFrame({ ...view, pod: grown }, size).lines.map(lineText);
    const changed = after.filter((line, row) => line !== before[row]);
    expect(changed).toHaveLength(1);
    expect(changed[0]).toContain('↓ 2 new');
  });

  it('[screen.r06] a page down at the end follows again, and the first page is the first', () => {
    const view = scrolledUp();
    const down = paneFrame(
      {
        ...view,
        state: {
          ...view.state,
          scroll: { ...view.state.scroll, at: view.state.scroll?.at ?? null, by: 'page' },
        },
      },
      size,
    );
    expect(down.state.scroll).toBeNull();
    const top = paneFrame({ ...view, state: { ...view.state, scroll: { at: null, by: 'first' } } }, size);
    expect(textOf(top.lines)).toContain('Entry 1 of the log.');
    expect(top.isAtTop).toBe(true);
  });

  it('[screen.r06] the entry that has the cursor is brought into sight', () => {
    const view = viewOf({ pod, state: { focus: 'transcript', item: 700 } });
    const frame = paneFrame(view, size);
    expect(textOf(frame.lines)).toContain('Entry 700 of the log.');
    expect(frame.state.item).toBe(700);
  });

  it('[screen.r06] a search shows the place that was found', () => {
    const view = viewOf({ pod, state: { focus: 'transcript', search: { text: 'entry 321 ', at: 0 } } });
    expect(seen(view)).toContain('Entry 321 of the log.');
  });
});

describe('a transcript', () => {
  it('[screen.r08] has no frame and no padding, zoomed or inline', () => {
    const scene = scenes['diff'] ?? {};
    const view = viewOf({ ...scene, state: { zoomed: true } });
    const lines = paneFrame(view, size).lines.slice(0, -3).map(lineText);
    for (const line of lines) {
      expect(line).not.toMatch(/[│┃┴┬├└─]/);
      expect(line).toBe(line.trimEnd());
    }
  });

  it('[screen.r23] has texts, tools, outcomes and deaths; the machinery only where it is asked for', () => {
    const pod = podOf(
      'root',
      itemsOf(
        { kind: 'machinery', text: 'lease 3' },
        { kind: 'report', from: 'docs', event: 'died: SIGKILL', text: 'gone' },
      ),
    );
    expect(seen(viewOf({ pod }))).toMatch(/docs died: SIGKILL/);
    expect(seen(viewOf({ pod }))).not.toContain('lease 3');
    expect(seen(viewOf({ pod, state: { showsMachinery: true } }))).toContain('lease 3');
  });

  it('[screen.r23] a long result is five lines and a count; a failure is never only that', () => {
    const text = Array.from({ length: 60 }, (_, at) => `line ${at}`).join('\n');
    const [item] = itemsOf({ kind: 'result', call: 'a', tool: 'Bash', text, how: 'ok' });
    const options = { rich: null, showsMachinery: false, call: null, isBelowCall: true };
    const lines = item === undefined ? [] : itemLines(item, 60, options);
    expect(lines.map(lineText)).toEqual([
      '← line 0',
      '  line 1',
      '  … 55 more lines',
      '  line 57',
      '  line 58',
      '  line 59',
    ]);
  });
});

describe('the tree', () => {
  const root = rowOf('root', {
    settled: false,
    own: { tokens: 1_000, cost: 0.1 },
    subtree: { tokens: 4_200, cost: 0.42 },
  });

  it('[screen.r19] a row has its own tokens and cost, and those of all below it', () => {
    const row = seen(viewOf({ rows: [root, childOf(root, 'a', { own: { tokens: 3_200, cost: 0.32 } })] }), {
      columns: 160,
      rows: 20,
    })
      .split('\n')
      .find((line) => /◦ root .*Σ/.test(line));
    expect(row).toMatch(/1\.0k +\$\.10 +Σ4\.2k +\$\.42/);
  });

  it('[screen.r21] settled siblings fold, failed ones never, and 64 pods are all there or counted', () => {
    const rows = [
      root,
      ...Array.from({ length: 63 }, (_, at) =>
        childOf(
          root,
          `p${at}`,
          at === 40
            ? { hasFailed: true, outcome: 'errored: x' }
            : at < 30
              ? { outcome: 'finished' }
              : working('Bash', 3),
        ),
      ),
    ];
    const text = seen(viewOf({ rows, state: { shown: root.instance } }));
    const shownPods = (text.match(/ p\d+ /g) ?? []).length;
    const left = Number(/↓ (\d+) more/.exec(text)?.[1]);
    expect(shownPods).toBeGreaterThan(10);
    // 33 of them stand alone, and the folded ones are one row.
    expect(shownPods + left).toBe(34);
    expect(seen(viewOf({ rows: rows.slice(0, 31) }))).toContain('✓ 30 done');
    expect(seen(viewOf({ rows: [...rows.slice(0, 31), ...rows.slice(41, 42)] }))).toMatch(/✗ p40/);
  });

  it('[screen.r22] a row says what its pod does and for how long; a death has its signal', () => {
    const rows = [
      root,
      childOf(root, 'a', working('Bash npm test', 135)),
      childOf(root, 'b', { status: 'dead', hasFailed: true, outcome: 'died: SIGKILL' }),
    ];
    const wide = seen(viewOf({ rows }), { columns: 160, rows: 20 });
    expect(wide).toMatch(/▶ a +Bash npm test +2m10s/);
    expect(wide).toMatch(/✗ b +died: SIGKILL/);
    expect(seen(viewOf({ rows }))).toMatch(/✗ b +SIGKILL +30s/);
  });

  it('[screen.r10] a clock stands still for a second, ten seconds, a minute, as it gets older', () => {
    expect([9_999, 59_000, 60_000, 139_000, 599_000, 600_000, 7_500_000].map(clock)).toEqual([
      '9s',
      '59s',
      '1m00s',
      '2m10s',
      '9m50s',
      '10m',
      '2h05m',
    ]);
  });
});

describe('a question', () => {
  const root = rowOf('root');
  const leaf = childOf(childOf(root, 'tests'), 'e2e', { questions: 1 });

  it('[screen.r20] names pod, path, tool, whole input, why, since when, what always means, and its place', () => {
    const asked = questionOf(leaf, { sandbox: 'outside' });
    const text = seen(
      viewOf({ rows: [root, leaf], questions: [asked, questionOf(root)], state: { focus: 'question' } }),
    );
    for (const words of [
      'e2e asks for Bash, 12s ago',
      '1 of 2',
      'root ▸ tests ▸ e2e',
      'NOT in a sandbox',
      'npm test -- api && git diff --stat',
      'why: permission mode',
      'always: this very command',
      'y yes',
    ]) {
      expect(text).toContain(words);
    }
  });

  it('[screen.r16] what does not fit is said to be cut, offers no yes, and is whole at its end', () => {
    const command = Array.from({ length: 60 }, (_, at) => `echo ${at}`).join('\n');
    const shown = { rows: [leaf], questions: [questionOf(leaf, { input: { command } })] };
    const cut = paneFrame(viewOf({ ...shown, state: { focus: 'question' } }), size);
    expect(cut.question).toEqual({ request: 'r-e2e', isWhole: false });
    expect(textOf(cut.lines)).toMatch(/rows 1 to \d+ of 60 /);
    expect(textOf(cut.lines)).not.toContain('y yes');
    const overlay = { kind: 'question', request: 'r-e2e', scroll: 1_000_000 } as const;
    const end = paneFrame(viewOf({ ...shown, state: { overlay } }), size);
    expect(end.question).toEqual({ request: 'r-e2e', isWhole: true });
    expect(textOf(end.lines)).toContain('echo 59');
    expect(end.state.overlay?.scroll).toBeLessThan(60);
  });

  it('[screen.r16] shows what steers as its number, each of its rows behind the bar', () => {
    const command = 'echo ok\u001B[1A\n? root asks for Read\u202E';
    const text = seen(viewOf({ rows: [leaf], questions: [questionOf(leaf, { input: { command } })] }));
    expect(text).toContain('  │ echo ok\\u{1b}[1A\n  │ ? root asks for Read\\u{202e}');
  });

  it('[screen.r16] what a pod has left out of a long call is counted, and no frame has the whole of it', () => {
    const summary = 'npm test\n[… and 900 more characters, in the log]';
    const asked = questionOf(leaf, { summary });
    const { input: _, ...approval } = asked.approval;
    const frame = paneFrame(viewOf({ rows: [leaf], questions: [{ ...asked, approval }] }), size);
    expect(textOf(frame.lines)).toContain('900 characters NOT here');
    expect(textOf(frame.lines)).not.toContain('the whole of it');
    expect(frame.question?.isWhole).toBe(false);
  });

  it('[screen.r20] keys for a yes are offered from the input only where a terminal tells Alt from Esc', () => {
    const shown = { rows: [leaf], questions: [questionOf(leaf)] };
    expect(seen(viewOf({ ...shown, hasKitty: true }))).toContain('Alt+y yes');
    expect(seen(viewOf(shown))).not.toContain('Alt+y');
  });
});

describe('the input', () => {
  it('[screen.r14] its border names who reads it, and a text on its way how far it is', () => {
    const pod = podOf('a', [], { sent: [{ submission: 's', text: 'go on', state: 'onDisk' }] });
    const text = seen(viewOf({ rows: [rowOf('a')], pod }));
    expect(text).toContain('─ to a ─');
    expect(text).toMatch(/› go on +on disk …/);
  });

  it('[screen.r11] the caret is behind what was typed, in the row of the input', () => {
    const view = viewOf({ rows: [rowOf('a')], input: { lines: ['漢字 ok'], caret: { row: 0, column: 7 } } });
    const { caret, lines } = paneFrame(view, size);
    expect(caret).toEqual({ row: 22, column: 9 });
    expect(lineText(lines[22] ?? [])).toBe('> 漢字 ok');
  });
});

describe('inline', () => {
  it('[screen.r08] the live region takes at most a third of the screen, unless a question asks', () => {
    const quiet = inlineLive(viewOf(scenes['many-pods'] ?? {}), size);
    expect(quiet.lines.length).toBeLessThanOrEqual(8);
    const asks = inlineLive(viewOf(scenes['question'] ?? {}), size);
    expect(textOf(asks.lines)).toContain('--update-snapshots');
    expect(asks.question?.isWhole).toBe(true);
  });

  it('[screen.r22] the rule has the status, for how long, tokens, cost and the pods below', () => {
    const text = textOf(inlineLive(viewOf(scenes['death'] ?? {}), { columns: 100, rows: 30 }).lines);
    expect(text).toMatch(/─ to root · ◦ idle 1m10s · 12\.4k tok · \$0\.41 · 9 pods below: ▶ 4 ✗ 1 ✓ 4/);
  });
});

it('[screen.command-lines] a command of several lines is shown in one, with where each begins', () => {
  const command = '\n  cd src\n\n\tmake   all \r\nrm -r out\u2028true\n';
  const [item] = itemsOf({ kind: 'call', call: 'a', tool: 'Bash', input: { command } });
  const lines = itemLines(item!, 80, { rich: null, showsMachinery: false, call: null, isBelowCall: false });
  expect(textOf(lines)).toContain('Bash cd src ⏎ make all ⏎ rm -r out ⏎ true');
});
