/**
 * When a key answers a question of a pod, and which one. Pure.
 *
 * Invariants
 * - Q1 A key counts for a question that has been on the screen, with the focus, for `readMs`; one that comes
 *   earlier does nothing and begins that time anew, so that a key that is held down never counts.
 * - Q2 A yes wants the whole of it to have been on the screen for that long too.
 * - Q3 What is answered is named by its request: the next question, whatever place it takes, has to be read
 *   first.
 */
import { contentProblem, contentTyped, type Form } from '../protocol/form.ts';
import type { Question, TreeModel } from './model/shape.ts';
import type { Action, DrawnQuestion, Effect, Prompt, ScreenState } from './state.ts';

export const readMs = 400;

type Answer = Extract<Action, { kind: 'answer' }>['with'];
type AnswerEffect = Extract<Effect, { kind: 'answer' }>;

/** Those that can be answered: what was answered from here is no more. */
export function waitingQuestions({ questions }: TreeModel, { answering }: ScreenState): readonly Question[] {
  return questions.filter(({ approval }) => !answering.has(approval.request));
}

/** The one that is shown; null: none waits. */
export function shownQuestion(tree: TreeModel, state: ScreenState): Question | null {
  const open = waitingQuestions(tree, state);
  const asked = state.overlay?.kind === 'question' ? state.overlay.request : state.question;
  return open.find(({ approval }) => approval.request === asked) ?? open[0] ?? null;
}

/** What a frame has of a question; `isWhole`: its end was on it, or had been before. */
export interface DrawnInFrame {
  readonly request: string;
  readonly isWhole: boolean;
}

/** To be called with each frame that has been written: `drawn` is what keys are judged by. */
export function withDrawn(state: ScreenState, frame: DrawnInFrame | null, nowMs: number): ScreenState {
  if (frame === null) return state.drawn === null ? state : { ...state, drawn: null };
  const before = state.drawn?.request === frame.request ? state.drawn : null;
  const drawn: DrawnQuestion = {
    request: frame.request,
    sinceMs: before?.sinceMs ?? nowMs,
    wholeSinceMs: before?.wholeSinceMs ?? (frame.isWhole ? nowMs : null),
    focusedSinceMs: hasFocus(state) ? (before?.focusedSinceMs ?? nowMs) : null,
  };
  const isSame =
    before !== null &&
    before.wholeSinceMs === drawn.wholeSinceMs &&
    before.focusedSinceMs === drawn.focusedSinceMs;
  return isSame ? state : { ...state, drawn };
}

/** The question has the focus, or a view of its own. */
function hasFocus({ focus, overlay }: ScreenState): boolean {
  return overlay === null
    ? focus === 'question'
    : overlay.kind === 'question' || overlay.kind === 'approvals';
}

export interface Answered {
  readonly state: ScreenState;
  readonly effects: readonly Effect[];
}

export function answer(
  how: Answer,
  state: ScreenState,
  known: { readonly tree: TreeModel; readonly nowMs: number },
): Answered {
  const { tree, nowMs } = known;
  if (state.overlay !== null && !hasFocus(state)) return { state, effects: [] };
  const question = shownQuestion(tree, state);
  if (question === null) return said(state, 'No question waits.');
  const { request, tool, offers } = question.approval;
  const drawn = state.drawn?.request === request ? state.drawn : null;
  const problem = drawn === null ? justOpened : early({ how, drawn, nowMs, isFocused: hasFocus(state) });
  if (problem !== null || drawn === null) {
    return said({ ...state, ...(drawn !== null && { drawn: anew(drawn, nowMs) }) }, problem ?? justOpened);
  }
  const ofForm = formAsked(how, state, question);
  if (ofForm !== null) return ofForm;
  switch (how) {
    case 'allow':
    case 'deny':
    case 'allowAlways':
      return given(state, tree, { kind: 'answer', request, decision: how });
    case 'denyBecause':
      return asks(state, {
        kind: 'reason',
        request,
        label: 'No, because (Enter sends it, Esc goes back): ',
        text: '',
      });
    case 'rule':
      if (tool !== 'Bash') return said(state, 'Only a shell command is answered by a rule.');
      return { state, effects: [{ kind: 'rule', request, text: null }] };
    case 'write':
      if (offers === undefined) return said(state, 'Nothing to write is offered.');
      return given(state, tree, { kind: 'answer', request, decision: 'allow', write: true });
  }
}

/** Null: the key means what it means for a call. */
function formAsked(how: Answer, state: ScreenState, { approval }: Question): Answered | null {
  const { form, request } = approval;
  if (form === undefined || how === 'deny') return null;
  if (how !== 'allow') return said(state, 'A form is filled in or declined: y, or n.');
  if (form.fields.length === 0) return null;
  return asks(state, { kind: 'form', request, label: formLabel(form), text: '' });
}

function formLabel({ fields }: Form): string {
  const names = fields.map(({ name }) => `${name}=…`).join('; ');
  return `${fields.length === 1 ? (fields[0]?.name ?? '') : names} (Enter sends it, Esc goes back): `;
}

