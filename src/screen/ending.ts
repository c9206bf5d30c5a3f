/**
 * What ends the screen: two tables, one for `run`, which owns the tree that it shows, and one for
 * `attach` and the tree, where leaving stops nothing. Pure.
 */
import type { ScreenState } from './state.ts';

/** Ctrl+C, Ctrl+D with an empty input or outside of it, `q`. */
export type EndKey = 'interrupt' | 'endOfInput' | 'leave';
/** `text`: the input has one. `asked`: Ctrl+C was the last key. */
type Stage = 'text' | 'empty' | 'asked' | 'stopping';

export interface EndStep {
  readonly does?: 'clearInput' | 'leave' | 'stopTree' | 'killTree';
  readonly says?: string;
  /** The next Ctrl+C goes on from `asked`. */
  readonly arms?: true;
}

const howRunEnds = 'Ctrl+C again stops the tree · Ctrl+D leaves it running';
const stopping = 'the tree is being stopped · Ctrl+C again kills it';

const ofRun: Readonly<Record<EndKey, Readonly<Record<Stage, EndStep>>>> = {
  interrupt: {
    text: { does: 'clearInput' },
    empty: { arms: true, says: howRunEnds },
    asked: { does: 'stopTree', says: stopping },
    stopping: { does: 'killTree' },
  },
  endOfInput: {
    text: { does: 'leave' },
    empty: { does: 'leave' },
    asked: { does: 'leave' },
    stopping: { says: stopping },
  },
  leave: {
    text: { says: 'Ctrl+D leaves the tree running · Ctrl+C with an empty input stops it' },
    empty: { arms: true, says: howRunEnds },
    asked: { arms: true, says: howRunEnds },
    stopping: { says: stopping },
  },
};

const leaves: Readonly<Record<Stage, EndStep>> = {
  text: { does: 'leave' },
  empty: { does: 'leave' },
  asked: { does: 'leave' },
  stopping: { does: 'leave' },
};

const ofAttach: Readonly<Record<EndKey, Readonly<Record<Stage, EndStep>>>> = {
  interrupt: {
    text: { does: 'clearInput' },
    empty: { arms: true, says: 'Ctrl+C again leaves; the pods keep running' },
    asked: { does: 'leave' },
    stopping: { does: 'leave' },
  },
  endOfInput: leaves,
  leave: leaves,
};

export function endStep(
  key: EndKey,
  state: Pick<ScreenState, 'ownsTree' | 'armed' | 'isStopping'>,
  input: { readonly isEmpty: boolean },
): EndStep {
  const stage = state.isStopping
    ? 'stopping'
    : !input.isEmpty
      ? 'text'
      : state.armed === 'end'
        ? 'asked'
        : 'empty';
  return (state.ownsTree ? ofRun : ofAttach)[key][stage];
}
