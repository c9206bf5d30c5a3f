/** `podkin stop` of one pod: ends it, and says of each how. */
import { endLeftOfDead } from '../../pod/process/command-groups.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { Home } from '../../session/home/home.ts';
import { type EndReport, endPods } from '../../client/end-pods.ts';
import { allPods, descendantsOf, type FoundPod } from '../../client/find-pod.ts';
import { isOutOfReach, processOf } from '../../client/pod-probe.ts';
import { hasEndedElsewhere } from '../../session/home/ended-elsewhere.ts';
import { hostOf } from '../../session/home/host-places.ts';
import { hostSilent, outOfReach } from '../format/pod-sentences.ts';
import { stopElsewhere } from './stop-elsewhere.ts';

export interface StopOrder {
  readonly home: Home;
  readonly cascade: boolean;
  /** From the request to SIGTERM for each level of the tree, and from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Told what was done, one sentence a pod. */
  readonly say: (text: string) => void;
}

/** True when nothing of the pod (with `cascade`: of its tree) runs any more. */
export async function stopPod(pod: FoundPod, order: StopOrder): Promise<boolean> {
  const { home, cascade, graceMs, say } = order;
  const elsewhere = await stopElsewhere(pod, order);
  if (elsewhere !== null) return elsewhere;
  const below = cascade ? descendantsOf(allPods(home), pod.instance) : [];
  const levels = 1 + Math.max(0, ...below.map((child) => child.spec.depth - pod.spec.depth));
  const report = await endPods({
    home,
    what: { pod, below: cascade },
    reason: 'podkin stop',
    podGraceMs: Math.min(graceMs, 600_000),
    // The exits of the whole tree come before the pod's own.
    graceMs: graceMs * levels,
    termMs: Math.max(graceMs, 1_000),
  });
  let ended = report.left.length === 0;
  // Listed again: a pod may have been born meanwhile.
  const all = [...(cascade ? descendantsOf(allPods(home), pod.instance).reverse() : []), pod];
  const isHere = ({ spec }: FoundPod): boolean => hostOf(spec) === null;
  for (const one of all.filter((other) => !isHere(other) && !hasEndedElsewhere(other.folder)))
    if ((await stopElsewhere(one, order)) !== true) ended = false;
  for (const one of all.filter(isHere)) {
    const doubt = await notKnown(one);
    if (doubt !== null) ended = false;
    say(doubt === null ? endingOf(one, report, one === pod) : `${doubt}.`);
  }
  for (const one of all.filter(isHere)) {
    const left = await endLeftOfDead(one.folder, one.instance);
    if (left !== null) say(`${one.name}: ${left}`);
  }
  return ended;
}

function endingOf({ label: name, instance }: FoundPod, { ended, left }: EndReport, isAsked: boolean): string {
  if (left.some((one) => one.instance === instance)) {
    return `${name} cannot be ended: no process of it takes a signal from this user ("podkin doctor").`;
  }
  const own = ended.find((one) => one.pod.instance === instance);
  if (own === undefined) return isAsked ? `${name} was not running.` : `${name} is stopped.`;
  if (own.signal === null) return `${name} is stopped.`;
  const how = own.signal === 'SIGTERM' ? 'ended with SIGTERM' : 'killed (SIGKILL)';
  return `${name} did not stop when asked and was ${how}.`;
}

/** What a person has to know where it cannot be found out whether a pod runs; null where it can. */
export async function notKnown(pod: FoundPod): Promise<string | null> {
  if (!(await isOutOfReach(pod))) return null;
  const host = hostOf(pod.spec);
  return host === null ? outOfReach(pod.label) : hostSilent(pod.label, host);
}

/**
 * Sends a signal to the process of the pod's newest incarnation, with `group` to its process group. `gone`:
 * that process does not run. Throws the system's error where the signal is not allowed.
 */
export async function signalPod(
  pod: FoundPod,
  options: { signal: NodeJS.Signals; group: boolean },
): Promise<'sent' | 'gone'> {
  const identity = await processOf(pod);
  const { signal, group } = options;
  return identity !== null && signalProcess(identity, signal, { group }) ? 'sent' : 'gone';
}
