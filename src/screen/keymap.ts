/**
 * The table of keys with what the person has changed of it, and what a key means at this moment. Pure.
 */
import type { Key } from './input/key.ts';
import { editingKeys, type KeyWords, keyWords } from './key-words.ts';
import { type Binding, type KeyPlace, keyTable, neverBound } from './keys.ts';
import type { Action, ScreenState } from './state.ts';

/** `[keys]`: bindings by name, with the keys in place of those of the table. */
export type KeySettings = Readonly<Record<string, string | readonly string[]>>;

export interface Keymap {
  readonly bindings: readonly Binding[];
  readonly byKey: ReadonlyMap<string, readonly Binding[]>;
}

/** What of the input and the terminal decides what a key means. */
export interface KeyContext {
  readonly keymap: Keymap;
  readonly isEmpty: boolean;
  /** Something is offered in the input: a command, a file. */
  readonly completes: boolean;
  /** The kitty keyboard protocol is active: Alt is told apart from Esc. */
  readonly hasKitty: boolean;
}

/** What a key means: an action, or it is the input's: text, or what edits it. */
export type Meaning = Action | { readonly kind: 'text'; readonly text: string } | { readonly kind: 'edit' };

/**
 * Takes settings in which `keyProblem` has found nothing. A key of the person's is no other binding's any
 * more.
 */
export function keymapOf(settings: KeySettings): Keymap {
  const own = new Map(Object.entries(settings).map(([id, keys]) => [id, keyList(keys)]));
  const changed = keyTable.filter(({ id }) => own.has(id));
  const isTaken = (key: string, places: readonly KeyPlace[]): boolean =>
    changed.some((one) => own.get(one.id)?.includes(key) === true && overlaps(one.places, places));
  const bindings = keyTable.map((binding): Binding => {
    const keys = own.get(binding.id) ?? binding.keys.filter((key) => !isTaken(key, binding.places));
    return { ...binding, keys };
  });
  const byKey = new Map<string, Binding[]>();
  for (const binding of bindings) {
    for (const key of binding.keys) byKey.set(key, [...(byKey.get(key) ?? []), binding]);
  }
  return { bindings, byKey };
}

function keyList(keys: string | readonly string[]): string[] {
  return (typeof keys === 'string' ? [keys] : keys).map(canonicalKey);
}

function overlaps(one: readonly KeyPlace[], other: readonly KeyPlace[]): boolean {
  return one.some((place) => other.includes(place));
}

/** Where a key counts now. */
export function placeOf({ confirm, prompt, overlay, focus }: ScreenState): KeyPlace {
  if (confirm !== null) return 'confirm';
  if (prompt !== null) return 'prompt';
  return overlay === null ? focus : 'view';
}

/** While something is offered in the input these are for that. */
const ofOffers: ReadonlySet<string> = new Set(['escape', 'up', 'down']);

export function actionOf(key: Key, state: ScreenState, context: KeyContext): Meaning {
  const place = placeOf(state);
  if (place === 'input' && context.completes && ofOffers.has(key.name)) return { kind: 'edit' };
  const found = context.keymap.byKey
    .get(key.name)
    ?.find((binding) => binding.places.includes(place) && holds(binding, context));
  if (place === 'prompt') return found?.action ?? inPrompt(key);
  if (place === 'confirm') return found?.action ?? { kind: 'confirm', yes: key.name === 'y' };
  if (found !== undefined) return found.action;
  if (place !== 'input') return { kind: 'nothing' };
  return key.text === null ? { kind: 'edit' } : { kind: 'text', text: key.text };
}

/** With which Alt edits in the input. */
const editingAltKeys = ['alt+b', 'alt+f', 'alt+d'];

/** The keys of a character with Alt that mean something where Alt cannot be told from Esc before it. */
export function altKeysOf({ bindings }: Keymap): ReadonlySet<string> {
  const bound = bindings.filter(({ when }) => when !== 'kitty').flatMap(({ keys }) => keys);
  return new Set([...editingAltKeys, ...bound.filter((key) => /^alt\+(?:.|space)$/u.test(key))]);
}

function holds({ when }: Binding, { isEmpty, completes, hasKitty }: KeyContext): boolean {
  if (when === 'empty') return isEmpty;
  if (when === 'completing') return completes;
  return when !== 'kitty' || hasKitty;
}

function inPrompt({ name, text }: Key): Action {
  if (name === 'enter') return { kind: 'prompt', to: 'done' };
  if (name === 'escape') return { kind: 'prompt', to: 'close' };
  if (name === 'backspace') return { kind: 'prompt', to: 'erase' };
  if (name === 'ctrl+u') return { kind: 'prompt', to: 'eraseAll' };
  return text === null ? { kind: 'nothing' } : { kind: 'prompt', to: 'text', text };
}

const modifiers = ['ctrl', 'alt', 'shift'] as const;
const named = new Map(
  ['enter', 'tab', 'space', 'backspace', 'delete', 'insert', 'escape', 'up', 'down', 'left', 'right', 'home']
    .concat([
      'end',
      'pageup',
      'pagedown',
      'f1',
      'f2',
      'f3',
      'f4',
      'f5',
      'f6',
      'f7',
      'f8',
      'f9',
      'f10',
      'f11',
      'f12',
    ])
    .map((name) => [name, name] as const),
)
  .set('esc', 'escape')
  .set('return', 'enter');

function isCharacter(text: string): boolean {
  return /^.$/u.test(text);
}

