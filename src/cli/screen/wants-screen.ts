/** Whether what is asked for is shown by the screen, or as lines that are only ever added. */
import { canAsk } from '../invocation/ask-person.ts';
import type { CommandContext } from '../invocation/context.ts';

/** Where somebody reads and types, on a terminal that can be written to in places, and wants no lines. */
export function wantsScreen(context: CommandContext, options: { readonly plain: boolean }): boolean {
  const { TERM, ACCESSIBLE } = context.ownEnvironment;
  const isPlain = options.plain || TERM === 'dumb' || (ACCESSIBLE ?? '') === '1';
  return !isPlain && context.isTerminal && canAsk(context);
}
