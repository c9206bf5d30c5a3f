/** Makes a screen of what the command line has: its terminal, its home, its commands, a person's settings. */
import { realpathSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { findPod } from '../../client/find-pod.ts';
import { History } from '../../screen/input/history.ts';
import { keymapOf } from '../../screen/keymap.ts';
import type { OpenScreen } from '../../screen/loop/parts.ts';
import { Screen } from '../../screen/screen.ts';
import { Terminal } from '../../screen/terminal.ts';
import { ScreenWatch } from '../../screen/watch.ts';
import { type CommandContext, cwdIfThere } from '../invocation/context.ts';
import { screenSettings } from '../../configuration/configuration.ts';
import { screenCommands } from './screen-commands.ts';

export type { OpenScreen } from '../../screen/loop/parts.ts';

export interface ScreenOrder {
  /** One pod, and the tree that it is the root of; or all trees that are here. */
  readonly show:
    | { readonly kind: 'pod'; readonly name: string; readonly instance: string }
    /** `shown`: which of them first; null: `+ new`. */
    | { readonly kind: 'home'; readonly shown: string | null };
  readonly mode: 'inline' | 'panes';
  readonly ownsTree: boolean;
  readonly isSlow: boolean;
  readonly onStop: (by: 'SIGINT' | 'SIGQUIT') => void;
}

/**
 * It waits nearly all of the time. A young generation that grows to 32 MB, and the optimizing compiler, whose
 * memory and threads cost more than they save here, are for who computes.
 */
const smallHeap = ['--semi-space-growth-factor=1', '--no-opt'];

export function openScreen(context: CommandContext, order: ScreenOrder): OpenScreen {
  for (const flag of smallHeap) setFlagsFromString(flag);
  const { home, environment, ownEnvironment } = context;
  const { show, mode, ownsTree, onStop } = order;
  const cwd = cwdIfThere(context);
  const directory = cwd === null ? '' : realpathSync(cwd);
  const { SSH_TTY, SSH_CONNECTION } = ownEnvironment;
  const isFar = [SSH_TTY, SSH_CONNECTION].some((value) => (value ?? '') !== '');
  const settings = screenSettings(environment);
  const { history: keeps } = settings;
  const isKept = keeps && directory !== '';
  const screen = new Screen({
    terminal: new Terminal({
      stdin: context.stdin,
      stdout: process.stdout,
      isSlow: order.isSlow || isFar,
      mouse: settings.mouse,
    }),
    watch: (onChange) =>
      new ScreenWatch({
        home,
        root: show.kind === 'home' ? null : rootOf(context, show.instance, ownsTree),
        directory,
        onChange,
      }),
    commands: screenCommands(context),
    keymap: keymapOf(settings.keys),
    environment,
    first: { mode, ownsTree, shown: show.kind === 'home' ? show.shown : show.instance },
    folder: directory,
    past: new History(isKept ? { home, cwd: directory } : null),
    onStop,
    pod:
      show.kind === 'pod'
        ? { name: show.name, instance: show.instance, label: labelOf(context, show) }
        : null,
  });
  screen.open();
  return screen;
}

/** Of a pod that is only being made: itself. */
function rootOf({ home }: CommandContext, instance: string, isNew: boolean): string {
  if (isNew) return instance;
  return findPod(home, instance).spec.root.instance;
}

function labelOf({ home }: CommandContext, { name, instance }: { name: string; instance: string }): string {
  try {
    return findPod(home, instance).label;
  } catch {
    return name;
  }
}
