/** `--max-tokens`, checked. */
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { visible } from '../format/printable.ts';

/** Null: there is no bound. Throws `CommandFailed` (usage). */
export function tokensOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const tokens = /^\d+$/.test(text) ? Number(text) : 0;
  if (tokens > 0 && Number.isSafeInteger(tokens)) return tokens;
  throw new CommandFailed(exitStatus.usage, `--max-tokens ${visible(text)}: give a whole number, 1 or more`);
}
