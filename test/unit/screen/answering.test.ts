/** When a key answers a question, and which. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { act } from '../../../src/screen/actions.ts';
import { answerTyped, readMs, shownQuestion, unanswered, withDrawn } from '../../../src/screen/answering.ts';
import type { Acted } from '../../../src/screen/actions.ts';
import type { TreeModel } from '../../../src/screen/model/shape.ts';
import type { ScreenState } from '../../../src/screen/state.ts';
import { known, press, question, row, stateOf, tree } from './typed-rig.ts';

const rows = [row('root', { status: 'running' })];
const one = tree(rows, [question('q1')]);
const two = tree(rows, [question('q1'), question('q2')]);

/** Drawn at 0 with the focus, whole where it is said. */
function drawn(of: Partial<ScreenState> = {}, isWhole = true): ScreenState {
  return withDrawn(stateOf({ focus: 'question', ...of }), { request: 'q1', isWhole }, 0);
}

function pressAt(state: ScreenState, name: string, nowMs: number, model: TreeModel = one): Acted {
  return press(state, name, { tree: model, nowMs });
}

describe('an answer', () => {
  it('[mcp.form] a form is filled in by a line behind y, or declined', () => {
    const field = { kind: 'text' as const, about: '', required: true };
    const asks = (...names: string[]) => {
      const q1 = question('q1');
      const form = { message: 'Where to?', fields: names.map((name) => ({ ...field, name })) };
      return tree(rows, [{ ...q1, approval: { ...q1.approval, form } }]);
    };
    const typed = (model: TreeModel, text: string) => {
      const { state, effects } = pressAt(drawn(), 'y', readMs, model);
      expect(effects).toEqual([]);
      if (state.prompt?.kind !== 'form') throw new Error('nothing is asked');
      return answerTyped(state, model, { ...state.prompt, text }).effects;
    };
    const answer = (content: object) => [{ kind: 'answer', request: 'q1', decision: 'allow', content }];
    expect(typed(asks('city'), 'a=b; c')).toEqual(answer({ city: 'a=b; c' }));
    expect(typed(asks('city', 'day'), 'city=Rome; day=one')).toEqual(answer({ city: 'Rome', day: 'one' }));
    expect(typed(asks('city', 'day'), 'city=Rome')).toEqual([]);
    for (const key of ['A', 'p']) expect(pressAt(drawn(), key, readMs, asks('city')).effects).toEqual([]);
    expect(pressAt(drawn(), 'n', readMs, asks('city')).effects).toHaveLength(1);
    expect(pressAt(drawn(), 'y', readMs, asks()).effects).toHaveLength(1);
  });

  it.each([
    ['y', 'allow'],
    ['n', 'deny'],
    ['A', 'allowAlways'],
  ])('[screen.answers] %s answers %s, once it has been drawn and focused for 400 ms', (key, decision) => {
    expect(pressAt(drawn(), key, readMs - 1).effects).toEqual([]);
    expect(pressAt(drawn(), key, readMs).effects).toEqual([{ kind: 'answer', request: 'q1', decision }]);
  });

  it('[screen.answers] what no frame has had is not answered, nor what has only got the focus', () => {
    expect(pressAt(stateOf({ focus: 'question' }), 'n', 10_000).effects).toEqual([]);
    const unfocused = withDrawn(stateOf(), { request: 'q1', isWhole: true }, 0);
    const focused = { ...unfocused, focus: 'question' as const };
    expect(pressAt(focused, 'y', 10_000).effects).toEqual([]);
    const seen = withDrawn(focused, { request: 'q1', isWhole: true }, 10_000);
    expect(pressAt(seen, 'y', 10_000 + readMs).effects).toHaveLength(1);
  });

  it('[screen.answers] there is a no, and no yes, to what has not been shown whole', () => {
    const cut = drawn({}, false);
    expect(pressAt(cut, 'y', 5_000)).toMatchObject({
      effects: [],
      state: { message: { text: expect.stringContaining('v shows the whole') } },
    });
    expect(pressAt(cut, 'A', 5_000).effects).toEqual([]);
    expect(pressAt(cut, 'p', 5_000).effects).toEqual([]);
    expect(pressAt(cut, 'n', 5_000).effects).toHaveLength(1);
    const whole = withDrawn(cut, { request: 'q1', isWhole: true }, 5_000);
    expect(pressAt(whole, 'y', 5_000 + readMs - 1).effects).toEqual([]);
    const part = withDrawn(whole, { request: 'q1', isWhole: false }, 5_300);
    expect(pressAt(part, 'y', 5_000 + readMs).effects).toHaveLength(1);
  });

  it('[screen.answers] a key that is held down never answers', () => {
    let state = drawn();
    for (let nowMs = 0; nowMs < 5_000; nowMs += 33) {
      const { state: after, effects } = pressAt(state, 'y', nowMs);
      expect(effects).toEqual([]);
      state = withDrawn(after, { request: 'q1', isWhole: true }, nowMs);
    }
  });

  it('[screen.answers] from the input Alt+N answers no, Alt+Y only where Alt is told from Esc', () => {
    const state = withDrawn(stateOf(), { request: 'q1', isWhole: true }, 0);
    expect(pressAt(state, 'alt+n', readMs - 1).effects).toEqual([]);
    expect(pressAt(state, 'alt+n', readMs).effects).toEqual([
      { kind: 'answer', request: 'q1', decision: 'deny' },
    ]);
    expect(pressAt(state, 'alt+y', 9_000)).toEqual({ state, effects: [] });
    const allow = act(state, { kind: 'answer', with: 'allow' }, known({ tree: one, nowMs: readMs }));
    expect(allow.effects).toEqual([{ kind: 'answer', request: 'q1', decision: 'allow' }]);
  });

  it('[screen.answers] N asks for the reason first; one that was closed meanwhile is not answered', () => {
    const asked = pressAt(drawn(), 'N', readMs).state;
    expect(asked.prompt).toMatchObject({ kind: 'reason', request: 'q1' });
    const typed = ['u', 's', 'e', 'space', 'x'].reduce((state, key) => pressAt(state, key, 600).state, asked);
    expect(pressAt(typed, 'enter', 700).effects).toEqual([
      { kind: 'answer', request: 'q1', decision: 'deny', reason: 'use x' },
    ]);
    expect(pressAt(typed, 'escape', 700)).toMatchObject({ effects: [], state: { prompt: null } });
    const closed = pressAt(typed, 'enter', 700, tree(rows, [question('q2')]));
    expect(closed).toMatchObject({
      effects: [],
      state: { prompt: null, message: { text: expect.stringContaining('not open any more') } },
    });
  });

  it('[screen.answers] p answers by a rule that is typed, and then for how long it holds', () => {
    expect(pressAt(drawn(), 'p', readMs).effects).toEqual([{ kind: 'rule', request: 'q1', text: null }]);
    const prompt = { kind: 'rule' as const, request: 'q1', label: '', text: 'Bash(npm test:*)' };
    const typed = answerTyped(drawn({ prompt }), one, prompt);
    expect(typed.effects).toEqual([{ kind: 'rule', request: 'q1', text: 'Bash(npm test:*)' }]);
    for (const [text, save] of [
      ['', false],
      ['S', true],
    ] as const) {
      const done = answerTyped(typed.state, one, { kind: 'ruleFor', request: 'q1', label: '', text });
      expect(done.effects).toEqual([
        { kind: 'answer', request: 'q1', decision: 'allow', rule: { text: 'Bash(npm test:*)', save } },
      ]);
    }
    expect(
      answerTyped(typed.state, one, { kind: 'ruleFor', request: 'q1', label: '', text: 'no' }).effects,
    ).toEqual([]);
    expect(
      answerTyped(drawn(), one, { kind: 'ruleFor', request: 'q1', label: '', text: '' }).effects,
    ).toEqual([]);
    const other = tree(rows, [question('q1', { tool: 'Write' })]);
    expect(pressAt(drawn(), 'p', readMs, other).effects).toEqual([]);
  });

  it('[screen.answers] w lets it write what it asks for, where it offers that', () => {
    expect(pressAt(drawn(), 'w', readMs).effects).toEqual([]);
    const offering = tree(rows, [question('q1', { offers: { write: '/x' } })]);
    expect(pressAt(drawn(), 'w', readMs, offering).effects).toEqual([
      { kind: 'answer', request: 'q1', decision: 'allow', write: true },
    ]);
  });

  it('[screen.answers] in a view of something else no key answers', () => {
    const state = { ...drawn(), overlay: { kind: 'help' as const, scroll: 0 } };
    for (const key of ['y', 'n', 'A', 'N']) expect(pressAt(state, key, 5_000).effects).toEqual([]);
  });
});

