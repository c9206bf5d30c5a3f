/** What the input looks like: the editor makes it, views show it. */
import type { Place } from '../line.ts';

export interface InputView {
  /** As the editor has broken them for `inputColumns`. */
  readonly lines: readonly string[];
  readonly caret: Place;
  /** What is offered, and which of it is chosen; null: nothing is. */
  readonly completion: { readonly offers: readonly Offer[]; readonly chosen: number } | null;
}

export interface Offer {
  readonly text: string;
  /** What it is; empty where the text says it. */
  readonly about: string;
}
