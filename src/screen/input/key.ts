/** One thing that came from the terminal. `decode` makes them. */
export type Typed = Key | Paste | Wheel | FocusChange | Reply;

export interface Key {
  readonly kind: 'key';
  /**
   * As the table of keys and `[keys]` have it: `y`, `A`, `?`, `enter`, `ctrl+c`, `alt+up`, `pageup`; '' for
   * none.
   */
  readonly name: string;
  /** What it types, one character as a person sees it, or null. */
  readonly text: string | null;
  /** As the terminal sent it: the editor decodes it for itself. */
  readonly raw: string;
}

/** Between the marks of a bracketed paste; with LF, without control characters. */
export interface Paste {
  readonly kind: 'paste';
  readonly text: string;
}

/** Only with `mouse = true`. */
export interface Wheel {
  readonly kind: 'wheel';
  readonly by: 1 | -1;
}

/** The terminal's window got or lost the focus. */
export interface FocusChange {
  readonly kind: 'window';
  readonly isFocused: boolean;
}

/** What the terminal answered to a question of ours. */
export interface Reply {
  readonly kind: 'reply';
  readonly raw: string;
}
