/** `podkin stop` and `podkin kill`: ask and then escalate, or do not ask. */
import type { CommandContext } from '../invocation/context.ts';
import { CommandFailed, exitStatus } from '../invocation/context.ts';
import { findPod, findPods, type FoundPod } from '../../client/find-pod.ts';
import { HomeIndex } from '../../client/home-index.ts';
import { exitWithin } from '../../client/pod-probe.ts';
import { limitsOf } from '../../session/settings/settings.ts';
import { requestFor } from '../invocation/request-id.ts';
import { secondsToMs } from '../invocation/seconds.ts';
import { notKnown, signalPod, stopPod } from './stop-pod.ts';

export interface StopOptions {
  readonly tree: boolean;
  /** Seconds a level of the tree may take; else the pod's own `stopGraceMs`. */
  readonly timeout?: string | undefined;
  /** An id of the caller's: given again, what was started since is left alone. */
  readonly request?: string | undefined;
}

export async function stopCommand(
  context: CommandContext,
  names: readonly string[],
  options: StopOptions,
): Promise<number> {
  const asked = options.timeout === undefined ? null : secondsToMs(options.timeout, '--timeout');
  const named = findPods(context.home, names);
  const pods = options.request === undefined ? named : await meant(context, named, options);
  let ended = true;
  // One after the other: one may be the parent of the next.
  for (const pod of pods) {
    const graceMs = asked ?? limitsOf(pod.spec.settings).stopGraceMs;
    const say = (text: string): void => context.stderr.write(`${text}\n`);
    ended = (await stopPod(pod, { home: context.home, cascade: options.tree, graceMs, say })) && ended;
  }
  return ended ? exitStatus.done : exitStatus.failed;
}

/** Those of the pods that are still the incarnations that the request spoke of when it was first made. */
async function meant(
  context: CommandContext,
  pods: readonly FoundPod[],
  { request: id = '', tree }: StopOptions,
): Promise<FoundPod[]> {
  const index = new HomeIndex(context.home);
  const now: Record<string, number> = {};
  for (const pod of pods) now[pod.instance] = (await index.factsOf(pod)).incarnation;
  const instances = Object.keys(now).toSorted();
  const content = { command: 'stop', instances, tree };
  const asked = requestFor(context.home, {
    id,
    content,
    instance: instances[0] ?? '',
    incarnations: now,
  });
  const { incarnations } = asked.request;
  const isMeant = ({ instance }: FoundPod): boolean => incarnations[instance] === now[instance];
  for (const { name } of pods.filter((pod) => !isMeant(pod)))
    context.stderr.write(`${name} was started again since this was first asked, and is left alone.\n`);
  return pods.filter(isMeant);
}

const killDeadlineMs = 5_000;

export async function killCommand(context: CommandContext, called: string): Promise<number> {
  const pod = findPod(context.home, called);
  const name = pod.label;
  const sent = await signalPod(pod, { signal: 'SIGKILL', group: false });
  if (sent === 'gone') {
    throw new CommandFailed(
      exitStatus.failed,
      (await notKnown(pod)) ??
        `"${name}" is not running, nothing was killed: "podkin ps -a" shows how it ended`,
    );
  }
  if (!(await exitWithin(pod, killDeadlineMs))) {
    throw new CommandFailed(
      exitStatus.failed,
      `"${name}" was sent SIGKILL and is still there: the system has not ended it yet, check again`,
    );
  }
  context.stderr.write(`${name} was killed; "podkin restore ${name}" starts it again.\n`);
  return exitStatus.done;
}
