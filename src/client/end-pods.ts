/**
 * The one way in which pods are ended from outside: asked from the top down, then SIGTERM, then SIGKILL to
 * the process group. Every deadline is measured to the exits. A signal only ever goes to the process that the
 * log names, checked by pid, start time and boot.
 *
 * Invariants
 * - E1 A pod is asked by its running parent; by us only where there is none, or where it does not answer.
 * - E2 Whoever is born meanwhile is ended too: nothing is over before a fresh list shows that none runs.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { statusElsewhere } from '../pod/process/process-status.ts';
import type { Home } from '../session/home/home.ts';
import { probeLock } from '../session/lock/lock.ts';
import { monotonicMs } from '../std/clock.ts';
import { isRunning, type ProcessIdentity } from '../std/process-identity.ts';
import { signalProcess } from '../std/signal-process.ts';
import { connectAndSend } from '../transport/connect-and-send.ts';
import { allPods, descendantsOf, type FoundPod } from './find-pod.ts';
import { processOf } from './pod-probe.ts';

/** The pod alone, it and those below it, or all pods with that root. */
export type EndTarget =
  | { readonly pod: FoundPod; readonly below: boolean }
  | { readonly rootInstance: string };

export interface EndOrder {
  readonly home: Home;
  readonly what: EndTarget;
  readonly reason: string;
  /** How long they may take to end by themselves; then SIGTERM, and after `termMs` SIGKILL. */
  readonly graceMs: number;
  readonly termMs: number;
  /** What each pod may take, where that is not its own limit. */
  readonly podGraceMs?: number;
  /** Aborted: no more asking, SIGKILL at once. */
  readonly hurry?: AbortSignal;
}

export interface EndReport {
  /** Those that were found running, deepest first, with the last signal that each was sent. */
  readonly ended: readonly { readonly pod: FoundPod; readonly signal: 'SIGTERM' | 'SIGKILL' | null }[];
  /** Still there: the system does not let us end them. */
  readonly left: readonly FoundPod[];
}

const pollMs = 50;
/** SIGKILL cannot be refused; longer than this only an uninterruptible system call takes. */
const killDeadlineMs = 5_000;
const requestTimeoutMs = 3_000;

export async function endPods(order: EndOrder): Promise<EndReport> {
  const ending = new Ending(order);
  const isHurried = (): boolean => order.hurry?.aborted === true;
  if (await gone(ending, order.graceMs, { each: (running) => ending.ask(running), isHurried })) {
    return ending.report([]);
  }
  if (!isHurried()) {
    await ending.signal('SIGTERM');
    if (await gone(ending, order.termMs, { isHurried })) return ending.report([]);
  }
  // The end of a parent may let a start under way come through; so list again until nothing is left.
  const deadlineAt = monotonicMs() + killDeadlineMs;
  do {
    await ending.signal('SIGKILL');
    if ((await ending.running()).length === 0) return ending.report([]);
    await pause(pollMs);
  } while (monotonicMs() < deadlineAt);
  return ending.report(await ending.running());
}

/** `silent`: it did not answer in time. */
type Asked = 'pending' | 'taken' | 'unreached' | 'silent';

/** Who is left. Logs are read once a pod, and only after its lock has come free: a log may be long. */
class Ending {
  readonly #order: EndOrder;
  #members: FoundPod[] | null = null;
  readonly #processes = new Map<string, ProcessIdentity | null>();
  readonly #asked = new Map<string, Asked>();
  readonly #ended = new Map<string, EndReport['ended'][number]>();

  constructor(order: EndOrder) {
    this.#order = order;
  }

  async running(): Promise<FoundPod[]> {
    const known = this.#members === null ? [] : await this.#runningOf(this.#members);
    if (known.length > 0) return known;
    // One may have been born since; only a fresh list says that there is none.
    this.#members = membersOf(this.#order);
    return await this.#runningOf(this.#members);
  }

