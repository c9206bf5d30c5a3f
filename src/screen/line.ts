/**
 * What the screen is made of: lines of styled text, and a frame of them. Views make them, the writer turns
 * them into bytes.
 *
 * Invariants
 * - F1 The text of a span is clean (`text`): no control, bidi or line-breaking character, no tab.
 * - F2 A line of a frame is no wider than the screen, and a frame has no more lines than it.
 */
export interface Style {
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
  readonly underline?: boolean;
  /** One of the terminal's own: red, green, yellow, blue, magenta, cyan. Nothing is said by colour alone. */
  readonly color?: 1 | 2 | 3 | 4 | 5 | 6;
}

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly Span[];

/** Counted from 0; columns in cells. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  readonly lines: readonly Line[];
  /** Where the terminal's own cursor is; null: hidden. */
  readonly caret: Place | null;
}
