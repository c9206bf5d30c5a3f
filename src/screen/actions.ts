/**
 * What comes of an action: a new state, and what is to be done in the world, as values. Pure: the loop
 * carries the effects out, and hands `submit` and what else is the input's to the composer.
 *
 * Invariants
 * - A1 The focus goes where a key of the person's sends it, and nowhere by itself.
 * - A2 An effect names what it is for: what is shown by the time that it is carried out does not matter.
 * - A3 What asks first is done by `y` alone, once its line has been in the foot for `readMs`.
 */
import { answer, type Answered, answerTyped, readMs, shownQuestion, walked } from './answering.ts';
import { type EndKey, endStep } from './ending.ts';
import type { PodModel, TreeModel } from './model/shape.ts';
import * as moving from './moving.ts';
import { podsBelow } from './rows.ts';
import type { Action, ControlMethod, Effect, Overlay, Prompt, ScreenState } from './state.ts';

export interface Known {
  readonly tree: TreeModel;
  /** The one that is shown; null for `+ new`, and before it is known. */
  readonly pod: PodModel | null;
  readonly nowMs: number;
  /** Of the terminal. */
  readonly rows: number;
  readonly inputIsEmpty: boolean;
}

export type Acted = Answered;

/** Of a text, or a key that edits: the line in the foot was for the time until the next key. */
export function untouched(state: ScreenState): ScreenState {
  const isSame = state.message === null && state.armed === null;
  return isSame ? state : { ...state, message: null, armed: null };
}

export function act(before: ScreenState, action: Action, known: Known): Acted {
  const { armed } = before;
  const state = untouched(before);
  const { tree } = known;
  if (isSimple(action)) return simple(state, action, known);
  switch (action.kind) {
    case 'focus':
      return only(moving.focused(state, tree, action));
    case 'select':
      return only(selected(state, known, action));
    case 'pod':
      return only(moving.toPod(state, tree, action));
    case 'fold':
      return only(moving.folded(state, tree, action));
    case 'scroll':
      return only(moving.scrolled(state, action.by, known.rows));
    case 'search':
      return only(searched(state, tree, action.to));
    case 'view':
      return only({ ...state, overlay: { kind: action.view, scroll: 0 } });
    case 'nextQuestion':
      return only(toQuestion(state, tree));
    case 'previousQuestion':
      return only(walked(state, tree, -1));
    case 'wholeQuestion':
      return only(wholeQuestion(state, tree));
    case 'answer':
      return answer(action.with, state, known);
    case 'control':
      return controlled(state, tree, { method: action.method, instance: cursorOf(state) });
    case 'confirm':
      return confirmed(state, action.yes, known.nowMs);
    case 'prompt':
      return prompted(state, tree, action);
    case 'escape':
      return escaped(state, tree, armed);
    case 'interrupt':
      return interrupted(state, { armed, isEmpty: known.inputIsEmpty });
    case 'endOfInput':
    case 'leave':
      return ended(state, action.kind, { armed, isEmpty: known.inputIsEmpty });
  }
}

const simpleKinds = [
  'open',
  'zoom',
  'machinery',
  'panes',
  'close',
  'copy',
  'pager',
  'repaint',
  'suspend',
  'editor',
  'quit',
  'submit',
  'newline',
  'complete',
  'history',
  'nothing',
] as const;
type Simple = Extract<Action, { kind: (typeof simpleKinds)[number] }>;

function isSimple(action: Action): action is Simple {
  return simpleKinds.some((kind) => kind === action.kind);
}

function simple(state: ScreenState, action: Simple, known: Known): Acted {
  switch (action.kind) {
    case 'open':
      return only(moving.opened(state, known));
    case 'zoom':
      return only(zoomed(state));
    case 'machinery':
      return only({ ...state, showsMachinery: !state.showsMachinery });
    case 'panes':
      return only(otherMode(state));
    case 'close':
      return only({ ...state, overlay: null });
    case 'copy':
    case 'pager':
      return { state, effects: [{ kind: action.kind, item: state.item }] };
    case 'repaint':
    case 'suspend':
    case 'editor':
      return { state, effects: [{ kind: action.kind }] };
    case 'quit':
      return { state, effects: [{ kind: state.ownsTree ? 'quit' : 'leave' }] };
    case 'submit':
    case 'newline':
    case 'complete':
    case 'history':
    case 'nothing':
      // Of the input, or of nobody.
      return only(state);
  }
}

