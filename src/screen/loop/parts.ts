/** What a screen is made of, and what it is to whoever opened it. */
import type { LiveEvent } from '../../client/pod-stream.ts';
import type { History } from '../input/history.ts';
import type { Keymap } from '../keymap.ts';
import type { Commands, OnChange, ScreenTerminal, Watching } from '../ports.ts';
import type { ScreenState } from '../state.ts';

export interface ScreenParts {
  readonly terminal: ScreenTerminal;
  readonly watch: (onChange: OnChange) => Watching;
  readonly commands: Commands;
  readonly keymap: Keymap;
  readonly environment: NodeJS.ProcessEnv;
  readonly first: Pick<ScreenState, 'mode' | 'ownsTree' | 'shown'>;
  /** Where `+ new` starts a root; empty where it is not known. */
  readonly folder: string;
  readonly past: History;
  /** Of a tree that it owns: Ctrl+C, twice; and once more; or Ctrl+\\. */
  readonly onStop: (by: 'SIGINT' | 'SIGQUIT') => void;
  /** Said when the shown pod is the only thing that this screen is for. */
  readonly pod: ScreenedPod | null;
}

export interface ScreenedPod {
  readonly name: string;
  readonly instance: string;
  readonly label: string;
}

/** Another pod of the tree, whose entries are printed with its name. */
export interface HeardPod {
  readonly name: string;
  readonly instance: string;
  readonly isRoot: boolean;
  readonly knownThrough: number;
}

/** `lost`: the terminal is gone. `ended`: the pod that it was for has stopped; `failed`: it cannot go on. */
export type ScreenEnd = 'left' | 'lost' | 'ended' | 'failed';

export interface OpenScreen {
  readonly ended: Promise<ScreenEnd>;
  /** The shown pod listens. */
  begun(): void;
  /** Its tree is settled: whether something more was sent. Fulfils when it is known. */
  settled(how: { readonly stays: boolean }): Promise<boolean>;
  /** A text was sent from here. */
  readonly hasSent: boolean;
  heard(pod: HeardPod, event: LiveEvent): void;
  say(text: string, how?: { readonly isError: boolean }): void;
  /** Gives the terminal back; the last lines are on it. Once is enough. */
  close(): Promise<void>;
}
