/** One method to one pod, with a class for each way in which it can fail. */
import type { MethodName, ParamsIn, Result } from '../protocol/methods.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { CallRefused, NoAnswer, PodNotRunning, PodOutOfReach } from './errors.ts';
import type { FoundPod } from './find-pod.ts';
import { probePod } from './pod-probe.ts';

/** Rejects with `CallRefused`, `PodNotRunning`, `PodOutOfReach` or `NoAnswer`. */
export async function askPod<M extends MethodName>(
  pod: FoundPod,
  method: M,
  params: ParamsIn<M>,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Result<M>> {
  const answer = await connectAndSend(pod.socket, method, params, options);
  if (answer.ok) return answer.result;
  const { failure, code, message, delivered } = answer;
  if (failure === 'refused') throw new CallRefused(pod.label, code ?? failure, message);
  if (failure === 'notThere' || failure === 'refusedConnection') {
    const probed = await probePod(pod);
    if (probed.kind === 'silent' && probed.elsewhere) throw new PodOutOfReach(pod.label);
    if (probed.kind === 'ended') throw new PodNotRunning(pod.label);
  }
  throw new NoAnswer(pod.label, message, delivered === 'unknown' ? 'unknown' : 'no');
}
