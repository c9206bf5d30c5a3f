/**
 * What the person has the screen show: which pod, which view, where the focus is, how far it is scrolled.
 * Pure data; `actions` changes it, views read it.
 */
export type Focus = 'input' | 'question' | 'tree' | 'transcript';

/** Over the three regions: a list or a text of its own. */
export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  | { readonly kind: 'deliveries'; readonly scroll: number }
  | { readonly kind: 'approvals'; readonly selected: number; readonly scroll: number }
  /** The whole of one text: an item, a question. */
  | { readonly kind: 'text'; readonly title: string; readonly text: string; readonly scroll: number };

/** `null`: nothing is asked. A word to the person in the foot, and what a yes does. */
export interface Confirm {
  readonly text: string;
  readonly yes: Action;
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
}

export interface ScreenState {
  readonly mode: 'inline' | 'panes';
  readonly focus: Focus;
  /** Instance of the pod whose transcript is shown; null: the row `+ new`. */
  readonly shown: string | null;
  /** Instance that the tree's cursor is on; null: the row `+ new`. */
  readonly selected: string | null;
  /** Unfolded groups of settled siblings, by their parent's instance. */
  readonly unfolded: ReadonlySet<string>;
  readonly zoomed: boolean;
  readonly showsMachinery: boolean;
  /** Null: the transcript follows its end. */
  readonly scroll: Scroll | null;
  readonly search: { readonly text: string; readonly at: number } | null;
  readonly overlay: Overlay | null;
  /** Which open question is shown, by its request; null: the first. */
  readonly question: string | null;
  readonly confirm: Confirm | null;
  /** One line for the person, until the next key. */
  readonly message: { readonly text: string; readonly isError: boolean } | null;
}

/** What a key or a slash command means. Those with effects are carried out by `screen.ts`. */
export type Action =
  | { readonly kind: 'focus'; readonly to: Focus | 'next' | 'previous' }
  | { readonly kind: 'select'; readonly by: number | 'first' | 'last' }
  | { readonly kind: 'pod'; readonly by?: number; readonly nth?: number }
  | {
      readonly kind:
        | 'fold'
        | 'open'
        | 'pods'
        | 'zoom'
        | 'machinery'
        | 'repaint'
        | 'suspend'
        | 'panes'
        | 'inline';
    }
  | { readonly kind: 'scroll'; readonly by: number | 'page' | 'pageUp' | 'first' | 'end' }
  | { readonly kind: 'search'; readonly to: 'begin' | 'next' | 'previous' }
  | { readonly kind: 'view'; readonly view: 'help' | 'deliveries' | 'approvals' }
  | {
      readonly kind:
        | 'close'
        | 'copy'
        | 'editor'
        | 'submit'
        | 'leave'
        | 'stopTree'
        | 'killTree'
        | 'leaveRunning';
    }
  | { readonly kind: 'nextQuestion' | 'wholeQuestion' }
  | {
      readonly kind: 'answer';
      readonly with: 'allow' | 'allowAlways' | 'deny' | 'denyBecause' | 'rule' | 'write';
    }
  | { readonly kind: 'control'; readonly method: 'pause' | 'resume' | 'cancel' }
  | { readonly kind: 'stop' | 'restore' | 'restoreTree' | 'remove' | 'stopSubtree' }
  | { readonly kind: 'confirm'; readonly yes: boolean }
  /** A slash command, as typed. */
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'nothing' };
