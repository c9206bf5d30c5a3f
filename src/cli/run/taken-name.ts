/**
 * What a person can do about a name that another pod has: the command that goes on with that pod, or gives
 * the name free, as the pod is now.
 */
import { podAt } from '../../client/find-pod.ts';
import { isPodRunning } from '../../client/pod-probe.ts';
import { wreckOf } from '../control/rm-wreck.ts';
import type { CommandContext } from '../invocation/context.ts';

export async function takenText(context: CommandContext, name: string): Promise<string> {
  return `there is a pod "${name}" already: choose another name, or ${await wayToFree(context, name)}`;
}

async function wayToFree(context: CommandContext, name: string): Promise<string> {
  if (wreckOf(context, name) !== null) {
    return `remove that one, whose files are damaged, with "podkin rm -f ${name}", which keeps them aside`;
  }
  const pod = podAt(context.home, name);
  const label = pod?.label ?? name;
  if (pod !== null && (await isPodRunning(pod))) {
    return `give that one, which is running, its next task with "podkin send ${label}", or end and remove it and everything below it with "podkin rm -f ${label}"`;
  }
  // Never its removal: with it goes what was done.
  if (pod?.spec.parent === null) return `go on with that one: podkin run -c ${label} "…"`;
  if (pod !== null) return `go on with that one: podkin send --restore ${label} "…"`;
  return `remove what is left there with "podkin rm ${label}"`;
}
