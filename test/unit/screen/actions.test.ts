/** What comes of a key: the focus, the rows, what asks first, what ends. */
import { describe, expect, it } from 'vitest';
import { act, withConfirmDrawn } from '../../../src/screen/actions.ts';
import { readMs } from '../../../src/screen/answering.ts';
import { places } from '../../../src/screen/moving.ts';
import { shownRows } from '../../../src/screen/rows.ts';
import { sent } from '../../../src/screen/slash.ts';
import type { ScreenState } from '../../../src/screen/state.ts';
import { known, pod, press, question, row, stateOf, tree } from './typed-rig.ts';

const family = tree([
  row('root', { status: 'running' }),
  row('api', { parent: 'root', depth: 1, status: 'running' }),
  row('leaf', { parent: 'api', depth: 2, status: 'idle' }),
  row('a', { parent: 'root', depth: 1, settled: true }),
  row('b', { parent: 'root', depth: 1, settled: true }),
  row('failed', { parent: 'root', depth: 1, settled: true, hasFailed: true, status: 'dead' }),
  row('old', { status: 'stopped', settled: true }),
]);

/** Keys one after the other, in that tree. */
function after(state: ScreenState, ...keys: readonly string[]): ScreenState {
  return keys.reduce((one, key) => press(one, key, { tree: family, nowMs: 10_000 }).state, state);
}

describe('the focus', () => {
  it('[screen.focus] Tab walks through the places that there are, and Shift+Tab back', () => {
    const asking = tree(family.rows, [question('q1')]);
    expect(places(stateOf(), family)).toEqual(['input', 'tree', 'transcript']);
    expect(places(stateOf(), asking)).toEqual(['input', 'question', 'tree', 'transcript']);
    expect(places(stateOf({ zoomed: true }), family)).toEqual(['input', 'transcript']);
    expect(places(stateOf({ mode: 'inline' }), asking)).toEqual(['input', 'question', 'tree']);
    expect(after(stateOf(), 'tab').focus).toBe('tree');
    expect(after(stateOf(), 'tab', 'tab', 'tab').focus).toBe('input');
    expect(after(stateOf(), 'shift+tab').focus).toBe('transcript');
    expect(after(stateOf({ focus: 'transcript' }), 'h').focus).toBe('tree');
    expect(after(stateOf({ focus: 'tree' }), 'escape').focus).toBe('input');
  });

  it('[screen.focus] Alt+W goes to the question, and on to the next; with none it stays', () => {
    const asking = { tree: tree(family.rows, [question('q1'), question('q2')]) };
    const first = press(stateOf(), 'alt+w', asking).state;
    expect(first).toMatchObject({ focus: 'question', question: 'q1' });
    expect(press(first, 'alt+w', asking).state).toMatchObject({ focus: 'question', question: 'q2' });
    expect(press(stateOf(), 'alt+w', { tree: family }).state).toMatchObject({
      focus: 'input',
      message: { text: 'No question waits.' },
    });
  });

  it('[screen.focus] between one pod and the tree, a place that the other has not is left for the input', () => {
    expect(after(stateOf({ focus: 'transcript' }), 't')).toMatchObject({ mode: 'inline', focus: 'input' });
    expect(after(stateOf({ focus: 'tree', mode: 'inline' }), 't')).toMatchObject({
      mode: 'panes',
      focus: 'tree',
    });
    expect(after(stateOf({ focus: 'tree', shown: null }), 't').mode).toBe('panes');
    expect(after(stateOf({ focus: 'tree' }), 'z')).toMatchObject({ zoomed: true, focus: 'transcript' });
  });
});

