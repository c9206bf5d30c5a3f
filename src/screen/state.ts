/**
 * What the person has the screen show: which pod, which view, where the focus is, how far it is scrolled.
 * Pure data; `actions` changes it, views read it.
 */
import type { FormContent } from '../protocol/form.ts';

export type Focus = 'input' | 'question' | 'tree' | 'transcript';

/** Over the three regions: a list or a text of its own. In `approvals` the chosen one is `question`. */
export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'deliveries'; readonly scroll: number }
  | { readonly kind: 'approvals'; readonly scroll: number }
  /** The whole of one question, by its request: it can be answered from here. */
  | { readonly kind: 'question'; readonly request: string; readonly scroll: number }
  /** The whole of one text: an item. */
  | { readonly kind: 'text'; readonly title: string; readonly text: string; readonly scroll: number };

/** In the foot: a line for the person; `y` alone does it, every other key does not. */
export interface Confirm {
  readonly text: string;
  readonly yes: Effect;
  /** Since when it has been in the foot; null: no frame has had it yet. */
  readonly sinceMs: number | null;
  /** Its key came too early. */
  readonly isEarly?: true;
}

/** A line that is typed in the place of the foot, for what it is asked. Not the input, whose text stays. */
export interface Prompt {
  readonly kind: 'search' | 'reason' | 'rule' | 'ruleFor' | 'form';
  /** Of a question: its request. */
  readonly request: string | null;
  readonly label: string;
  readonly text: string;
  /** What is to be read before it is typed, above it. */
  readonly about?: string;
}

/** What the last frame had of a question: what counts is that it was on the screen, and for how long. */
export interface DrawnQuestion {
  readonly request: string;
  readonly sinceMs: number;
  /** Since when its end has been on the screen, or null: a yes wants it. */
  readonly wholeSinceMs: number | null;
  /** Since when it has had the focus (or a view of its own), or null. */
  readonly focusedSinceMs: number | null;
}

/** What a root that `+ new` starts gets, where it was said; shown in the border. */
export interface Draft {
  readonly model?: string;
  readonly mode?: string;
  readonly effort?: string;
  readonly write?: readonly string[];
}

/**
 * A place in the transcript that nothing moves: neither what comes below it nor what is put before it. Only a
 * frame knows how high entries are, so a key says how far it wants to go, the frame finds the place, and
 * `settled` (`views/frame`) writes it down; so does it with an overlay that was scrolled too far.
 */
export interface Scroll {
  /** The lowest row that is shown: so many below the first row of the entry `seq`; null: the end. */
  readonly at: { readonly seq: number; readonly line: number } | null;
  /** What keys asked for since the last frame, in rows, downwards; 0: nothing. */
  readonly by: number | 'page' | 'pageUp' | 'first';
  /** The last entry when it left the end: what is behind that one is new. A frame says it. */
  readonly since?: number;
}

export interface ScreenState {
  readonly mode: 'inline' | 'panes';
  /** `run`: what ends this screen is asked, since it may end the tree. False: leaving stops nothing. */
  readonly ownsTree: boolean;
  readonly focus: Focus;
  /** Instance of the pod whose transcript is shown; null: the row `+ new`. */
  readonly shown: string | null;
  /**
   * The row of the tree that has the cursor: an instance, or `settled:` and a parent's (`rows`); null: `+
   * new`.
   */
  readonly selected: string | null;
  /** Unfolded groups of settled siblings, by their parent's instance (`''` for roots). */
  readonly unfolded: ReadonlySet<string>;
  /** Pods whose children are not shown, by instance. */
  readonly folded: ReadonlySet<string>;
  readonly zoomed: boolean;
  readonly showsMachinery: boolean;
  /** Null: the transcript follows its end. */
  readonly scroll: Scroll | null;
  /** Seq of the entry that has the transcript's cursor: a frame keeps it in sight; null: none. */
  readonly item: number | null;
  /** `at`: which of the places found is shown, from the last (0) upwards. */
  readonly search: { readonly text: string; readonly at: number } | null;
  readonly overlay: Overlay | null;
  /** Which open question is shown, by its request; null: the first. */
  readonly question: string | null;
  readonly drawn: DrawnQuestion | null;
  /** Requests that were answered from here, while the pod has not said so. */
  readonly answering: ReadonlySet<string>;
  readonly confirm: Confirm | null;
  readonly prompt: Prompt | null;
  /** The rule that was typed for a question, until it is said for how long it holds. */
  readonly rule: { readonly request: string; readonly text: string } | null;
  /** Of the search in the tree. */
  readonly treeSearch: string | null;
  /** What the last key has begun and the same key ends: Ctrl+C, or Esc. `message` says so. */
  readonly armed: 'end' | 'cancel' | null;
  /** The tree is being stopped in order. */
  readonly isStopping: boolean;
  readonly draft: Draft;
  /** One line for the person, until the next key. */
  readonly message: { readonly text: string; readonly isError: boolean } | null;
}