describe('several questions', () => {
  it('[screen.r20] an answer names the one that was read; the next has to be read first, in its place', () => {
    const first = pressAt(drawn(), 'y', 1_000, two);
    expect(first.effects).toEqual([{ kind: 'answer', request: 'q1', decision: 'allow' }]);
    expect(shownQuestion(two, first.state)?.approval.request).toBe('q2');
    expect(first.state.focus).toBe('question');
    expect(pressAt(first.state, 'y', 9_000, two).effects).toEqual([]);
    const shown = withDrawn(first.state, { request: 'q2', isWhole: true }, 9_000);
    expect(pressAt(shown, 'y', 9_000 + readMs - 1, two).effects).toEqual([]);
    const last = pressAt(shown, 'y', 9_000 + readMs, two);
    expect(last.effects).toEqual([{ kind: 'answer', request: 'q2', decision: 'allow' }]);
    expect(last.state.focus).toBe('input');
  });

  it('[screen.r20] one that takes the place of another is not answered by a key that was for the other', () => {
    const state = drawn();
    const closed = tree(rows, [question('q2')]);
    expect(pressAt(state, 'y', 5_000, closed).effects).toEqual([]);
  });

  it('[screen.r20] whatever is pressed, drawn, opened and closed: an answer is for what has been on the screen for 400 ms', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('key' as const),
        name: fc.constantFrom('y', 'n', 'A', 'v', 'j', 'k', 'alt+n', 'escape', 'alt+w', 'a'),
      }),
      fc.record({ kind: fc.constant('open' as const) }),
      fc.record({ kind: fc.constant('close' as const) }),
      fc.record({ kind: fc.constant('draw' as const), isWhole: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(600)), { minLength: 5, maxLength: 60 }), (steps) => {
        let [state, model, nowMs, count] = [stateOf({ focus: 'question' }), tree(rows), 0, 0];
        const onScreen = new Map<string, number>();
        const answered = new Set<string>();
        for (const [next, laterMs] of steps) {
          nowMs += laterMs;
          if (next.kind === 'open') model = tree(rows, [...model.questions, question(`q${(count += 1)}`)]);
          if (next.kind === 'close') model = tree(rows, model.questions.slice(1));
          if (next.kind === 'draw') {
            const request = shownQuestion(model, state)?.approval.request;
            for (const one of onScreen.keys()) if (one !== request) onScreen.delete(one);
            if (request !== undefined && !onScreen.has(request)) onScreen.set(request, nowMs);
            state = withDrawn(
              state,
              request === undefined ? null : { request, isWhole: next.isWhole },
              nowMs,
            );
          }
          if (next.kind !== 'key') continue;
          const acted = pressAt(state, next.name, nowMs, model);
          state = acted.state;
          for (const effect of acted.effects) {
            if (effect.kind !== 'answer') continue;
            expect(answered.has(effect.request)).toBe(false);
            expect(model.questions.map(({ approval }) => approval.request)).toContain(effect.request);
            expect(nowMs - (onScreen.get(effect.request) ?? nowMs)).toBeGreaterThanOrEqual(readMs);
            answered.add(effect.request);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('[screen.r20] they are walked through, and an answer that did not arrive leaves its question open', () => {
    const state = stateOf({ focus: 'question' });
    const next = pressAt(state, 'j', 0, two).state;
    expect(shownQuestion(two, next)?.approval.request).toBe('q2');
    expect(shownQuestion(two, pressAt(next, 'j', 0, two).state)?.approval.request).toBe('q1');
    expect(shownQuestion(two, pressAt(next, 'k', 0, two).state)?.approval.request).toBe('q1');
    const given = pressAt(drawn(), 'n', 1_000).state;
    expect(shownQuestion(one, given)).toBeNull();
    expect(shownQuestion(one, unanswered(given, 'q1'))?.approval.request).toBe('q1');
  });

  it('[screen.r20] the list of approvals and the whole of one are answered for the one that they show', () => {
    const list = withDrawn(
      { ...stateOf(), overlay: { kind: 'approvals', scroll: 0 }, question: 'q2' },
      { request: 'q2', isWhole: true },
      0,
    );
    expect(pressAt(list, 'n', readMs, two).effects).toEqual([
      { kind: 'answer', request: 'q2', decision: 'deny' },
    ]);
    const whole = pressAt(list, 'v', 0, two).state;
    expect(whole.overlay).toEqual({ kind: 'question', request: 'q2', scroll: 0 });
    const read = withDrawn(whole, { request: 'q2', isWhole: true }, 0);
    const answered = pressAt(read, 'y', readMs, two);
    expect(answered.effects).toEqual([{ kind: 'answer', request: 'q2', decision: 'allow' }]);
    expect(answered.state.overlay).toBeNull();
  });
});