describe('the rows of the tree', () => {
  const ids = (state: ScreenState): (string | null)[] => shownRows(family, state).map(({ id }) => id);

  it('[screen.rows] settled siblings are one row that opens; what failed or is shown is in none', () => {
    expect(ids(stateOf())).toEqual([null, 'root', 'api', 'leaf', 'failed', 'settled:root', 'old']);
    expect(ids(stateOf({ unfolded: new Set(['root']) }))).toEqual([
      null,
      'root',
      'api',
      'leaf',
      'failed',
      'settled:root',
      'a',
      'b',
      'old',
    ]);
    // One alone is no group.
    expect(ids(stateOf({ shown: 'a' }))).toEqual([null, 'root', 'api', 'leaf', 'a', 'b', 'failed', 'old']);
    expect(ids(stateOf({ folded: new Set(['root']) }))).toEqual([null, 'root', 'old']);
    expect(ids(stateOf({ ownsTree: true }))[0]).toBe('root');
    const waiting = tree(family.rows.map((one) => (one.instance === 'a' ? { ...one, questions: 1 } : one)));
    expect(shownRows(waiting, stateOf()).map(({ id }) => id)).not.toContain('settled:root');
  });

  it('[screen.rows] what is below a settled pod goes with it, unless it has failed', () => {
    const below = (more: { hasFailed: boolean }) =>
      tree([...family.rows, row('deep', { parent: 'a', depth: 2, settled: true, ...more })]);
    expect(shownRows(below({ hasFailed: false }), stateOf()).map(({ id }) => id)).not.toContain('deep');
    expect(shownRows(below({ hasFailed: true }), stateOf()).map(({ id }) => id)).toContain('deep');
  });

  it('[screen.rows] j and k, g and G, h and l, Enter and Space walk over them', () => {
    const state = stateOf({ focus: 'tree' });
    expect(after(state, 'j').selected).toBe('api');
    expect(after(state, 'k', 'k').selected).toBeNull();
    expect(after(state, 'G').selected).toBe('old');
    expect(after(state, 'G', 'k').selected).toBe('settled:root');
    expect([...after(state, 'G', 'k', 'l').unfolded]).toEqual(['root']);
    expect([...after(state, 'G', 'k', 'space', 'space').unfolded]).toEqual([]);
    expect([...after(state, 'G', 'k', 'enter').unfolded]).toEqual(['root']);
    expect(after(state, 'j', 'j', 'h').selected).toBe('api');
    expect([...after(state, 'j', 'h').folded]).toEqual(['api']);
    expect([...after(state, 'j', 'h', 'l').folded]).toEqual([]);
    expect(after(state, 'h', 'j').selected).toBe('old');
    expect(after(state, 'j', 'enter')).toMatchObject({ shown: 'api', focus: 'input' });
    expect(after(state, 'g', 'enter')).toMatchObject({ shown: null, focus: 'input' });
  });

  it('[screen.rows] Alt+↑↓ and Alt+1…9 go over the pods, Alt+0 to `+ new`', () => {
    expect(after(stateOf(), 'alt+down').shown).toBe('api');
    expect(after(stateOf(), 'alt+up', 'alt+up').shown).toBeNull();
    expect(after(stateOf(), 'alt+3').shown).toBe('leaf');
    expect(after(stateOf(), 'alt+0').shown).toBeNull();
    expect(after(stateOf(), 'alt+9')).toMatchObject({
      shown: 'root',
      message: { text: 'There is no such row.' },
    });
    expect(after(stateOf({ scroll: { at: null, by: 3 }, item: 4 }), 'alt+down')).toMatchObject({
      scroll: null,
      item: null,
      selected: 'api',
    });
  });

  it('[screen.rows] / finds a pod by a part of its name, n the next', () => {
    const found = after(stateOf({ focus: 'tree' }), '/', 'a', 'enter');
    expect(found).toMatchObject({ selected: 'api', treeSearch: 'a', search: null });
    expect(after(found, 'n').selected).toBe('leaf');
    expect(after(found, 'n', 'N').selected).toBe('api');
    expect(after(found, '/', 'x', 'x', 'enter')).toMatchObject({
      selected: 'api',
      message: { text: 'No pod has "xx" in its name.' },
    });
  });
});

