/** What views read. They are pure but for what `Laid` remembers, which is never seen in what they answer. */
import type { JsonValue } from '../../std/json.ts';
import type { Keymap } from '../keymap.ts';
import type { Line, Place } from '../line.ts';
import type { PodModel, TreeModel } from '../model/shape.ts';
import type { ScreenState } from '../state.ts';
import type { Laid } from './laid.ts';

/** Markdown and differences: loaded after the first frame. */
export interface Rich {
  readonly markdownLines: (text: string, columns: number) => Line[];
  readonly diffOf: (tool: string, input: JsonValue) => Diff | null;
}

export interface Diff {
  readonly added: number;
  readonly removed: number;
  lines(columns: number): Line[];
}

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
