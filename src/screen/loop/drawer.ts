/**
 * From a view to the bytes of a frame, in the mode that the state asks for: the alternate screen, or the
 * terminal's own with what has been committed above the live region. One mode is left before the other is
 * entered, and what was printed stays printed.
 */
import type { DrawnInFrame } from '../answering.ts';
import type { ScreenState } from '../state.ts';
import type { Line, Size } from '../line.ts';
import type { PodModel } from '../model/shape.ts';
import { inlineLive } from '../views/inline.ts';
import { beginsBlock, itemLines } from '../views/item.ts';
import { paneFrame } from '../views/frame.ts';
import { noLine } from '../views/spans.ts';
import type { View } from '../views/view.ts';
import { InlineWriter, PaneWriter, type WriterOptions } from '../writer.ts';
import { callOf } from '../views/transcript.ts';
import { Feed, type ItemText } from './feed.ts';

export interface FrameOrder {
  readonly view: View;
  readonly size: Size;
  /** What is on the terminal is not known. */
  readonly isTaken: boolean;
  /** False: what has been committed waits for the next frame. */
  readonly prints: boolean;
  /** Other pods of the tree whose entries are printed too, in the order in which they spoke. */
  readonly others: readonly PodModel[];
  /** Lines to be printed beside those of pods. */
  readonly extra: readonly Line[];
}

export interface Drawn {
  /** Empty where nothing on the screen changes. */
  readonly bytes: string;
  /** What was to be printed has been. */
  readonly hasPrinted: boolean;
  readonly question: DrawnInFrame | null;
  readonly state: ScreenState;
  readonly isAtTop: boolean;
}

export class Drawer {
  readonly #pane: PaneWriter;
  readonly #inline: InlineWriter;
  readonly feed = new Feed();
  #mode: 'inline' | 'panes' | null = null;

  constructor(options: WriterOptions) {
    this.#pane = new PaneWriter(options);
    this.#inline = new InlineWriter(options);
  }

  frame(order: FrameOrder): Drawn {
    const { view, size } = order;
    const { mode } = view.state;
    const before = this.#mode !== null && this.#mode !== mode ? this.#leaveMode([], size) : null;
    this.#mode = mode;
    const isTaken = order.isTaken || before !== null;
    if (mode === 'panes') {
      const frame = paneFrame(view, size);
      const { question, state, isAtTop } = frame;
      const bytes = this.#pane.frame(frame, size, ...(isTaken ? (['take'] as const) : []));
      return { bytes: (before ?? '') + bytes, hasPrinted: false, question, state, isAtTop };
    }
    const lines = order.prints ? this.#printed(order) : [];
    const live = inlineLive(view, size);
    const { question, state, isAtTop } = live;
    const bytes = this.#inline.print(lines, live, size, ...(isTaken ? (['take'] as const) : []));
    return { bytes: (before ?? '') + bytes, hasPrinted: order.prints, question, state, isAtTop };
  }

  /** Nothing of it stays on the terminal; what is committed meanwhile is printed by the next frame. */
  giveBack(size: Size): string {
    return this.#mode === null ? '' : this.#leaveMode([], size);
  }

  /** In the inline mode: those are printed first. */
  leave(last: readonly Line[], order: FrameOrder): string {
    const printed = this.#mode === 'inline' ? this.#printed(order) : [];
    return this.#leaveMode([...printed, ...last], order.size);
  }

  #leaveMode(last: readonly Line[], size: Size): string {
    return this.#mode === 'panes' ? this.#pane.leave(last) : this.#inline.leave(last, size);
  }

  #printed({ view, size, others, extra }: FrameOrder): Line[] {
    const { tree, pod, rich, state } = view;
    const isLabelled = others.length > 0 || (state.ownsTree && tree.rows.length > 1);
    const { showsMachinery } = state;
    const text: ItemText = (item, columns, of) => {
      const call = callOf(of.pod, item, of.at);
      const lines = itemLines(item, columns, { rich, showsMachinery, call, isBelowCall: false });
      // Where names stand before lines, they tell blocks apart.
      const isApart = !isLabelled && of.at > 0 && beginsBlock(item) && lines.length > 0;
      return isApart ? [noLine, ...lines] : lines;
    };
    const pods = pod === null ? others : [pod, ...others.filter(({ instance }) => instance !== pod.instance)];
    return [...pods.flatMap((one) => this.feed.take(one, { size, isLabelled, text })), ...extra];
  }
}
