/** The table of keys and what a person may change of it. */
import { describe, expect, it } from 'vitest';
import { keyWords } from '../../../src/screen/key-words.ts';
import { type KeyPlace, keyTable, neverBound } from '../../../src/screen/keys.ts';
import {
  actionOf,
  altKeysOf,
  canonicalKey,
  keyHints,
  keyLabel,
  keymapOf,
  keyProblem,
  keySections,
  keysProblem,
  placeOf,
} from '../../../src/screen/keymap.ts';
import { slashCommands } from '../../../src/screen/slash.ts';
import { context, defaultKeymap, keyNamed, stateOf } from './typed-rig.ts';

const ids = new Set(keyTable.map(({ id }) => id));
const words = new Set(Object.values(keyWords).flatMap((group) => Object.keys(group)));

describe('the table of keys', () => {
  it('[screen.key-table] each binding has words, and no words are left over', () => {
    expect([...ids].filter((id) => !words.has(id))).toEqual([]);
    expect([...words].filter((id) => !ids.has(id))).toEqual([]);
  });

  it('[screen.key-table] in the input no printable character is a key', () => {
    const ofInput = keyTable.filter(({ places }) => places.includes('input')).flatMap(({ keys }) => keys);
    expect(ofInput.filter((key) => key === 'space' || Array.from(key).length === 1)).toEqual([]);
  });

  it('[screen.key-table] Ctrl+A, B, Q and S are no keys anywhere', () => {
    expect(neverBound).toEqual(['ctrl+a', 'ctrl+b', 'ctrl+q', 'ctrl+s']);
    expect(keyTable.flatMap(({ keys }) => keys).filter((key) => neverBound.includes(key))).toEqual([]);
  });

  it('[screen.key-table] a key has one meaning in one place, at one moment', () => {
    const doubled = keyTable.flatMap((one, at) =>
      keyTable
        .slice(at + 1)
        .filter(
          (other) =>
            one.when === other.when &&
            one.keys.some((key) => other.keys.includes(key)) &&
            one.places.some((place) => other.places.includes(place)),
        )
        .map((other) => `${one.id} ${other.id}`),
    );
    expect(doubled).toEqual([]);
  });

  it('[screen.key-table] every key is written as it is decoded', () => {
    expect(keyTable.flatMap(({ keys }) => keys).filter((key) => canonicalKey(key) !== key)).toEqual([]);
  });

  it('[screen.key-table] what a key with Alt does has another key, outside of the input, or a slash command', () => {
    const withAlt = keyTable.filter(({ keys }) => keys.every((key) => key.startsWith('alt+')));
    const second = withAlt.filter(({ id, action }) => {
      const isElsewhere = keyTable.some(
        (other) =>
          other.id !== id &&
          JSON.stringify(other.action) === JSON.stringify(action) &&
          !other.keys[0]?.startsWith('alt+'),
      );
      const text = Object.values(keyWords)
        .flatMap((group) => Object.entries<{ does: string }>(group))
        .find(([one]) => one === id)?.[1].does;
      const [, command] = /`\/(\w+)/.exec(text ?? '') ?? [];
      const named = command !== undefined && slashCommands.some(({ name }) => name === command);
      // `pods NAME` is for the rows too.
      return !isElsewhere && !named && !['nextPod', 'pod'].includes(id);
    });
    expect(second.map(({ id }) => id)).toEqual([]);
  });

  it('[screen.key-table] the help shows each binding that has words, the foot those of the place', () => {
    const shown = keySections(defaultKeymap).flatMap(({ rows }) => rows);
    expect(shown.every(({ keys, does }) => keys !== '' && does !== '')).toBe(true);
    expect(shown).toContainEqual({ keys: 'Alt+1 … Alt+9', does: 'shows that row of the tree' });
    expect(shown).toContainEqual({ keys: 'h ←', does: 'hides what is below the row' });
    const foot = (place: KeyPlace): string =>
      keyHints(defaultKeymap, place)
        .map(({ key, short }) => `${key} ${short}`)
        .join(' · ');
    expect(foot('question')).toContain('y yes · n no · A always · N no, why · v whole');
    expect(foot('tree')).toContain('p pause · x cancel · S stop');
    expect(foot('input')).toContain('Enter send');
    expect(foot('input')).not.toContain('complete');
    expect(['escape', 'alt+up', 'ctrl+r', 'pageup', 'A', 'ctrl+-'].map(keyLabel)).toEqual([
      'Esc',
      'Alt+↑',
      'Ctrl+R',
      'PgUp',
      'A',
      'Ctrl+-',
    ]);
  });
});

describe('a key by place', () => {
  it('[screen.key-table] what is open over the places comes first', () => {
    const confirm = { text: '', yes: { kind: 'leave' as const }, sinceMs: 0 };
    const prompt = { kind: 'search' as const, request: null, label: '', text: '' };
    expect(placeOf(stateOf({ focus: 'tree' }))).toBe('tree');
    expect(placeOf(stateOf({ focus: 'tree', overlay: { kind: 'help', scroll: 0 } }))).toBe('view');
    expect(placeOf(stateOf({ overlay: { kind: 'help', scroll: 0 }, prompt }))).toBe('prompt');
    expect(placeOf(stateOf({ prompt, confirm }))).toBe('confirm');
  });

  it.each([
    ['input', 'y', {}, { kind: 'text', text: 'y' }],
    ['input', 'q', {}, { kind: 'text', text: 'q' }],
    ['input', 'left', {}, { kind: 'edit' }],
    ['input', 'tab', {}, { kind: 'focus', to: 'next' }],
    ['input', 'tab', { completes: true }, { kind: 'complete' }],
    ['input', 'tab', { isEmpty: false }, { kind: 'edit' }],
    ['question', 'tab', { isEmpty: false }, { kind: 'focus', to: 'next' }],
    ['input', 'escape', {}, { kind: 'escape' }],
    ['input', 'escape', { completes: true }, { kind: 'edit' }],
    ['input', 'end', {}, { kind: 'scroll', by: 'end' }],
    ['input', 'end', { isEmpty: false }, { kind: 'edit' }],
    ['input', 'ctrl+d', {}, { kind: 'endOfInput' }],
    ['input', 'ctrl+d', { isEmpty: false }, { kind: 'edit' }],
    ['input', 'alt+y', {}, { kind: 'edit' }],
    ['input', 'alt+y', { hasKitty: true }, { kind: 'answer', with: 'allow' }],
    ['input', 'alt+n', {}, { kind: 'answer', with: 'deny' }],
    ['question', 'y', {}, { kind: 'answer', with: 'allow' }],
    ['question', 'q', {}, { kind: 'nothing' }],
    ['tree', 'y', {}, { kind: 'nothing' }],
    ['tree', 'q', {}, { kind: 'leave' }],
    ['tree', 'escape', {}, { kind: 'focus', to: 'input' }],
    ['transcript', 'n', {}, { kind: 'search', to: 'next' }],
  ] as const)('[screen.key-table] in the %s %s is a key of it (%j)', (focus, name, of, meaning) => {
    expect(actionOf(keyNamed(name), stateOf({ focus }), context(of))).toEqual(meaning);
  });
});

describe('[keys]', () => {
  it('[screen.key-settings] other keys take the place of those of the table, and of no other binding', () => {
    const keymap = keymapOf({ zoom: ['Alt+Z', 'n'], nextQuestion: 'ctrl+o' });
    const meaning = (focus: 'tree' | 'input' | 'question', name: string) =>
      actionOf(keyNamed(name), stateOf({ focus }), context({ keymap }));
    expect(meaning('tree', 'alt+Z')).toEqual({ kind: 'zoom' });
    expect(meaning('tree', 'n')).toEqual({ kind: 'zoom' });
    expect(meaning('tree', 'z')).toEqual({ kind: 'nothing' });
    expect(meaning('question', 'n')).toEqual({ kind: 'answer', with: 'deny' });
    expect(meaning('input', 'ctrl+o')).toEqual({ kind: 'nextQuestion' });
    expect(meaning('input', 'alt+w')).toEqual({ kind: 'edit' });
    expect(altKeysOf(keymap).has('alt+Z')).toBe(true);
    expect(altKeysOf(keymap).has('alt+w')).toBe(false);
    expect(altKeysOf(keymap).has('alt+y')).toBe(false);
    expect(keySections(keymap).flatMap(({ rows }) => rows)).not.toContainEqual(
      expect.objectContaining({ does: 'the next place found' }),
    );
  });

  it.each([
    ['zoom', 'x1', 'which is no key'],
    ['zoom', 'hyper+z', 'which is no key'],
    ['zoom', 'ctrl+b', 'belongs to the terminal'],
    ['zoom', 'ctrl+c', 'always for something else: interrupt'],
    ['nextQuestion', 'w', 'text or edits in the input'],
    ['nextQuestion', 'up', 'text or edits in the input'],
    ['nextQuestion', 'enter', 'text or edits in the input'],
    ['interrupt', 'ctrl+x', 'always on its own key'],
    ['nothing', 'x', 'is no binding'],
  ])('[screen.key-settings] %s = "%s" is refused', (id, key, problem) => {
    expect(keyProblem(id, key)).toContain(problem);
  });

  it('[screen.key-settings] what can be typed is taken, and two with one key in one place are refused', () => {
    expect(keyProblem('zoom', ['Z', 'Alt+z'])).toBeNull();
    expect(keyProblem('nextQuestion', ['ctrl+o', 'f5', 'Alt+PageUp'])).toBeNull();
    expect(keysProblem({ zoom: 'm', copy: 'm' })).toBe('"zoom" and "copy" have the same key in one place');
    expect(keysProblem({ zoom: 'm', allow: 'm' })).toBeNull();
  });
});
