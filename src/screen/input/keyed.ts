/**
 * What came from the terminal, carried out in the input and on the state; what is left for the world comes
 * back as effects. The one way from a key to anything.
 */
import { act, type Acted, type Known, untouched } from '../actions.ts';
import { actionOf, type Keymap, type Meaning } from '../keymap.ts';
import { sent } from '../slash.ts';
import type { ScreenState } from '../state.ts';
import type { Composer } from './composer.ts';
import type { Key, Typed } from './key.ts';

export interface KeyedParts {
  readonly composer: Composer;
  readonly keymap: Keymap;
  readonly hasKitty: boolean;
  readonly known: Omit<Known, 'inputIsEmpty'>;
}

const wheelLines = 3;

export function keyed(typed: Typed, state: ScreenState, parts: KeyedParts): Acted {
  switch (typed.kind) {
    case 'window':
    case 'reply':
      return { state, effects: [] };
    case 'wheel':
      return act(state, { kind: 'scroll', by: typed.by * wheelLines }, knownTo(parts));
    case 'paste':
      return pasted(state, typed.text, parts);
    case 'key':
      return key(typed, state, parts);
  }
}

function knownTo({ known, composer }: KeyedParts): Known {
  return { ...known, inputIsEmpty: composer.isEmpty };
}

/** It is a text: of the prompt that is open, else of the input, wherever the focus was. */
function pasted(state: ScreenState, text: string, parts: KeyedParts): Acted {
  if (state.prompt !== null && state.confirm === null)
    return act(state, { kind: 'prompt', to: 'text', text }, knownTo(parts));
  parts.composer.paste(text);
  return { state: { ...untouched(state), confirm: null, overlay: null, focus: 'input' }, effects: [] };
}

function key(typed: Key, state: ScreenState, parts: KeyedParts): Acted {
  const { composer, keymap, hasKitty } = parts;
  const { isEmpty, completes } = composer;
  const meaning = actionOf(typed, state, { keymap, isEmpty, completes, hasKitty });
  if (!isOfInput(meaning)) return acted(state, meaning, parts);
  switch (meaning.kind) {
    case 'text':
      return edited(state, () => composer.type(meaning.text));
    case 'edit':
      return edited(state, () => composer.edit(typed));
    case 'newline':
      return edited(state, () => composer.newline());
    case 'complete':
      return edited(state, () => composer.complete());
    case 'history':
      return edited(state, () => composer.recall(meaning.to));
    case 'submit':
      return submitted(state, parts);
  }
}

type OfInput = Extract<Meaning, { kind: 'text' | 'edit' | 'newline' | 'complete' | 'history' | 'submit' }>;
const ofInput: ReadonlySet<string> = new Set(['text', 'edit', 'newline', 'complete', 'history', 'submit']);

function isOfInput(meaning: Meaning): meaning is OfInput {
  return ofInput.has(meaning.kind);
}

function acted(state: ScreenState, action: Exclude<Meaning, OfInput>, parts: KeyedParts): Acted {
  const { state: after, effects } = act(state, action, knownTo(parts));
  if (effects.some(({ kind }) => kind === 'clearInput')) parts.composer.clear();
  return { state: after, effects: effects.filter(({ kind }) => kind !== 'clearInput') };
}

function edited(state: ScreenState, change: () => void): Acted {
  change();
  return { state: untouched(state), effects: [] };
}

function submitted(state: ScreenState, parts: KeyedParts): Acted {
  const { composer } = parts;
  const text = composer.submit();
  if (text === null) return { state: untouched(state), effects: [] };
  const { keeps, ...done } = sent(state, text, knownTo(parts));
  if (keeps === true) composer.set(text);
  return done;
}
