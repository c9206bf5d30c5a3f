/** What views read. They are pure but for what `Laid` remembers, which is never seen in what they answer. */
import type { Keymap } from '../keymap.ts';
import type { PodModel, TreeModel } from '../model/shape.ts';
import type { ScreenState } from '../state.ts';
import type { InputView } from './input-view.ts';
import type { Laid } from './laid.ts';
import type { Rich } from './rich.ts';

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

/** What all reads but a transcript: while a pod only speaks, none of it is another. */
export interface ViewAround extends Omit<View, 'pod' | 'rich' | 'laid'> {
  readonly pod: Pick<PodModel, 'name'> | null;
}
