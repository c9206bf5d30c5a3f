/** `podkin pause`, `resume`, `cancel`: one method, and where the pod stands after it. */
import { askPod } from '../../client/ask-pod.ts';
import type { CommandContext } from '../invocation/context.ts';
import { exitStatus } from '../invocation/context.ts';
import { findPod } from '../../client/find-pod.ts';

export async function controlCommand(
  context: CommandContext,
  called: string,
  method: 'pause' | 'resume' | 'cancel',
): Promise<number> {
  const pod = findPod(context.home, called);
  const { status } = await askPod(pod, method, {});
  context.stdout.write(`${pod.name}: ${status}\n`);
  if (status === 'running') context.stderr.write(stillRunning[method]);
  return exitStatus.done;
}

/** The answer comes before the turn has ended: what was asked for is under way. */
const stillRunning = {
  pause: 'It pauses before its next request to the model.\n',
  cancel: 'Its turn is being ended.\n',
  resume: '',
};
