/** Whether what is asked for is shown by the screen, or as lines that are only ever added. */
import { canAsk } from '../invocation/ask-person.ts';
import type { CommandContext } from '../invocation/context.ts';

/**
 * It is asked for, by `--screen` or PODKIN_SCREEN=1, and somebody reads and types here, on a terminal that
 * can be written to in places. Not by default yet: plain lines are what the terminal's tests hold.
 */
export function wantsScreen(context: CommandContext, options: { readonly screen: boolean }): boolean {
  const { TERM, ACCESSIBLE, PODKIN_SCREEN } = context.ownEnvironment;
  const isAsked = options.screen || PODKIN_SCREEN === '1';
  const isPlain = TERM === 'dumb' || (ACCESSIBLE ?? '') === '1';
  return isAsked && !isPlain && context.isTerminal && canAsk(context);
}