describe('the transcript', () => {
  const shown = pod([
    { kind: 'user', from: 'you', text: 'hello', images: 0 },
    { kind: 'machinery', text: 'x' },
    { kind: 'answer', text: '**hi**', reasoning: '', partial: false },
  ]);
  const keys = (state: ScreenState, ...all: readonly string[]): ScreenState =>
    all.reduce((one, key) => press(one, key, { tree: family, pod: shown }).state, state);

  it('[screen.r08] j and k walk over the entries that are shown, c copies the source of the one with the cursor', () => {
    const state = stateOf({ focus: 'transcript' });
    expect(keys(state, 'k').item).toBe(3);
    expect(keys(state, 'k', 'k').item).toBe(1);
    expect(keys(state, 'e', 'k', 'k').item).toBe(2);
    expect(keys(state, 'g').item).toBe(1);
    expect(keys(state, 'g', 'G')).toMatchObject({ item: null, scroll: null });
    expect(press(keys(state, 'g'), 'c', {}).effects).toEqual([{ kind: 'copy', item: 1 }]);
    expect(keys(state, 'enter').overlay).toEqual({
      kind: 'text',
      title: '3 · answer',
      text: '**hi**',
      scroll: 0,
    });
  });

  it('[screen.r06] keys say how far to scroll; End follows again', () => {
    const state = stateOf();
    expect(keys(state, 'pageup').scroll).toEqual({ at: null, by: 'pageUp' });
    expect(keys(state, 'pageup', 'end').scroll).toBeNull();
    expect(
      act(stateOf({ scroll: { at: { seq: 3, line: 1 }, by: 2 } }), { kind: 'scroll', by: 3 }, known()).state
        .scroll,
    ).toEqual({ at: { seq: 3, line: 1 }, by: 5 });
    const view = stateOf({ overlay: { kind: 'help', scroll: 0 } });
    expect(keys(view, 'j', 'j', 'k').overlay).toMatchObject({ scroll: 1 });
    expect(keys(view, 'pagedown').overlay).toMatchObject({ scroll: 20 });
    expect(keys(view, 'q').overlay).toBeNull();
  });

  it('[screen.r06] a search goes up from the end, n on, N back', () => {
    const found = keys(stateOf({ focus: 'transcript' }), '/', 'h', 'i', 'backspace', 'enter');
    expect(found.search).toEqual({ text: 'h', at: 0 });
    expect(keys(found, 'n', 'n', 'N').search).toEqual({ text: 'h', at: 1 });
    expect(keys(found, '/', 'enter').search).toBeNull();
  });
});

describe('what asks first', () => {
  it('[screen.confirm] S asks with the number of pods; y does it after 400 ms, another key does not', () => {
    const asked = after(stateOf({ focus: 'tree' }), 'S');
    expect(asked.confirm?.text).toBe('Stop root and the 5 pods below it?');
    const atMs = (state: ScreenState, key: string, nowMs: number) =>
      press(state, key, { tree: family, nowMs });
    expect(atMs(asked, 'y', 10_000).effects).toEqual([]);
    const drawn = withConfirmDrawn(asked, 0);
    expect(atMs(drawn, 'y', readMs - 1).effects).toEqual([]);
    expect(atMs(atMs(drawn, 'y', readMs - 1).state, 'y', readMs + 1).effects).toEqual([]);
    expect(atMs(drawn, 'y', readMs)).toMatchObject({
      effects: [{ kind: 'control', method: 'stop', instance: 'root' }],
      state: { confirm: null },
    });
    for (const key of ['enter', 'n', 'escape', 'x', 'ctrl+c', 'Y'])
      expect(atMs(drawn, key, 5_000)).toMatchObject({ effects: [], state: { confirm: null } });
  });

  it('[screen.confirm] D asks for one that has ended, and refuses one that runs', () => {
    const state = stateOf({ focus: 'tree', selected: 'old' });
    expect(after(state, 'D').confirm).toMatchObject({
      text: expect.stringContaining('Remove old'),
      yes: { method: 'remove', instance: 'old' },
    });
    expect(after(stateOf({ focus: 'tree' }), 'D')).toMatchObject({
      confirm: null,
      message: { text: expect.stringContaining('is running') },
    });
  });

  it('[screen.confirm] the other keys of the tree do what they say at once, to the pod with the cursor', () => {
    const effects = (selected: string, key: string) =>
      press(stateOf({ focus: 'tree', selected }), key, { tree: family }).effects;
    expect(effects('api', 'p')).toEqual([{ kind: 'control', method: 'pause', instance: 'api' }]);
    expect(effects('api', 'x')).toEqual([{ kind: 'control', method: 'cancel', instance: 'api' }]);
    expect(effects('old', 'r')).toEqual([{ kind: 'control', method: 'restore', instance: 'old' }]);
    expect(effects('old', 'R')).toEqual([{ kind: 'control', method: 'restoreTree', instance: 'old' }]);
    expect(effects('old', 'p')).toEqual([]);
    expect(effects('api', 'r')).toEqual([]);
    expect(effects('settled:root', 'p')).toEqual([]);
    const paused = tree([row('api', { status: 'paused' })]);
    expect(press(stateOf({ focus: 'tree', selected: 'api' }), 'p', { tree: paused }).effects).toEqual([
      { kind: 'control', method: 'resume', instance: 'api' },
    ]);
  });
});

