/**
 * Ending pods: asked first, then SIGTERM, then SIGKILL to the process group. Every deadline is measured to
 * the exit, not from a call. A signal only ever goes to the process that the log names, checked by pid, start
 * time and boot.
 */
import { endLeftOfDead } from '../../pod/process/command-groups.ts';
import { signalProcess } from '../../std/signal-process.ts';
import type { Home } from '../../session/home/home.ts';
import { connectAndSend } from '../../transport/connect-and-send.ts';
import { allPods, descendantsOf, type FoundPod } from '../../client/find-pod.ts';
import { exitWithin, isOutOfReach, isPodRunning, processOf } from '../../client/pod-probe.ts';
import { outOfReach } from '../format/pod-sentences.ts';

export interface StopOrder {
  readonly home: Home;
  readonly cascade: boolean;
  /** From the request to SIGTERM for each level of the tree, and from SIGTERM to SIGKILL. */
  readonly graceMs: number;
  /** Told what was done, one sentence a pod. */
  readonly say: (text: string) => void;
}

/** SIGKILL cannot be refused; longer than this only an uninterruptible system call takes. */
const killDeadlineMs = 5_000;

/** True when nothing of the pod (with `cascade`: of its tree) runs any more. */
export async function stopPod(pod: FoundPod, order: StopOrder): Promise<boolean> {
  const ended = await endAll(pod, order);
  const below = order.cascade ? descendantsOf(allPods(order.home), pod.instance) : [];
  for (const one of [...below, pod]) {
    const left = await endLeftOfDead(one.folder, one.instance);
    if (left !== null) order.say(`${one.name}: ${left}`);
  }
  return ended;
}

async function endAll(pod: FoundPod, order: StopOrder): Promise<boolean> {
  const below = order.cascade ? descendantsOf(allPods(order.home), pod.instance) : [];
  const wasRunning = (await notKnown(pod)) === null && (await isPodRunning(pod));
  const asked = wasRunning && (await ask(pod, order));
  const levels = 1 + Math.max(0, ...below.map((child) => child.spec.depth - pod.spec.depth));
  // The exits of the whole tree come before the pod's own.
  const exited = !asked || (await exitWithin(pod, order.graceMs * (order.cascade ? levels : 1)));
  let ended = true;
  // Deepest first; those that a dead parent could not pass the word on to, too. Listed again: a pod may have
  // been born meanwhile.
  const rest = order.cascade ? descendantsOf(allPods(order.home), pod.instance).reverse() : [];
  for (const child of rest) {
    if ((await notKnown(child)) !== null || !(await isPodRunning(child))) {
      ended = (await saidStopped(child, order, 'is stopped')) && ended;
      continue;
    }
    const childAsked = await ask(child, { ...order, cascade: false });
    ended = (await escalate(child, order, childAsked)) && ended;
  }
  if (!wasRunning) {
    return (await saidStopped(pod, order, 'was not running')) && ended;
  }
  if (asked && exited) {
    order.say(`${pod.name} is stopped.`);
    return ended;
  }
  return (await escalate(pod, { ...order, graceMs: asked ? 0 : order.graceMs }, asked)) && ended;
}

/** False, and said, where nobody here can know it. */
async function saidStopped(pod: FoundPod, order: StopOrder, how: string): Promise<boolean> {
  const doubt = await notKnown(pod);
  order.say(doubt === null ? `${pod.name} ${how}.` : `${doubt}.`);
  return doubt === null;
}

/** What a person has to know where it cannot be found out whether a pod runs; null where it can. */
export async function notKnown(pod: FoundPod): Promise<string | null> {
  return (await isOutOfReach(pod)) ? outOfReach(pod.name) : null;
}

/** False where it did not take the request. */
async function ask(pod: FoundPod, order: StopOrder): Promise<boolean> {
  const params = { cascade: order.cascade, graceMs: Math.min(order.graceMs, 600_000), reason: 'podkin stop' };
  const answer = await connectAndSend(pod.socket, 'shutdown', params, { deadlineMs: 3_000 });
  // A pod that is stopping already may refuse; its exit is what counts.
  return answer.ok || (answer.failure === 'refused' && answer.code === 'stopping');
}

async function escalate(pod: FoundPod, order: StopOrder, asked: boolean): Promise<boolean> {
  if (asked && (await exitWithin(pod, order.graceMs))) {
    order.say(`${pod.name} is stopped.`);
    return true;
  }
  if (await signalled(pod, 'SIGTERM', Math.max(order.graceMs, 1_000))) {
    order.say(`${pod.name} did not stop when asked and was ended with SIGTERM.`);
    return true;
  }
  if (await signalled(pod, 'SIGKILL', killDeadlineMs)) {
    order.say(`${pod.name} did not stop when asked and was killed (SIGKILL).`);
    return true;
  }
  order.say(`${pod.name} cannot be ended: no process of it takes a signal from this user ("podkin doctor").`);
  return false;
}

/** Sends a signal to the group and waits for the exit. */
async function signalled(pod: FoundPod, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  const sent = await signalPod(pod, { signal, group: true });
  return sent === 'gone' ? exitWithin(pod, 0) : exitWithin(pod, timeoutMs);
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
