/** `/model`, `/mode` and `/effort`, typed at a terminal: over the connection that is there. */
import { thrownText } from '../../std/thrown-text.ts';
import { BadSetting } from '../../configuration/bad-setting.ts';
import { type CommandContext, CommandFailed } from '../invocation/context.ts';
import type { SetOptions } from '../../library/roots/set-options.ts';
import type { Client } from '../../transport/client.ts';
import { parseAttachLine } from './attach-line.ts';
import { heldText, unheardText } from './set.ts';
import { setParams } from '../../library/roots/set-options.ts';

/** What was typed is lost in a moment: what asks nobody for anything is not begun by it. */
const onlyByFlag = 'bypassPermissions';

/** What to say of it. Rejects with what the pod refuses. */
export async function typedSet(
  context: CommandContext,
  options: SetOptions,
  client: Client,
): Promise<string> {
  if (options.permissionMode === onlyByFlag)
    return `${onlyByFlag} is set by a flag alone: podkin set NAME --permission-mode ${onlyByFlag}`;
  try {
    const params = await setParams(context, options);
    const held = await client.call('set', params);
    return [
      `From now on: ${heldText(held)}`,
      ...(held.unheard.length > 0 ? [unheardText(held.unheard)] : []),
    ].join('\n');
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof BadSetting)
      return [error.sentence, ...error.lines].join('\n');
    throw error;
  }
}

/** While a run is watched: what is no such command goes nowhere. */
export async function obeyTyped(
  context: CommandContext,
  line: string,
  client: Client | null,
): Promise<string> {
  const action = parseAttachLine(line);
  if (action.kind !== 'set')
    return 'y, n, r, a or p answers the approval request; /model, /mode and /effort set what the root works with; to send it a text use "podkin send".';
  if (client === null) return 'Not connected at the moment; type it again.';
  try {
    return await typedSet(context, action.options, client);
  } catch (error) {
    return thrownText(error);
  }
}