describe('what ends', () => {
  const effectsOf = (
    of: Partial<ScreenState>,
    inputIsEmpty: boolean,
    ...keys: readonly string[]
  ): string[] => {
    let state = stateOf(of);
    return keys.flatMap((key) => {
      const acted = press(state, key, { tree: family, inputIsEmpty });
      state = acted.state;
      return acted.effects.map(({ kind }) => kind);
    });
  };

  it('[screen.ends] in run Ctrl+C asks, stops, kills; Ctrl+D leaves it running; q says how it ends', () => {
    const run = { ownsTree: true };
    expect(effectsOf(run, false, 'ctrl+c')).toEqual(['clearInput']);
    expect(effectsOf(run, true, 'ctrl+c')).toEqual([]);
    expect(effectsOf(run, true, 'ctrl+c', 'ctrl+c')).toEqual(['stopTree']);
    expect(effectsOf(run, true, 'ctrl+c', 'ctrl+c', 'ctrl+c')).toEqual(['stopTree', 'killTree']);
    expect(effectsOf(run, true, 'ctrl+c', 'alt+down', 'ctrl+c')).toEqual([]);
    expect(effectsOf(run, true, 'ctrl+d')).toEqual(['leave']);
    expect(effectsOf(run, true, 'ctrl+c', 'ctrl+c', 'ctrl+d')).toEqual(['stopTree']);
    expect(effectsOf({ ...run, focus: 'tree' }, true, 'q')).toEqual([]);
    expect(effectsOf({ ...run, focus: 'tree' }, true, 'q', 'q')).toEqual([]);
    const asked = press(stateOf(run), 'ctrl+c', {});
    expect(asked.state.message?.text).toBe('Ctrl+C again stops the tree · Ctrl+D leaves it running');
  });

  it('[screen.ends] in attach and the tree leaving stops nothing', () => {
    expect(effectsOf({}, false, 'ctrl+c')).toEqual(['clearInput']);
    expect(effectsOf({}, true, 'ctrl+c')).toEqual([]);
    expect(effectsOf({}, true, 'ctrl+c', 'ctrl+c')).toEqual(['leave']);
    expect(effectsOf({}, true, 'ctrl+d')).toEqual(['leave']);
    expect(effectsOf({ focus: 'tree' }, false, 'ctrl+d')).toEqual(['leave']);
    expect(effectsOf({ focus: 'tree' }, true, 'q')).toEqual(['leave']);
  });

  it('[screen.ends] what is open is closed first', () => {
    const overlay = { kind: 'help' as const, scroll: 0 };
    expect(press(stateOf({ overlay }), 'ctrl+c', {})).toMatchObject({
      effects: [],
      state: { overlay: null, armed: null },
    });
    const prompt = { kind: 'search' as const, request: null, label: '', text: 'x' };
    expect(press(stateOf({ prompt }), 'ctrl+c', {})).toMatchObject({
      effects: [],
      state: { prompt: null, armed: null },
    });
  });

  it('[screen.r15] Esc twice cancels the turn of the pod that is shown, and nothing else', () => {
    const first = press(stateOf(), 'escape', { tree: family });
    expect(first).toMatchObject({
      effects: [],
      state: { message: { text: 'Esc again cancels the turn of root' } },
    });
    expect(press(first.state, 'escape', { tree: family }).effects).toEqual([
      { kind: 'control', method: 'cancel', instance: 'root' },
    ]);
    expect(after(stateOf(), 'escape', 'alt+up').armed).toBeNull();
    const idle = { tree: tree([row('root')]) };
    expect(press(press(stateOf(), 'escape', idle).state, 'escape', idle).effects).toEqual([]);
  });
});

