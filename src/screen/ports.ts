/**
 * What the loop (`screen`) needs of the parts with effects. `watch` and `terminal` fulfil the first
 * two; the command line is the third, since starting, restoring and removing pods is its business.
 */
import type { MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import type { Delivery } from '../protocol/methods.ts';
import type { Size } from './line.ts';
import type { PodModel, TreeModel } from './model/shape.ts';

/** Of one pod and the tree around it. Its data is replaced, never changed. */
export interface Watching {
  readonly tree: TreeModel;
  /** The one that is shown; null for `+ new`. */
  readonly pod: PodModel | null;
  /** Fulfilled with deltas for that pod from then on, and none for the one before. Null: none. */
  show(instance: string | null): void;
  /** Asks for as many entries before those that are there; they come as a change of `pod`. */
  older(count: number): void;
  /** Its working directory; null where it is not known. */
  folderOf(instance: string): string | null;
  /** To the shown pod; its state is in `pod.sent`. Answers the submission. */
  send(text: string): string;
  /** What was given to `send` and may not have been taken, over all pods. */
  readonly unsent: readonly string[];
  /**
   * Rejects as `Client.call` does, and with `NotConnected`. A pod without a connection of its own is dialled.
   */
  call<M extends MethodName>(instance: string, method: M, params: ParamsIn<M>): Promise<Result<M>>;
  /** While the view of deliveries is open. */
  wantDeliveries(wanted: boolean): void;
  readonly deliveries: readonly Delivery[];
  close(): Promise<void>;
}

/** Called for every change, as often as it comes: the loop coalesces. Must not throw. */
export type OnChange = () => void;

export interface TerminalEvents {
  /** What was typed, as it was read: raw bytes as text, cut anywhere. */
  readonly onInput: (bytes: string) => void;
  readonly onResize: () => void;
  /** What was written before has left this process. */
  readonly onDrain: () => void;
  /**
   * Sent on after Ctrl+Z, or lent and given back: the modes are on again, the screen's content is not known.
   */
  readonly onBack: () => void;
  /**
   * The terminal is about to be given back, for a time or for good: the bytes that leave the screen in order.
   * What is drawn next is drawn as on a terminal that nothing is known of.
   */
  readonly onGiveBack: () => string;
  /** The other end is gone. */
  readonly onLost: () => void;
}

export interface ScreenTerminal {
  readonly size: Size;
  /** Over SSH, or `--slow`: few frames. */
  readonly isSlow: boolean;
  /** False while what was written has not left, or, over a slow line, has not been shown. */
  readonly isDrained: boolean;
  /** Before the terminal is given back: what it was asked it has answered, or is not going to. */
  answered(): Promise<void>;
  /** Modes on, title saved. */
  open(events: TerminalEvents): void;
  write(bytes: string): void;
  /** Modes off, and stopped as by the terminal's own Ctrl+Z; `onBack` comes when it goes on. */
  suspend(): void;
  /** Modes off while another program has the terminal; `onBack` comes behind it. */
  lend<T>(work: () => Promise<T>): Promise<T>;
  /** Modes as before. The caller has left the last lines. */
  close(): void;
}

/** What a person may have done from the screen that is done by commands. Each answers what to say. */
export interface Commands {
  /** A root in this directory; answers its instance. */
  readonly start: (task: string, settings: StartSettings) => Promise<string>;
  readonly restore: (instance: string, how: { readonly tree: boolean }) => Promise<string>;
  readonly remove: (instance: string) => Promise<string>;
  readonly stop: (instance: string, how: { readonly below: boolean }) => Promise<string>;
  /** `/model`, `/mode`, `/effort` of a pod that runs; empty: what holds. */
  readonly set: (instance: string, settings: StartSettings) => Promise<string>;
  readonly saveRule: (
    pod: { readonly instance: string; readonly name: string },
    rule: string,
  ) => Promise<string>;
  /** `podkin rules` with these words. */
  readonly rules: (words: readonly string[]) => Promise<string>;
  /** For a shell command: a rule to begin with, and what one that was typed would allow. */
  readonly ruleFor: (command: string) => string;
  readonly ruleMeaning: (
    rule: string,
    command: string,
  ) => { readonly meaning: string } | { readonly problem: string };
  /** Keeps what was copied in a file of its own; answers its path. */
  readonly keepCopy: (text: string) => string;
}

/** What is shown in the border of `+ new`, and may be set before it starts. */
export interface StartSettings {
  readonly model?: string;
  readonly mode?: string;
  readonly effort?: string;
  readonly write?: readonly string[];
}