function only(state: ScreenState): Acted {
  return { state, effects: [] };
}

function selected(
  state: ScreenState,
  known: Known,
  action: Extract<Action, { kind: 'select' }>,
): ScreenState {
  const { overlay } = state;
  if (overlay === null) return moving.selected(state, known, action);
  const { by } = action;
  if (overlay.kind === 'approvals' && typeof by === 'number')
    return walked(state, known.tree, by > 0 ? 1 : -1);
  return moving.scrolled(state, by === 'last' ? 'end' : by, known.rows);
}

function zoomed(state: ScreenState): ScreenState {
  const isZoomed = !state.zoomed;
  // The tree is not there then.
  return {
    ...state,
    zoomed: isZoomed,
    focus: isZoomed && state.focus === 'tree' ? 'transcript' : state.focus,
  };
}

/** Between one pod and the tree. A place that the other has not is left for the input. */
export function otherMode(state: ScreenState): ScreenState {
  if (state.mode === 'inline') return { ...state, mode: 'panes', zoomed: false, overlay: null };
  if (state.shown === null) return moving.said(state, 'Choose a pod first: one pod is shown inline.');
  const focus = state.focus === 'transcript' ? 'input' : state.focus;
  return { ...state, mode: 'inline', zoomed: false, overlay: null, scroll: null, item: null, focus };
}

/** From elsewhere to the one that is shown, from there to the next. */
function toQuestion(state: ScreenState, tree: TreeModel): ScreenState {
  const question = shownQuestion(tree, state);
  if (question === null) return moving.said(state, 'No question waits.');
  const { overlay } = state;
  const isThere =
    overlay === null
      ? state.focus === 'question'
      : overlay.kind === 'approvals' || overlay.kind === 'question';
  if (isThere) return walked(state, tree, 1);
  return { ...state, overlay: null, focus: 'question', question: question.approval.request };
}

function wholeQuestion(state: ScreenState, tree: TreeModel): ScreenState {
  if (state.overlay !== null && state.overlay.kind !== 'approvals') return state;
  const question = shownQuestion(tree, state);
  if (question === null) return moving.said(state, 'No question waits.');
  const { request } = question.approval;
  const overlay: Overlay = { kind: 'question', request, scroll: 0 };
  return { ...state, overlay, question: request };
}

function searched(state: ScreenState, tree: TreeModel, to: 'begin' | 'next' | 'previous'): ScreenState {
  if (to === 'begin') {
    const label = state.focus === 'tree' ? 'Pod: ' : 'Search: ';
    return { ...state, prompt: { kind: 'search', request: null, label, text: '' } };
  }
  if (state.focus === 'tree') return moving.foundInTree(state, tree, to === 'next' ? 1 : -1);
  const { search } = state;
  if (search === null) return moving.said(state, 'Nothing is searched for: / begins.');
  return {
    ...state,
    item: null,
    search: { ...search, at: Math.max(0, search.at + (to === 'next' ? 1 : -1)) },
  };
}

/** The pod that the cursor is on, in the tree; else the one that is shown. */
function cursorOf({ focus, selected: row, shown }: ScreenState): string | null {
  return focus === 'tree' ? row : shown;
}

/** Of the pod, by a key or a slash command. */
export function controlled(
  state: ScreenState,
  tree: TreeModel,
  {
    method,
    instance,
  }: { readonly method: ControlMethod | 'pauseOrResume'; readonly instance: string | null },
): Acted {
  const row = moving.rowOf(tree, instance);
  if (row === undefined || instance === null) return only(moving.said(state, 'Choose a pod first.'));
  const { name, status } = row;
  const hasEnded = status === 'stopped' || status === 'dead';
  const below = podsBelow(tree, instance).length;
  const pods = below === 0 ? name : `${name} and ${below === 1 ? 'the pod' : `the ${below} pods`} below it`;
  const one = method === 'pauseOrResume' ? (status === 'paused' ? 'resume' : 'pause') : method;
  const effect: Effect = { kind: 'control', method: one, instance };
  if (one === 'remove') {
    if (!hasEnded) return only(moving.said(state, `${name} is running: stop it first (S, /stop).`));
    return asked(state, { text: `Remove ${name}, with its log?`, yes: effect });
  }
  if (one === 'restore' || one === 'restoreTree') {
    return hasEnded ? { state, effects: [effect] } : only(moving.said(state, `${name} is running.`));
  }
  if (hasEnded) return only(moving.said(state, `${name} is not running; r or /restore starts it again.`));
  if (one !== 'stop') return { state, effects: [effect] };
  return asked(state, { text: `Stop ${pods}?`, yes: effect });
}

