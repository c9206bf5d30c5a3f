/** One method to one pod, with the sentence for each way in which it can fail. */
import type { MethodName, ParamsIn, Result } from '../../protocol/methods.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import type { FoundPod } from './find-pod.ts';
import { elsewhere, probePod } from './pod-probe.ts';

/** Throws `CommandFailed` (failed): not running, no answer, or the pod's own refusal. */
export async function askPod<M extends MethodName>(
  pod: FoundPod,
  method: M,
  params: ParamsIn<M>,
): Promise<Result<M>> {
  const answer = await connectAndSend(pod.socket, method, params);
  if (answer.ok) return answer.result;
  if (answer.failure === 'refused') {
    throw new CommandFailed(exitStatus.failed, `"${pod.name}" refuses: ${answer.message}`);
  }
  if (answer.failure === 'notThere' || answer.failure === 'refusedConnection') {
    const sight = await probePod(pod);
    if (sight.kind === 'silent' && sight.elsewhere)
      throw new CommandFailed(exitStatus.failed, elsewhere(pod.name));
    if (sight.kind === 'ended') throw new CommandFailed(exitStatus.failed, notRunning(pod.name));
  }
  const doubt =
    answer.delivered === 'unknown' ? ' Whether it arrived is not known; "podkin logs" shows it.' : '';
  throw new CommandFailed(
    exitStatus.failed,
    `"${pod.name}" runs and does not answer (${answer.message}); "podkin doctor" looks why.${doubt}`,
  );
}

export function notRunning(name: string): string {
  return `"${name}" is not running: "podkin restore ${name}" starts it again from its log`;
}
