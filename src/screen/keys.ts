/**
 * The one table of keys: what each does and where it counts; the words for it are in `key-words.ts`. The help
 * view, the foot, docs/screen.md and `[keys]` are made of it.
 *
 * Invariants
 * - Y1 In the input no printable character is in the table: there it is text.
 * - Y2 Ctrl+B, Ctrl+A, Ctrl+S and Ctrl+Q are in no binding: they belong to tmux, screen and the terminal.
 * - Y3 Of the keys with Alt each has a second way, by the focus or by a slash command: a terminal of macOS
 *   sends none by default.
 */
import type { Action, Focus } from './state.ts';

/** Where a key counts: the place that has the focus, or what is open over it. */
export type KeyPlace = Focus | 'view' | 'confirm' | 'prompt';

export interface Binding {
  /** Its name in `[keys]`, and in the words. */
  readonly id: string;
  /** The first is shown in the foot. */
  readonly keys: readonly string[];
  readonly places: readonly KeyPlace[];
  /**
   * Else the key is not its: `empty`: there is no text in the input; `completing`: something is offered
   * there; `kitty`: the terminal says Alt apart from Esc.
   */
  readonly when?: 'empty' | 'completing' | 'kitty';
  readonly action: Action;
  /** Not in `[keys]`: without it a person could be stuck, or it is one of a row. */
  readonly isFixed?: true;
}

const outside = ['question', 'tree', 'transcript'] as const;
const notInput = [...outside, 'view'] as const;
const anywhere = ['input', ...outside] as const;
const everywhere = [...anywhere, 'view'] as const;
const always = [...everywhere, 'confirm', 'prompt'] as const;
const lists = ['tree', 'transcript'] as const;
const answering = ['question', 'view'] as const;

/** `keys` with a blank between them. */
function on(places: readonly KeyPlace[], id: string, keys: string, action: Action): Binding {
  return { id, keys: keys.split(' '), places, action };
}

function nthPod(nth: number): Binding {
  return { ...on(everywhere, 'pod', `alt+${nth}`, { kind: 'pod', nth }), isFixed: true };
}

