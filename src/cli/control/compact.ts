/** `podkin compact`: a shorter history in the place of a long one, before the next request. */
import { askPod } from '../../client/ask-pod.ts';
import { findPod } from '../../client/find-pod.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';

export async function compactCommand(
  context: CommandContext,
  name: string,
  { instructions }: { instructions: string | undefined },
): Promise<number> {
  const asked = instructions === undefined ? {} : { instructions };
  const { status } = await askPod(findPod(context.home, name), 'compact', asked);
  const when = status === 'running' ? 'before its next request' : 'before the first request of its next turn';
  context.stdout.write(`${name}: its history is compacted ${when}\n`);
  return exitStatus.done;
}
