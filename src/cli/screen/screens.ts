/** What `podkin run` shows a person: screens where there is a terminal for them, else plain lines. */
import type { CommandInput } from '../invocation/command-input.ts';
import type { CommandContext } from '../invocation/context.ts';
import type { Screens } from '../run/run-report.ts';
import { screenedAttach } from './screened-attach.ts';
import { screenedRun } from './screened-run.ts';
import { wantsScreen } from './wants-screen.ts';

/** Null: none. */
export function screensFor(context: CommandContext, input: CommandInput): Screens | null {
  const plain = input.flag('plain');
  if (input.flag('print') || input.flag('detach') || !wantsScreen(context, { plain })) return null;
  const isSlow = input.flag('slow');
  const stays = input.flag('stay');
  return {
    run: (options) => screenedRun(context, { ...options, isSlow, stays }),
    attach: (called) => screenedAttach(context, called, { restore: false, plain, isSlow }),
  };
}