/** In the order in which a key is looked up: of two for one place the first whose `when` holds. */
export const keyTable: readonly Binding[] = [
  { ...on(['input'], 'complete', 'tab', { kind: 'complete' }), when: 'completing' },
  on(outside, 'nextPlace', 'tab', { kind: 'focus', to: 'next' }),
  on(anywhere, 'previousPlace', 'shift+tab', { kind: 'focus', to: 'previous' }),
  on(everywhere, 'nextQuestion', 'alt+w', { kind: 'nextQuestion' }),
  { ...on(outside, 'toInput', 'escape', { kind: 'focus', to: 'input' }), isFixed: true },
  { ...on(['input'], 'escape', 'escape', { kind: 'escape' }), isFixed: true },
  on(everywhere, 'previousPod', 'alt+up', { kind: 'pod', by: -1 }),
  on(everywhere, 'nextPod', 'alt+down', { kind: 'pod', by: 1 }),
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(nthPod),
  on(everywhere, 'newPod', 'alt+0', { kind: 'pod', nth: 0 }),
  on(everywhere, 'switchView', 'alt+t', { kind: 'panes' }),
  on(everywhere, 'pageUp', 'pageup', { kind: 'scroll', by: 'pageUp' }),
  on(everywhere, 'pageDown', 'pagedown', { kind: 'scroll', by: 'page' }),
  on(notInput, 'end', 'end', { kind: 'scroll', by: 'end' }),
  {
    ...on(['input'], 'endFromInput', 'end ctrl+end', { kind: 'scroll', by: 'end' }),
    when: 'empty',
    isFixed: true,
  },
  on(anywhere, 'denyAnywhere', 'alt+n', { kind: 'answer', with: 'deny' }),
  { ...on(anywhere, 'allowAnywhere', 'alt+y', { kind: 'answer', with: 'allow' }), when: 'kitty' },
  { ...on(anywhere, 'alwaysAnywhere', 'alt+A', { kind: 'answer', with: 'allowAlways' }), when: 'kitty' },
  on(everywhere, 'repaint', 'ctrl+l', { kind: 'repaint' }),
  on(everywhere, 'suspend', 'ctrl+z', { kind: 'suspend' }),
  { ...on(always, 'interrupt', 'ctrl+c', { kind: 'interrupt' }), isFixed: true },
  { ...on(always, 'quit', 'ctrl+\\', { kind: 'quit' }), isFixed: true },
  { ...on(notInput, 'endOfInput', 'ctrl+d', { kind: 'endOfInput' }), isFixed: true },
  { ...on(['input'], 'endFromEmptyInput', 'ctrl+d', { kind: 'endOfInput' }), when: 'empty', isFixed: true },
  { ...on(['input'], 'send', 'enter', { kind: 'submit' }), isFixed: true },
  // Who presses it in the middle of a text wants a word completed: where nothing is offered, what is typed
  // next is text still, and answers nothing elsewhere.
  { ...on(['input'], 'nextPlace', 'tab', { kind: 'focus', to: 'next' }), when: 'empty' },
  on(['input'], 'newline', 'shift+enter alt+enter ctrl+j', { kind: 'newline' }),
  on(['input'], 'historyBack', 'ctrl+p', { kind: 'history', to: 'back' }),
  on(['input'], 'historyForward', 'ctrl+n', { kind: 'history', to: 'forward' }),
  on(['input'], 'searchHistory', 'ctrl+r', { kind: 'history', to: 'search' }),
  on(['input'], 'editor', 'ctrl+g', { kind: 'editor' }),
  on(answering, 'allow', 'y', { kind: 'answer', with: 'allow' }),
  on(answering, 'deny', 'n', { kind: 'answer', with: 'deny' }),
  on(answering, 'allowAlways', 'A', { kind: 'answer', with: 'allowAlways' }),
  on(answering, 'denyBecause', 'N', { kind: 'answer', with: 'denyBecause' }),
  on(answering, 'allowByRule', 'p', { kind: 'answer', with: 'rule' }),
  on(answering, 'allowWrite', 'w', { kind: 'answer', with: 'write' }),
  on(['question'], 'whole', 'v', { kind: 'wholeQuestion' }),
  on(['question'], 'questionDown', 'j down', { kind: 'nextQuestion' }),
  on(['question'], 'questionUp', 'k up', { kind: 'previousQuestion' }),
  on(lists, 'down', 'j down', { kind: 'select', by: 1 }),
  on(lists, 'up', 'k up', { kind: 'select', by: -1 }),
  on(lists, 'first', 'g home', { kind: 'select', by: 'first' }),
  on(lists, 'last', 'G', { kind: 'select', by: 'last' }),
  on(lists, 'open', 'enter', { kind: 'open' }),
  on(lists, 'search', '/', { kind: 'search', to: 'begin' }),
  on(lists, 'searchNext', 'n', { kind: 'search', to: 'next' }),
  on(lists, 'searchPrevious', 'N', { kind: 'search', to: 'previous' }),
  on(lists, 'tree', 't', { kind: 'panes' }),
  on(lists, 'zoom', 'z', { kind: 'zoom' }),
  on(lists, 'approvals', 'a', { kind: 'view', view: 'approvals' }),
  on(lists, 'deliveries', 'd', { kind: 'view', view: 'deliveries' }),
  on(lists, 'machinery', 'e', { kind: 'machinery' }),
  on(lists, 'copy', 'c', { kind: 'copy' }),
  on(lists, 'pager', 'o', { kind: 'pager' }),
  on(lists, 'help', '?', { kind: 'view', view: 'help' }),
  on(lists, 'leave', 'q', { kind: 'leave' }),
  on(['tree'], 'foldRow', 'h left', { kind: 'fold', to: 'closed' }),
  on(['tree'], 'unfoldRow', 'l right', { kind: 'fold', to: 'open' }),
  on(['tree'], 'toggleRow', 'space', { kind: 'fold', to: 'other' }),
  on(['tree'], 'pause', 'p', { kind: 'control', method: 'pauseOrResume' }),
  on(['tree'], 'cancelTurn', 'x', { kind: 'control', method: 'cancel' }),
  on(['tree'], 'stop', 'S', { kind: 'control', method: 'stop' }),
  on(['tree'], 'restore', 'r', { kind: 'control', method: 'restore' }),
  on(['tree'], 'restoreTree', 'R', { kind: 'control', method: 'restoreTree' }),
  on(['tree'], 'remove', 'D', { kind: 'control', method: 'remove' }),
  on(['transcript'], 'toTree', 'h left', { kind: 'focus', to: 'tree' }),
  on(['transcript'], 'openEntry', 'l right', { kind: 'open' }),
  on(['transcript'], 'transcriptPage', 'space', { kind: 'scroll', by: 'page' }),
  { ...on(['view'], 'close', 'escape q', { kind: 'close' }), isFixed: true },
  on(['view'], 'viewDown', 'j down', { kind: 'select', by: 1 }),
  on(['view'], 'viewUp', 'k up', { kind: 'select', by: -1 }),
  on(['view'], 'viewPage', 'space', { kind: 'scroll', by: 'page' }),
  on(['view'], 'viewFirst', 'g home', { kind: 'scroll', by: 'first' }),
  on(['view'], 'viewLast', 'G', { kind: 'scroll', by: 'end' }),
  on(['view'], 'viewWhole', 'v enter', { kind: 'wholeQuestion' }),
];

/** Y2. */
export const neverBound: readonly string[] = ['ctrl+a', 'ctrl+b', 'ctrl+q', 'ctrl+s'];