/** One spelling for each: `Alt+W` is `alt+W` (with Shift), `ESC` is `escape`; a letter keeps its case. */
export function canonicalKey(text: string): string {
  if (text === '+' || text.endsWith('++')) return text;
  const parts = text.split('+');
  const last = parts.pop() ?? '';
  const found = new Set(parts.map((part) => part.toLowerCase()));
  const key = isCharacter(last) ? last : (named.get(last.toLowerCase()) ?? last);
  const isLetter = /^[a-z]$/i.test(key);
  const name = isLetter && found.has('ctrl') ? key.toLowerCase() : key;
  const others = [...found].filter((part) => !modifiers.some((one) => one === part));
  return [...modifiers.filter((one) => found.has(one)), ...others, name].join('+');
}

/** What is wrong with the keys for one binding of `[keys]`, as the end of a sentence; null: nothing. */
export function keyProblem(id: string, keys: string | readonly string[]): string | null {
  const binding = keyTable.find((one) => one.id === id);
  if (binding === undefined) return `is no binding; there are ${rebindable().join(', ')}`;
  if (binding.isFixed === true) return 'is always on its own key';
  for (const key of keyList(keys)) {
    const problem = oneKeyProblem(key, binding);
    if (problem !== null) return `has "${key}", ${problem}`;
  }
  return null;
}

/** The names of `[keys]`. */
function rebindable(): string[] {
  return keyTable.filter(({ isFixed }) => isFixed !== true).map(({ id }) => id);
}

function oneKeyProblem(key: string, { id, places }: Binding): string | null {
  const parts = key === '+' || key.endsWith('++') ? ['+'] : key.split('+');
  const name = parts.at(-1) ?? '';
  const isKnown = named.has(name) || isCharacter(name);
  if (!isKnown || parts.slice(0, -1).some((part) => !modifiers.some((one) => one === part)))
    return 'which is no key: use a letter, or a name as "alt+w", "ctrl+r", "pageup"';
  if (neverBound.includes(key)) return 'which belongs to the terminal or to tmux';
  if (
    places.includes('input') &&
    !/^(?:ctrl|alt)\+/.test(key) &&
    !/^(?:f\d+|shift\+\w{2,}|insert)$/.test(key)
  )
    return 'which is text or edits in the input: use one with ctrl or alt';
  const fixed = keyTable.find(
    (one) => one.isFixed === true && one.id !== id && one.keys.includes(key) && overlaps(one.places, places),
  );
  return fixed === undefined ? null : `which is always for something else: ${fixed.id}`;
}

/** What of `[keys]` as a whole is wrong: two bindings of one place with one key; null: nothing. */
export function keysProblem(settings: KeySettings): string | null {
  const bindings = Object.entries(settings).flatMap(([id, keys]) => {
    const found = keyTable.find((one) => one.id === id);
    return found === undefined ? [] : [{ ...found, keys: keyList(keys) }];
  });
  for (const [at, one] of bindings.entries()) {
    const other = bindings
      .slice(at + 1)
      .find(({ keys, places }) => overlaps(places, one.places) && keys.some((key) => one.keys.includes(key)));
    if (other !== undefined) return `"${one.id}" and "${other.id}" have the same key in one place`;
  }
  return null;
}

const arrows: Readonly<Record<string, string>> = { up: '↑', down: '↓', left: '←', right: '→' };
const labels: Readonly<Record<string, string>> = {
  pageup: 'PgUp',
  pagedown: 'PgDn',
  escape: 'Esc',
  ...arrows,
};

/** `Alt+↑`, `Ctrl+R`, `PgUp`; a letter as it is typed. */
export function keyLabel(key: string): string {
  const parts = key === '+' || key.endsWith('++') ? [key] : key.split('+');
  const name = parts.pop() ?? '';
  const modified = parts.map((part) => part.slice(0, 1).toUpperCase() + part.slice(1));
  const isCtrl = parts.includes('ctrl');
  const word = labels[name] ?? (name.length > 1 ? name.slice(0, 1).toUpperCase() + name.slice(1) : name);
  return [...modified, isCtrl ? word.toUpperCase().replace(/^(PG)(UP|DN)$/, 'Pg$2') : word].join('+');
}

export interface KeyRow {
  readonly keys: string;
  readonly does: string;
}

export interface KeySection {
  readonly title: string;
  readonly rows: readonly KeyRow[];
}

/** For the help view and docs/screen.md: what each key does, by where it counts. */
export function keySections({ bindings }: Keymap): readonly KeySection[] {
  return Object.entries(keyWords).map(([title, group]) => {
    const rows = Object.entries<KeyWords>(group).flatMap(([id, { does, label }]) => {
      const keys = [...new Set(bindings.filter((one) => one.id === id).flatMap((one) => one.keys))];
      return does === '' || keys.length === 0 ? [] : [{ keys: label ?? keys.map(keyLabel).join(' '), does }];
    });
    return { title, rows: title === 'Input' ? [...rows, ...editingKeys] : rows };
  });
}

export interface KeyHint {
  readonly key: string;
  readonly short: string;
}

/** For the foot: the keys of the place, those of it alone first, each with a word or two. */
export function keyHints(
  { bindings }: Keymap,
  place: KeyPlace,
  { isEmpty }: Pick<KeyContext, 'isEmpty'> = { isEmpty: true },
): readonly KeyHint[] {
  const short = new Map(
    Object.values(keyWords).flatMap((group) =>
      Object.entries<KeyWords>(group).map(([id, words]) => [id, words.short] as const),
    ),
  );
  return bindings
    .filter(
      ({ places, when }) => places.includes(place) && (when === undefined || (when === 'empty' && isEmpty)),
    )
    .toSorted((one, other) => Number(isGeneral(one)) - Number(isGeneral(other)))
    .flatMap(({ id, keys: [key] }) => {
      const word = short.get(id);
      return word === undefined || key === undefined ? [] : [{ key: keyLabel(key), short: word }];
    });
}

function isGeneral({ places }: Binding): boolean {
  return places.length > 2;
}
