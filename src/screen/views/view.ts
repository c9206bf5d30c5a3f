/** What views read. They are pure but for what `Laid` remembers, which is never seen in what they answer. */
import type { Keymap } from '../keymap.ts';
import type { Place } from '../line.ts';
import type { PodModel, TreeModel } from '../model/shape.ts';
import type { ScreenState } from '../state.ts';
import type { Laid } from './laid.ts';
import type { Rich } from './rich.ts';

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

export interface View {
  readonly tree: TreeModel;
  /** The one that is shown; null: `+ new`. */
  readonly pod: PodModel | null;
  readonly state: ScreenState;
  readonly input: InputView;
  readonly nowMs: number;
  readonly keymap: Keymap;
  /** The terminal says Alt apart from Esc: then a question can be answered from the input. */
  readonly hasKitty: boolean;
  /** Null: not loaded yet. */
  readonly rich: Rich | null;
  readonly laid: Laid;
  /** The folder in which `+ new` starts a root; empty where it is not known. */
  readonly folder?: string;
}