  /** False where none of them can be expected to end by itself: each was asked, and does not answer. */
  ask(running: readonly FoundPod[]): boolean {
    const stateOf = (instance: string | undefined): Asked | undefined =>
      instance === undefined ? undefined : this.#asked.get(instance);
    for (const pod of running) {
      const parent = pod.spec.parent?.instance;
      const above = running.some(({ instance }) => instance === parent) ? stateOf(parent) : 'silent';
      if (above !== 'silent' && above !== 'unreached') continue;
      const before = stateOf(pod.instance);
      if (before === undefined || before === 'unreached') void this.#request(pod);
    }
    return !running.every(({ instance }) => stateOf(instance) === 'silent');
  }

  async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#members = null;
    for (const pod of await this.running()) {
      const process = await processOf(pod);
      if (process !== null && signalProcess(process, signal, { group: true }))
        this.#ended.set(pod.instance, { pod, signal });
    }
  }

  report(left: readonly FoundPod[]): EndReport {
    const ended = [...this.#ended.values()].filter(({ pod }) => !left.includes(pod));
    return { ended: ended.sort((a, b) => b.pod.spec.depth - a.pod.spec.depth), left };
  }

  async #request(pod: FoundPod): Promise<void> {
    const { what, reason, podGraceMs: graceMs } = this.#order;
    const cascade = 'rootInstance' in what || what.below;
    this.#asked.set(pod.instance, 'pending');
    const params = { cascade, reason, ...(graceMs === undefined ? {} : { graceMs }) };
    const sent = await connectAndSend(pod.socket, 'shutdown', params, { deadlineMs: requestTimeoutMs });
    // One that could not be reached may still be starting; one that answered has understood, whatever it
    // said.
    const taken = sent.ok || sent.delivered === 'refused';
    const failed = !sent.ok && sent.failure === 'timedOut' ? 'silent' : 'unreached';
    this.#asked.set(pod.instance, taken ? 'taken' : failed);
  }

  async #runningOf(members: readonly FoundPod[]): Promise<FoundPod[]> {
    const flags = await Promise.all(members.map((member) => this.#runs(member)));
    const running = members.filter((_, index) => flags[index]);
    for (const pod of running)
      if (!this.#ended.has(pod.instance)) this.#ended.set(pod.instance, { pod, signal: null });
    return running;
  }

  /** Its lock is held, its process has not gone yet, or it answers out of another network namespace. */
  async #runs(pod: FoundPod): Promise<boolean> {
    const { instance, folder } = pod;
    const lock = await probeLock({ instance, folder: folder.path }).catch(() => 'free');
    if (lock === 'held') {
      this.#processes.delete(instance);
      return true;
    }
    const process = this.#processes.has(instance) ? this.#processes.get(instance) : await lastProcess(pod);
    this.#processes.set(instance, process ?? null);
    if (process !== null && process !== undefined && isRunning(process)) return true;
    return (await statusElsewhere(pod)) === 'alive';
  }
}

/** Null before the first, and where the log cannot be read: then the lock alone says whether it runs. */
async function lastProcess(pod: FoundPod): Promise<ProcessIdentity | null> {
  return await processOf(pod).catch(() => null);
}

/** The top first. One that vanishes meanwhile, or that nobody can read, is left out. */
function membersOf({ home, what }: EndOrder): FoundPod[] {
  if (!('rootInstance' in what)) {
    return what.below ? [what.pod, ...descendantsOf(allPods(home), what.pod.instance)] : [what.pod];
  }
  const members = allPods(home).filter(({ spec }) => spec.root.instance === what.rootInstance);
  return members.sort((a, b) => a.spec.depth - b.spec.depth);
}

interface Waiting {
  readonly isHurried: () => boolean;
  /** False: waiting longer is of no use. */
  readonly each?: (running: readonly FoundPod[]) => boolean;
}

/**
 * Until none runs (true), or the time is up, it became urgent, or none of them answers (false). Nothing
 * reports the end of a process that is not our child.
 */
async function gone(ending: Ending, withinMs: number, { each, isHurried }: Waiting): Promise<boolean> {
  const deadlineAt = monotonicMs() + withinMs;
  for (;;) {
    const left = await ending.running();
    if (left.length === 0) return true;
    if (isHurried() || monotonicMs() >= deadlineAt || each?.(left) === false) return false;
    await pause(pollMs);
  }
}
