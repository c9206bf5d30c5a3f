/**
 * A command that speaks to a pod may start it again for that: asked on a terminal, by `--restore` elsewhere.
 */
import type { FoundPod } from '../../client/find-pod.ts';
import { isPodRunning, probePod } from '../../client/pod-probe.ts';
import { askYesNo, canAsk } from '../invocation/ask-person.ts';
import { type CommandContext, CommandFailed, exitStatus } from '../invocation/context.ts';
import { restoreTree } from './restore.ts';

/**
 * The pod and those below it run when this resolves; or nobody wanted that, and whoever speaks to it is told.
 * Throws `CommandFailed` where it cannot be started.
 */
export async function restoredFirst(
  context: CommandContext,
  pod: FoundPod,
  { restore }: { readonly restore: boolean },
): Promise<void> {
  if (await isPodRunning(pod)) return;
  const probed = await probePod(pod);
  if (probed.kind !== 'ended') return;
  if (!restore && (!canAsk(context) || (await askYesNo(context, question(pod))) !== true)) return;
  const problem = await restoreTree(context, pod, { cancelsTurn: false });
  if (problem === null) return;
  throw new CommandFailed(exitStatus.failed, `${pod.name} could not be started again: ${problem}`);
}

function question({ label: name }: FoundPod): string {
  return `"${name}" is not running.\nStart it and those below it again from their logs?\n`;
}
