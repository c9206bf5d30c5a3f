/**
 * Whether a run may begin where it was started: without any path its scope is the whole working directory,
 * and some of those nobody means.
 */
import { broadPlace } from '../../library/roots/broad-place.ts';
import { askYesNo, canAsk } from '../invocation/ask-person.ts';
import { CommandFailed, type CommandContext, exitStatus } from '../invocation/context.ts';

/** Asks on a terminal. Rejects with `CommandFailed` (usage) for a no, and where nobody can be asked. */
export async function checkStartingPlace(
  context: CommandContext,
  cwd: string,
  options: { mayAsk: boolean },
): Promise<void> {
  const what = broadPlace(cwd, context.environment);
  if (what === null) return;
  const next = 'change to the folder of the work, or say what may be touched with --read, --write or --cwd';
  const asked = options.mayAsk && canAsk(context);
  const question = `${cwd} is ${what}. Agents started here may read and change everything below it.\nStart here all the same?\n`;
  if (asked && (await askYesNo(context, question)) === true) return;
  throw new CommandFailed(exitStatus.usage, `${cwd} is ${what}: ${next}`);
}