function asked(state: ScreenState, { text, yes }: { text: string; yes: Effect }): Acted {
  return only({ ...state, confirm: { text, yes, sinceMs: null } });
}

/** To be called with each frame that has been written. */
export function withConfirmDrawn(state: ScreenState, nowMs: number): ScreenState {
  const { confirm } = state;
  return confirm === null || confirm.sinceMs !== null
    ? state
    : { ...state, confirm: { ...confirm, sinceMs: nowMs } };
}

/** A3: an early one changes nothing. */
function confirmed(state: ScreenState, yes: boolean, nowMs: number): Acted {
  const { confirm } = state;
  if (confirm === null) return only(state);
  if (!yes) return only(moving.said({ ...state, confirm: null }, 'Nothing was done.'));
  const { sinceMs } = confirm;
  if (sinceMs === null || nowMs - sinceMs < readMs) {
    return only({ ...state, confirm: { ...confirm, sinceMs: nowMs, isEarly: true } });
  }
  return { state: { ...state, confirm: null }, effects: [confirm.yes] };
}

const promptCharsMax = 10_000;

function prompted(state: ScreenState, tree: TreeModel, action: Extract<Action, { kind: 'prompt' }>): Acted {
  const { prompt } = state;
  if (prompt === null) return only(state);
  const { text } = prompt;
  switch (action.to) {
    case 'text':
      return only(withText(state, prompt, (text + oneLineOf(action.text ?? '')).slice(0, promptCharsMax)));
    case 'erase':
      return only(withText(state, prompt, Array.from(text).slice(0, -1).join('')));
    case 'eraseAll':
      return only(withText(state, prompt, ''));
    case 'close':
      return only({ ...state, prompt: null });
    case 'done':
      return prompt.kind === 'search'
        ? only(searchTyped(state, tree, prompt))
        : answerTyped(state, tree, prompt);
  }
}

/** Pasted lines become one. */
function oneLineOf(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

function withText(state: ScreenState, prompt: Prompt, text: string): ScreenState {
  return { ...state, prompt: { ...prompt, text } };
}

/** Of nothing: the search is over. */
function searchTyped(state: ScreenState, tree: TreeModel, { text }: Prompt): ScreenState {
  const closed = { ...state, prompt: null };
  if (state.focus !== 'tree') return { ...closed, item: null, search: text === '' ? null : { text, at: 0 } };
  if (text === '') return { ...closed, treeSearch: null };
  return moving.foundInTree({ ...closed, treeSearch: text }, tree, 0);
}

/** Esc in the input never leaves: twice it cancels the turn of a pod that has one. */
function escaped(state: ScreenState, tree: TreeModel, armed: ScreenState['armed']): Acted {
  const row = moving.rowOf(tree, state.shown);
  if (row === undefined || row.status !== 'running') return only(state);
  const { instance, name } = row;
  if (armed === 'cancel') return { state, effects: [{ kind: 'control', method: 'cancel', instance }] };
  return only(moving.said({ ...state, armed: 'cancel' }, `Esc again cancels the turn of ${name}`));
}

interface Ending {
  readonly armed: ScreenState['armed'];
  readonly isEmpty: boolean;
}

/** What is open is closed first. */
function interrupted(state: ScreenState, ending: Ending): Acted {
  if (state.confirm !== null) return only(moving.said({ ...state, confirm: null }, 'Nothing was done.'));
  if (state.prompt !== null) return only({ ...state, prompt: null });
  if (state.overlay !== null) return only({ ...state, overlay: null });
  return ended(state, 'interrupt', ending);
}

export function ended(state: ScreenState, key: EndKey, { armed, isEmpty }: Ending): Acted {
  const { does, says, arms } = endStep(key, { ...state, armed }, { isEmpty });
  const after: ScreenState = {
    ...state,
    ...(arms === true && { armed: 'end' as const }),
    ...(does === 'stopTree' && { isStopping: true }),
    ...(says !== undefined && { message: { text: says, isError: false } }),
  };
  return { state: after, effects: does === undefined ? [] : [{ kind: does }] };
}