describe('slash commands', () => {
  const typed = (line: string, of: Partial<ScreenState> = {}) =>
    sent(stateOf(of), line, known({ tree: family }));

  it.each([
    ['/pause', [{ kind: 'control', method: 'pause', instance: 'root' }]],
    ['/CANCEL', [{ kind: 'control', method: 'cancel', instance: 'root' }]],
    ['/compact', [{ kind: 'compact', instance: 'root', instructions: null }]],
    ['/compact keep the names', [{ kind: 'compact', instance: 'root', instructions: 'keep the names' }]],
    ['/model a/b', [{ kind: 'set', instance: 'root', settings: { model: 'a/b' } }]],
    ['/mode', [{ kind: 'set', instance: 'root', settings: {} }]],
    ['/mode plan', [{ kind: 'set', instance: 'root', settings: { mode: 'plan' } }]],
    ['/effort low', [{ kind: 'set', instance: 'root', settings: { effort: 'low' } }]],
    ['/drop', [{ kind: 'drop', instance: 'root', which: 'last' }]],
    ['/drop 2', [{ kind: 'drop', instance: 'root', which: 2 }]],
    ['/rules rm 3', [{ kind: 'rules', words: ['rm', '3'] }]],
    ['/copy', [{ kind: 'copy', item: null }]],
    ['/pager', [{ kind: 'pager', item: null }]],
    ['/editor', [{ kind: 'editor' }]],
    ['/detach', [{ kind: 'leave' }]],
    ['/quit', [{ kind: 'leave' }]],
    ['//etc', [{ kind: 'send', to: 'root', text: '/etc' }]],
    ['/etc/hosts is odd', [{ kind: 'send', to: 'root', text: '/etc/hosts is odd' }]],
    ['  a text ', [{ kind: 'send', to: 'root', text: '  a text ' }]],
    ['   ', []],
  ])('[screen.slash] %s', (line, effects) => {
    expect(typed(line).effects).toEqual(effects);
    expect(typed(line).keeps).toBeUndefined();
  });

  it.each(['/nonesuch', '/nonesuch with words', '/mode nonesuch', '/model a b', '/drop x', '/pods nonesuch'])(
    '[screen.slash] %s is not taken: it stays in the input, and it is said why',
    (line) => {
      expect(typed(line)).toMatchObject({ keeps: true, effects: [], state: { message: { isError: true } } });
    },
  );

  it('[screen.slash] views, places and pods', () => {
    expect(typed('/help').state.overlay).toEqual({ kind: 'help', scroll: 0 });
    expect(typed('/approvals').state.overlay).toEqual({ kind: 'approvals', scroll: 0 });
    expect(typed('/tree', { mode: 'inline' }).state.mode).toBe('panes');
    expect(typed('/inline').state.mode).toBe('inline');
    expect(typed('/pods api').state.shown).toBe('api');
    expect(typed('/pods', { mode: 'inline' }).state).toMatchObject({ mode: 'panes', focus: 'tree' });
    expect(typed('/new').state.shown).toBeNull();
    expect(typed('/new', { ownsTree: true }).state.shown).toBe('root');
    expect(typed('/stop').state.confirm?.yes).toEqual({ kind: 'control', method: 'stop', instance: 'root' });
    expect(typed('/restore tree', { shown: 'old' }).effects).toEqual([
      { kind: 'control', method: 'restoreTree', instance: 'old' },
    ]);
    expect(typed('/quit', { ownsTree: true }).effects).toEqual([]);
  });

  it('[screen.slash] of `+ new` they are what its root starts with, and what asks nobody is set by a flag alone', () => {
    const start = ['/model a/b', '/mode plan', '/write src docs', '/effort high'].reduce(
      (state, line) => sent(state, line, known()).state,
      stateOf({ shown: null }),
    );
    expect(start.draft).toEqual({ model: 'a/b', mode: 'plan', effort: 'high', write: ['src', 'docs'] });
    expect(sent(start, '/mode bypassPermissions', known())).toMatchObject({
      effects: [],
      state: { draft: start.draft, message: { isError: true } },
    });
    expect(sent(start, 'go', known()).effects).toEqual([{ kind: 'send', to: null, text: 'go' }]);
    expect(typed('/write src').state.draft).toEqual({});
    expect(typed('/mode bypassPermissions').effects).toEqual([]);
  });

  it.each([
    ['mode', 'plan'],
    ['model', 'a/b'],
    ['effort', 'high'],
  ])('[screen.slash-alone] of `+ new` /%s alone says what holds, and changes nothing', (name, value) => {
    const at = stateOf({ shown: null });
    const chosen = sent(at, `/${name} ${value}`, known()).state;
    for (const state of [at, chosen]) {
      const asked = sent(state, `/${name}`, known());
      expect(asked.state.draft).toEqual(state.draft);
      expect(asked.effects).toEqual([]);
      expect(asked.state.message).toEqual({ text: expect.stringContaining(name), isError: false });
    }
    expect(sent(chosen, `/${name}`, known()).state.message?.text).toContain(value);
  });
});