/** Separated as `contentTyped` cannot: a value with a semicolon is for `podkin approve --answer`. */
function formTyped({
  state,
  tree,
  prompt,
  form,
}: {
  state: ScreenState;
  tree: TreeModel;
  prompt: Prompt;
  form: Form;
}): Answered {
  const { text, request } = prompt;
  const pieces = form.fields.length === 1 ? [text] : text.split(';').filter((piece) => piece.trim() !== '');
  const content = contentTyped(form, text.trim() === '' ? [] : pieces);
  const problem = typeof content === 'string' ? content : contentProblem(form, content);
  if (problem !== null || typeof content === 'string' || request === null)
    return said(state, `Nothing was answered: ${problem ?? ''}`);
  return given({ ...state, prompt: null }, tree, { kind: 'answer', request, decision: 'allow', content });
}

const justOpened =
  'Nothing was answered: the question has only just come up. Read it, and press the key again.';

function early(at: { how: Answer; drawn: DrawnQuestion; nowMs: number; isFocused: boolean }): string | null {
  const { how, drawn, nowMs, isFocused } = at;
  const sinceMs = isFocused ? (drawn.focusedSinceMs ?? nowMs) : drawn.sinceMs;
  if (nowMs - Math.max(drawn.sinceMs, sinceMs) < readMs) return justOpened;
  if (how === 'deny' || how === 'denyBecause') return null;
  if (drawn.wholeSinceMs === null)
    return 'Nothing was answered: there is no yes to what has not been shown; v shows the whole of it.';
  return nowMs - drawn.wholeSinceMs < readMs ? justOpened : null;
}

/** Q1: the time begins again. */
function anew(drawn: DrawnQuestion, nowMs: number): DrawnQuestion {
  return {
    ...drawn,
    sinceMs: nowMs,
    focusedSinceMs: drawn.focusedSinceMs === null ? null : nowMs,
    wholeSinceMs: drawn.wholeSinceMs === null ? null : nowMs,
  };
}

function said(state: ScreenState, text: string): Answered {
  return { state: { ...state, message: { text, isError: false } }, effects: [] };
}

function asks(state: ScreenState, prompt: Prompt): Answered {
  return { state: { ...state, prompt }, effects: [] };
}

/** The next one is shown; behind the last the focus is back in the input. */
function given(state: ScreenState, tree: TreeModel, effect: AnswerEffect): Answered {
  const answering = new Set([...state.answering, effect.request]);
  const after: ScreenState = { ...state, answering, question: null, drawn: null, prompt: null, rule: null };
  const left = waitingQuestions(tree, after).length > 0;
  const overlay = after.overlay?.kind === 'question' || !left ? null : after.overlay;
  const focus = left || after.focus !== 'question' ? after.focus : 'input';
  return { state: { ...after, overlay, focus }, effects: [effect] };
}

/** What was typed in a prompt for a question. A question that has been closed meanwhile is not answered. */
export function answerTyped(state: ScreenState, tree: TreeModel, prompt: Prompt): Answered {
  const closed = { ...state, prompt: null };
  const { request, kind } = prompt;
  const open = waitingQuestions(tree, state).find(({ approval }) => approval.request === request);
  if (request === null || open === undefined)
    return said(closed, 'That question is not open any more; nothing was sent.');
  if (kind === 'form' && open.approval.form !== undefined)
    return formTyped({ state, tree, prompt, form: open.approval.form });
  const text = prompt.text.trim();
  if (kind === 'reason') {
    const reason = text === '' ? {} : { reason: text };
    return given(closed, tree, { kind: 'answer', request, decision: 'deny', ...reason });
  }
  if (kind === 'rule') {
    if (text === '') return said(closed, 'Nothing was answered: there is no rule.');
    return { state: { ...closed, rule: { request, text } }, effects: [{ kind: 'rule', request, text }] };
  }
  const { rule } = state;
  if (rule?.request !== request) return said(closed, 'Nothing was answered: type the rule again.');
  const word = text.toLowerCase();
  if (!['', 'y', 'yes', 's'].includes(word))
    return said(closed, 'Nothing was answered: Enter alone or s takes the rule.');
  return given(closed, tree, {
    kind: 'answer',
    request,
    decision: 'allow',
    rule: { text: rule.text, save: word === 's' },
  });
}

/** The answer to it did not arrive: it waits on. */
export function unanswered(state: ScreenState, request: string): ScreenState {
  const answering = new Set([...state.answering].filter((one) => one !== request));
  return answering.size === state.answering.size ? state : { ...state, answering, drawn: null };
}

/** The next in the queue, or the one before; round at its ends. */
export function walked(state: ScreenState, tree: TreeModel, by: 1 | -1): ScreenState {
  const open = waitingQuestions(tree, state);
  const at = open.findIndex((one) => one === shownQuestion(tree, state));
  const next = open[(at + by + open.length) % open.length];
  if (next === undefined) return { ...state, message: { text: 'No question waits.', isError: false } };
  const { request } = next.approval;
  const overlay =
    state.overlay?.kind === 'question' ? { kind: 'question' as const, request, scroll: 0 } : state.overlay;
  return { ...state, question: request, overlay, ...(open.length > 1 && { drawn: null }) };
}