/** What a key or a slash command means. `actions` says what comes of it. */
export type Action =
  | { readonly kind: 'focus'; readonly to: Focus | 'next' | 'previous' }
  /** In the tree or among the entries, the approvals. */
  | { readonly kind: 'select'; readonly by: number | 'first' | 'last' }
  /** The next one, or the nth row; 0 is `+ new`. */
  | { readonly kind: 'pod'; readonly by?: number; readonly nth?: number }
  | { readonly kind: 'fold'; readonly to: 'closed' | 'open' | 'other' }
  | { readonly kind: 'scroll'; readonly by: number | 'page' | 'pageUp' | 'first' | 'end' }
  | { readonly kind: 'search'; readonly to: 'begin' | 'next' | 'previous' }
  | { readonly kind: 'view'; readonly view: 'help' | 'deliveries' | 'approvals' }
  /** `panes`: the other of inline and panes. `open`: the whole of an entry, or the pod with the cursor. */
  | { readonly kind: 'open' | 'zoom' | 'machinery' | 'panes' | 'close' | 'copy' | 'pager' }
  | { readonly kind: 'nextQuestion' | 'previousQuestion' | 'wholeQuestion' }
  | {
      readonly kind: 'answer';
      readonly with: 'allow' | 'allowAlways' | 'deny' | 'denyBecause' | 'rule' | 'write';
    }
  | { readonly kind: 'control'; readonly method: ControlMethod | 'pauseOrResume' }
  /** A single key that means yes (`y`) or no (any other) to `confirm`. */
  | { readonly kind: 'confirm'; readonly yes: boolean }
  /** A key in `prompt`: text, or what edits, ends or gives it up. */
  | {
      readonly kind: 'prompt';
      readonly to: 'text' | 'erase' | 'eraseAll' | 'done' | 'close';
      readonly text?: string;
    }
  /** Esc in the input; Ctrl+C; Ctrl+D with an empty input; `q`. */
  | { readonly kind: 'escape' | 'interrupt' | 'endOfInput' | 'leave' }
  /** Of the input: carried out by it (`input/composer`). */
  | { readonly kind: 'submit' | 'newline' | 'complete' }
  | { readonly kind: 'history'; readonly to: 'back' | 'forward' | 'search' }
  /** `quit`: Ctrl+\\, as a terminal's own: at once. */
  | { readonly kind: 'repaint' | 'suspend' | 'editor' | 'quit' }
  | { readonly kind: 'nothing' };

export type ControlMethod = 'pause' | 'resume' | 'cancel' | 'stop' | 'restore' | 'restoreTree' | 'remove';

/** What the loop does in the world for an action; each names what it is for, whatever is shown by then. */
export type Effect =
  /** To null: a root is started with it. */
  | { readonly kind: 'send'; readonly to: string | null; readonly text: string }
  | {
      readonly kind: 'answer';
      readonly request: string;
      readonly decision: 'allow' | 'deny' | 'allowAlways';
      readonly reason?: string;
      /** And what it asks to write may be written from then on. */
      readonly write?: true;
      /** By this rule; `save`: for later runs in the project too. */
      readonly rule?: { readonly text: string; readonly save: boolean };
      /** What a form is filled in with. */
      readonly content?: FormContent;
    }
  /** Null: a rule is to be suggested, as the text of a prompt; else what it allows is to be said. */
  | { readonly kind: 'rule'; readonly request: string; readonly text: string | null }
  | { readonly kind: 'control'; readonly method: ControlMethod; readonly instance: string }
  /** Without settings: what holds is to be said. */
  | { readonly kind: 'set'; readonly instance: string; readonly settings: Draft }
  | { readonly kind: 'compact'; readonly instance: string; readonly instructions: string | null }
  | { readonly kind: 'drop'; readonly instance: string; readonly which: number | 'last' }
  | { readonly kind: 'rules'; readonly words: readonly string[] }
  /** The source of one entry; null: the last answer. */
  | { readonly kind: 'copy'; readonly item: number | null }
  /** The whole of it goes to `$PAGER`: an entry, or the transcript (null). */
  | { readonly kind: 'pager'; readonly item: number | null }
  | { readonly kind: 'repaint' | 'suspend' | 'editor' }
  /** `leave`: nothing is stopped. `stopTree` in order, `killTree` at once; `quit` as by SIGQUIT. */
  | { readonly kind: 'leave' | 'stopTree' | 'killTree' | 'quit' }
  | { readonly kind: 'clearInput' };

/** What a screen begins with. */
export function firstState(from: Pick<ScreenState, 'mode' | 'ownsTree' | 'shown'>): ScreenState {
  return {
    ...from,
    focus: 'input',
    selected: from.shown,
    unfolded: new Set(),
    folded: new Set(),
    zoomed: false,
    showsMachinery: false,
    scroll: null,
    item: null,
    search: null,
    overlay: null,
    question: null,
    drawn: null,
    answering: new Set(),
    confirm: null,
    prompt: null,
    rule: null,
    treeSearch: null,
    armed: null,
    isStopping: false,
    draft: {},
    message: null,
  };
}
